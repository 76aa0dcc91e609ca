import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlsysim import FairnessModel
from mlsysim.check import InvalidInput
from mlsysim.physics import fairness
from tests.mlsysim.refusals import tells

COUNT = st.integers(1, 10_000)
PLAIN = {"prevalence": {"A": 0.5, "B": 0.3}, "precision": 0.8, "recall": 0.8}
SHARE = st.floats(0.05, 0.95)


@given(COUNT, COUNT, COUNT, COUNT)
def test_the_identities_hold_for_any_table_of_counts(hits, misses, alarms, passes):
    everybody = hits + misses + alarms + passes
    prevalence, recall = (hits + misses) / everybody, hits / (hits + misses)
    precision, false_positives = hits / (hits + alarms), alarms / (alarms + passes)
    assert fairness.false_positive_rate(prevalence, precision, recall) == pytest.approx(false_positives)
    assert fairness.precision_of(prevalence, recall, false_positives) == pytest.approx(precision)
    assert fairness.selection_rate(prevalence, recall, false_positives) == pytest.approx((hits + alarms) / everybody)


@given(SHARE, SHARE, SHARE, SHARE)
def test_with_equal_precision_and_recall_the_higher_base_rate_bears_more_false_alarms(low, high, precision, recall):
    assume(high > low + 1e-6 and precision < 1.0)
    answer = FairnessModel().equal_precision({"low": low, "high": high}, precision=precision, recall=recall)
    first, second = answer.groups
    assert second.false_positives > first.false_positives
    odds = high / (1 - high) / (low / (1 - low))
    assert second.false_positives / first.false_positives == pytest.approx(odds)


@given(SHARE, SHARE, SHARE, SHARE)
def test_equal_errors_and_equal_precision_lead_back_to_each_other(low, high, recall, false_positives):
    answer = FairnessModel().equal_errors({"a": low, "b": high}, recall=recall, false_positives=false_positives)
    for each in answer.groups:
        back = fairness.false_positive_rate(each.prevalence, each.precision, recall)
        assert back == pytest.approx(false_positives)
    assert answer.gap("recall") == answer.gap("false_positives") == 0.0
    first, second = answer.groups
    if high > low + 1e-9:
        assert second.precision > first.precision


def test_equal_prevalence_or_a_perfect_classifier_makes_all_equal():
    for answer in (
        FairnessModel().equal_precision({"a": 0.4, "b": 0.4}, precision=0.7, recall=0.6, most_gap=0.0),
        FairnessModel().equal_precision({"a": 0.4, "b": 0.2}, precision=1.0, recall=1.0, most_gap=0.0),
    ):
        assert answer.feasible
        assert answer.reasons == ()


def test_the_published_case():
    """COMPAS in Broward County, as ProPublica tabulated it in 2016: precision 0.63 and 0.59, misses 0.28 and 0.48."""
    assert fairness.false_positive_rate(0.514, 0.63, 1 - 0.28) == pytest.approx(0.449, abs=0.005)
    assert fairness.false_positive_rate(0.394, 0.591, 1 - 0.477) == pytest.approx(0.235, abs=0.005)


def test_a_parity_limit_names_both_groups():
    answer = FairnessModel().equal_precision({"A": 0.5, "B": 0.25}, precision=0.8, recall=0.8, most_gap=0.05)
    (reason,) = answer.reasons
    assert (reason.wall, reason.limit, reason.maximum) == (20, "safety", 0.05)
    assert "the false-positive rate is 0.2 for A and 0.0667 for B" in reason.sentence()
    assert reason.sentence() in answer.explain()
    assert not answer.feasible
    other = FairnessModel().equal_errors({"A": 0.5, "B": 0.25}, recall=0.8, false_positives=0.2, most_gap=0.05)
    assert "the precision is 0.8 for A and 0.571 for B" in other.reasons[0].sentence()
    assert len(other.basis) == 2


def test_a_classifier_that_cannot_be_is_said_to_be_impossible():
    answer = FairnessModel().equal_precision({"A": 0.9, "B": 0.2}, precision=0.5, recall=0.9)
    (reason,) = answer.reasons
    assert reason.verdict == "Impossible."
    least = fairness.precision_of(0.9, 0.9, 1.0)
    assert f"at least {least:.3g}" in reason.mend
    possible = FairnessModel().equal_precision({"A": 0.9, "B": 0.2}, precision=least * 1.0001, recall=0.9)
    assert possible.feasible


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"prevalence": {"A": 0.5}}, "prevalence"),
        ({"prevalence": [0.5, 0.3]}, "prevalence"),
        ({"prevalence": {"A": 0.5, "B": 0}}, "prevalence"),
        ({"prevalence": {"A": 0.5, "B": 1}}, "prevalence"),
        ({"prevalence": {"A": 0.5, "B": float("nan")}}, "prevalence"),
        ({"prevalence": {"A": 0.5, "B": "30 %"}}, "prevalence"),
        ({"precision": 0}, "precision"),
        ({"precision": 1.2}, "precision"),
        ({"recall": -0.5}, "recall"),
        ({"recall": True}, "recall"),
        ({"most_gap": 2}, "most_gap"),
    ],
    ids=str,
)
def test_equal_precision_refuses(given, field):
    with pytest.raises(InvalidInput) as caught:
        FairnessModel().equal_precision(
            **({"prevalence": {"A": 0.5, "B": 0.3}, "precision": 0.8, "recall": 0.8} | given)
        )
    tells(caught.value, field)


@pytest.mark.parametrize(("field", "value"), [("recall", 0), ("false_positives", 1.5), ("false_positives", "low")])
def test_equal_errors_refuses(field, value):
    given = {"prevalence": {"A": 0.5, "B": 0.3}, "recall": 0.8, "false_positives": 0.1} | {field: value}
    with pytest.raises(InvalidInput) as caught:
        FairnessModel().equal_errors(**given)
    tells(caught.value, field)
