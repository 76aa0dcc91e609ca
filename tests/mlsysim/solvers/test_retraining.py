import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import RetrainingModel
from mlsysim.check import InvalidInput
from tests.mlsysim.refusals import tells

DAY = 86_400.0


def solve(**given):
    return RetrainingModel().solve(**({"run": "10 kUSD", "drift": "500 USD/d"} | given))


def test_10_000_a_run_and_500_a_day_make_6_3_days():
    cycle = solve()
    assert cycle.best / DAY == pytest.approx(6.3, abs=0.05)
    assert cycle.interval == cycle.best
    assert cycle.feasible
    assert "T* = sqrt(2 C / c) = sqrt(2 x 10,000 / 500) = 6.32 d" in cycle.explain()


def test_a_year_day_by_day_costs_what_the_formula_says():
    """Every seven days: a run, and a loss that grows by 500 USD a day with each day of age, summed in small steps."""
    steps, cost = 10_000, 0.0
    for step in range(steps):
        age = 7.0 * (step + 0.5) / steps
        cost += 500.0 * age * 7.0 / steps
    yearly = (10_000 + cost) * 365 / 7
    assert solve(interval="7 d").yearly.expected == pytest.approx(yearly)


@given(st.floats(1.0, 1e7), st.floats(1e-3, 1e6), st.floats(0.05, 20.0))
def test_no_other_interval_is_cheaper(run, daily, factor):
    best = solve(run=run, drift=daily / DAY)
    if 1.0 < best.best * factor < 1e9:
        other = solve(run=run, drift=daily / DAY, interval=best.best * factor)
        assert other.yearly.expected >= best.least.expected * (1 - 1e-9)
        assert other.least == best.least


def test_stale_quality_is_a_limit():
    cycle = solve(interval="30 d", decay=0.005, most_loss=0.05)
    (reason,) = cycle.reasons
    assert (reason.wall, reason.limit) == (20, "safety")
    assert reason.value == pytest.approx(0.15)
    assert "every 10 d or sooner" in reason.sentence()
    assert reason.sentence() in cycle.explain()
    assert not cycle.feasible
    assert solve(interval="9 d", decay=0.005, most_loss=0.05).feasible
    assert [each.symbol for each in cycle.basis] == ["C", "c"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"run": 0}, "run"),
        ({"run": "10 k"}, "run"),
        ({"drift": "500 USD"}, "drift"),
        ({"drift": -1}, "drift"),
        ({"interval": 0}, "interval"),
        ({"interval": "a week"}, "interval"),
        ({"decay": 2}, "decay"),
        ({"most_loss": 0.05}, "decay"),
        ({"decay": 0.01, "most_loss": 0}, "most_loss"),
    ],
    ids=str,
)
def test_retraining_refuses(given, field):
    with pytest.raises(InvalidInput) as caught:
        solve(**given)
    tells(caught.value, field)
