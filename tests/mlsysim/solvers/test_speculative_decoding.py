import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim.physics.speculative import speculative_speedup
from mlsysim.solvers.speculative import SpeculativeDecoding


def solve(**given):
    plain = {"model": "Llama3_70B", "draft": "Llama3_8B", "hardware": "MI300X", "acceptance": 0.8, "guesses": 4}
    return SpeculativeDecoding().solve(**(plain | given))


@given(st.floats(0, 1), st.integers(1, 16), st.integers(1, 256))
@settings(max_examples=40)
def test_it_is_the_theorem_with_both_costs(acceptance, guesses, batch):
    answer = solve(acceptance=acceptance, guesses=guesses, batch=batch)
    expected = speculative_speedup(acceptance, guesses, answer.cost, answer.check_cost)
    assert answer.speedup.expected == pytest.approx(expected, rel=1e-9)
    assert answer.itl.lower <= answer.itl.expected <= answer.itl.upper
    assert answer.check_cost >= 1


def test_at_batch_1_a_check_costs_a_token_and_guessing_pays():
    answer = solve()
    assert answer.check_cost == pytest.approx(1.0, abs=0.01)
    assert answer.speedup.expected > 2
    assert answer.feasible


def test_at_a_large_batch_the_check_costs_arithmetic_and_guessing_does_not_pay():
    answer = solve(batch=256, context=64)
    assert answer.check.bound_by == "compute throughput"
    assert answer.speedup.expected < 1
    (reason,) = answer.reasons
    assert reason.wall == 6
    assert "a smaller batch" in reason.mend
    assert reason.sentence() in answer.explain()


def test_a_draft_nobody_believes_costs_its_time():
    answer = solve(acceptance=0)
    assert answer.tokens == 1
    assert "a smaller draft" in answer.reasons[0].mend


def test_both_models_have_to_fit():
    (reason,) = solve(hardware="H100").reasons
    assert reason.wall == 2
    assert reason.value == pytest.approx(158e9, rel=0.02)


def test_the_best_number_of_guesses_is_the_best():
    best = solve(guesses=None)
    assert all(solve(guesses=each).itl.expected >= best.itl.expected for each in range(1, 12))
    assert solve(guesses=None, acceptance=0.95).guesses > best.guesses > solve(guesses=None, acceptance=0.3).guesses


def test_what_was_given_is_told():
    assert [each.symbol for each in solve().basis][:3] == ["alpha", "gamma", "BW"]
    assert "tokens a check yields" in solve().explain()
