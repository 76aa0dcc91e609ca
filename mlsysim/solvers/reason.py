"""Why an answer is no: which limit, by how much, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

from mlsysim.units import format_quantity, parse_quantity


@dataclass(frozen=True, slots=True)
class Reason:
    """A limit that was run into; `wall` is None for a limit that is not one of the walls, such as overhead."""

    verdict: str
    subject: str
    limit: str
    wall: int | None
    value: float
    maximum: float
    unit: str
    mend: str

    def sentence(self) -> str:
        """What happened, which wall, what would help."""
        wall = "" if self.wall is None else f" (wall {self.wall})"
        return f"{self.verdict} {self.subject} {self.limit.capitalize()} binds{wall}. {self.mend}"


def write_enough(value: float, unit: str) -> str:
    """A quantity in a sentence, rounded up: what is more than a limit reads as more, and what is enough is enough."""
    text = write(value, unit)
    if parse_quantity(text)[0] >= value:
        return text
    return write(value + 0.5 * 10 ** (floor(log10(value)) - 2), unit)


def write(value: float, unit: str) -> str:
    """A quantity in a sentence, with three digits."""
    return format_quantity(value, unit, 3)
