import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import EconomicsModel, HardwareNode, Owned, Rented, ServingModel
from mlsysim.check import InvalidInput
from mlsysim.physics import economics
from tests.mlsysim.refusals import tells

YEAR = 365 * 86_400.0
SERVING = ServingModel().solve(model="Llama3_8B", hardware="H100", batch=64)


def solve(**given):
    return EconomicsModel().solve(**({"hardware": "H100"} | given))


@pytest.mark.parametrize(("terms", "hourly"), [("on-demand", 3.20), ("reserved", 2.72), ("spot", 19.71 / 8)])
def test_rent_is_machines_times_hours_times_price(terms, hourly):
    bill = solve(machines=8, duration="1 y", terms=terms)
    assert bill.total.expected == pytest.approx(8 * 8760 * hourly, rel=1e-3)
    assert bill.rate.expected * 3600 == pytest.approx(hourly, rel=1e-3)


def test_owning_is_capital_electricity_and_staff():
    terms = Owned(
        price="30 kUSD", server=1.5, lifetime="3 y", electricity="0.10 USD/kWh", pue=1.2, staff="100000 USD/y"
    )
    bill = solve(machines=8, duration="1 y", terms=terms)
    lines = {each.name: each.amount.expected for each in bill.costs}
    assert lines["capital"] == pytest.approx(8 * 30e3 * 1.5 / 3)
    assert lines["electricity"] == pytest.approx(8 * 0.7 * 1.3 * 8760 * 1.2 * 0.10)
    assert lines["staff"] == pytest.approx(100e3)
    assert bill.total.expected == pytest.approx(sum(lines.values()))


def test_an_idle_machine_saves_electricity_and_not_capital():
    idle, busy = ({c.name: c.amount for c in solve(terms="owned", utilization=u).costs} for u in (0.0, 1.0))
    assert idle["capital"] == busy["capital"]
    assert idle["electricity"].expected == pytest.approx(0.39 * busy["electricity"].expected)


def test_a_token_costs_rent_over_what_is_served():
    bill = solve(serving=SERVING, utilization=0.5)
    by_hand = 3.20 / 3600 / (0.5 * SERVING.throughput.expected)
    assert bill.per_token.expected == pytest.approx(by_hand)
    assert bill.total.expected / bill.tokens.expected == pytest.approx(by_hand)
    assert bill.per_token.lower < bill.per_token.expected < bill.per_token.upper


@given(st.floats(0.01, 0.5), st.sampled_from(["on-demand", "reserved", "spot", "owned"]))
def test_busier_machines_serve_cheaper_tokens(utilization, terms):
    less = solve(serving=SERVING, terms=terms, utilization=utilization)
    more = solve(serving=SERVING, terms=terms, utilization=2 * utilization)
    assert more.per_token.expected < less.per_token.expected
    assert more.useful_rate.expected < less.useful_rate.expected


@given(st.integers(1, 1000), st.floats(3600.0, YEAR), st.sampled_from(["on-demand", "spot", "owned"]))
def test_a_bill_is_linear_in_machines_and_time(machines, duration, terms):
    one, many = solve(duration=duration, terms=terms), solve(machines=machines, duration=duration, terms=terms)
    assert many.total.expected == pytest.approx(machines * one.total.expected)
    twice = solve(duration=2 * duration, terms=terms)
    assert twice.total.expected == pytest.approx(2 * one.total.expected)
    assert one.total.lower <= one.total.expected <= one.total.upper


def test_nothing_served_costs_no_token():
    assert solve(serving=SERVING, utilization=0).per_token is None
    assert solve(utilization=0).useful_rate is None
    assert solve().per_token is None
    assert solve().tokens is None


def test_a_model_that_does_not_fit_is_told_and_not_priced():
    serving = ServingModel().solve(model="Llama3_70B", hardware="H100")
    bill = solve(serving=serving)
    assert bill.per_token is None
    assert bill.tokens is None
    assert [reason.limit for reason in bill.reasons] == ["memory capacity"]


def test_a_budget_is_a_limit_with_a_way_out():
    bill = solve(machines=8, budget="100 kUSD")
    (reason,) = bill.reasons
    assert (reason.limit, reason.wall, reason.maximum) == ("economic cost", 19, 100e3)
    assert not bill.feasible
    assert reason.sentence() in bill.explain()
    assert "3 machines" in reason.mend
    assert solve(machines=3, budget="100 kUSD").feasible
    assert not solve(machines=4, budget="100 kUSD").feasible
    assert solve(budget="100 USD").reasons[0].mend == "A budget of 28,032 USD would do."


def simulated(interval, write, restart, between, segments, seed):
    """Useful share, one segment after the other, each tried until no interruption strikes it."""
    dice, wall = random.Random(seed), 0.0
    for _ in range(segments):
        while (strike := dice.expovariate(1 / between)) < interval + write:
            wall += strike + restart
        wall += interval + write
    return segments * interval / wall


@pytest.mark.parametrize(("interval", "between"), [(1800.0, 36_000.0), (3600.0, 7200.0), (600.0, 3600.0)])
def test_lost_work_agrees_with_a_simulation(interval, between):
    closed = economics.useful_share(interval, 120.0, 300.0, between)
    assert simulated(interval, 120.0, 300.0, between, 20_000, seed=1) == pytest.approx(closed, rel=0.02)


def test_without_interruptions_only_writing_is_lost():
    assert economics.useful_share(1800.0, 120.0, 300.0, 1e12) == pytest.approx(1800 / 1920)
    assert 0.0 < economics.useful_share(1e6, 0.0, 0.0, 1.0) < 1e-290


def test_spot_loses_work_and_the_token_pays_for_it():
    terms = Rented("spot", between="10 h", interval="30 min", write="2 min", restart="5 min")
    bill = solve(terms=terms, serving=SERVING)
    assert bill.useful.expected == pytest.approx(0.905, abs=1e-3)
    paid = solve(terms=Rented("reserved", price=bill.rate.expected), serving=SERVING)
    assert bill.per_token.expected == pytest.approx(paid.per_token.expected / bill.useful.expected)
    assert "survives interruptions" in bill.explain()


def test_after_the_break_even_owning_is_cheaper_and_before_it_is_not():
    own = Owned(price="30 kUSD", server=1.4, electricity="0.1 USD/kWh", pue=1.2, staff="1000 USD/y")
    rent = Rented(price="3.20 USD/h")
    time = EconomicsModel().break_even(hardware="H100", rented=rent, owned=own).expected
    running = sum(c.amount.expected for c in solve(terms=own, duration=time).costs if c.name != "capital")
    assert 42e3 + running == pytest.approx(solve(terms=rent, duration=time).total.expected)


def test_owning_never_pays_where_the_rent_is_below_the_power_bill():
    assert EconomicsModel().break_even(hardware="H100", rented=Rented(price="0.05 USD/h")) is None


def test_a_machine_of_one_s_own_is_priced_by_its_owner():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory="96 GB", memory_bandwidth="4 TB/s", tdp="500 W")
    assert solve(hardware=mine, terms=Rented(price="1 USD/h")).total.expected == pytest.approx(8760.0)
    assert solve(hardware=mine, terms=Owned(price="10 kUSD")).feasible


def test_every_input_has_a_source():
    for terms in ("on-demand", "spot", "owned"):
        for each in solve(terms=terms).basis:
            assert each.datum.source
            assert each.datum.read
    assert "https://www.hyperstack.cloud" in solve().explain()


def test_1000_qps_take_100_gpus_in_fp16_and_40_in_int4():
    assert economics.fleet_size(1000.0, 20.0, 2) == 100
    assert economics.fleet_size(1000.0, 25.0, 1) == 40
    assert economics.fleet_size(0.3, 0.1, 1) == 3


def test_retraining_costs_least_at_the_square_root():
    best = economics.retraining_interval(10e3, 500.0)
    assert best == pytest.approx(6.3, abs=0.05)
    least = economics.retraining_cost(10e3, 500.0, best)
    assert all(economics.retraining_cost(10e3, 500.0, best * (1 + step)) > least for step in (-0.2, -0.01, 0.01, 0.2))


NAN = float("nan")
REFUSED = [
    ("hardware", "nRF52840"),
    ("hardware", "Llama3_8B"),
    ("machines", 0),
    ("machines", 1.5),
    ("machines", True),
    ("duration", 0),
    ("duration", "-1 d"),
    ("duration", "1 kW"),
    ("duration", "100 y"),
    ("duration", NAN),
    ("terms", "leased"),
    ("terms", None),
    ("terms", 3.2),
    ("utilization", 1.1),
    ("utilization", -0.1),
    ("utilization", "60 %"),
    ("budget", 0),
    ("budget", "5 EUR"),
    ("budget", "5 USD/h"),
    ("serving", "H100"),
]


@pytest.mark.parametrize(("field", "value"), REFUSED, ids=str)
def test_the_bill_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**{field: value})
    tells(caught.value, "price" if value == "nRF52840" else field)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (Rented("lease"), "plan"),
        (Rented(price="3.20 USD"), "price"),
        (Rented(price=-1), "price"),
        (Rented("spot", between=0), "between"),
        (Rented("spot", interval="soon"), "interval"),
        (Rented("spot", write=True), "write"),
        (Owned(price="0 USD"), "price"),
        (Owned(server=0.9), "server"),
        (Owned(lifetime="4 kg"), "lifetime"),
        (Owned(electricity=0.08), "electricity"),
        (Owned(pue=0.99), "pue"),
        (Owned(staff=-1), "staff"),
        (Owned(staff=True), "staff"),
    ],
    ids=str,
)
def test_terms_are_refused(terms, field):
    with pytest.raises(InvalidInput) as caught:
        solve(terms=terms)
    tells(caught.value, field)


def test_a_machine_without_a_price_is_refused_with_a_sentence():
    with pytest.raises(InvalidInput, match="no spot price of the MI300X is known") as caught:
        solve(hardware="MI300X", terms="spot")
    assert 'Rented(price="2.50 USD/h")' in str(caught.value)
    with pytest.raises(InvalidInput, match="no purchase price of the T4"):
        solve(hardware="T4", terms="owned")


def test_a_machine_of_unknown_power_cannot_be_owned():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory="96 GB", memory_bandwidth="4 TB/s")
    with pytest.raises(InvalidInput, match="rated power of the Mine is not known"):
        solve(hardware=mine, terms=Owned(price="10 kUSD"))


def test_the_wrong_machine_s_serving_is_refused():
    with pytest.raises(InvalidInput, match="the machines that are paid are A100s"):
        solve(hardware="A100", serving=SERVING)


@pytest.mark.parametrize(
    "given", [{"rented": "owned"}, {"owned": "30 kUSD"}, {"utilization": 2}, {"hardware": "H1000"}], ids=str
)
def test_the_break_even_refuses(given):
    with pytest.raises(InvalidInput) as caught:
        EconomicsModel().break_even(**({"hardware": "H100"} | given))
    tells(caught.value, next(iter(given)))
