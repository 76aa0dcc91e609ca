"""Waiting in line: how long requests wait and stay when servers are busy."""

from __future__ import annotations

from math import exp, expm1, log


def offered_load(rate: float, service_time: float) -> float:
    r"""Servers that arriving work keeps busy.

    .. math:: a = \lambda\,S

    Parameters
    ----------
    rate : requests that arrive lambda [1/s]
    service_time : mean time one server needs for one request S [s]

    Returns
    -------
    offered load [-]

    Assumptions
    -----------
    Every request is served once. Over the number of servers it is the utilization.

    Examples
    --------
    160 requests a second, 5 ms each:

    >>> offered_load(160, 0.005)
    0.8

    References
    ----------
    Little, "A Proof for the Queuing Formula L = lambda W", Oper. Res. 9(3), 1961.
    """
    return rate * service_time


def erlang_b(servers: int, load: float) -> float:
    r"""Probability that all servers are busy where nobody waits: the step on the way to Erlang C.

    .. math:: B_0 = 1, \qquad B_k = \frac{a\,B_{k-1}}{k + a\,B_{k-1}}

    Parameters
    ----------
    servers : servers c [-]
    load : offered load a [-]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Poisson arrivals; any distribution of service time. The recursion only adds and divides positive numbers, so it
    holds for thousands of servers, where the factorials of the textbook form overflow.

    Examples
    --------
    >>> erlang_b(2, 1.0)
    0.2

    References
    ----------
    Jagerman, "Some Properties of the Erlang Loss Function", Bell Syst. Tech. J. 53(3), 1974, theorem 3.
    """
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    r"""Probability that an arriving request has to wait, in M/M/c.

    .. math:: C = \frac{B}{1 - \rho\,(1 - B)}, \qquad \rho = \frac{a}{c}

    Parameters
    ----------
    servers : servers c [-]
    load : offered load a, below c [-]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Poisson arrivals, exponential service times, one line for all servers, nobody leaves. B is Erlang's B.

    Examples
    --------
    One server waits as often as it is busy; ten servers, as busy, half as often:

    >>> erlang_c(1, 0.8)
    0.8
    >>> erlang_c(10, 8.0)
    0.409...

    References
    ----------
    Kleinrock, "Queueing Systems", volume 1, 1975, equation 3.40.
    """
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


def conditional_wait(service_time: float, servers: int, load: float) -> float:
    r"""Mean wait of those who have to wait, in M/M/c.

    .. math:: w = \frac{S}{c - a}

    Parameters
    ----------
    service_time : mean service time S [s]
    servers : servers c [-]
    load : offered load a, below c [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    As for Erlang C. Those who wait, wait an exponentially distributed time with this mean.

    Examples
    --------
    >>> round(conditional_wait(0.005, 1, 0.8), 6)
    0.025

    References
    ----------
    Kleinrock, "Queueing Systems", volume 1, 1975, section 3.5.
    """
    return service_time / (servers - load)


def allen_cunneen_factor(arrival_variability: float, service_variability: float) -> float:
    r"""What irregular arrivals and service make of the wait in M/M/c.

    .. math:: f = \frac{C_a^2 + C_s^2}{2}

    Parameters
    ----------
    arrival_variability : squared coefficient of variation of the time between arrivals, 1 for Poisson C_a^2 [-]
    service_variability : squared coefficient of variation of the service time, 0 constant, 1 exponential C_s^2 [-]

    Returns
    -------
    factor on the mean wait [-]

    Assumptions
    -----------
    Exact for M/M/c and, with Poisson arrivals, for one server (Pollaczek and Khinchine). Otherwise an approximation,
    good to a few percent at high load, and too low at low load with many servers and constant service.

    Examples
    --------
    Constant service halves the wait:

    >>> allen_cunneen_factor(1.0, 0.0)
    0.5

    References
    ----------
    Allen, "Probability, Statistics, and Queueing Theory", 2nd edition, 1990, section 5.3.6.
    """
    return (arrival_variability + service_variability) / 2


def wait_percentile(waiting_probability: float, wait: float, percentile: float) -> float:
    r"""Wait that a share p of all requests does not exceed.

    .. math:: W_p = \max\left(0,\ w \ln\frac{C}{1-p}\right)

    Parameters
    ----------
    waiting_probability : probability of having to wait C [-]
    wait : mean wait of those who wait w [s]
    percentile : share of the requests p, below 1 [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Exact for M/M/c; for other service times the tail of the wait is close to exponential at high load.

    Examples
    --------
    >>> wait_percentile(0.8, 0.025, 0.99) * 1e3  # ms
    109.5...

    References
    ----------
    Kleinrock, "Queueing Systems", volume 1, 1975, section 3.5.
    """
    exceeded = 1 - percentile
    return wait * log(waiting_probability / exceeded) if waiting_probability > exceeded else 0.0


def sojourn_percentile_mm1(service_time: float, load: float, percentile: float) -> float:
    r"""Time in the system, wait and service, that a share p of all requests does not exceed, in M/M/1.

    .. math:: T_p = \frac{S}{1-\rho} \ln\frac{1}{1-p}

    Parameters
    ----------
    service_time : mean service time S [s]
    load : utilization rho, below 1 [-]
    percentile : share of the requests p, below 1 [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Poisson arrivals, exponential service times, one server, first come, first served.

    Examples
    --------
    2 ms of service at half load:

    >>> sojourn_percentile_mm1(0.002, 0.5, 0.99) * 1e3  # ms
    18.42...

    References
    ----------
    Kleinrock, "Queueing Systems", volume 1, 1975, section 3.2.
    """
    return -service_time / (1 - load) * log(1 - percentile)


def sojourn_tail(time: float, mean: float, waiting_probability: float, wait: float) -> float:
    r"""Probability of more than a time in the system, where service is exponential and so is the wait, if there is one.

    .. math:: P(T > t) = e^{-t/m} + \frac{C}{m}\int_0^t e^{-x/m}\,e^{-(t-x)/w}\,dx

    Parameters
    ----------
    time : time since arrival t [s]
    mean : mean service time m; 0 for service that takes no time [s]
    waiting_probability : probability of having to wait C [-]
    wait : mean wait of those who wait w [s]

    Returns
    -------
    probability [-]

    Assumptions
    -----------
    Wait and service are independent. Exact for M/M/c; the integral is taken in closed form, also where m = w.

    Examples
    --------
    In M/M/1 it is the exponential whose percentile is above:

    >>> round(sojourn_tail(0.018421, 0.002, 0.5, 0.004), 5)
    0.01

    References
    ----------
    Kleinrock, "Queueing Systems", volume 1, 1975, section 3.5.
    """
    if mean == 0.0:
        return waiting_probability * exp(-time / wait)
    gap = abs(1 / mean - 1 / wait)
    spread = -expm1(-gap * time) / gap if gap else time
    return exp(-time / mean) + waiting_probability / mean * exp(-time / max(mean, wait)) * spread


def cold_fraction(rate: float, keep_alive: float) -> float:
    r"""Share of requests that find a stopped replica, where one stops after so much idle time.

    .. math:: q = e^{-\lambda\tau}

    Parameters
    ----------
    rate : requests that arrive lambda [1/s]
    keep_alive : idle time after which a replica is stopped tau [s]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    Poisson arrivals, one replica, service short against the keep-alive time.

    Examples
    --------
    A request a minute, stopped after five:

    >>> cold_fraction(1 / 60, 300)
    0.0067...

    References
    ----------
    Kleinrock, "Queueing Systems", volume 1, 1975, section 2.4: the exponential gap between Poisson arrivals.
    """
    return exp(-rate * keep_alive)


def recovery_time(pause: float, load: float) -> float:
    r"""Time until the line that grew during a pause is gone.

    .. math:: T = D\,\frac{\rho}{1-\rho}

    Parameters
    ----------
    pause : time in which nothing is served, a restart or a warm-up D [s]
    load : utilization rho, below 1 [-]

    Returns
    -------
    time after the pause [s]

    Assumptions
    -----------
    A fluid: requests keep arriving at the same rate, and all servers work off the line at full speed.

    Examples
    --------
    Half a minute of loading weights at 80 % load takes two minutes to catch up:

    >>> round(recovery_time(30, 0.8))
    120

    References
    ----------
    Newell, "Applications of Queueing Theory", 2nd edition, 1982, chapter 2.
    """
    return pause * load / (1 - load)
