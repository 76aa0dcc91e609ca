import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.estimate import Estimate


@pytest.mark.parametrize(
    "ends", [(2, 1, 3), (1, 3, 2), (float("nan"), 1, 2), (1, float("nan"), 2), (1, 2, float("inf")), (3, 2, 1)]
)
def test_ends_must_be_in_order_and_finite(ends):
    with pytest.raises(ValueError, match="lower <= expected <= upper"):
        Estimate(*ends, "s")


@given(st.lists(st.floats(-1e18, 1e18), min_size=3, max_size=3).map(sorted))
def test_any_three_in_order_are_an_estimate(ends):
    estimate = Estimate(*ends, "s")
    assert estimate.lower <= estimate.expected <= estimate.upper


def test_exact_has_no_range():
    assert Estimate.exact(3.0, "B") == Estimate(3.0, 3.0, 3.0, "B")


def test_the_unit_is_written_once_where_it_is_the_same():
    assert Estimate(4.8e-3, 5e-3, 5.9e-3, "s").format_range() == "between 4.8 and 5.9 ms"
    assert Estimate(0.8e-3, 1.5e-3, 2.1, "s").format_range() == "between 800 µs and 2.1 s"


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        Estimate.exact(1.0, "s").lower = 0.0
