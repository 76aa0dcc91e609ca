import pytest

from mlsysim.check import InvalidValue
from mlsysim.efficiency import Efficiency, resolve
from mlsysim.registry import constants


@pytest.mark.parametrize("kernel_class", ["matrix", "convolution"])
@pytest.mark.parametrize("launch_class", ["gpu", "core"])
def test_calibrated_efficiencies_are_fractions(launch_class, kernel_class):
    eta = resolve("auto", launch_class, kernel_class)
    for fraction in (eta.bandwidth, eta.compute):
        assert 0 < fraction.lower < fraction.expected < fraction.upper <= 1
    assert 0 < eta.launch.lower < eta.launch.expected < eta.launch.upper < 1e-4


def test_a_number_stands_for_both_fractions_and_leaves_the_overhead():
    eta = resolve(0.5, "gpu")
    assert (eta.bandwidth.lower, eta.bandwidth.expected, eta.compute.upper) == (0.5, 0.5, 0.5)
    assert eta.launch == resolve("auto", "gpu").launch
    assert eta.passports[0].source == "given as efficiency="


def test_one_that_is_resolved_stays_as_it_is():
    eta = resolve("auto", "gpu")
    assert resolve(eta, "core") is eta
    assert isinstance(eta, Efficiency)


def test_an_unknown_launch_class_is_refused():
    with pytest.raises(InvalidValue, match="launch_class"):
        resolve("auto", "abacus")


def test_the_fit_says_which_rows_it_used():
    for name in ("bandwidth", "compute", "compute_convolution"):
        datum = constants("efficiency")[name]
        assert datum.tier == "measured"
        assert "A100" in datum.note
