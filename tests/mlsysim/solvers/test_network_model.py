import pytest

from mlsysim.solvers.network import NetworkModel


def test_10_ms_over_1500_km_is_too_far():
    answer = NetworkModel().solve(distance="1500 km", promise="10 ms")
    assert not answer.feasible
    (reason,) = answer.reasons
    assert reason.wall == 14
    assert reason.value == pytest.approx(14.7e-3, rel=0.002)
    assert reason.maximum == 0.010
    assert "1,500 km" in reason.sentence()
    assert reason.sentence() in answer.explain()


def test_the_reach_it_names_is_feasible_and_a_little_more_is_not():
    answer = NetworkModel().solve(distance=1.5e6, promise=0.010)
    reach = 1.5e6 * 0.010 / answer.round_trip.lower
    assert NetworkModel().solve(distance=0.9999 * reach, promise=0.010).feasible
    assert not NetworkModel().solve(distance=1.0001 * reach, promise=0.010).feasible


def test_without_a_promise_there_is_nothing_to_break():
    answer = NetworkModel().solve(distance="10 km")
    assert answer.feasible
    assert answer.reasons == ()
    assert answer.one_way.lower < answer.one_way.expected == answer.one_way.upper
    assert answer.round_trip.expected == 2 * answer.one_way.expected
    assert answer.basis[0].datum.tier == "datasheet"
    assert "there and back" in answer.explain()
