from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics.collectives import ring_allreduce_time


@given(st.floats(1, 1e12), st.integers(2, 4096), st.floats(1e6, 1e13))
def test_a_ring_moves_less_than_the_message_twice(message, ranks, bandwidth):
    time = ring_allreduce_time(message, ranks, bandwidth)
    assert message / bandwidth * (1 - 1e-12) <= time < 2 * message / bandwidth
    assert ring_allreduce_time(message, ranks, bandwidth, 1e-6) > time


def test_one_alone_has_nothing_to_agree_on():
    assert ring_allreduce_time(1e9, 1, 1e9, 1e-6) == 0
