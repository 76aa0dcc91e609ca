"""A line in front of servers, first come, first served."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapreplace
from math import ceil
from random import Random

from mlsysim.solvers.two_moments import TwoMoments


@dataclass(frozen=True, slots=True)
class Visit:
    """One request's times [s]."""

    arrived: float
    started: float
    finished: float

    @property
    def wait(self) -> float:
        """Time in line [s]."""
        return self.started - self.arrived

    @property
    def stay(self) -> float:
        """Time in line and in service [s]."""
        return self.finished - self.arrived


def simulate_line(service: TwoMoments, rate: float, servers: int, requests: int, seed: int = 0) -> list[Visit]:
    """Poisson arrivals, `rate` a second, at `servers` servers.

    >>> visits = simulate_line(TwoMoments(0.005), rate=160, servers=1, requests=50_000)
    >>> 0.08 < percentile([visit.stay for visit in visits], 0.99) < 0.16
    True
    """
    chance = Random(seed)
    free_at = [0.0] * servers
    visits, now = [], 0.0
    for _ in range(requests):
        now += chance.expovariate(rate)
        started = max(now, free_at[0])
        finished = started + service.draw(chance)
        heapreplace(free_at, finished)
        visits.append(Visit(now, started, finished))
    return visits


def percentile(values: list[float], part: float) -> float:
    """The smallest value that at least a share `part` of all do not exceed.

    >>> percentile([3.0, 1.0, 2.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, ceil(part * len(ordered)) - 1)]
