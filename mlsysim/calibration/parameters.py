"""What was fitted: fractions of peaks and fixed times, by kernel class and by vintage of software."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import exp, log

from mlsysim.records import Datum
from mlsysim.registry import constants

FILE = "calibration/parameters"


@dataclass(frozen=True, slots=True)
class Scale:
    """A kind of parameter before any measurement: its value, how far that may be off, and how far groups differ.

    A fraction lives between 0 and 1 and its spreads are on the log-odds scale; a time or factor, on the log scale.
    """

    value: float
    off: float
    groups: float
    unit: str = "1"
    fraction: bool = True

    def inward(self, value: float) -> float:
        """From a figure to the scale that steps are taken on."""
        return log(value / (1.0 - value)) if self.fraction else log(value)

    def outward(self, at: float) -> float:
        """And back."""
        return 1.0 / (1.0 + exp(-at)) if self.fraction else exp(at)


@dataclass(slots=True)
class Reach:
    """What software reaches: the value of a kind of parameter for the groups a case belongs to.

    `shifts` are steps away from the priors, by kind and by kind and group; `asked` notes which were looked up.

    >>> Reach({}).of("serving.bandwidth", "nobody's") == SCALES["serving.bandwidth"].value
    True
    """

    shifts: Mapping[str, float]
    asked: set[str] = field(default_factory=set)

    def of(self, kind: str, *groups: str) -> float:
        """The kind's own value, moved by each group's step."""
        scale = SCALES[kind]
        keys = [kind, *(key(kind, group) for group in groups if group)]
        self.asked.update(keys)
        return scale.outward(scale.inward(scale.value) + sum(self.shifts.get(each, 0.0) for each in keys))


def key(kind: str, group: str) -> str:
    """The name of a group's parameter.

    >>> key("serving.bandwidth", "vLLM")
    'serving.bandwidth, vLLM'
    """
    return f"{kind}, {group}"


SCALES = {
    # Fractions of a GPU's peak dense rate that matrix products reach while training.
    "training.compute": Scale(0.60, 0.4, 0.30),
    "training.attention": Scale(0.50, 0.3, 0.5),
    # What is not hidden: of the shorter of a kernel's arithmetic and memory traffic, of messages behind arithmetic.
    "training.exposed": Scale(0.30, 0.5, 0.0),
    "training.contention": Scale(0.30, 0.5, 0.0),
    # What a run of months keeps of the rate of its steps.
    "training.run": Scale(0.90, 0.5, 0.0),
    # Serving a transformer.
    "serving.bandwidth": Scale(0.80, 0.4, 0.8),
    "serving.compute": Scale(0.60, 0.4, 0.40),
    "serving.unpack": Scale(0.95, 0.4, 0.8),
    "serving.launch": Scale(4e-6, 0.7, 1.2, "s", fraction=False),
    "serving.all_reduce": Scale(8e-6, 0.6, 0.0, "s", fraction=False),
    "speculative.acceptance": Scale(0.70, 0.4, 0.0),
    # Single matrix products and copies.
    "product.compute": Scale(0.75, 0.4, 0.45),
    "product.bandwidth": Scale(0.88, 0.3, 0.0),
    "product.launch": Scale(8e-6, 0.6, 0.0, "s", fraction=False),
    # Share of a machine's cores that wait while the last tile of a matrix product is computed.
    "product.wave": Scale(0.2, 0.5, 0.0),
    # Networks of convolutions and encoders.
    "vision.compute": Scale(0.45, 0.5, 0.6),
    "vision.bandwidth": Scale(0.75, 0.4, 0.0),
    "vision.several": Scale(0.90, 0.5, 0.0),
    "vision.beside": Scale(12.0, 0.7, 0.0, "s", fraction=False),
    "encoder.compute": Scale(0.50, 0.5, 0.0),
    "vision.boxes": Scale(12e-3, 0.7, 0.0, "s", fraction=False),
    "vision.launch": Scale(6e-6, 0.7, 1.5, "s", fraction=False),
    "vision.stream": Scale(420e6, 0.3, 0.2, "B/s", fraction=False),
    "vision.fixed": Scale(1.5e-3, 0.6, 0.3, "s", fraction=False),
    # Collectives.
    "link.ring": Scale(0.80, 0.4, 0.25),
    "link.switch": Scale(0.60, 0.4, 0.0),
    "link.copy": Scale(0.85, 0.4, 0.0),
    "link.host": Scale(0.20, 0.6, 0.0),
    "link.port": Scale(0.88, 0.5, 0.0),
    "link.start": Scale(14e-6, 0.4, 0.25, "s", fraction=False),
    "link.far_start": Scale(50e-6, 0.6, 0.0, "s", fraction=False),
    "link.ramp": Scale(1.0, 0.6, 0.0, fraction=False),
    "link.hidden": Scale(0.50, 0.7, 0.0),
    # Microcontrollers: share of the multiply-adds of a cycle, what depthwise layers keep of it, cycles of a flash byte.
    "core.compute": Scale(0.30, 0.6, 0.8),
    "core.flash": Scale(2.0, 0.5, 0.4, fraction=False),
    "core.depthwise": Scale(0.40, 0.6, 0.6),
    # Fleets.
    "fleet.failures": Scale(5.0e-3, 0.6, 0.3, "1/day", fraction=False),
    "power.server": Scale(1.10, 0.4, 0.0, fraction=False),
    "quantization.loss": Scale(0.035, 0.7, 0.0, fraction=False),
    "quantization.slope": Scale(1.6, 0.3, 0.0, fraction=False),
}


@cache
def fitted() -> Reach:
    """As stored."""
    return Reach(shifts(constants(FILE)))


def shifts(stored: Mapping[str, Datum]) -> dict[str, float]:
    """Steps from stored figures: of a kind from its prior, of a group from its kind."""
    found: dict[str, float] = {}
    for name, datum in sorted(stored.items(), key=lambda item: item[0].count(",")):
        kind = name.partition(", ")[0]
        if kind not in SCALES:
            continue
        scale = SCALES[kind]
        base = scale.inward(scale.value) + (found.get(kind, 0.0) if kind != name else 0.0)
        found[name] = scale.inward(datum.value) - base
    return found


def spread(domain: str, known: bool) -> float:
    """Half the width of a domain's band, as a logarithm: where its software and machine were measured, or were not."""
    stored = constants("calibration/bands")
    names = (f"{domain}, known", f"{domain}, new", "any") if known else (f"{domain}, new", "any")
    return next(stored[name].value for name in names if name in stored)
