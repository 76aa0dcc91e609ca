"""What a faster part does for the whole."""

from __future__ import annotations


def amdahl_speedup(fraction: float, factor: float) -> float:
    r"""Speed-up of a job of which a part is made faster.

    .. math:: S = \frac{1}{(1 - f) + f/s}

    Parameters
    ----------
    fraction : share of the time that the part took f [-]
    factor : how much faster it is now s, infinite where it takes no time [-]

    Returns
    -------
    speed-up [-]

    Assumptions
    -----------
    The parts follow one another, and the rest takes as long as before.

    Examples
    --------
    An accelerator 10 times as fast, where 45 % of the time is spent elsewhere, and one that is infinitely fast:

    >>> round(amdahl_speedup(0.55, 10), 2), round(amdahl_speedup(0.55, float("inf")), 2)
    (1.98, 2.22)

    References
    ----------
    Amdahl, "Validity of the single processor approach to achieving large scale computing capabilities", AFIPS 1967.
    """
    return 1 / (1 - fraction + fraction / factor)
