import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import SustainabilityModel
from mlsysim.check import InvalidInput
from mlsysim.solvers.sustainability import regions
from tests.mlsysim.refusals import tells

MWH = 3.6e9
PLACES = st.sampled_from(list(regions()))


def solve(**given):
    return SustainabilityModel().solve(**given)


def fleet(**given):
    return solve(**({"hardware": "H100", "machines": 256, "duration": "155 d", "region": "Iowa"} | given))


def test_500_mwh_are_195_t_in_virginia_and_0_6_t_in_quebec():
    virginia, quebec = (solve(energy="500 MWh", region=place) for place in ("Virginia", "Quebec"))
    assert virginia.operational.expected == pytest.approx(195e3)
    assert quebec.operational.expected == pytest.approx(600.0)
    assert virginia.carbon == virginia.operational
    assert virginia.facility.expected == pytest.approx(500 * MWH)
    assert virginia.device is None


def test_google_s_figures_for_the_same_two_places_are_59_times_apart():
    virginia, quebec = (solve(energy="500 MWh", region=place) for place in ("Northern Virginia", "Montreal"))
    assert virginia.carbon.expected / quebec.carbon.expected == pytest.approx(59, abs=0.1)


# GPU-hours, watts, and tonnes as the model cards state them, all at PUE 1.1 and 385 g/kWh, TDP alone.
@pytest.mark.parametrize(
    ("hours", "watts", "pue", "intensity", "tonnes"),
    [
        (82_432, 400, 1.1, 385, 14.0),
        (1_082_880, 400, 1.1, 385, 183.0),
        (1_720_320, 400, 1.1, 385, 291.42),
        (1_300_000, 700, 1.1, 385, 390.0),
        (1_082_990, 400, 1.0, 57, 24.7),
    ],
)
def test_published_training_runs(hours, watts, pue, intensity, tonnes):
    energy = f"{hours * watts / 1e6} MWh"
    run = solve(energy=energy, boundary="it", pue=pue, intensity=f"{intensity} g/kWh")
    assert run.carbon.expected / 1e3 == pytest.approx(tonnes, rel=0.015)


def test_the_tutorial_s_412_t_in_iowa_and_10_t_in_quebec():
    """256 H100s busy for 155 days take a gigawatt-hour, which is 412 t in Iowa. In Quebec it is 5.5 t, and making the
    machines 3.6 t more: nine together, a factor of 46."""
    iowa, quebec = fleet(), fleet(region="Montreal")
    assert iowa.facility.expected == pytest.approx(1000 * MWH, rel=0.01)
    assert iowa.operational.expected == pytest.approx(412e3, rel=0.01)
    assert quebec.operational.expected == pytest.approx(5.46e3, rel=0.01)
    assert quebec.carbon.expected == pytest.approx(9.0e3, rel=0.01)
    assert iowa.carbon.expected / quebec.carbon.expected == pytest.approx(46, abs=0.5)
    month = fleet(duration="30 d")
    assert month.operational.expected == pytest.approx(80e3, rel=0.01)


def test_the_place_matters_more_than_the_machine():
    place = fleet().carbon.expected / fleet(region="Montreal").carbon.expected
    upgrade = fleet().carbon.expected / fleet(saving=0.3).carbon.expected
    assert place > 20 * upgrade


@given(PLACES, st.floats(1.0, 2.0), st.floats(1.0, 1e4))
def test_boundaries_nest_and_energy_is_counted_once(region, pue, megawatt_hours):
    meter = solve(energy=megawatt_hours * MWH, region=region, pue=pue)
    servers = solve(energy=megawatt_hours * MWH, boundary="IT", region=region, pue=pue)
    assert meter.facility.expected == pytest.approx(pue * meter.it.expected)
    assert servers.facility.expected == pytest.approx(pue * servers.it.expected)
    assert servers.operational.expected == pytest.approx(pue * meter.operational.expected)
    # Water follows IT energy: at the same meter, a worse PUE means less of it.
    assert servers.water.expected == pytest.approx(pue * meter.water.expected)


@given(PLACES, st.integers(1, 10_000), st.floats(3600.0, 1e8), st.floats(0.0, 1.0))
def test_machines_draw_device_then_server_then_facility(region, machines, duration, utilization):
    run = fleet(region=region, machines=machines, duration=duration, utilization=utilization)
    for end in ("lower", "expected", "upper"):
        device, it, facility = (getattr(each, end) for each in (run.device, run.it, run.facility))
        assert device <= it <= facility
    assert run.operational.expected == pytest.approx(run.facility.expected * regions()[region].value)
    one = fleet(region=region, duration=duration, utilization=utilization)
    assert run.carbon.expected == pytest.approx(one.carbon.expected * machines / 256)


def test_embodied_carbon_is_a_share_of_a_life_busy_or_not():
    made = fleet(machines=1, duration="5 y", embodied="164 kg")
    assert made.embodied.expected == pytest.approx(164.0)
    idle = fleet(machines=1, duration="5 y", embodied="164 kg", utilization=0)
    assert idle.embodied == made.embodied
    assert fleet(machines=1, duration="3 y", embodied="164 kg", lifetime="3 y").embodied.expected == pytest.approx(164)
    assert idle.operational.expected == pytest.approx(0.39 * made.operational.expected)


def test_a_rebound_eats_the_saving():
    before, after = solve(energy="1 GWh", region="Iowa"), solve(energy="1 GWh", region="Iowa", saving=0.3)
    assert after.carbon.expected == pytest.approx(0.7 * before.carbon.expected)
    even = solve(energy="1 GWh", region="Iowa", saving=0.3, elasticity=1.0)
    assert even.carbon.expected == pytest.approx(before.carbon.expected)
    backfire = solve(energy="1 GWh", region="Iowa", saving=0.3, elasticity=1.5)
    assert backfire.carbon.expected > before.carbon.expected


def test_a_carbon_budget_names_the_grid_that_would_do():
    run = solve(energy="500 MWh", region="Virginia", carbon_budget="100 t")
    (reason,) = run.reasons
    assert (reason.limit, reason.wall, reason.maximum, reason.unit) == ("sustainability", 18, 100e3, "kg")
    assert "200 g/kWh or less, or 51% of the energy" in reason.sentence()
    assert solve(energy="500 MWh", intensity="200 g/kWh", carbon_budget="100 t").feasible
    assert reason.sentence() in run.explain()
    alone = fleet(carbon_budget="1 t").reasons[0]
    assert "Making the machines alone" in alone.mend


def test_a_water_budget_is_on_it_energy():
    run = solve(energy="1 GWh", boundary="IT", region="Iowa", wue="1.8 L/kWh", water_budget="500 m3")
    (reason,) = run.reasons
    assert run.water.expected == pytest.approx(1.8e6)
    assert "0.500 L/kWh" in reason.sentence()
    assert not run.feasible


def test_the_whiteboard_names_each_boundary():
    text = fleet().explain()
    for part in ("E_dev = 667 MWh", "E_IT  = 867 MWh", "E_fac = 997 MWh", "413 g/kWh", "making the machines"):
        assert part in text


def test_every_place_has_year_and_method():
    places = regions()
    assert len(places) >= 12
    for name, datum in places.items():
        assert any(year in datum.note for year in ("2021", "2022", "2023", "2024")), name
        assert datum.source.startswith("https://")
        assert datum.unit == "kg/J"


def test_places_are_found_as_people_write_them():
    assert solve(energy="1 MWh", region="québec").place == "Quebec"
    assert solve(energy="1 MWh", region="northern virginia").place == "Northern Virginia"
    assert solve(energy="1 MWh", region="Mars", intensity="100 g/kWh").place == "Mars"


NAN = float("nan")
REFUSED = [
    ("region", "Atlantis"),
    ("region", None),
    ("region", 390),
    ("intensity", 390),
    ("intensity", "390 kg"),
    ("intensity", "-1 g/kWh"),
    ("intensity", NAN),
    ("energy", 0),
    ("energy", "-5 MWh"),
    ("energy", "500 MW"),
    ("energy", True),
    ("energy", "1e30 J"),
    ("boundary", "rack"),
    ("boundary", None),
    ("hardware", "H100"),
    ("duration", "30 d"),
    ("pue", 0.9),
    ("pue", "1.1"),
    ("pue", NAN),
    ("wue", 0.27),
    ("wue", "0.27 L"),
    ("embodied", "164 kg"),
    ("saving", 1.0),
    ("saving", 1.5),
    ("saving", -0.1),
    ("elasticity", -1),
    ("elasticity", 11),
    ("carbon_budget", 0),
    ("carbon_budget", "100 MWh"),
    ("water_budget", "5 kg"),
]


@pytest.mark.parametrize(("field", "value"), REFUSED, ids=str)
def test_a_reading_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**({"energy": "500 MWh", "region": "Iowa"} | {field: value}))
    tells(caught.value, field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hardware", None),
        ("hardware", "H1000"),
        ("machines", 0),
        ("machines", 2.5),
        ("duration", None),
        ("duration", "-30 d"),
        ("duration", 0),
        ("utilization", 1.01),
        ("embodied", "164 g/kWh"),
    ],
    ids=str,
)
def test_machines_refuse(field, value):
    with pytest.raises(InvalidInput) as caught:
        fleet(**{field: value})
    tells(caught.value, field)
