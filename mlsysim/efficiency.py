"""How much of a peak software reaches, and what each kernel costs before it does any work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from mlsysim.check import InvalidValue, number
from mlsysim.estimate import Estimate
from mlsysim.records import Datum
from mlsysim.registry import constants

NO_HOST = Estimate.exact(0.0, "s")


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Fractions of peak memory bandwidth and of peak dense arithmetic [-], the time a kernel takes to start [s], and
    the time the host takes to ask for it [s], 0 where kernels are recorded once and replayed.

    `passports` are theirs, the last for a host that asks one by one alone.
    """

    bandwidth: Estimate
    compute: Estimate
    launch: Estimate
    passports: tuple[Datum, ...]
    host: Estimate = NO_HOST


def resolve(given: Any, launch_class: str, kernel_class: str = "matrix") -> Efficiency:
    """The calibrated efficiencies for "auto"; one number stands for both fractions, and "eager" for a framework that
    issues its operators one by one from Python instead of replaying a graph of fused ones.

    `kernel_class` is "matrix" or "convolution", which reach different shares of the peak rate.

    >>> resolve(0.5, "gpu").compute.expected
    0.5
    """
    if isinstance(given, Efficiency):
        return given
    if given == "auto":
        return _calibrated(launch_class, kernel_class)
    if given == "eager":
        return _eager(launch_class, kernel_class)
    if isinstance(given, str):
        raise InvalidValue("efficiency", given, 'it must be "auto", "eager" or a fraction', "efficiency=0.7")
    fraction = number("efficiency", given, "efficiency=0.7", at_most=1.0)
    calibrated = _calibrated(launch_class, kernel_class)
    stated = Estimate.exact(fraction, "1")
    passport = Datum(fraction, "1", "given as efficiency=", "", "estimate")
    return Efficiency(stated, stated, calibrated.launch, (passport, passport, calibrated.passports[2]))


@cache
def _calibrated(launch_class: str, kernel_class: str) -> Efficiency:
    known = constants("efficiency")
    launch = known.get(f"launch_{launch_class}")
    if launch is None:
        raise InvalidValue("launch_class", launch_class, "it must be gpu or core", 'launch_class="gpu"')
    bandwidth = known["bandwidth"]
    compute = known["compute_convolution" if kernel_class == "convolution" else "compute"]
    return Efficiency(spread(bandwidth), spread(compute), spread(launch), (bandwidth, compute, launch))


@cache
def _eager(launch_class: str, kernel_class: str) -> Efficiency:
    graph, known = _calibrated(launch_class, kernel_class), constants("efficiency")
    if launch_class != "gpu":
        return graph  # a core runs what was compiled for it
    dispatch, operators = known["dispatch"], known[f"eager_{kernel_class}"].value
    each = spread(dispatch)
    host = Estimate(operators * each.lower, operators * each.expected, operators * each.upper, "s")
    return replace(graph, host=host, passports=(*graph.passports, dispatch))


def spread(datum: Datum) -> Estimate:
    """A figure with the range its passport gives it."""
    lower = datum.value if datum.lower is None else datum.lower
    upper = datum.value if datum.upper is None else datum.upper
    return Estimate(lower, datum.value, upper, datum.unit)
