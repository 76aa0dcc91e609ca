"""How much a class gained: normalised gain, Cohen's d for paired sittings, and its confidence interval."""

from collections.abc import Callable, Sequence
from math import ceil, erf, exp, fsum, inf, lgamma, log, sqrt
from typing import NamedTuple


class Effect(NamedTuple):
    """An effect size and the ends of its interval."""

    value: float
    lower: float
    upper: float


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean.

    >>> mean([1, 2, 6])
    3.0
    """
    return fsum(values) / len(values)


def covariance(one: Sequence[float], other: Sequence[float]) -> float:
    """Sample covariance, with n - 1; of a sample with itself its variance.

    >>> covariance([1, 2, 3], [2, 4, 6])
    2.0
    """
    middle, far = mean(one), mean(other)
    return fsum((a - middle) * (b - far) for a, b in zip(one, other, strict=True)) / (len(one) - 1)


def normalised_gain(before: float, after: float, best: float) -> float | None:
    r"""Share of what could still be gained that was gained.

    .. math:: \langle g \rangle = \frac{\bar{x}_2 - \bar{x}_1}{x_{max} - \bar{x}_1}

    Parameters
    ----------
    before : mean of the class before [points]
    after : mean of the class after [points]
    best : points there are [points]

    Returns
    -------
    gain [-]; None where nothing was left to gain

    Examples
    --------
    >>> normalised_gain(5.5, 8.5, 12)
    0.461...

    References
    ----------
    Hake, "Interactive-engagement versus traditional methods", Am. J. Phys. 66(1), 1998, equation 1.
    """
    return (after - before) / (best - before) if best > before else None


def d_pooled(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Effect | None:
    r"""Gain in standard deviations of the scores, pooled over both sittings.

    .. math:: d = \frac{\bar{x}_2 - \bar{x}_1}{\sqrt{(s_1^2 + s_2^2) / 2}}

    Parameters
    ----------
    before, after : scores of the same people in the same order [points]
    confidence : of the interval [-]

    Returns
    -------
    effect with its interval [-]; None with fewer than two people, or where all scores are alike

    Assumptions
    -----------
    Gains are normal. The interval is approximate: that of t's non-centrality, scaled by the sample's own deviations.

    Examples
    --------
    >>> d_pooled([4, 5, 6, 7], [6, 8, 8, 9]).value
    1.765...

    References
    ----------
    Algina & Keselman, "Approximate confidence intervals for effect sizes", Educ. Psychol. Meas. 63(4), 2003.
    """
    pooled = (covariance(before, before) + covariance(after, after)) / 2 if len(before) > 1 else 0.0
    return _scaled(before, after, sqrt(pooled), confidence)


def d_paired(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Effect | None:
    r"""Gain in standard deviations of the gains themselves.

    .. math:: d_z = \frac{\bar{x}_2 - \bar{x}_1}{s_{x_2 - x_1}} = \frac{t}{\sqrt{n}}

    Parameters
    ----------
    before, after : scores of the same people in the same order [points]
    confidence : of the interval [-]

    Returns
    -------
    effect with its interval, exact for normal gains [-]; None with fewer than two people, or where all gained alike

    Examples
    --------
    >>> d_paired([4, 5, 6, 7], [6, 8, 8, 9]).value
    4.5

    References
    ----------
    Lakens, "Calculating and reporting effect sizes", Front. Psychol. 4:863, 2013, equation 6; the interval is that of
    Cumming & Finch, Educ. Psychol. Meas. 61(4), 2001.
    """
    gains = [b - a for a, b in zip(before, after, strict=True)]
    return _scaled(before, after, sqrt(covariance(gains, gains)) if len(gains) > 1 else 0.0, confidence)


def _scaled(before: Sequence[float], after: Sequence[float], unit: float, confidence: float) -> Effect | None:
    """The mean gain in a unit, with the interval of t's non-centrality in that unit."""
    gains = [b - a for a, b in zip(before, after, strict=True)]
    spread = sqrt(covariance(gains, gains) / len(gains)) if len(gains) > 1 else 0.0
    if unit <= 0.0 or spread <= 0.0:
        return None
    t, tail = mean(gains) / spread, (1 - confidence) / 2
    ends = (noncentrality(t, len(gains) - 1, 1 - tail), noncentrality(t, len(gains) - 1, tail))
    return Effect(mean(gains) / unit, *(end * spread / unit for end in ends))


def t_probability(t: float, freedom: int, noncentral: float = 0.0) -> float:
    r"""Probability that a non-central t stays below a value.

    .. math:: P(T < t) = \int_0^\infty \Phi(t\,y - \delta)\, f_\nu(y)\, dy, \quad
        f_\nu(y) = \frac{2 (\nu/2)^{\nu/2}}{\Gamma(\nu/2)}\, y^{\nu-1} e^{-\nu y^2 / 2}

    Parameters
    ----------
    t : value [-]
    freedom : degrees of freedom nu [-]
    noncentral : non-centrality delta [-]

    Returns
    -------
    probability [-]

    Examples
    --------
    The tabulated 97.5 % of Student's t with ten degrees of freedom:

    >>> round(t_probability(2.228139, 10), 6)
    0.975

    References
    ----------
    Johnson, Kotz & Balakrishnan, "Continuous Univariate Distributions", vol. 2, 1995, chapter 31.
    """
    half = freedom / 2
    scale = log(2) + half * log(half) - lgamma(half)
    reach = 9 / sqrt(2 * freedom)
    low, high = max(1e-12, 1 - reach), 1 + reach

    def at(y: float) -> float:
        density = exp(scale + (freedom - 1) * log(y) - half * y * y)
        return density * (1 + erf((t * y - noncentral) / sqrt(2))) / 2

    # Phi rises within 1/t.
    return _integral(at, low, high, 120 + 8 * ceil(abs(t) * reach))


def noncentrality(t: float, freedom: int, probability: float) -> float:
    """The non-centrality for which t is the quantile of a probability.

    >>> round(noncentrality(2.228139, 10, 0.975), 4)
    0.0
    """
    low, high = -inf, inf
    guess, step = t, 1.0 + abs(t)
    while high - low > 1e-7 * max(1.0, abs(t)):
        # A larger non-centrality makes it less likely to stay below t.
        if t_probability(t, freedom, guess) > probability:
            low = guess
        else:
            high = guess
        guess = (low + high) / 2 if high - low < inf else guess + step if high == inf else guess - step
        step *= 2
    return guess


def _integral(function: Callable[[float], float], low: float, high: float, steps: int) -> float:
    """Simpson's rule, in an even number of steps."""
    width = (high - low) / steps
    inner = fsum((4 if index % 2 else 2) * function(low + index * width) for index in range(1, steps))
    return width / 3 * (function(low) + inner + function(high))
