import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import tiny

powers = st.floats(1e-6, 1.0)


@given(powers, powers, st.floats(0.0, 1.0))
def test_average_power_lies_between_its_two_states(active, sleep, duty):
    power = tiny.average_power(active, sleep, duty)
    assert min(active, sleep) * (1 - 1e-12) <= power <= max(active, sleep) * (1 + 1e-12)


@given(st.floats(1.0, 1e9), powers)
def test_a_battery_spends_what_it_holds(capacity, power):
    assert tiny.inference_energy(power, tiny.battery_life(capacity, power)) == pytest.approx(capacity)


def test_twice_the_clock_is_half_the_time():
    assert tiny.core_time(1e6, 2.0, 64e6) == 2 * tiny.core_time(1e6, 2.0, 128e6)
