import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim.simulation.line import percentile, simulate_line
from mlsysim.solvers.two_moments import TwoMoments


@given(st.integers(1, 5), st.floats(0.1, 0.9), st.integers(0, 3))
@settings(max_examples=20)
def test_a_line_is_in_order_and_never_uses_more_servers_than_it_has(servers, load, seed):
    visits = simulate_line(TwoMoments(1.0), load * servers, servers, 2000, seed)
    events = sorted([(v.started, 1) for v in visits] + [(v.finished, -1) for v in visits])
    busy = most = 0
    for _, change in events:
        busy += change
        most = max(most, busy)
    assert most <= servers
    assert [v.started for v in visits] == sorted(v.started for v in visits)
    assert all(v.arrived <= v.started < v.finished for v in visits)


def test_a_seed_is_a_run():
    runs = [simulate_line(TwoMoments(1.0), 0.5, 1, 50, seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_a_percentile_is_one_of_the_values():
    assert percentile([5.0, 1.0, 3.0], 0.99) == 5.0
    assert percentile([5.0, 1.0, 3.0], 0.0) == 1.0
    assert percentile([float(i) for i in range(1, 101)], 0.99) == pytest.approx(99)
