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
NO_CORE = Estimate.exact(0.0, "1")
AS_PLAIN = Estimate.exact(1.0, "1")


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Fractions of peak memory bandwidth and of peak dense arithmetic that large operators reach [-], the time a kernel
    takes to start [s], the time the host takes to ask for it [s], 0 where kernels are recorded once and replayed, and
    the cores that find no tile left at the end of a matrix product [-]. Weights stored in fewer bits than the
    arithmetic has are unpacked as they arrive, at a fraction `unpack` of the bandwidth that plain ones reach [-].

    What smaller operators reach follows: fewer of the cores have work, and starting takes more of the time. `passports`
    are of the first three, and of a host that asks one by one; `wave` is that of the share of cores that wait,
    `packing` that of `unpack`.
    """

    bandwidth: Estimate
    compute: Estimate
    launch: Estimate
    passports: tuple[Datum, ...]
    host: Estimate = NO_HOST
    idle: Estimate = NO_CORE
    wave: Datum | None = None
    unpack: Estimate = AS_PLAIN
    packing: Datum | None = None


def resolve(given: Any, launch_class: str, kernel_class: str = "matrix", cores: float | None = None) -> Efficiency:
    """The calibrated efficiencies for "auto"; one number stands for both fractions whatever an operator's size and
    however its weights are stored, and "eager" for a framework that issues its operators one by one from Python instead
    of replaying a graph of fused ones.

    `kernel_class` is "matrix" or "convolution", which reach different shares of the peak rate; `cores` is how many the
    machine has.

    >>> resolve(0.5, "gpu").compute.expected
    0.5
    """
    if isinstance(given, Efficiency):
        return given
    if given == "auto":
        return _calibrated(launch_class, kernel_class, cores)
    if given == "eager":
        return _eager(launch_class, kernel_class, cores)
    if isinstance(given, str):
        raise InvalidValue("efficiency", given, 'it must be "auto", "eager" or a fraction', "efficiency=0.7")
    fraction = number("efficiency", given, "efficiency=0.7", at_most=1.0)
    calibrated = _calibrated(launch_class, kernel_class)
    stated = Estimate.exact(fraction, "1")
    passport = Datum(fraction, "1", "given as efficiency=", "", "estimate")
    return Efficiency(stated, stated, calibrated.launch, (passport, passport, calibrated.passports[2]))


@cache
def _calibrated(launch_class: str, kernel_class: str, cores: float | None = None) -> Efficiency:
    known = constants("efficiency")
    launch = known.get(f"launch_{launch_class}")
    if launch is None:
        raise InvalidValue("launch_class", launch_class, "it must be gpu or core", 'launch_class="gpu"')
    bandwidth = known["bandwidth"]
    compute = known["compute_convolution" if kernel_class == "convolution" else "compute"]
    unpack = known["unpack"]
    reached = Efficiency(
        spread(bandwidth),
        spread(compute),
        spread(launch),
        (bandwidth, compute, launch),
        unpack=spread(unpack),
        packing=unpack,
    )
    if cores is None:
        return reached
    wave = known["idle_wave"]
    return replace(reached, idle=spread(wave).scaled(cores, "1"), wave=wave)


@cache
def _eager(launch_class: str, kernel_class: str, cores: float | None) -> Efficiency:
    graph, known = _calibrated(launch_class, kernel_class, cores), constants("efficiency")
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
