"""What distance alone does to a promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlsysim import registry
from mlsysim.check import InvalidValue, quantity
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics import network
from mlsysim.records import Datum, Input
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.walls import WALLS

HALF_EQUATOR = 20_037_508.0
"""Farthest apart two places on Earth can be, along its surface [m] (WGS 84)."""


@dataclass(frozen=True, slots=True)
class NetworkResult:
    """The time light needs over a distance, against what was promised."""

    distance: float
    promise: float | None
    one_way: Estimate
    round_trip: Estimate
    group_index: Datum

    @property
    def feasible(self) -> bool:
        """Whether light can be there and back within the promise."""
        return self.promise is None or self.round_trip.lower <= self.promise

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        if self.promise is None or self.feasible:
            return ()
        least, reach = self.round_trip.lower, self.distance * self.promise / self.round_trip.lower
        return (
            Reason(
                verdict="Too far.",
                subject=f"Light in fibre takes {write_enough(least, 's')} over {write(self.distance, 'm')} and back; "
                f"the promise is {write(self.promise, 's')}.",
                limit="communication",
                wall=WALLS["communication"].number,
                value=least,
                maximum=self.promise,
                unit="s",
                mend=f"A machine within {write(reach, 'm')}, or a promise of {write_enough(least, 's')} or more would "
                "mend it.",
            ),
        )

    @property
    def basis(self) -> tuple[Input, ...]:
        """The input that is not a definition, with its source and tier."""
        return (Input("n_g", "group index of the fibre", self.group_index),)

    def explain(self) -> str:
        """The whiteboard."""
        speed = f"({network.SPEED_OF_LIGHT / 1e3:,.0f} km/s / {self.group_index.value})"
        lines = [
            f"T = 2 x {write(self.distance, 'm')} / {speed} = {write(self.round_trip.expected, 's')}    there and back",
            *(reason.sentence() for reason in self.reasons),
            f"group index of fibre: {self.group_index.tier}, {self.group_index.source}",
        ]
        return "\n".join(lines)


class NetworkModel:
    """Can anything answer from so far away in time?

    >>> NetworkModel().solve(distance="1500 km", promise="10 ms").feasible
    False
    """

    def solve(self, *, distance: float | str, promise: float | str | None = None) -> NetworkResult:
        """Light's round trip over a fibre of that length, the least that any answer can take.

        The range is that of the glass between 1310 and 1550 nm. Cables detour: on a map, the fibre is longer.
        """
        length = quantity("distance", distance, "m", 'distance="1500 km"')
        if length > HALF_EQUATOR:
            rule = f"no two places on Earth are farther apart than {write(HALF_EQUATOR, 'm')}"
            raise InvalidValue("distance", distance, rule, 'distance="1500 km"')
        within = None if promise is None else quantity("promise", promise, "s", 'promise="10 ms"')
        datum = registry.constants("fibre")["group_index"]
        index = spread(datum)
        return NetworkResult(
            length,
            within,
            _over(index, lambda each: network.propagation_time(length, each)),
            _over(index, lambda each: network.round_trip_time(length, each)),
            datum,
        )


def _over(index: Estimate, time: Callable[[float], float]) -> Estimate:
    return Estimate(time(index.lower), time(index.expected), time(index.upper), "s")
