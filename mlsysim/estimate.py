"""An answer with its error bars."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from mlsysim.units import format_quantity


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure that lies between lower and upper, most likely near expected, in the SI unit.

    >>> itl = Estimate(0.0045, 0.0066, 0.0094, "s")
    >>> itl.format()
    '6.6 ms'
    >>> itl.format_range()
    'between 4.5 and 9.4 ms'
    """

    lower: float
    expected: float
    upper: float
    unit: str

    def __post_init__(self) -> None:
        if not -inf < self.lower <= self.expected <= self.upper < inf:
            raise ValueError(
                f"an estimate needs finite lower <= expected <= upper, not {self.lower}, {self.expected}, {self.upper}"
            )

    @classmethod
    def exact(cls, value: float, unit: str) -> Estimate:
        """A figure without uncertainty: a count, or what follows from counts."""
        return cls(value, value, value, unit)

    def format(self, digits: int = 2) -> str:
        """The expected figure, with its unit."""
        return format_quantity(self.expected, self.unit, digits)

    def format_range(self, digits: int = 2) -> str:
        """Both ends, with the unit once where both are written with the same."""
        low, high = (format_quantity(end, self.unit, digits) for end in (self.lower, self.upper))
        figure, _, unit = low.partition(" ")
        return f"between {figure if high.endswith(' ' + unit) else low} and {high}"
