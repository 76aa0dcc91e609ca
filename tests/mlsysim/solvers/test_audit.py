import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import AuditModel
from mlsysim.check import InvalidInput
from mlsysim.physics import audit
from tests.mlsysim.refusals import tells

SILENT = {"rate": 100, "sample": 0.01, "window": "1 h", "failing": 1e-3, "noticed": 0.1}


def solve(**given):
    return AuditModel().solve(**(SILENT | given))


def test_a_canary_of_one_percent_misses_seven_silent_failures_in_ten():
    """100 requests a second, one in a thousand goes wrong, a check notices one in ten of those: 30 % within an hour."""
    canary = solve()
    assert canary.observed == pytest.approx(3600)
    assert canary.detection == pytest.approx(1 - (1 - 1e-4) ** 3600)
    assert canary.detection == pytest.approx(0.30, abs=0.005)
    (reason,) = canary.reasons
    assert (reason.wall, reason.limit) == (20, "safety")
    assert reason.sentence() in canary.explain()
    assert "A sample of 8.32%" in reason.sentence()


def test_a_simulation_agrees():
    dice, seen = random.Random(3), 0
    for _ in range(4000):
        seen += any(dice.random() < 2e-3 for _ in range(360))
    assert seen / 4000 == pytest.approx(audit.sighting_probability(360, 2e-3), abs=0.03)


@given(st.floats(0.1, 1e6), st.floats(1e-4, 1.0), st.floats(1e-6, 0.5), st.floats(0.01, 0.99), st.floats(0.5, 0.99))
def test_after_the_time_to_detect_it_is_detected(rate, sample, failing, noticed, least):
    first = AuditModel().solve(rate=rate, sample=sample, failing=failing, noticed=noticed, least=least)
    if 1e-9 < first.time_to_detect < 1e9:
        then = AuditModel().solve(
            rate=rate, sample=sample, failing=failing, noticed=noticed, least=least, window=first.time_to_detect
        )
        assert then.detection == pytest.approx(least)
        assert then.exposure == pytest.approx(first.exposure)


def test_more_traffic_a_larger_sample_and_a_sharper_check_see_more():
    base = solve().detection
    assert solve(rate=200).detection == solve(sample=0.02).detection > base
    assert solve(noticed=0.2).detection > solve(sample=0.02).detection
    assert solve(sample=0.0833).feasible
    assert solve(sample=1.0, rate=0.01).reasons[0].mend.startswith("No sample is large enough")


def test_a_failure_of_everything_is_seen_at_once():
    assert audit.sighting_probability(1, 1.0) == 1.0


def test_the_two_sample_size_has_the_power_it_promises():
    n = AuditModel().samples_to_tell(before=0.90, after=0.88)
    sigma = ((0.9 * 0.1 + 0.88 * 0.12) / n) ** 0.5
    threshold = NormalDist().inv_cdf(0.95) * sigma
    assert 1 - NormalDist(0.02, sigma).cdf(threshold) == pytest.approx(0.80, abs=1e-3)
    assert AuditModel().samples_to_tell(before=0.90, after=0.89) > 3.5 * n


def test_the_basis_is_what_was_given():
    assert [each.symbol for each in solve().basis] == ["r", "s", "t", "f", "c"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", 0),
        ("rate", "100"),
        ("rate", float("inf")),
        ("sample", 1.5),
        ("sample", 0),
        ("window", "1 GB"),
        ("window", -1),
        ("failing", 0),
        ("failing", 2),
        ("noticed", float("nan")),
        ("noticed", True),
        ("least", 1),
        ("least", 0),
    ],
    ids=str,
)
def test_an_audit_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**{field: value})
    tells(caught.value, field)


def test_where_everything_fails_there_is_nothing_to_sample():
    with pytest.raises(InvalidInput) as caught:
        solve(failing=1, noticed=1)
    tells(caught.value, "failing")


@pytest.mark.parametrize(("field", "value"), [("after", 0.9), ("before", 1.5), ("false_alarm", 0.5), ("miss", 1e-30)])
def test_a_comparison_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        AuditModel().samples_to_tell(**({"before": 0.9, "after": 0.88} | {field: value}))
    tells(caught.value, field)
