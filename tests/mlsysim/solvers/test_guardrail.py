import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import GuardrailModel, ServingModel
from mlsysim.check import InvalidValue
from mlsysim.solvers.two_moments import TwoMoments

SERVED = ServingModel().solve(model="Llama3_8B", hardware="H100", context=512)
checks = st.lists(st.floats(1e-3, 0.1), min_size=1, max_size=5)


def solve(**given):
    return GuardrailModel().solve(**({"serving": SERVED, "before": ["20 ms", "35 ms"]} | given))


def drawn(times, variability, joined, part):
    chance = random.Random(7)
    kinds = [TwoMoments(each, variability) for each in times]
    seen = sorted(joined(kind.draw(chance) for kind in kinds) for _ in range(40_000))
    return seen[round(part * len(seen))]


@pytest.mark.parametrize("variability", [0.25, 1.0])
@pytest.mark.parametrize("times", [[0.020], [0.020] * 3, [0.010, 0.050], [0.005, 0.020, 0.040, 0.080]])
@pytest.mark.parametrize("part", [0.9, 0.99])
def test_percentiles_are_as_drawn(times, variability, part):
    for side_by_side, joined in ((False, sum), (True, max)):
        answer = solve(before=times, variability=variability, side_by_side=side_by_side, percentile=part)
        assert answer.added == pytest.approx(drawn(times, variability, joined, part), rel=0.04)


@given(checks, checks, st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.5, 0.9, 0.99]))
@settings(max_examples=80)
def test_side_by_side_is_no_slower_and_no_quicker_than_the_slowest(before, after, variability, part):
    given = {"before": before, "variability": variability, "percentile": part}
    alone = max(solve(**given | {"before": [each]}).added for each in before)
    together = solve(**given, side_by_side=True).added
    # A gamma distribution's tail is a little shorter than that of unequal checks.
    assert alone * (1 - 1e-6) <= together <= solve(**given).added * 1.01
    more = solve(**given, after=after)
    assert more.added > 0.99 * solve(**given).added
    assert more.mean == pytest.approx(sum(before) + sum(after))


def test_the_answer_is_held_back_until_it_is_checked():
    plain, checked, streamed = solve(), solve(after=["30 ms"]), solve(after=["30 ms"], held=16)
    itl = SERVED.itl.expected
    assert plain.ttft.expected == pytest.approx(SERVED.ttft.expected + plain.added)
    assert checked.waited.expected == pytest.approx(127 * itl)
    assert checked.ttft.expected - streamed.ttft.expected == pytest.approx(112 * itl)
    assert checked.ttft.lower < checked.ttft.expected < checked.ttft.upper


def test_false_alarms_add_up():
    assert solve(after=["1 ms"], false_alarm=0.01).refused == pytest.approx(1 - 0.99**3)
    assert solve(false_alarm=0).refused == 0


def test_constant_checks_have_no_tail():
    answer = solve(variability=0)
    assert answer.added == pytest.approx(0.055)
    assert solve(variability=0, side_by_side=True).added == pytest.approx(0.035)


def test_a_broken_promise_says_what_would_mend_it():
    answer = solve(after=["30 ms"], ttft="200 ms")
    (reason,) = answer.reasons
    assert not answer.feasible
    assert (reason.wall, reason.limit) == (20, "safety")
    assert "side by side" in reason.mend and "held back" in reason.mend
    assert reason.sentence() in answer.explain()
    assert solve(ttft="10 s").feasible
    assert "held back" not in solve(ttft="1 ms", side_by_side=True).reasons[0].mend
    assert {"m", "f", "BW"} <= {each.symbol for each in answer.basis}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("serving", "H100"),
        ("before", "20 ms"),
        ("before", []),
        ("before", ["20 GB"]),
        ("before", [0]),
        ("before", [float("nan")]),
        ("before", ["1 ms"] * 100),
        ("after", 3),
        ("variability", 2.0),
        ("variability", -1),
        ("side_by_side", 1),
        ("percentile", 99),
        ("percentile", 0.2),
        ("output", 0),
        ("held", 200),
        ("held", 0),
        ("false_alarm", 1.5),
        ("ttft", "soon"),
    ],
)
def test_it_refuses(field, value):
    with pytest.raises(InvalidValue) as caught:
        solve(**{field: value})
    assert caught.value.field.startswith(field)
    assert "For example" in str(caught.value)
