"""What a domain hands back, and the units that tables of measurements write."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from mlsysim.check import InvalidInput


class Refused(InvalidInput):
    """A case that is not predicted, and why."""


class Answer(NamedTuple):
    """Figures in the unit that was asked for, one for each that the metric names; which domain's band holds, whether
    the figures are exact, what had to be assumed, and ends of the first figure that its source gives."""

    values: tuple[float, ...]
    band: str
    exact: bool = False
    assumed: str = ""
    ends: tuple[float, float] | None = None


class Unit(NamedTuple):
    """A dimension, the factor to its SI unit, and whether it is for each device."""

    dimension: str
    factor: float
    each: bool


_UNITS = {
    "time": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "days": 86400.0},
    "tokens": {"token/s": 1.0, "tps": 1.0, "t/s": 1.0, "wps": 1.0, "ktoken/s": 1e3, "mtoken/s": 1e6,
               "token/min": 1 / 60.0, "token/d": 1 / 86400.0},
    "examples": {"example/s": 1.0, "fps": 1.0, "qps": 1.0, "ips": 1.0, "kexample/s": 1e3, "example/min": 1 / 60.0},
    "operations": {"tflop/s": 1e12, "tflops": 1e12, "top/s": 1e12, "tops": 1e12, "pflop/s": 1e15, "pflops": 1e15,
                   "gflops": 1e9, "gflop/s": 1e9, "gop/s": 1e9, "gops": 1e9},
    "share": {"%": 0.01, "percent": 0.01, "ratio": 1.0, "x": 1.0, "×": 1.0, "times": 1.0, "fraction": 1.0, "1": 1.0},
    "bandwidth": {"gb/s": 1e9, "tb/s": 1e12, "mb/s": 1e6, "gib/s": 2.0**30, "gbps": 1e9 / 8, "gbit/s": 1e9 / 8},
    "bytes": {"b": 1.0, "byte": 1.0, "bytes": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2.0**10,
              "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40},
    "device time": {"gpu-h": 3600.0, "device-h": 3600.0, "tpu-h": 3600.0, "chip-h": 3600.0, "gpu-days": 86400.0},
    "carbon": {"tco2e": 1e3, "tco2eq": 1e3, "t": 1e3, "tco2": 1e3, "kgco2e": 1.0, "kg": 1.0, "kgco2eq": 1.0,
               "kgco2": 1.0, "gco2e": 1e-3, "g": 1e-3, "gco2eq": 1e-3},
    "intensity": {"gco2eq/kwh": 1.0, "g/kwh": 1.0, "gco2/kwh": 1.0, "kg/kwh": 1e3, "gco2e/kwh": 1.0,
                  "kgco2/kwh": 1e3, "kgco2e/kwh": 1e3, "kgco2eq/kwh": 1e3},
    "energy": {"j": 1.0, "mj": 1e-3, "uj": 1e-6, "kj": 1e3, "wh": 3.6e3, "kwh": 3.6e6, "mwh": 3.6e9, "gwh": 3.6e12},
    "power": {"w": 1.0, "mw": 1e-3, "kw": 1e3},
    "bits": {"bits/weight": 1.0, "bpw": 1.0, "bits": 1.0},
    "events": {"events": 1.0, "failures": 1.0, "interruptions": 1.0},
    "perplexity": {"ppl": 1.0, "perplexity": 1.0},
    "cycles": {"cycles": 1.0, "kcycles": 1e3, "mcycles": 1e6},
}  # fmt: skip
_BY_NAME = {
    name: Unit(dimension, factor, False) for dimension, names in _UNITS.items() for name, factor in names.items()
}


# Where the case of a letter is all that tells milli from mega, or bits from bytes.
_CASED = {"MW": ("power", 1e6), "MJ": ("energy", 1e6), "mWh": ("energy", 3.6), "Gb/s": ("bandwidth", 1e9 / 8),
          "Mb/s": ("bandwidth", 1e6 / 8), "Tb/s": ("bandwidth", 1e12 / 8)}  # fmt: skip

_SPELLED = (
    (r"[µμ]", "u"),
    (r"\s*\bper\b\s*", "/"),
    (r"\s*/\s*", "/"),
    (r"\bk\s+(?=tok)", "k"),
    (r"/day\b", "/d"),
    (r"\bmilli(?:seconds?|secs?|s)\b|\bmsecs?\b", "ms"),
    (r"\bmicro(?:seconds?|secs?|s)\b|\busecs?\b", "us"),
    (r"\b(?:seconds?|secs?)\b", "s"),
    (r"\b(?:minutes?|mins)\b", "min"),
    (r"(?<=-)hours?\b|(?<=pu) hours?\b|\b(?:hours?|hrs?)\b", "h"),
    (r"(?<=pu) ?h\b", "-h"),
    (r"\bday\b", "days"),
    (r"\b([km]?)(?:tok(?:en)?|word)s?\b", r"\1token"),
    (r"flops?/s\b", "flop/s"),
    (r"\b(?:metric )?ton(?:ne)?s?\b", "t"),
    (r"\s+(?=co2)", ""),
    (r"\b(k?)(?:samples?|imgs?|images?|seqs?|sequences?|infs?|inferences?|reqs?|requests?|quer(?:y|ies)|frames?"
     r"|sentences?|examples?|recordings?)\b", r"\1example"),
)  # fmt: skip
_DEVICE = r"/(?:[gthn]pu|chip|device|accelerator|card|rank|core|user|u|node)s?\b"
_UNIT_OF_WORK = r"/(?:token|example|it|iter|iteration|step|layer|pass|run)$"


@cache
def unit(text: str) -> Unit:
    """A unit, as a table writes it.

    >>> unit("out tok/s/GPU"), unit("KB (1000 B)"), unit("samples/s (8192-tok packed)").dimension
    (Unit(dimension='tokens', factor=1.0, each=True), Unit(dimension='bytes', factor=1000.0, each=False), 'examples')
    >>> unit("tokens per second per GPU").each, unit("GPU hours").factor, unit("MW").factor, unit("mJ/inf").factor
    (True, 3600.0, 1000000.0, 0.001)
    """
    bare = re.sub(r"\(.*?\)|;.*", " ", text).strip()
    if bare in _CASED:
        return Unit(*_CASED[bare], False)
    bare = bare.lower()
    for pattern, short in _SPELLED:
        bare = re.sub(pattern, short, bare)
    each = re.search(_DEVICE, bare) is not None
    bare = re.sub(rf"{_DEVICE}|^(?:out(?:put)?|total|gen(?:erated)?|model|achieved)\s+", "", bare).strip()
    found = _BY_NAME.get(bare) or _BY_NAME.get(re.sub(_UNIT_OF_WORK, "", bare))
    if found is None:
        raise Refused(f"the unit {text!r} is not one that is answered in, such as s, tokens/s, TFLOP/s, GB/s, % or GB")
    return found._replace(each=each)


def units(text: str) -> list[Unit]:
    """Several units, where a slash with spaces stands between them.

    >>> [each.dimension for each in units("tCO2e / MWh")]
    ['carbon', 'energy']
    """
    return [unit(each) for each in text.split(" / ")]
