"""What fails, how often, and what surviving it costs."""

from __future__ import annotations

from math import comb, exp, expm1, sqrt


def mtbf_of_many(mtbf: float, count: float) -> float:
    r"""Mean time between failures of many parts that all have to work.

    .. math:: M_N = \frac{M_1}{N}

    Parameters
    ----------
    mtbf : mean time between failures of one part M_1 [s]
    count : parts N [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Failures are independent and come at a constant rate; rates of unlike parts add.

    Examples
    --------
    GPUs that fail once in 50,000 hours, 1,024 of them:

    >>> mtbf_of_many(50_000, 1024)  # hours
    48.828125

    References
    ----------
    Barlow & Proschan, "Mathematical Theory of Reliability", Wiley, 1965, chapter 2.
    """
    return mtbf / count


def undisturbed(time: float, mtbf: float) -> float:
    r"""Probability that a time passes without a failure.

    .. math:: P = e^{-t/M}

    Parameters
    ----------
    time : how long t [s]
    mtbf : mean time between failures M [s]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Failures come at a constant rate: what has lasted long is as likely to fail as what is new.

    Examples
    --------
    Eight hours where a failure comes every twelve:

    >>> undisturbed(8.0, 12.0)
    0.513...

    References
    ----------
    Barlow & Proschan, "Mathematical Theory of Reliability", Wiley, 1965, chapter 2.
    """
    return exp(-time / mtbf)


def all_up(availability: float, count: float) -> float:
    r"""Probability that all of many machines are up at once.

    .. math:: P = a^N

    Parameters
    ----------
    availability : share of the time that one machine is up a [-]
    count : machines N [-]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Machines fail independently of each other.

    Examples
    --------
    1,000 machines at 99.9 %:

    >>> all_up(0.999, 1000)
    0.367...

    References
    ----------
    Barlow & Proschan, "Mathematical Theory of Reliability", Wiley, 1965, chapter 1.
    """
    probability: float = availability**count
    return probability


def enough_up(availability: float, machines: int, needed: int) -> float:
    r"""Probability that at least some of many machines are up at once.

    .. math:: P = \sum_{k=m}^{N} \binom{N}{k} a^k (1-a)^{N-k}

    Parameters
    ----------
    availability : share of the time that one machine is up a [-]
    machines : machines N [-]
    needed : of them needed m [-]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Machines fail independently of each other and one is as good as another.

    Examples
    --------
    Eight replicas at 99 % of which seven carry the load:

    >>> enough_up(0.99, 8, 7)
    0.997...

    References
    ----------
    Barlow & Proschan, "Mathematical Theory of Reliability", Wiley, 1965, chapter 2.
    """
    total = 0.0
    for up in range(needed, machines + 1):
        total += comb(machines, up) * availability ** float(up) * (1 - availability) ** float(machines - up)
    return total


def spares_suffice(failed: float, spares: int) -> float:
    r"""Probability that no more machines are in repair than there are spares.

    .. math:: P = \sum_{k=0}^{s} \frac{\lambda^k e^{-\lambda}}{k!}

    Parameters
    ----------
    failed : machines in repair on average, the failure rate times the repair time lambda [-]
    spares : machines that stand by s [-]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Failures come at a constant rate and repairs do not wait for each other.

    Examples
    --------
    Four in repair on average, ten spares:

    >>> spares_suffice(4.0, 10)
    0.997...

    References
    ----------
    Palm, "Intensitätsschwankungen im Fernsprechverkehr", Ericsson Technics 44, 1943.
    """
    term = total = exp(-failed)
    for each in range(1, spares + 1):
        term *= failed / each
        total += term
    return total


def young_interval(write: float, mtbf: float) -> float:
    r"""Work between two checkpoints that loses least, to first order.

    .. math:: \tau = \sqrt{2\,\delta\,M}

    Parameters
    ----------
    write : time a checkpoint stops the work delta [s]
    mtbf : mean time between failures M [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Writing and restarting are short against the mean time between failures.

    Examples
    --------
    Two-minute checkpoints and a failure every three hours:

    >>> young_interval(120.0, 3 * 3600.0) / 60  # minutes
    26.8...

    References
    ----------
    Young, "A First Order Approximation to the Optimum Checkpoint Interval", Commun. ACM 17(9), 1974.
    """
    return sqrt(2 * write * mtbf)


def daly_interval(write: float, mtbf: float) -> float:
    r"""Work between two checkpoints that loses least, to higher order.

    .. math:: \tau = \sqrt{2\,\delta\,M}\left(1 + \frac{1}{3}\sqrt{\frac{\delta}{2M}}
        + \frac{1}{9}\frac{\delta}{2M}\right) - \delta \quad (\delta < 2M), \qquad \tau = M \quad (\delta \ge 2M)

    Parameters
    ----------
    write : time a checkpoint stops the work delta [s]
    mtbf : mean time between failures M [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Failures come at a constant rate, also while writing and restarting.

    Examples
    --------
    Two-minute checkpoints and a failure every three hours:

    >>> daly_interval(120.0, 3 * 3600.0) / 60  # minutes
    25.5...

    References
    ----------
    Daly, Future Gener. Comput. Syst. 22(3), 2006, equation 37.
    """
    if write >= 2 * mtbf:
        return mtbf
    ratio = write / (2 * mtbf)
    return sqrt(2 * write * mtbf) * (1 + sqrt(ratio) / 3 + ratio / 9) - write


def goodput(interval: float, write: float, restart: float, mtbf: float) -> float:
    r"""Share of the time that moves the work forward.

    .. math:: g = \frac{\tau\,e^{-R/M}}{M\,\left(e^{(\tau + \delta)/M} - 1\right)}

    Parameters
    ----------
    interval : work between two checkpoints tau [s]
    write : time a checkpoint stops the work delta [s]
    restart : from a failure until work goes on from the last checkpoint R [s]
    mtbf : mean time between failures M [s]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    Failures come at a constant rate, also while writing and restarting; each loses the work since the last checkpoint.

    Examples
    --------
    Half an hour of work, two minutes of writing, ten of restarting, a failure every three hours:

    >>> goodput(1800.0, 120.0, 600.0, 10800.0)
    0.810...

    References
    ----------
    Daly, Future Gener. Comput. Syst. 22(3), 2006, equation 20.
    """
    return interval * exp(-restart / mtbf) / (mtbf * expm1((interval + write) / mtbf))


def write_fraction(interval: float, write: float, restart: float, mtbf: float) -> float:
    r"""Share of the time that goes into checkpoints that were completed.

    .. math:: w = \frac{\delta}{\tau}\,g

    Parameters
    ----------
    interval : work between two checkpoints tau [s]
    write : time a checkpoint stops the work delta [s]
    restart : from a failure until work goes on from the last checkpoint R [s]
    mtbf : mean time between failures M [s]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    As for goodput g.

    Examples
    --------
    >>> write_fraction(1800.0, 120.0, 600.0, 10800.0)
    0.054...

    References
    ----------
    Daly, Future Gener. Comput. Syst. 22(3), 2006, section 2.
    """
    return write / interval * goodput(interval, write, restart, mtbf)


def restart_fraction(restart: float, mtbf: float) -> float:
    r"""Share of the time that goes into restarting.

    .. math:: r = 1 - e^{-R/M}

    Parameters
    ----------
    restart : from a failure until work goes on from the last checkpoint R [s]
    mtbf : mean time between failures M [s]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    Failures come at a constant rate, also while restarting, which then begins anew.

    Examples
    --------
    Ten minutes, every three hours:

    >>> restart_fraction(600.0, 10800.0)
    0.054...

    References
    ----------
    Daly, Future Gener. Comput. Syst. 22(3), 2006, section 2.
    """
    return -expm1(-restart / mtbf)


def lost_fraction(interval: float, write: float, restart: float, mtbf: float) -> float:
    r"""Share of the time whose work a failure undoes.

    .. math:: l = 1 - g - w - r

    Parameters
    ----------
    interval : work between two checkpoints tau [s]
    write : time a checkpoint stops the work delta [s]
    restart : from a failure until work goes on from the last checkpoint R [s]
    mtbf : mean time between failures M [s]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    As for goodput g; writing a checkpoint that fails is lost with it.

    Examples
    --------
    About half an interval for each failure:

    >>> lost_fraction(1800.0, 120.0, 600.0, 10800.0)
    0.081...

    References
    ----------
    Daly, Future Gener. Comput. Syst. 22(3), 2006, section 2.
    """
    forward = goodput(interval, write, restart, mtbf) * (1 + write / interval)
    return exp(-restart / mtbf) - forward


def fleet_time(operations: float, gpus: float, rate: float, mfu: float, scaling: float, goodput: float) -> float:
    r"""The Iron Law of a fleet: how long a training run takes.

    .. math:: T = \frac{O}{N\,R\,\mathrm{MFU}\;\eta\;g}

    Parameters
    ----------
    operations : operations of the whole run O [FLOP]
    gpus : GPUs N [-]
    rate : peak dense rate of one R [FLOP/s]
    mfu : model FLOPs utilization on as many GPUs as it was measured on [-]
    scaling : of it, what is left on all of them eta [-]
    goodput : share of the time that moves the work forward g [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    The three shares multiply: each is measured with the others at one.

    Examples
    --------
    Llama 3 405B, 3.8e25 FLOP on 16,384 H100 at 41 % MFU and 90 % goodput:

    >>> fleet_time(3.8e25, 16384, 989.4e12, 0.41, 1.0, 0.9) / 86400  # days
    73.5...

    References
    ----------
    Grattafiori et al., "The Llama 3 Herd of Models", arXiv 2407.21783, sections 3.2.1 and 3.3.4.
    """
    return operations / (gpus * rate * mfu * scaling * goodput)
