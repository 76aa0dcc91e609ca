"""An answer with its error bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from operator import mul, truediv

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

    @classmethod
    def of(
        cls, function: Callable[..., float], unit: str, *rising: Estimate, falling: tuple[Estimate, ...] = ()
    ) -> Estimate:
        """A function of figures: it grows with each of `rising`, and shrinks with each of `falling`, which come last.

        >>> Estimate.of(lambda a, b: a / b, "1", Estimate(1.0, 2.0, 3.0, "1"), falling=(Estimate(1.0, 1.0, 2.0, "1"),))
        Estimate(lower=0.5, expected=2.0, upper=3.0, unit='1')
        """
        low = function(*(each.lower for each in rising), *(each.upper for each in falling))
        expected = function(*(each.expected for each in rising), *(each.expected for each in falling))
        high = function(*(each.upper for each in rising), *(each.lower for each in falling))
        # Where the ends meet, rounding can put them a hair on the wrong side.
        return cls(min(low, expected), expected, max(high, expected), unit)

    def scaled(self, factor: float, unit: str) -> Estimate:
        """The figure times something known exactly and not negative.

        >>> Estimate(1.0, 2.0, 4.0, "W").scaled(3600.0, "J").upper
        14400.0
        """
        return Estimate(self.lower * factor, self.expected * factor, self.upper * factor, unit)

    def times(self, other: Estimate, unit: str) -> Estimate:
        """The product of two figures that are not negative."""
        return Estimate.of(mul, unit, self, other)

    def over(self, other: Estimate, unit: str) -> Estimate:
        """The quotient of two figures that are not negative."""
        return Estimate.of(truediv, unit, self, falling=(other,))

    @classmethod
    def total(cls, parts: Iterable[Estimate], unit: str) -> Estimate:
        """The sum, each end with the others'."""
        figures = list(parts)
        return cls(
            sum(each.lower for each in figures),
            sum(each.expected for each in figures),
            sum(each.upper for each in figures),
            unit,
        )

    def format(self, digits: int = 2) -> str:
        """The expected figure, with its unit."""
        return format_quantity(self.expected, self.unit, digits)

    def format_range(self, digits: int = 2) -> str:
        """Both ends, with the unit once where both are written with the same."""
        low, high = (format_quantity(end, self.unit, digits) for end in (self.lower, self.upper))
        figure, _, unit = low.partition(" ")
        return f"between {figure if high.endswith(' ' + unit) else low} and {high}"
