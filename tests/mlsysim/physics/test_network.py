import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import network


def test_1500_km_there_and_back_take_about_15_ms():
    assert network.round_trip_time(1.5e6, 1.4682) == pytest.approx(14.7e-3, rel=0.002)


def test_a_kilometre_takes_about_five_microseconds():
    assert network.propagation_time(1e3, 1.4682) == pytest.approx(4.9e-6, rel=0.002)


@given(st.floats(1.0, 2e7), st.floats(1.0, 2.0))
def test_nothing_is_faster_than_light(distance, group_index):
    assert distance / network.propagation_time(distance, group_index) <= network.SPEED_OF_LIGHT * (1 + 1e-12)
    assert network.round_trip_time(distance, group_index) == 2 * network.propagation_time(distance, group_index)
