"""The fit: steps away from the priors that bring predictions to what was measured, all rows of a kind together.

Least squares on the logarithm of predicted over measured, each parameter held to its prior by the prior's own spread
(Gauss-Newton on the posterior; outliers weigh less). No parameter belongs to a row: a group has one from its second
row on, and keeps it if the rows move it by more than they leave it uncertain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf, log, sqrt
from operator import mul

from mlsysim.calibration import cases
from mlsysim.calibration.cases import Case
from mlsysim.calibration.parameters import SCALES, Reach
from mlsysim.calibration.predict import evaluate
from mlsysim.check import InvalidInput

NOISE = {
    "training": 0.07,
    "decode": 0.07,
    "prefill": 0.12,
    "kernels": 0.10,
    "vision": 0.15,
    "vision training": 0.15,
    "collectives": 0.08,
    "tiny": 0.10,
    "fleet": 0.20,
    "power": 0.10,
    "speculative": 0.15,
    "perplexity": 0.02,
}
"""How far a measurement lies off for reasons no parameter stands for, by domain: a first figure, as a logarithm."""
STEP = 1e-3
ROUNDS = 25
STILL = 2e-3
SMALL = 0.15
"""A group's step below which it does as its kind does."""
FEW = 2
"""Rows below which a group is not told from its kind."""


@dataclass(slots=True)
class Observation:
    """A case that was measured, the parameters its prediction rests on, and how it responds to them."""

    case: Case
    measured: tuple[float | None, ...]
    source: str
    use: str
    band: str
    asked: frozenset[str]
    keys: tuple[str, ...]
    errors: tuple[float, ...] = ()
    slopes: tuple[tuple[float, ...], ...] = ()

    @property
    def exact(self) -> bool:
        """Whether no parameter has a part in it."""
        return not self.keys


def observations(path: str, uses: Collection[str] = ("fit",)) -> list[Observation]:
    """Rows with a measured figure that can be compared, and that the simulator can run."""
    lines = cases.measurements(path)
    found = []
    for row in cases.read(path):
        line = lines[row.case_id]
        if row.case is None or line.get("use", "fit") not in uses:
            continue
        measured = figures(line.get("value", ""))
        try:
            answer, asked = evaluate(row.case, Reach({}))
        except InvalidInput:
            continue
        if measured is None or len(measured) != len(answer.values):
            continue
        found.append(
            Observation(
                row.case,
                measured,
                line.get("source", ""),
                line.get("use", ""),
                answer.band,
                frozenset(asked),
                tuple(sorted(asked)),
            )
        )
    return found


def figures(text: str) -> tuple[float | None, ...] | None:
    """What was measured: one figure, or several between slashes, of which some may be missing.

    >>> figures("/7.91/14.15"), figures("137"), figures("2-4")
    ((None, 7.91, 14.15), (137.0,), None)
    """
    try:
        found = tuple(float(each) if each.strip() else None for each in text.split("/"))
    except ValueError:
        return None
    return found if any(each is not None and each > 0.0 for each in found) else None


def compare(seen: Observation, shifts: Mapping[str, float]) -> tuple[float, ...]:
    """Logarithm of predicted over measured, for each figure that was measured."""
    answer, _ = evaluate(seen.case, Reach(shifts))
    return tuple(log(value / each) for value, each in zip(answer.values, seen.measured, strict=True) if each)


def linearize(seen: Observation, shifts: dict[str, float]) -> None:
    """Errors at these steps, and how they respond to each."""
    seen.errors = compare(seen, shifts)
    slopes = []
    for key in seen.keys:
        moved = compare(seen, shifts | {key: shifts.get(key, 0.0) + STEP})
        slopes.append(tuple((b - a) / STEP for a, b in zip(seen.errors, moved, strict=True)))
    seen.slopes = tuple(slopes)


@cache
def prior(key: str) -> float:
    """How far a parameter may step from zero."""
    scale = SCALES[key.partition(", ")[0]]
    return scale.groups if ", " in key else scale.off


def fit(seen: list[Observation]) -> tuple[dict[str, float], dict[str, float]]:
    """Steps from the priors, and how uncertain each is left; a group that hardly differs from its kind gets none."""
    distinct(seen)
    shifts, spreads = converge(seen, {})
    kept = {key for key, step in shifts.items() if ", " not in key or abs(step) >= max(SMALL, spreads[key])}
    for each in seen:
        each.keys = tuple(key for key in each.keys if ", " not in key or key in kept)
    return converge(seen, {key: step for key, step in shifts.items() if key in kept})


def distinct(seen: list[Observation]) -> None:
    """A group of one row is not told from it, and one within another, with the same rows, would share its step."""
    rows: dict[str, list[int]] = {}
    for index, each in enumerate(seen):
        for key in each.keys:
            rows.setdefault(key, []).append(index)
    groups = {key: where for key, where in rows.items() if ", " in key}
    without = {key for key, where in groups.items() if len(where) < FEW}
    within = {
        inner
        for inner in groups
        for outer in groups
        if outer != inner and outer in inner and groups[outer] == groups[inner]
    }
    for each in seen:
        each.keys = tuple(key for key in each.keys if key not in without | within)


def converge(seen: list[Observation], start: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Gauss-Newton from these steps, until none moves."""
    shifts, spreads = dict(start), dict[str, float]()
    for group in components(seen):
        before, share = inf, 1.0
        for _ in range(ROUNDS):
            for each in group:
                linearize(each, shifts)
            found, spread = solve(group, shifts)
            moved = max((abs(found[key] - shifts.get(key, 0.0)) for key in found), default=0.0)
            # Where a roofline bends, whole steps can go back and forth over the bend.
            share = share / 2 if moved > 0.8 * before else share
            before = moved
            shifts |= {key: shifts.get(key, 0.0) + share * (step - shifts.get(key, 0.0)) for key, step in found.items()}
            spreads |= spread
            if moved < STILL:
                break
    return shifts, spreads


def components(seen: Iterable[Observation]) -> list[list[Observation]]:
    """Observations that share parameters, directly or through others."""
    groups: list[tuple[set[str], list[Observation]]] = []
    for each in seen:
        if each.exact:
            continue
        keys, members = set(each.keys), [each]
        apart = []
        for other in groups:
            if other[0] & keys:
                keys |= other[0]
                members = other[1] + members
            else:
                apart.append(other)
        groups = [*apart, (keys, members)]
    return [members for _, members in groups]


def solve(
    seen: Iterable[Observation], shifts: Mapping[str, float], *, spreads: bool = True
) -> tuple[dict[str, float], dict[str, float]]:
    """One Gauss-Newton step: the new steps from the priors, and their spreads where they are wanted."""
    rows = list(seen)
    keys = sorted({key for each in rows for key in each.keys if prior(key) > 0.0})
    at = {key: index for index, key in enumerate(keys)}
    size = len(keys)
    matrix = [[0.0] * size for _ in range(size)]
    right = [0.0] * size
    for index, key in enumerate(keys):
        matrix[index][index] = prior(key) ** -2
    for each in rows:
        noise = NOISE.get(each.band, 0.15) * sqrt(len(each.errors))
        used = [(at[key], slope) for key, slope in zip(each.keys, each.slopes, strict=True) if key in at]
        for which, error in enumerate(each.errors):
            # Beyond two standard deviations an error pulls no harder than there (Huber's weight).
            weight = noise**-2 * min(1.0, 2.0 * NOISE.get(each.band, 0.15) / max(abs(error), 1e-9))
            target = -error + sum(slope[which] * shifts.get(keys[index], 0.0) for index, slope in used)
            for index, slope in used:
                right[index] += weight * slope[which] * target
                row = matrix[index]
                for other, slope_there in used:
                    row[other] += weight * slope[which] * slope_there[which]
    lower = _factor(matrix)
    off = dict(zip(keys, map(sqrt, _uncertain(lower)), strict=True)) if spreads else {}
    return dict(zip(keys, _substitute(lower, right), strict=True)), off


def _factor(matrix: list[list[float]]) -> list[list[float]]:
    """The lower triangle whose square a symmetric positive matrix is (Cholesky)."""
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        row_i = lower[i]
        for j in range(i + 1):
            total = matrix[i][j] - sum(map(mul, row_i[:j], lower[j]))
            row_i[j] = sqrt(total) if i == j else total / lower[j][j]
    return lower


def _substitute(lower: list[list[float]], right: list[float]) -> list[float]:
    """The solution of the system whose factor this is."""
    size = len(lower)
    found = [0.0] * size
    for i in range(size):
        found[i] = (right[i] - sum(map(mul, lower[i][:i], found))) / lower[i][i]
    for i in reversed(range(size)):
        found[i] = (found[i] - sum(lower[k][i] * found[k] for k in range(i + 1, size))) / lower[i][i]
    return found


def _uncertain(lower: list[list[float]]) -> list[float]:
    """Diagonal of the inverse of the matrix whose factor this is."""
    size = len(lower)
    inverse = [[0.0] * size for _ in range(size)]
    for j in range(size):
        inverse[j][j] = 1.0 / lower[j][j]
        for i in range(j + 1, size):
            inverse[i][j] = -sum(lower[i][k] * inverse[k][j] for k in range(j, i)) / lower[i][i]
    return [sum(inverse[k][i] ** 2 for k in range(i, size)) for i in range(size)]
