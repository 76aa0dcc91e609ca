"""What a sample sees, and what it misses."""

from __future__ import annotations

from math import ceil, expm1, log1p
from statistics import NormalDist


def sighting_probability(observations: float, chance: float) -> float:
    r"""Chance that a sample holds at least one failure.

    .. math:: P = 1 - (1 - f)^n

    Parameters
    ----------
    observations : requests that are looked at n [-]
    chance : chance that one of them fails and is noticed f [-]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Failures strike requests independently, and the sample is drawn at random.

    Examples
    --------
    One in ten thousand, 3,600 looked at:

    >>> sighting_probability(3600, 1e-4)
    0.302...

    References
    ----------
    Cochran, "Sampling Techniques", 3rd edition, 1977, section 3.2.
    """
    return -expm1(observations * log1p(-chance)) if chance < 1.0 else 1.0


def observations_needed(confidence: float, chance: float) -> float:
    r"""Requests to look at for a chance of seeing a failure.

    .. math:: n = \frac{\ln(1 - P)}{\ln(1 - f)}

    Parameters
    ----------
    confidence : chance of at least one sighting that is wanted P [-]
    chance : chance that a request fails and is noticed f [-]

    Returns
    -------
    observations [-]

    Assumptions
    -----------
    As for the chance; both below one.

    Examples
    --------
    The rule of three: 95 % for one in a thousand takes about three thousand:

    >>> observations_needed(0.95, 1e-3)
    2994.2...

    References
    ----------
    Hanley & Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?", JAMA 249(13), 1983.
    """
    return log1p(-confidence) / log1p(-chance)


def samples_to_tell(before: float, after: float, false_alarm: float, miss: float) -> int:
    r"""Labelled requests in each of two samples that tell two rates apart.

    .. math:: n = \frac{(z_{1-\alpha} + z_{1-\beta})^2 \left(p_1(1-p_1) + p_2(1-p_2)\right)}{(p_1 - p_2)^2}

    Parameters
    ----------
    before : rate of success before p_1 [-]
    after : rate of success after p_2 [-]
    false_alarm : chance of an alarm where nothing changed alpha [-]
    miss : chance of none where it did beta [-]

    Returns
    -------
    samples in each [-]

    Assumptions
    -----------
    One-sided test; samples large enough for normal approximations.

    Examples
    --------
    90 % against 88 %, one false alarm in twenty, one miss in five:

    >>> samples_to_tell(0.90, 0.88, 0.05, 0.20)
    3024

    References
    ----------
    Fleiss, Levin & Paik, "Statistical Methods for Rates and Proportions", 3rd edition, 2003, section 4.2.
    """
    z = NormalDist().inv_cdf(1.0 - false_alarm) + NormalDist().inv_cdf(1.0 - miss)
    spread = before * (1.0 - before) + after * (1.0 - after)
    return ceil(z * z * spread / (before - after) ** 2)
