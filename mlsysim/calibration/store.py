"""The fit, written where the package reads it: parameters, bands, and what was measured."""

from __future__ import annotations

import os.path
from collections.abc import Mapping

from mlsysim import registry
from mlsysim.calibration.fit import Observation, fit, linearize, observations
from mlsysim.calibration.parameters import SCALES
from mlsysim.calibration.validate import bands, outcomes

FOLDER = os.path.join(registry._DATA, "calibration")
TABLE = os.path.join(FOLDER, "measurements.csv")
WITHIN = 1.28
"""Standard deviations on either side of a figure that its range takes: four in five."""

_HEAD = """# {told}
# Written by `python -m mlsysim.calibration fit`; not by hand.

[source.measurements]
url = "data/calibration/measurements.csv, each row with its own source"
read = 2026-11-21
tier = "measured"
"""


def refit() -> list[Observation]:
    """Fits all rows that are for fitting, and writes what follows."""
    seen = observations(TABLE)
    shifts, spreads = fit(seen)
    for each in seen:
        linearize(each, shifts)
    _write("parameters.toml", _parameters(seen, shifts, spreads))
    _write("bands.toml", _bands(bands(outcomes(seen, shifts))))
    _write("seen.toml", _seen(seen))
    return seen


def _parameters(seen: list[Observation], shifts: Mapping[str, float], spreads: Mapping[str, float]) -> str:
    lines = [
        _HEAD.format(
            told="Fractions of peaks and fixed times, by kind of kernel, and by what sets a group apart from its kind."
        )
    ]
    rows: dict[str, int] = {}
    for each in seen:
        for key in each.keys:
            rows[key] = rows.get(key, 0) + 1
    for name in sorted(shifts):
        kind = name.partition(", ")[0]
        scale = SCALES[kind]
        at = scale.inward(scale.value) + shifts[name] + (shifts.get(kind, 0.0) if name != kind else 0.0)
        off = WITHIN * spreads[name]
        low, value, high = (scale.outward(each) for each in (at - off, at, at + off))
        lines.append(
            f'["{name}"]\nvalue = {value:.6g}\nlower = {low:.3g}\nupper = {high:.3g}\nunit = "{scale.unit}"\n'
            f'source = "measurements"\nnote = "{rows.get(name, 0)} rows"\n'
        )
    return "\n".join(lines)


def _bands(widths: Mapping[str, float]) -> str:
    lines = [
        _HEAD.format(
            told="Half-widths of bands, as logarithms: what nine in ten rows stayed within when left out of the fit."
        )
    ]
    lines += [
        f'["{name}"]\nvalue = {width:.3f}\nunit = "1"\nsource = "measurements"\n'
        for name, width in sorted(widths.items())
    ]
    return "\n".join(lines)


def _seen(seen: list[Observation]) -> str:
    lines = ["# What was measured in each domain. Written by `python -m mlsysim.calibration fit`; not by hand.\n"]
    for band in sorted({each.band for each in seen}):
        keys = sorted(set().union(*(each.asked for each in seen if each.band == band)))
        listed = "".join(f'  "{each}",\n' for each in keys)
        lines.append(f'["{band}"]\nkeys = [\n{listed}]\n')
    return "\n".join(lines)


def _write(name: str, text: str) -> None:
    with open(os.path.join(FOLDER, name), "w", encoding="utf-8", newline="\n") as file:
        file.write(text.rstrip("\n") + "\n")
