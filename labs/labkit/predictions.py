"""How far a prediction is from the simulator's answer, and which assumption leads there."""

from collections.abc import Sequence
from math import inf, log, log10

from labkit.plan import Assumption

NEAR = 1.25  # a prediction within this factor is the answer, to a person's precision


def off_by(said: float, says: float) -> float:
    """The factor between two positive numbers, at least 1.

    .. math:: f = e^{|\\ln(said / says)|}

    >>> off_by(2.0, 8.0)
    4.0
    """
    return max(said / says, says / said) if said > 0 and says > 0 else inf


def closeness(factor: float) -> float:
    """Score of a prediction by the logarithm of the factor it is off: 1 when near, 0 an order of magnitude farther.

    .. math:: s = \\max(0, 1 - \\log_{10} \\max(1, f / 1.25))

    >>> closeness(1.1), round(closeness(2.0), 2), closeness(40.0)
    (1.0, 0.8, 0.0)
    """
    return max(0.0, 1.0 - log10(max(1.0, factor / NEAR)))


def assumed(said: float | str, says: float | str, assumptions: Sequence[Assumption]) -> Assumption | None:
    """The assumption that a wrong prediction is closest to; None where it is right, or near none of them."""
    if isinstance(said, str) or isinstance(says, str):
        return next((each for each in assumptions if each.value == said), None) if said != says else None
    factor = off_by(said, says)
    numbers = [each for each in assumptions if not isinstance(each.value, str)]
    best = min(numbers, key=lambda each: _distance(said, each.value), default=None)
    if factor <= NEAR or best is None or _distance(said, best.value) > log(min(NEAR, factor)):
        return None
    return best


def _distance(said: float, value: float | str) -> float:
    return abs(log(said / value)) if not isinstance(value, str) and said > 0 and value > 0 else inf
