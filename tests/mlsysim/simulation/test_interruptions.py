"""One long course of chance against the closed forms, and what holds for every course."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import reliability
from mlsysim.simulation.interruptions import KINDS, simulate_run

HOUR = 3600.0


@pytest.mark.parametrize(
    ("mtbf", "interval", "write", "restart"),
    [
        (3 * HOUR, 0.5 * HOUR, 120.0, 600.0),
        (3 * HOUR, 4 * HOUR, 120.0, 600.0),
        (HOUR, 0.1 * HOUR, 300.0, 0.5 * HOUR),
        (60.0, 2.4, 0.05, 0.2),
    ],
)
def test_a_long_run_spends_its_time_as_the_formulas_say(mtbf, interval, write, restart):
    """Daly (2006), with 20,000 failures: the standard error of each share is below one percent of the time."""
    run = simulate_run(mtbf, interval, write, restart, until=20_000 * mtbf, seed=1)
    spent = dict.fromkeys(KINDS, 0.0)
    for each in run:
        spent[each.kind] += each.end - each.start
    shares = [spent[kind] / run[-1].end for kind in KINDS]
    timing = (interval, write, restart, mtbf)
    assert shares == pytest.approx(
        [
            reliability.goodput(*timing),
            reliability.write_fraction(*timing),
            reliability.lost_fraction(*timing),
            reliability.restart_fraction(restart, mtbf),
        ],
        abs=0.012,
    )
    failures = sum(each.failed >= 0 for each in run)
    assert failures == pytest.approx(run[-1].end / mtbf, rel=0.03)
    quiet = [each for each in range(0, 20_000 * int(mtbf), int(mtbf))]
    times = sorted(each.end for each in run if each.failed >= 0)
    counts = len({int(time // mtbf) for time in times})
    assert 1 - counts / len(quiet) == pytest.approx(reliability.undisturbed(mtbf, mtbf), abs=0.02)


@given(st.integers(0, 1000), st.floats(10.0, 1e4), st.floats(1.0, 1e3), st.floats(0.0, 1e3), st.integers(1, 64))
def test_one_thing_follows_another_and_only_what_was_saved_is_work(seed, interval, write, restart, parts):
    run = simulate_run(3600.0, interval, write, restart, until=36_000.0, parts=parts, seed=seed)
    assert run[0].start == 0.0 and run[-1].end >= 36_000.0
    for before, after in pairwise(run):
        assert before.end == after.start
        assert (before.kind == "work") == (after.kind == "writing")
        assert -1 <= before.failed < parts
        assert before.failed < 0 or (before.kind in ("lost work", "restarting") and after.kind == "restarting")
    assert run == simulate_run(3600.0, interval, write, restart, until=36_000.0, parts=parts, seed=seed)
