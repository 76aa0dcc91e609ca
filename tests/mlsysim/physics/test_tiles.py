from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Hardware
from mlsysim.physics.operators import matrix_product_elements, matrix_product_flops, tile_flops
from mlsysim.physics.roofline import busy_fraction, compute_time, memory_time
from mlsysim.registry import constants, tables

sizes = st.integers(1, 100_000)


@given(sizes, sizes, sizes, st.floats(0.0, 500.0))
def test_more_rows_keep_no_fewer_cores_busy(rows, inner, columns, idle):
    def busy(rows):
        return busy_fraction(matrix_product_flops(rows, inner, columns), tile_flops(rows, inner, columns), idle)

    assert 0 < busy(rows) <= busy(2 * rows) * (1 + 1e-9) <= 1 + 1e-9
    assert tile_flops(rows, inner, columns) <= matrix_product_flops(rows, inner, columns)


def test_a_product_of_one_tile_occupies_one_core():
    flops, tile = matrix_product_flops(128, 4096, 128), tile_flops(128, 4096, 128)
    assert flops == tile
    assert busy_fraction(flops, tile, 131) == pytest.approx(1 / 132)


# LLMCompass, ae/figure5/ab/real_hardware/matmul_A100.csv: 8,192 rows through n x n in FP16 [s]; the smallest takes what
# PyTorch takes to start it.
MEASURED = {128: 31.0e-6, 256: 35.6e-6, 512: 47.1e-6, 1024: 92.7e-6, 2048: 281.8e-6, 4096: 1021e-6, 8192: 3961.4e-6}
STARTED = 29.6e-6


def error(idle):
    machine, errors = Hardware.Cloud.A100, []
    for n, measured in MEASURED.items():
        busy = busy_fraction(matrix_product_flops(8192, n, n), tile_flops(8192, n, n), idle * machine.cores)
        moved = 2 * matrix_product_elements(8192, n, n)
        computed = compute_time(matrix_product_flops(8192, n, n), machine.rate("fp16"), 0.9 * busy)
        errors.append(log((max(computed, memory_time(moved, machine.memory_bandwidth, 0.9)) + STARTED) / measured))
    return sqrt(sum(each**2 for each in errors) / len(errors))


def test_measured_products_ask_for_it():
    wave = constants("efficiency")["idle_wave"]
    assert error(wave.value) < error(0.0)
    assert error(wave.value) < 0.03
    assert error(wave.upper) > error(wave.value)


def test_cores_hold_the_same_number_of_units_each():
    """The audit's table of arithmetic units: eight or four in a multiprocessor, one in a compute unit."""
    table = tables("arrays")
    units = dict(zip(table["fp16_NVIDIA"]["machines"], table["fp16_NVIDIA"]["units"], strict=True))
    units |= dict(zip(table["fp16_AMD"]["machines"], table["fp16_AMD"]["units"], strict=True))
    for name, datum in units.items():
        machine = next(each for each in Hardware if each.name == name)
        assert machine.cores and datum.value / machine.cores in (1, 4, 8), name
