"""Checks before and after a model answers: how long they take one after another, and side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, prod


def serial_probability(time: float, fixed: Sequence[float], means: Sequence[float]) -> float:
    r"""Share of requests for which several checks one after another are all done in time.

    .. math:: P = \frac{\gamma(k,\ (t - \sum d_i)/\theta)}{\Gamma(k)}, \quad
              k = \frac{(\sum m_i)^2}{\sum m_i^2}, \quad \theta = \frac{\sum m_i^2}{\sum m_i}

    Parameters
    ----------
    time : time t, no less than the constant parts together [s]
    fixed : constant part of each check d_i [s]
    means : mean of each check's exponential part m_i, above zero [s]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Independent checks. Their sum has the mean and the variance of this gamma distribution, and is one where the means
    are equal; of unequal ones, times past the 99.9th percentile are some percent longer.

    Examples
    --------
    Three filters of 20 ms each on average take 168 ms or less for 99 % of all requests, not three times the 92 ms of
    one:

    >>> round(serial_probability(0.092, [0.0], [0.020]), 2), round(serial_probability(0.168, [0.0] * 3, [0.020] * 3), 2)
    (0.99, 0.99)

    References
    ----------
    Abramowitz & Stegun, Handbook of Mathematical Functions, 1964, equations 6.5.4 and 6.5.29.
    """
    total = sum(means)
    scale = sum(each * each for each in means) / total
    shape, late = total / scale, (time - sum(fixed)) / scale
    if late <= 0.0:
        return 0.0
    term = added = exp(shape * log(late) - late - lgamma(shape + 1))
    grown = shape
    while term > 1e-17 * added:
        grown += 1
        term *= late / grown
        added += term
    return min(1.0, added)


def parallel_probability(time: float, fixed: Sequence[float], means: Sequence[float]) -> float:
    r"""Share of requests for which several checks side by side are all done in time.

    .. math:: P = \prod_i \left(1 - e^{-(t - d_i)/m_i}\right)

    Parameters
    ----------
    time : time t, no less than any constant part [s]
    fixed : constant part of each check d_i [s]
    means : mean of each check's exponential part m_i, above zero [s]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Independent checks, each on a machine of its own.

    Examples
    --------
    >>> round(parallel_probability(0.092, [0.0] * 3, [0.020] * 3), 2)
    0.97

    References
    ----------
    David & Nagaraja, "Order Statistics", 3rd edition, 2003, section 2.1.
    """
    return prod(1 - exp(-(time - start) / mean) for start, mean in zip(fixed, means, strict=True))


def any_alarm(chances: Sequence[float]) -> float:
    r"""Chance that at least one of several checks raises an alarm.

    .. math:: f = 1 - \prod_i (1 - f_i)

    Parameters
    ----------
    chances : chance that each does f_i [-]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Independent checks; checks that look for alike things alarm together, and less often.

    Examples
    --------
    Three filters that each refuse 1 % of good requests:

    >>> round(any_alarm([0.01] * 3), 4)
    0.0297

    References
    ----------
    Feller, An Introduction to Probability Theory and Its Applications I, section V.3.
    """
    return 1 - prod(1 - each for each in chances)
