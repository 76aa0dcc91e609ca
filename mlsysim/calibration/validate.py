"""How predictions compare with what was measured: on rows that were fitted, and on rows that were left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from mlsysim.calibration import stacks
from mlsysim.calibration.cases import Case
from mlsysim.calibration.fit import Observation, compare, components, solve

FITTED, ROW, DEVICE, SOFTWARE, SOURCE, PRIOR = (
    "in sample",
    "row left out",
    "device left out",
    "software left out",
    "source left out",
    "prior only",
)
MODES = (FITTED, ROW, DEVICE, SOFTWARE, SOURCE, PRIOR)
COVERED = 0.90
"""Share of left-out errors that a band is made to hold."""
LEAST = 0.03
FEWEST = 5
"""Fewer left-out errors than these do not make a band of their own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A figure's error, as the logarithm of predicted over measured, and whether the fit had seen its like."""

    seen: Observation
    mode: str
    errors: tuple[float, ...]
    known: bool


def outcomes(seen: list[Observation], shifts: Mapping[str, float]) -> list[Outcome]:
    """All rows in all modes; `seen` is linearized at `shifts`."""
    found = [Outcome(each, FITTED, compare(each, shifts), True) for each in seen]
    found += [Outcome(each, PRIOR, compare(each, {}), False) for each in seen]
    folds: tuple[tuple[str, Callable[[int], str]], ...] = (
        (ROW, lambda index: str(index)),
        (DEVICE, lambda index: device(seen[index])),
        (SOFTWARE, lambda index: software(seen[index].case)),
        (SOURCE, lambda index: source(seen[index].source)),
    )
    shared = [frozenset().union(*(each.keys for each in group)) for group in components(seen)]
    for mode, name in folds:
        for members in _folds(len(seen), name):
            found += left_out(mode, members, seen, shifts, shared)
    return found


def device(seen: Observation) -> str:
    """What a machine is called without its number and its surroundings."""
    return re.sub(r"\(.*?\)", " ", seen.case.hardware).strip().lower()


def software(case: Case) -> str:
    """The stack or runtime of a case."""
    return stacks.runtime(case.software) if case.domain.startswith("tiny") else stacks.stack(case.software)


def source(text: str) -> str:
    """A publication without its page or version."""
    return re.split(r"@| \(|, | Table| table| section|\.\.\.", text)[0].strip().lower()


def _folds(count: int, name: Callable[[int], str]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for index in range(count):
        groups.setdefault(name(index), []).append(index)
    return [members for key, members in groups.items() if key]


def left_out(
    mode: str,
    members: list[int],
    seen: list[Observation],
    shifts: Mapping[str, float],
    shared: list[frozenset[str]],
) -> list[Outcome]:
    """The fold's rows, predicted from the others: one step from the whole fit to where they have no pull."""
    fold = set(members)
    mine = {key for index in members for key in seen[index].keys}
    touched = {key for keys in shared if keys & mine for key in keys}
    rest = [each for index, each in enumerate(seen) if index not in fold and touched & set(each.keys)]
    there = {key for each in rest for key in each.keys}
    moved, _ = solve(rest, shifts, spreads=False)
    without = {key: step for key, step in shifts.items() if key not in touched} | {
        key: step for key, step in moved.items() if key in there
    }
    found = []
    for index in members:
        each = seen[index]
        beside = [other for at, other in enumerate(seen) if at not in fold and other.band == each.band]
        if mode != ROW and not beside:
            continue
        known = each.asked <= frozenset().union(*(other.asked for other in beside))
        found.append(Outcome(each, mode, compare(each, without), known))
    return found


def bands(found: Iterable[Outcome]) -> dict[str, float]:
    """Half-widths by domain and by whether software and machine are known, from rows that were left out."""
    pools: dict[str, list[float]] = {}
    for each in found:
        if each.mode in (FITTED, PRIOR) or each.seen.exact:
            continue
        if each.known and each.mode not in (ROW, SOURCE):
            continue
        name = f"{each.seen.band}, {'known' if each.known else 'new'}"
        pools.setdefault(name, []).extend(abs(error) for error in each.errors)
    made = {name: max(LEAST, quantile(errors, COVERED)) for name, errors in pools.items() if len(errors) >= FEWEST}
    # What was not often left out is as uncertain as the larger half of what was, and as the worst that it showed.
    widths = sorted(made.values())
    made["any"] = widths[(3 * len(widths)) // 4] if widths else 1.0
    made |= {name: max(made["any"], *errors) for name, errors in pools.items() if len(errors) < FEWEST}
    for name in [each for each in made if each.endswith(", known")]:
        other = name.replace(", known", ", new")
        made[other] = max(made.get(other, made["any"]), made[name])
    return made


def quantile(errors: Iterable[float], share: float) -> float:
    """The error that this share of as many new ones would stay below.

    >>> quantile([0.1, 0.2, 0.3, 0.4], 0.5)
    0.3
    """
    ordered = sorted(errors)
    return ordered[min(len(ordered) - 1, ceil(share * (len(ordered) + 1)) - 1)]
