"""A fleet that works, saves, fails and restarts, as one course of chance."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

KINDS = ("work", "writing", "lost work", "restarting")


class Stretch(NamedTuple):
    """What the fleet does between two moments [s], and which part failed at the end; -1 where none did."""

    kind: str
    start: float
    end: float
    failed: int = -1


def simulate_run(
    mtbf: float, interval: float, write: float, restart: float, until: float, parts: int = 1, seed: int = 0
) -> list[Stretch]:
    """Failures at a constant rate, of any of `parts` alike; each undoes the work since the last checkpoint.

    >>> run = simulate_run(mtbf=10800.0, interval=1800.0, write=120.0, restart=600.0, until=5e7)
    >>> kept = sum(each.end - each.start for each in run if each.kind == "work")
    >>> round(kept / run[-1].end, 2)  # goodput by the formula: 0.81
    0.81
    """
    chance = Random(seed)
    run: list[Stretch] = []
    now, failure = 0.0, chance.expovariate(1 / mtbf)
    while now < until:
        saved = now + interval + write
        if failure >= saved:
            run += (Stretch("work", now, now + interval), Stretch("writing", now + interval, saved))
            now = saved
            continue
        run.append(Stretch("lost work", now, failure, chance.randrange(parts)))
        now = failure
        failure += chance.expovariate(1 / mtbf)
        while failure < now + restart:
            run.append(Stretch("restarting", now, failure, chance.randrange(parts)))
            now = failure
            failure += chance.expovariate(1 / mtbf)
        run.append(Stretch("restarting", now, now + restart))
        now += restart
    return run
