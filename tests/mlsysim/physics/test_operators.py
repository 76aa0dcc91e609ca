import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import operators

small = st.integers(1, 5)


@given(small, small, small)
def test_a_matrix_product_is_counted(rows, inner, columns):
    multiply_adds = sum(1 for _ in range(rows) for _ in range(columns) for _ in range(inner))
    assert operators.matrix_product_flops(rows, inner, columns) == 2 * multiply_adds
    assert operators.matrix_product_elements(rows, inner, columns) == rows * inner + inner * columns + rows * columns


@given(small, small, small, small, small)
def test_a_convolution_is_counted(positions, kernel, per_group, filters_per_group, groups):
    channels, filters = per_group * groups, filters_per_group * groups
    weights = sum(kernel * per_group for _group in range(groups) for _filter in range(filters_per_group))
    assert operators.convolution_weights(kernel, channels, filters, groups) == weights
    assert operators.convolution_flops(positions, kernel, channels, filters, groups) == 2 * positions * weights


def test_depthwise_and_pointwise_save_what_the_paper_says():
    """MobileNets, section 3.1: 1/N + 1/K of the work, about a ninth for 3 x 3."""
    full = operators.convolution_flops(196, 9, 512, 512)
    separable = operators.convolution_flops(196, 9, 512, 512, 512) + operators.convolution_flops(196, 1, 512, 512)
    assert separable / full == pytest.approx(1 / 512 + 1 / 9)


def test_a_convolution_of_one_position_is_a_matrix_product():
    assert operators.convolution_flops(1, 1, 300, 200) == operators.matrix_product_flops(1, 300, 200)


def test_work_per_number_of_what_only_passes_by_is_small_and_constant():
    for count in (operators.softmax_flops, operators.layer_norm_flops):
        assert count(2000) == 2 * count(1000)
        assert 1 < count(1) < 10


def test_a_scan_grows_with_the_sequence_not_with_its_square():
    assert operators.selective_scan_flops(2048, 8, 16) == 2 * operators.selective_scan_flops(1024, 8, 16)
