import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.check import InvalidInput, InvalidValue
from mlsysim.physics import reliability
from mlsysim.registry import constants
from mlsysim.solvers.reliability import ReliabilityModel, duration

HOUR = 3600.0


def solve(**given):
    return ReliabilityModel().solve(**({"gpus": 16384, "write": "2 min"} | given))


def test_llama_3_was_interrupted_every_three_hours():
    answer = solve()
    assert answer.mtbf.expected == pytest.approx(54 * 24 * HOUR / 419)
    assert answer.mtbf.expected / answer.mtbf.lower == pytest.approx(1 + 2 / 419**0.5)
    assert sum(answer.causes.values()) == pytest.approx(1.0)
    assert answer.causes["faulty gpu"] == pytest.approx(0.353, abs=0.001)
    assert answer.causes["hbm3"] == pytest.approx(0.172, abs=0.001)


def test_two_minute_checkpoints_on_16384_gpus_are_best_every_half_hour():
    answer = solve(interval="young")
    assert answer.interval == answer.young == pytest.approx(27.2 * 60, rel=0.01)
    assert answer.daly < answer.young
    assert solve().interval == answer.daly


def test_at_1024_gpus_the_cluster_fails_every_day_or_two():
    """The tutorial's 20 hours follow from 20,500 GPU-hours between failures, 2.5 times as often as Llama 3's."""
    assert solve(gpus=1024).mtbf.expected / HOUR == pytest.approx(49.5, abs=0.1)
    assert solve(gpus=1024, failures="rsc-1").mtbf.expected / HOUR == pytest.approx(28.8, abs=0.1)
    assert solve(gpus=1024, gpu_mtbf="20500 h").mtbf.expected / HOUR == pytest.approx(20, abs=0.05)


def test_rsc_1_projects_1_8_hours():
    assert solve(failures="rsc-1").mtbf.expected == pytest.approx(1.8 * HOUR, rel=0.01)


def test_llama_3_and_megascale_kept_more_than_nine_tenths():
    """Both report above 90 %; MegaScale recovers within 15 minutes. Writing stops the work for seconds (assumed)."""
    assert solve(write="10 s", restart="10 min").goodput.expected > 0.90
    assert solve(gpus=12288, write="10 s", restart="15 min").goodput.expected > 0.90


@given(st.integers(1, 10**5), st.floats(1.0, 600.0), st.floats(1.0, 3600.0), st.sampled_from(["llama-3", "rsc-1"]))
def test_shares_sum_to_one_and_daly_is_best(gpus, write, restart, failures):
    answer = solve(gpus=gpus, write=write, restart=restart, failures=failures)
    assert sum(answer.shares.values()) == pytest.approx(1.0)
    assert answer.goodput.lower <= answer.goodput.expected <= answer.goodput.upper
    for factor in (0.5, 2.0):
        other = reliability.goodput(factor * answer.interval, write, restart, answer.mtbf.expected)
        assert other <= answer.goodput.expected * 1.001


def test_more_gpus_leave_less_for_work():
    goodputs = [solve(gpus=gpus).goodput.expected for gpus in (1024, 4096, 16384, 65536)]
    assert goodputs == sorted(goodputs, reverse=True)


def test_a_checkpoint_takes_as_long_as_its_bytes():
    answer = solve(write=None, checkpoint="5 TB", storage="100 GB/s")
    assert answer.write == 50.0


@pytest.mark.parametrize(
    ("given", "bound", "mend"),
    [
        ({"interval": "20 s", "write": "2 min"}, "writing", "Quicker checkpoints"),
        ({"interval": "5 h"}, "lost work", "A checkpoint every 26 min"),
        ({"restart": "4 h", "interval": "30 min"}, "restarting", "A quicker restart"),
    ],
)
def test_more_lost_than_gained_says_what_would_mend_it(given, bound, mend):
    answer = solve(**given)
    assert not answer.feasible
    assert answer.bound_by == bound
    (reason,) = answer.reasons
    assert reason.wall == 16
    assert reason.value < reason.maximum == 0.5
    assert mend in reason.sentence()
    assert "below half, more is lost than gained" in reason.sentence()
    assert reason.sentence() in answer.explain()


def test_a_promise_is_kept_or_not():
    assert solve(promise=0.8).feasible
    assert solve(promise=0.8).reasons == ()
    (reason,) = solve(promise=0.95).reasons
    assert "the promise is 95.0%" in reason.sentence()


def test_spares_cover_what_is_in_repair():
    answer = solve()
    spares = answer.spares(repair="24 h")
    assert 7.7 < 24 * HOUR / answer.mtbf.expected < spares == 15
    assert answer.spares(repair="24 h", confidence=0.5) < spares < answer.spares(repair="48 h")
    assert solve(gpus=1).spares(repair="1 h", confidence=0.999999) <= 1


def test_the_iron_law_of_the_fleet():
    answer = solve(write="10 s")
    time = answer.training_time(operations=3.8e25, rate="989.4 TFLOP/s", mfu=0.41)
    assert time.expected / 86400 == pytest.approx(66.2 / answer.goodput.expected, rel=0.01)
    assert time.lower < time.expected < time.upper
    half = answer.training_time(operations=3.8e25, rate=989.4e12, mfu=0.41, scaling=0.5)
    assert half.expected == pytest.approx(2 * time.expected)


def test_the_whiteboard_has_every_share_and_every_source():
    answer = solve()
    text = answer.explain()
    assert text.startswith("16,384 GPUs, a checkpoint every 26 min in 2 min, a restart in 10 min")
    for name in answer.shares:
        assert name in text
    for each in answer.basis:
        assert each.datum.source in text
    assert "given" in solve(gpu_mtbf="50000 h").explain()


def test_counts_have_passports():
    for name, datum in constants("reliability").items():
        assert datum.tier == "measured", name
        assert datum.source.startswith("https://arxiv.org")


def test_durations_are_written_as_people_say_them():
    assert [duration(each) for each in (5.0, 90.0, 7000.0, 3 * 86400.0, 1e8)] == [
        "5 s",
        "1.5 min",
        "1.9 h",
        "3 days",
        "1,157 days",
    ]


def test_machines_enough_for_a_promise():
    model = ReliabilityModel()
    found = model.machines(needed=50, availability=0.99, promise=0.999)
    assert reliability.enough_up(0.99, found, 50) >= 0.999 > reliability.enough_up(0.99, found - 1, 50)
    assert model.machines(needed=1, availability=0.9999, promise=0.99) == 1
    assert model.all_up(machines=1, availability=1.0) == 1.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gpus", 0),
        ("gpus", 1.5),
        ("gpus", 10**7),
        ("write", 0),
        ("write", "2"),
        ("write", "2 GB"),
        ("write", None),
        ("write", "400 h"),
        ("restart", -1),
        ("restart", "soon"),
        ("restart", "2000 h"),
        ("interval", "best"),
        ("interval", 0),
        ("interval", float("nan")),
        ("interval", "10000 h"),
        ("failures", "llama-4"),
        ("failures", 3),
        ("gpu_mtbf", 0),
        ("gpu_mtbf", "5 GB"),
        ("gpu_mtbf", float("inf")),
        ("checkpoint", "5 TB"),
        ("storage", "1 GB/s"),
        ("promise", 0),
        ("promise", 1.5),
        ("promise", True),
    ],
    ids=str,
)
def test_it_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**{field: value})
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("method", "plain", "field", "value"),
    [
        ("machines", {"needed": 7, "availability": 0.99, "promise": 0.999}, "needed", 0),
        ("machines", {"needed": 7, "availability": 0.99, "promise": 0.999}, "availability", 1.5),
        ("machines", {"needed": 7, "availability": 0.99, "promise": 0.999}, "availability", 0.01),
        ("machines", {"needed": 7, "availability": 0.99, "promise": 0.999}, "promise", 1.0),
        ("all_up", {"machines": 10, "availability": 0.99}, "machines", "ten"),
        ("all_up", {"machines": 10, "availability": 0.99}, "availability", 0),
    ],
)
def test_fleets_of_machines_refuse(method, plain, field, value):
    with pytest.raises(InvalidValue) as caught:
        getattr(ReliabilityModel(), method)(**plain | {field: value})
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"), [("repair", 0), ("repair", "100000 h"), ("confidence", 1.0), ("gpus_per_node", 0)]
)
def test_spares_refuse(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve().spares(**{"repair": "24 h"} | {field: value})
    assert field in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"), [("operations", 0), ("rate", "989 TB/s"), ("mfu", 1.2), ("scaling", float("nan"))]
)
def test_the_iron_law_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve().training_time(**{"operations": 1e24, "rate": 1e15, "mfu": 0.4} | {field: value})
    assert field in str(caught.value)


def test_a_night_without_interruption():
    """exp(-t/M): the chance is what all GPUs' own chances multiply to."""
    answer = solve(gpus=4096)
    assert answer.undisturbed("8 h").expected == pytest.approx(0.524, abs=0.001)
    alone = solve(gpus=1).undisturbed("8 h").expected
    assert answer.undisturbed("8 h").expected == pytest.approx(alone**4096)
    assert answer.undisturbed("8 h").lower < answer.undisturbed("8 h").expected < answer.undisturbed("8 h").upper
    with pytest.raises(InvalidInput):
        answer.undisturbed("8 GB")


def test_checkpoints_in_a_day_and_machines_in_repair():
    answer = solve(gpus=1, interval="20 min", restart="1 s", gpu_mtbf="30 y")
    assert answer.saves("24 h") == pytest.approx(24 * 60 / 22, rel=1e-3)
    assert solve(interval="20 min").saves("24 h") < 24 * 60 / 22
    assert solve().in_repair("24 h") == pytest.approx(419 / 54)
    with pytest.raises(InvalidInput):
        answer.saves(-1)
