import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlsysim.physics import roofline

amounts = st.floats(1.0, 1e18)
rates = st.floats(1e6, 1e18)
fractions = st.floats(0.01, 1.0)


@given(amounts, rates, fractions)
def test_terms_are_amount_over_rate(amount, rate, efficiency):
    for term in (roofline.memory_time, roofline.compute_time):
        time = term(amount, rate, efficiency)
        assert amount / time <= rate * (1 + 1e-12)
        assert term(amount / 2, rate, efficiency) == time / 2
        assert time >= term(amount, rate)


@given(amounts, amounts, rates, rates)
def test_the_ridge_separates_the_two_regimes(operations, traffic, rate, bandwidth):
    above = roofline.arithmetic_intensity(operations, traffic) > roofline.ridge_point(rate, bandwidth) * (1 + 1e-9)
    if above:
        assert roofline.compute_time(operations, rate) > roofline.memory_time(traffic, bandwidth)


@given(st.floats(1e3, 1e12), st.floats(1e12, 1e16), st.floats(1e10, 1e13), st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_without_a_cache_the_crossover_is_ridge_times_bytes_over_two(weights, rate, bandwidth, size):
    crossing = roofline.crossover_batch(weights * size, 0.0, 2 * weights, rate, bandwidth)
    assert crossing == pytest.approx(roofline.ridge_point(rate, bandwidth) * size / 2, rel=1e-9)


@given(amounts, st.floats(1.0, 1e9), st.floats(1e3, 1e12), rates, rates)
def test_at_the_crossover_both_terms_are_equal(shared, traffic, operations, rate, bandwidth):
    gap = operations / rate - traffic / bandwidth
    assume(abs(gap) > 1e-6 * max(operations / rate, traffic / bandwidth))
    batch = roofline.crossover_batch(shared, traffic, operations, rate, bandwidth)
    assert (batch > 0) == (gap > 0)
    assume(gap > 0)
    compute = roofline.compute_time(batch * operations, rate)
    assert compute == pytest.approx(roofline.memory_time(shared + batch * traffic, bandwidth), rel=1e-6)


@given(amounts, st.floats(1e-6, 1e3), fractions)
def test_least_bandwidth_is_the_inverse_of_the_memory_term(traffic, time, efficiency):
    bandwidth = roofline.least_bandwidth(traffic, time, efficiency)
    assert roofline.memory_time(traffic, bandwidth, efficiency) == pytest.approx(time, rel=1e-12)


@given(st.floats(1.0, 1e12), st.floats(1.0, 1e12), st.floats(1.0, 1e12))
def test_what_spills_grows_with_the_working_set(first, second, cache):
    small, large = sorted((first, second))
    assert 0 <= roofline.spilled_fraction(small, cache) <= roofline.spilled_fraction(large, cache) + 1e-15 <= 1 + 1e-15


def test_nothing_spills_that_fits():
    assert roofline.spilled_fraction(40e6, 50e6) == 0.0
    assert roofline.spilled_fraction(50e6, 0.0) == 1.0


def test_overhead_counts_kernels():
    assert roofline.overhead_time(1000, 10e-6) == pytest.approx(10e-3)
