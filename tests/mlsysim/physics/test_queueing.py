from math import exp, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import queueing

loads = st.floats(0.01, 0.98)


@given(st.integers(1, 20), loads)
def test_erlang_c_is_the_textbook_formula_where_that_can_be_computed(servers, load):
    a = servers * load
    waiting = a**servers / factorial(servers) / (1 - load)
    textbook = waiting / (sum(a**k / factorial(k) for k in range(servers)) + waiting)
    assert queueing.erlang_c(servers, a) == pytest.approx(textbook, rel=1e-9)


@given(st.integers(1, 3000), loads)
def test_erlang_c_is_a_probability_for_thousands_of_servers(servers, load):
    waiting = queueing.erlang_c(servers, servers * load)
    assert 0.0 <= waiting <= 1.0
    assert queueing.erlang_b(servers, servers * load) <= waiting + 1e-15
    assert queueing.erlang_c(servers + 1, servers * load) <= waiting


@given(st.floats(1e-3, 10), loads, st.floats(0.5, 0.999))
def test_m_m_1_is_the_case_of_one_server(service, load, part):
    assert queueing.erlang_c(1, load) == pytest.approx(load)
    percentile = queueing.sojourn_percentile_mm1(service, load, part)
    wait = queueing.conditional_wait(service, 1, load)
    assert queueing.sojourn_tail(percentile, service, load, wait) == pytest.approx(1 - part, rel=1e-6)
    assert queueing.wait_percentile(load, wait, part) < percentile


@given(st.floats(0, 50), st.floats(0.01, 5), st.floats(0, 1), st.floats(0.01, 5))
def test_the_tail_is_the_integral(time, mean, waiting, wait):
    """By the midpoint rule."""
    pieces = 4000
    width = time / pieces
    total = sum(exp(-(i + 0.5) * width / mean - (time - (i + 0.5) * width) / wait) for i in range(pieces)) * width
    expected = exp(-time / mean) + waiting / mean * total
    assert queueing.sojourn_tail(time, mean, waiting, wait) == pytest.approx(expected, rel=1e-2, abs=1e-6)


def test_the_tail_holds_where_wait_and_service_are_alike():
    assert queueing.sojourn_tail(2.0, 1.0, 1.0, 1.0) == pytest.approx(3 * exp(-2))
    assert queueing.sojourn_tail(2.0, 1.0, 1.0, 1.0 + 1e-9) == pytest.approx(3 * exp(-2), rel=1e-6)


def test_the_wait_of_few_is_not_the_wait_of_the_percentile():
    assert queueing.wait_percentile(0.005, 1.0, 0.99) == 0.0


def test_constant_service_waits_half_as_long():
    assert queueing.allen_cunneen_factor(1.0, 0.0) == 0.5
    assert queueing.allen_cunneen_factor(1.0, 1.0) == 1.0
