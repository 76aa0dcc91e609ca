"""A distribution of something positive, from its mean and its spread: service times, lengths of answers."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from random import Random


@dataclass(frozen=True, slots=True)
class TwoMoments:
    """A mean, in any unit, and `variability`, the squared coefficient of variation [-].

    0 is constant, 1 exponential. Below 1 it is a constant part and an exponential one; above 1 most are short and a few
    are long, each kind exponential, with as much in the short as in the long.

    >>> TwoMoments(0.010, 0.25).fixed
    0.005
    """

    mean: float
    variability: float = 1.0

    @property
    def fixed(self) -> float:
        """The constant part."""
        return self.mean * (1 - sqrt(self.variability)) if self.variability < 1.0 else 0.0

    @property
    def kinds(self) -> tuple[tuple[float, float], ...]:
        """Share of each kind [-], and the mean of its exponential part."""
        if self.variability <= 1.0:
            return ((1.0, self.mean - self.fixed),)
        short = (1 + sqrt((self.variability - 1) / (self.variability + 1))) / 2
        return (short, self.mean / (2 * short)), (1 - short, self.mean / (2 * (1 - short)))

    def draw(self, chance: Random) -> float:
        """One of them, at random."""
        kinds = self.kinds
        mean = kinds[0][1] if len(kinds) == 1 or chance.random() < kinds[0][0] else kinds[1][1]
        return self.fixed + (chance.expovariate(1 / mean) if mean else 0.0)
