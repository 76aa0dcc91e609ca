"""The closed form against buckets sent one after another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics.overlap import visible_time


@given(st.integers(1, 300), st.floats(1e-6, 10.0), st.floats(0.0, 100.0))
def test_it_is_what_sending_bucket_after_bucket_takes(buckets, each, backward):
    free = 0.0
    for place in range(1, buckets + 1):
        free = max(free, place / buckets * backward) + each
    assert visible_time(buckets, each, backward) == pytest.approx(free - backward, rel=1e-9, abs=1e-9)


@given(st.integers(1, 300), st.floats(1e-6, 10.0), st.floats(0.0, 100.0))
def test_no_more_than_the_backward_pass_is_hidden_and_never_the_last_bucket(buckets, each, backward):
    seen = visible_time(buckets, each, backward)
    assert each <= seen <= buckets * each
    assert seen >= buckets * each - backward
