"""Quantities as people write them, and back."""

from __future__ import annotations

import re
from math import floor, isfinite, log10

_SMALL = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3}
_LARGE = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21}
_BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}

# For each SI unit: the prefixes it is written with, and its other spellings with their size in it.
_UNITS: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "s": (_SMALL, {"min": 60.0, "h": 3600.0, "d": 86_400.0, "y": 31_536_000.0}),
    "B": (_LARGE | _BINARY, {"bit": 0.125}),
    "B/s": (_LARGE | _BINARY, {"bit/s": 0.125}),
    "FLOP": (_LARGE, {"OP": 1.0}),
    "FLOP/s": (_LARGE, {"FLOPS": 1.0, "OP/s": 1.0, "OPS": 1.0}),
    "FLOP/B": ({}, {}),
    "J": (_SMALL | _LARGE, {"Wh": 3600.0}),
    "W": (_SMALL | _LARGE, {}),
    "Hz": (_LARGE, {}),
    "m": ({"m": 1e-3, "k": 1e3}, {}),
    "token/s": ({"k": 1e3, "M": 1e6}, {"tok/s": 1.0, "tokens/s": 1.0}),
    "kg": ({}, {"t": 1e3, "g": 1e-3}),
    "kg/J": ({}, {"g/kWh": 1.0 / 3.6e9, "kg/kWh": 1.0 / 3.6e6}),
    "L": ({"m": 1e-3}, {"m3": 1e3}),
    "L/J": ({}, {"L/kWh": 1.0 / 3.6e6}),
    "J/B": (_SMALL, {"J/bit": 8.0}),
    "J/FLOP": (_SMALL, {}),
    "USD": ({"k": 1e3, "M": 1e6}, {}),
    "USD/s": ({}, {"USD/h": 1.0 / 3600.0, "USD/d": 1.0 / 86_400.0, "USD/y": 1.0 / 31_536_000.0}),
    "USD/J": ({}, {"USD/kWh": 1.0 / 3.6e6}),
    "USD/token": ({}, {"USD/Mtoken": 1e-6}),
}

_SPELLED: dict[str, tuple[float, str]] = {}
for _unit, (_prefixes, _synonyms) in _UNITS.items():
    for _name, _size in {_unit: 1.0, **_synonyms}.items():
        _SPELLED[_name] = (_size, _unit)
        if _name not in ("min", "h", "d", "y", "m3"):
            _SPELLED.update({_prefix + _name: (_scale * _size, _unit) for _prefix, _scale in _prefixes.items()})

# What a quantity is written with: every third power of ten, largest first.
_WRITTEN = {
    "s": (
        (31_536_000.0, "y"),
        (86_400.0, "d"),
        (3600.0, "h"),
        (1.0, "s"),
        (1e-3, "ms"),
        (1e-6, "µs"),
        (1e-9, "ns"),
    ),
    "J": ((1e9, "GJ"), (1e6, "MJ"), (1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ"), (1e-9, "nJ"), (1e-12, "pJ")),
    "W": ((1e9, "GW"), (1e6, "MW"), (1e3, "kW"), (1.0, "W"), (1e-3, "mW"), (1e-6, "µW")),
    "m": ((1e3, "km"), (1.0, "m"), (1e-3, "mm")),
    "kg": ((1e3, "t"), (1.0, "kg"), (1e-3, "g")),
    "kg/J": ((1.0 / 3.6e9, "g/kWh"),),
    "L": ((1e3, "m3"), (1.0, "L"), (1e-3, "mL")),
    "L/J": ((1.0 / 3.6e6, "L/kWh"),),
    "J/B": ((1e-12, "pJ/B"),),
    "J/FLOP": ((1e-12, "pJ/FLOP"),),
    "USD/s": ((1.0 / 3600.0, "USD/h"),),
    "USD/J": ((1.0 / 3.6e6, "USD/kWh"),),
    "USD/token": ((1e-6, "USD/Mtoken"),),
} | {
    unit: tuple(
        (scale, prefix + unit) for prefix, scale in [*reversed(_LARGE.items()), ("", 1.0)] if prefix not in {"K", "Z"}
    )
    for unit in ("B", "B/s", "FLOP", "FLOP/s", "Hz")
}

_QUANTITY = re.compile(r"\s*([+-]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


def parse_quantity(text: str) -> tuple[float, str]:
    """The value in the SI unit, and that unit.

    >>> parse_quantity("80 GB")
    (80000000000.0, 'B')
    >>> parse_quantity("16 GiB")
    (17179869184.0, 'B')
    >>> parse_quantity("40 ms")
    (0.04, 's')
    >>> parse_quantity("500 TFLOPS")
    (500000000000000.0, 'FLOP/s')
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError("a quantity is a number and a unit, such as '2 TB/s'")
    figure, name = match.groups()
    value = float(figure.replace(",", "").replace("_", ""))
    if not name:
        return value, ""
    if name not in _SPELLED:
        if name.removesuffix("/s").endswith("b"):
            raise ValueError(f"unit {name!r} could mean bits or bytes; write 'bit' or 'B'")
        raise ValueError(f"unit {name!r} is not known; the units are {', '.join(_UNITS)}, with prefixes such as G")
    scale, unit = _SPELLED[name]
    # 40 * 0.001 is not 0.04 in binary, 40 / 1000 is: divide by the exact power of ten.
    return (value / round(1.0 / scale) if scale < 0.1 else value * scale), unit


def format_quantity(value: float, unit: str, digits: int = 2) -> str:
    """The quantity with an SI prefix and `digits` significant digits; an exact whole number keeps no decimals.

    >>> format_quantity(0.00523, "s")
    '5.2 ms'
    >>> format_quantity(80e9, "B")
    '80 GB'
    >>> format_quantity(3.35e12, "B/s", digits=3)
    '3.35 TB/s'
    >>> format_quantity(0.9999, "s")
    '1.0 s'
    """
    if not isfinite(value):
        raise ValueError(f"{value} {unit} cannot be written as a quantity")
    scales = _WRITTEN.get(unit, ((1.0, unit),))
    for scale, name in scales:
        figure = _figure(value / scale, digits)
        if abs(float(figure.replace(",", ""))) >= 1.0:
            return f"{figure} {name}".rstrip()
    scale, name = min(scales, key=lambda pair: abs(pair[0] - 1.0)) if value == 0.0 else scales[-1]
    return f"{_figure(value / scale, digits)} {name}".rstrip()


def written_in(value: float, unit: str) -> tuple[float, str]:
    """The scale and the name of the prefixed unit in which `format_quantity` writes this value: one for a whole axis.

    >>> written_in(0.0052, "s")
    (0.001, 'ms')
    >>> written_in(12.0, "sequences")
    (1.0, 'sequences')
    """
    scales = _WRITTEN.get(unit, ((1.0, unit),))
    return next(((scale, name) for scale, name in scales if abs(value) >= scale), scales[-1])


def _figure(value: float, digits: int) -> str:
    whole = round(value)
    if abs(value - whole) <= 1e-9 * abs(value):
        return f"{whole:,d}"
    decimals = max(0, digits - 1 - floor(log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    # Rounding can add a digit: 9.96 to two digits is 10, not 10.0.
    if decimals and len(text.replace(",", "").replace("-", "").replace(".", "").lstrip("0")) > digits:
        text = f"{value:,.{decimals - 1}f}"
    return text
