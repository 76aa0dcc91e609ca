import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import SilentCorruptionModel
from mlsysim.check import InvalidValue
from mlsysim.physics import corruption


def solve(**given):
    return SilentCorruptionModel().solve(**({"gpus": 16384, "time": "54 d", "verify": "4 min"} | given))


def test_llama_3_s_run_is_its_own_count():
    answer = solve()
    assert answer.expected == pytest.approx(6)
    assert answer.mtbf.expected == pytest.approx(9 * 86400)
    assert answer.chance.lower < answer.chance.expected == pytest.approx(1 - 2.718281828**-6)


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(1e5, 1e9))
@settings(max_examples=60)
def test_the_interval_is_the_best_one(write, verify, mtbf):
    best = corruption.verified_interval(write, verify, mtbf)
    least = corruption.verified_waste(best, write, verify, 0.0, mtbf)
    for other in (0.8, 0.99, 1.01, 1.3):
        assert least <= corruption.verified_waste(other * best, write, verify, 0.0, mtbf) * (1 + 1e-12)


def test_the_waste_is_as_simulated():
    """Segments of work and check, each repeated until it is clean, against the first-order form."""
    work, write, verify, restart, mtbf = 15_000.0, 60.0, 240.0, 600.0, 600_000.0
    chance, spent, segments = random.Random(2), 0.0, 40_000
    for _ in range(segments):
        while True:
            spent += work + verify + write
            if chance.expovariate(1 / mtbf) > work + verify + write:
                break
            spent += restart
    waste = spent / (segments * work) - 1
    assert corruption.verified_waste(work, write, verify, restart, mtbf) == pytest.approx(waste, rel=0.06)


def test_a_check_that_costs_too_much_is_told():
    answer = solve(gpu_mtbf="1000 h", verify="30 min")
    assert not answer.feasible
    (reason,) = answer.reasons
    assert (reason.wall, reason.maximum) == (16, 0.5)
    assert reason.sentence() in answer.explain()
    assert answer.checked_time.expected == pytest.approx(answer.time * (1 + answer.waste.expected))
    assert "M_1" in {each.symbol for each in answer.basis}


def test_an_interval_of_one_s_own():
    assert solve(interval="1 h").waste.expected > solve().waste.expected
    assert "16,384 GPUs" in solve().explain()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gpus", 0),
        ("gpus", True),
        ("time", "54 GB"),
        ("time", -1),
        ("verify", 0),
        ("verify", "often"),
        ("write", float("inf")),
        ("restart", None),
        ("interval", 0),
        ("gpu_mtbf", "never"),
    ],
)
def test_it_refuses(field, value):
    with pytest.raises(InvalidValue) as caught:
        solve(**{field: value})
    assert caught.value.field == field
