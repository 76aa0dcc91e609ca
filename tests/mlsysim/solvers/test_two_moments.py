from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.solvers.two_moments import TwoMoments


@given(st.floats(1e-3, 1e3), st.floats(0, 20))
def test_mean_and_spread_are_those_asked_for(mean, variability):
    it = TwoMoments(mean, variability)
    first = sum(share * (it.fixed + part) for share, part in it.kinds)
    second = sum(share * (it.fixed**2 + 2 * it.fixed * part + 2 * part**2) for share, part in it.kinds)
    assert sum(share for share, _ in it.kinds) == pytest.approx(1)
    assert first == pytest.approx(mean)
    assert second / first**2 - 1 == pytest.approx(variability, abs=1e-9)


@pytest.mark.parametrize("variability", [0, 0.5, 1, 3])
def test_draws_have_the_mean(variability):
    chance = Random(5)
    drawn = [TwoMoments(2.0, variability).draw(chance) for _ in range(40_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(2.0, rel=0.03)
    assert min(drawn) >= TwoMoments(2.0, variability).fixed
