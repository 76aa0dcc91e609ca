"""The front page's roofline: three machines, one model, and where a step lies at each batch, as the simulator says."""

from dataclasses import dataclass
from math import log10
from typing import Any

import mlsysim as ms
from mlsysim.solvers.serving import ServingResult

MODEL = "Llama3_8B"
PRECISION = "bf16"
CONTEXT = 256
MACHINES = ("L40S", "MI300X", "Gaudi 3")  # not those that a lock asks about
BATCHES = tuple(2**power for power in range(9))
WIDE, HIGH = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 22, 34
NEAR = 16
"""Roofs nearer than this share the space above them: the lower one is named below its line [px]."""

INTENSITY = (0.5, 1000.0)
"""Arithmetic intensity along the horizontal axis [FLOP/B]."""
RATE = (0.5e12, 2e15)
"""Rate along the vertical one [FLOP/s]."""


@dataclass(frozen=True, slots=True)
class Roof:
    """One machine: its roof as a line, how high the ceiling is, and steps: x, y, a token, throughput, share of peak."""

    name: str
    line: str
    ceiling: float
    steps: list[tuple[float, float, str, str, str]]


def roofs() -> list[Roof]:
    """Every machine."""
    return [_roof(name) for name in MACHINES]


def served(name: str, batch: int) -> ServingResult:
    """One machine's answer."""
    return ms.ServingModel().solve(model=MODEL, hardware=name, batch=batch, context=CONTEXT, precision=PRECISION)


def place(intensity: float, rate: float) -> tuple[float, float]:
    """Where a point lies in the picture [px].

    >>> place(INTENSITY[0], RATE[0]) == (LEFT, HIGH - BOTTOM), place(INTENSITY[1], RATE[1]) == (WIDE - RIGHT, TOP)
    (True, True)
    """
    across = log10(intensity / INTENSITY[0]) / log10(INTENSITY[1] / INTENSITY[0])
    up = log10(rate / RATE[0]) / log10(RATE[1] / RATE[0])
    return round(LEFT + across * (WIDE - LEFT - RIGHT), 1), round(HIGH - BOTTOM - up * (HIGH - TOP - BOTTOM), 1)


def ticks() -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
    """Marks of both axes with what stands beside them."""
    across = [(place(value, RATE[0])[0], f"{value:g}") for value in (1, 10, 100, 1000)]
    up = [(place(1, value * 1e12)[1], f"{value:g}") for value in (1, 10, 100, 1000)]
    return across, up


def named(roof: Roof, all_: list[Roof]) -> float:
    """How high the name of a roof stands [px]."""
    y = roof.ceiling
    crowded = any(0 < y - other.ceiling < NEAR for other in all_)
    return y + 15 if crowded else y - 5


def drawn() -> dict[str, Any]:
    """What the front page draws."""
    found, (across, up) = roofs(), ticks()
    edges = {"left": LEFT, "right": WIDE - RIGHT, "top": TOP, "bottom": HIGH - BOTTOM}
    steps = {"batches": BATCHES, "machines": [roof.steps for roof in found]}
    return {
        "roofs": found,
        "names": [named(roof, found) for roof in found],
        "across": across,
        "up": up,
        "size": (WIDE, HIGH),
        "batches": BATCHES,
        "steps": steps,
        **edges,
    }


def _roof(name: str) -> Roof:
    answers = [served(name, batch) for batch in BATCHES]
    decode = answers[0].decode
    peak, bandwidth = decode.rate, decode.bandwidth
    corners = [(INTENSITY[0], bandwidth * INTENSITY[0]), (peak / bandwidth, peak), (INTENSITY[1], peak)]
    steps = []
    for answer in answers:
        phase = answer.decode
        rate = phase.operations / phase.time.expected
        share = f"{rate / peak:.1%}" if rate < 0.1 * peak else f"{rate / peak:.0%}"
        steps.append((*place(phase.intensity, rate), answer.itl.format(), answer.throughput.format(2), share))
    line = " ".join(f"{x},{y}" for x, y in (place(*corner) for corner in corners))
    return Roof(name, line, place(INTENSITY[1], peak)[1], steps)
