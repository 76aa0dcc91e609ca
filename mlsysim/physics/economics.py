"""What machines cost, and what an interruption costs."""

from __future__ import annotations

from math import ceil, exp, expm1, sqrt


def amortized_cost(price: float, lifetime: float, time: float) -> float:
    r"""Share of a purchase that a stretch of its life uses up.

    .. math:: K = P\,\frac{t}{L}

    Parameters
    ----------
    price : purchase price P [USD]
    lifetime : time over which it is written off L [s]
    time : time in question t [s]

    Returns
    -------
    cost [USD]

    Assumptions
    -----------
    Straight line, nothing left at the end, no interest; holds for t up to L.

    Examples
    --------
    One year of a 30,000 USD card written off over four:

    >>> amortized_cost(30e3, 4.0, 1.0)
    7500.0

    References
    ----------
    Barroso, Hoelzle & Ranganathan, "The Datacenter as a Computer", 3rd edition, 2018, section 6.1.
    """
    return price * time / lifetime


def electricity_cost(power: float, pue: float, tariff: float, time: float) -> float:
    r"""What the facility's meter charges for IT equipment.

    .. math:: K = P_{IT}\,\mathrm{PUE}\,c\,t

    Parameters
    ----------
    power : average IT power P_IT [W]
    pue : facility energy over IT energy PUE [-]
    tariff : price of electricity c [USD/J]
    time : time t [s]

    Returns
    -------
    cost [USD]

    Assumptions
    -----------
    One tariff around the clock, no demand charge; PUE at least 1.

    Examples
    --------
    A kilowatt for a year at PUE 1.2 and 8.3 cents a kWh:

    >>> electricity_cost(1000.0, 1.2, 0.083 / 3.6e6, 8760 * 3600.0)
    872.49...

    References
    ----------
    Barroso, Hoelzle & Ranganathan, "The Datacenter as a Computer", 3rd edition, 2018, section 6.2.
    """
    return power * pue * tariff * time


def cost_per_token(cost_rate: float, throughput: float, utilization: float) -> float:
    r"""What a token costs on a machine that is busy part of the time.

    .. math:: k = \frac{c}{u\,X}

    Parameters
    ----------
    cost_rate : cost of the machine while it is there c [USD/s]
    throughput : tokens it serves while busy X [token/s]
    utilization : share of the time it is busy u [-]

    Returns
    -------
    cost [USD/token]

    Assumptions
    -----------
    Idle hours are paid like busy ones; holds for u above zero.

    Examples
    --------
    3.60 USD an hour, 1,000 tokens a second, busy half of the time, per million tokens:

    >>> cost_per_token(3.60 / 3600, 1000.0, 0.5) * 1e6
    2.0

    References
    ----------
    A definition: cost over what is served for it.
    """
    return cost_rate / (utilization * throughput)


def useful_share(interval: float, write: float, restart: float, between: float) -> float:
    r"""Share of the time on an interruptible machine that ends up in finished work.

    .. math:: g = \frac{\tau}{(M + R)\left(e^{(\tau + \delta)/M} - 1\right)}

    Parameters
    ----------
    interval : work between two checkpoints tau [s]
    write : time to write one delta [s]
    restart : time to load one and go on R [s]
    between : mean time between interruptions M [s]

    Returns
    -------
    useful share [-]

    Assumptions
    -----------
    Interruptions come at random at a constant rate and lose everything since the last checkpoint; none strikes during a
    restart.

    Examples
    --------
    A checkpoint of two minutes every half hour, five minutes to restart, interrupted every ten hours:

    >>> useful_share(1800.0, 120.0, 300.0, 36000.0)
    0.905...

    References
    ----------
    Daly, Future Gener. Comput. Syst. 22(3), 2006, equation 13: the complete model without failures during restart.
    """
    # Far beyond the mean time between interruptions no segment is ever finished, and the exponential overflows first.
    segment = (interval + write) / between
    if segment > 700.0:
        return interval * exp(-700.0) / (between + restart)
    return interval / ((between + restart) * expm1(segment))


def break_even_time(purchase: float, rent: float, running: float) -> float:
    r"""Time after which owning has cost less than renting.

    .. math:: t^* = \frac{P}{r - o}

    Parameters
    ----------
    purchase : price at the start P [USD]
    rent : cost of renting r [USD/s]
    running : cost of running what one owns o [USD/s]

    Returns
    -------
    time [s]; negative where running costs more than rent, so that owning never pays

    Assumptions
    -----------
    Both do the same work, prices stay as they are, no interest.

    Examples
    --------
    42,000 USD against 3.20 an hour, with 0.20 an hour to run it, in hours:

    >>> break_even_time(42e3, 3.20, 0.20)
    14000.0

    References
    ----------
    A definition: the time at which both cumulated costs are equal.
    """
    return purchase / (rent - running)


def fleet_size(demand: float, rate: float, machines: int) -> int:
    r"""Machines for a demand, when a replica of the model takes several.

    .. math:: N = m \left\lceil \frac{Q}{q} \right\rceil

    Parameters
    ----------
    demand : requests to serve Q [1/s]
    rate : requests that one replica serves q [1/s]
    machines : machines in a replica m [-]

    Returns
    -------
    machines [-]

    Assumptions
    -----------
    Load is spread evenly, and no replica is kept in reserve.

    Examples
    --------
    1,000 requests a second, 20 for every replica of two machines:

    >>> fleet_size(1000.0, 20.0, 2)
    100

    References
    ----------
    A definition: whole replicas.
    """
    # 0.3 / 0.1 is a hair above three in binary, and needs three replicas, not four.
    return machines * ceil(demand / rate * (1.0 - 1e-12))


def retraining_interval(run: float, drift: float) -> float:
    r"""Time between two retrainings at which runs and drift together cost least.

    .. math:: T^* = \sqrt{\frac{2C}{c}}

    Parameters
    ----------
    run : cost of one retraining C [USD]
    drift : what a model loses per time, for each time unit of its age c [USD/s^2]

    Returns
    -------
    time [s], or whatever unit `drift` is in

    Assumptions
    -----------
    The loss rate grows linearly from zero after each run, so a cycle of T costs C + c T^2 / 2.

    Examples
    --------
    10,000 USD a run, 500 USD a day more with every day, in days:

    >>> retraining_interval(10e3, 500.0)
    6.32...

    References
    ----------
    Harris, Factory: The Magazine of Management 10(2), 1913: the economic order quantity, with drift for storage.
    """
    return sqrt(2.0 * run / drift)


def retraining_cost(run: float, drift: float, interval: float) -> float:
    r"""Cost per time of retraining at a fixed interval.

    .. math:: K = \frac{C}{T} + \frac{c\,T}{2}

    Parameters
    ----------
    run : cost of one retraining C [USD]
    drift : what a model loses per time, for each time unit of its age c [USD/s^2]
    interval : time between two T [s]

    Returns
    -------
    cost rate [USD/s], or whatever unit of time `drift` and `interval` are in

    Assumptions
    -----------
    As for the interval.

    Examples
    --------
    Weekly, in USD a day:

    >>> retraining_cost(10e3, 500.0, 7.0)
    3178.5...

    References
    ----------
    Harris, Factory: The Magazine of Management 10(2), 1913.
    """
    return run / interval + drift * interval / 2.0
