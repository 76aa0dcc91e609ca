"""Arithmetic that is wrong and says nothing: how often, how often to look for it, and what that costs."""

from __future__ import annotations

from math import exp, sqrt


def corruption_probability(time: float, mtbf: float) -> float:
    r"""Chance that a fleet has computed something wrong at least once.

    .. math:: P = 1 - e^{-t/M}

    Parameters
    ----------
    time : time t [s]
    mtbf : mean time between silent corruptions of the whole fleet M [s]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    They come at random and independently; in truth few machines cause most of them, again and again.

    Examples
    --------
    Llama 3's 54 days with 6 corruptions found, one every 9 days: a chance for a day of the same fleet

    >>> round(corruption_probability(1.0, 9.0), 3)
    0.105

    References
    ----------
    Hochschild et al., "Cores that don't count", HotOS 2021; Dixit et al., "Silent Data Corruptions at Scale",
    arXiv 2102.11245.
    """
    return 1 - exp(-time / mtbf)


def verified_interval(write: float, verify: float, mtbf: float) -> float:
    r"""Time between checkpoints that are verified before they are kept, so that least is lost.

    .. math:: \tau = \sqrt{(\delta + V)\,M}

    Parameters
    ----------
    write : time to write a checkpoint delta [s]
    verify : time to verify the work since the last one V [s]
    mtbf : mean time between silent corruptions of the fleet M [s]

    Returns
    -------
    interval [s]

    Assumptions
    -----------
    The check finds every corruption, and intervals are short against M. Without the 2 of Young's interval: a crash
    costs half an interval on average, what is found at its end costs all of it.

    Examples
    --------
    A minute to write, four to verify, one corruption in 9 days:

    >>> round(verified_interval(60, 240, 9 * 86400) / 3600, 1)  # h
    4.2

    References
    ----------
    Benoit, Robert & Raina, "Efficient checkpoint/verification patterns", Int. J. High Perform. Comput. Appl. 31(1),
    2017, section 3.
    """
    return sqrt((write + verify) * mtbf)


def verified_waste(interval: float, write: float, verify: float, restart: float, mtbf: float) -> float:
    r"""Share of the time that verified checkpoints and repeated work take.

    .. math:: w = \frac{\delta + V}{\tau} + \frac{\tau + \delta + V + R}{M}

    Parameters
    ----------
    interval : work between checkpoints tau [s]
    write : time to write one delta [s]
    verify : time to verify it V [s]
    restart : time to go back R [s]
    mtbf : mean time between silent corruptions of the fleet M [s]

    Returns
    -------
    fraction of the work's own time [-]

    Assumptions
    -----------
    To first order in the interval over M. Each corruption costs a whole interval, its check and a restart.

    Examples
    --------
    >>> round(verified_waste(15274, 60, 240, 600, 9 * 86400), 4)
    0.0404

    References
    ----------
    Benoit, Robert & Raina, Int. J. High Perform. Comput. Appl. 31(1), 2017, section 3.
    """
    return (write + verify) / interval + (interval + write + verify + restart) / mtbf
