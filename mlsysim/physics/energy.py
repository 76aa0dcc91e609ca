"""Energy by activity, and what it becomes on its way from the chip to the grid."""

from __future__ import annotations

from math import pow


def average_power(peak: float, idle: float, utilization: float) -> float:
    r"""Power of a machine that is busy part of the time.

    .. math:: P = P_{max}\left(i + (1 - i)\,u\right)

    Parameters
    ----------
    peak : power when busy P_max [W]
    idle : share of it drawn when idle i [-]
    utilization : share of the time it is busy u [-]

    Returns
    -------
    power [W]

    Assumptions
    -----------
    Linear between idle and busy; real servers bend upwards a little in between.

    Examples
    --------
    700 W, a fifth of it idle, busy half of the time:

    >>> round(average_power(700.0, 0.2, 0.5), 9)
    420.0

    References
    ----------
    Fan, Weber & Barroso, ISCA 2007, section 3.2: the linear model, within 1 % of rows of real servers.
    """
    return peak * (idle + (1.0 - idle) * utilization)


def activity_energy(
    operations: float, traffic: float, per_operation: float, per_byte: float, idle_power: float, time: float
) -> float:
    r"""Energy of a device by what it does.

    .. math:: E = O\,\epsilon_O + D\,\epsilon_D + P_0\,T

    Parameters
    ----------
    operations : operations O [FLOP]
    traffic : bytes moved between memory and chip D [B]
    per_operation : energy of one operation epsilon_O [J/FLOP]
    per_byte : energy of one byte epsilon_D [J/B]
    idle_power : power drawn whether or not anything happens P_0 [W]
    time : how long it takes T [s]

    Returns
    -------
    energy of the device [J]

    Assumptions
    -----------
    Energy per operation and per byte do not depend on the rate, and on-chip movement is counted with the operations.

    Examples
    --------
    16 GFLOP and 16 GB in 6 ms, at 0.5 pJ and 60 pJ, 70 W idle:

    >>> activity_energy(16e9, 16e9, 0.5e-12, 60e-12, 70.0, 6e-3)
    1.388

    References
    ----------
    Choi, Bedard, Fowler & Vuduc, "A roofline model of energy", IPDPS 2013, equation 3.
    """
    return operations * per_operation + traffic * per_byte + idle_power * time


def energy_per_operation(power: float, idle_power: float, per_byte: float, bandwidth: float, rate: float) -> float:
    r"""Energy of one operation that a power rating leaves, with memory and arithmetic both at full rate.

    .. math:: \epsilon_O = \frac{P - P_0 - \epsilon_D\,BW}{R}

    Parameters
    ----------
    power : power of the device when busy P [W]
    idle_power : power drawn whether or not anything happens P_0 [W]
    per_byte : energy of one byte epsilon_D [J/B]
    bandwidth : memory bandwidth BW [B/s]
    rate : arithmetic rate R [FLOP/s]

    Returns
    -------
    energy [J/FLOP]

    Assumptions
    -----------
    At the ridge point the device draws what it is rated for, no more and no less.

    Examples
    --------
    H100 in FP16, 700 W rated, 70 W idle, 60 pJ a byte, in pJ:

    >>> energy_per_operation(700.0, 70.0, 60e-12, 3.35e12, 989.4e12) * 1e12
    0.433...

    References
    ----------
    Choi, Bedard, Fowler & Vuduc, "A roofline model of energy", IPDPS 2013, equation 7, solved for the operation.
    """
    return (power - idle_power - per_byte * bandwidth) / rate


def facility_energy(it_energy: float, pue: float) -> float:
    r"""What the facility takes from the grid for its IT equipment.

    .. math:: E_{fac} = \mathrm{PUE}\,E_{IT}

    Parameters
    ----------
    it_energy : energy of servers, storage and network E_IT [J]
    pue : power usage effectiveness PUE [-]

    Returns
    -------
    facility energy [J]

    Assumptions
    -----------
    An annual average; PUE at least 1.

    Examples
    --------
    100 MWh of IT at PUE 1.15, in MWh:

    >>> round(facility_energy(100.0, 1.15), 9)
    115.0

    References
    ----------
    ISO/IEC 30134-2:2016.
    """
    return pue * it_energy


def water(it_energy: float, wue: float) -> float:
    r"""Water used on site.

    .. math:: V = \mathrm{WUE}\,E_{IT}

    Parameters
    ----------
    it_energy : energy of servers, storage and network, not of the facility E_IT [J]
    wue : water usage effectiveness WUE [L/J]

    Returns
    -------
    water [L]

    Assumptions
    -----------
    On-site water alone; power plants use more, elsewhere.

    Examples
    --------
    1 MWh of IT at 0.27 L/kWh:

    >>> round(water(3.6e9, 0.27 / 3.6e6), 9)
    270.0

    References
    ----------
    ISO/IEC 30134-9:2022.
    """
    return it_energy * wue


def operational_carbon(facility_energy: float, intensity: float) -> float:
    r"""Emissions of the electricity that a facility takes from the grid.

    .. math:: m = I\,E_{fac}

    Parameters
    ----------
    facility_energy : energy from the grid E_fac [J]
    intensity : carbon intensity of the grid I [kg/J]

    Returns
    -------
    CO2-equivalent [kg]

    Assumptions
    -----------
    Location-based and average over the year of the intensity; neither certificates nor hours.

    Examples
    --------
    500 MWh at 390 g/kWh, in tonnes:

    >>> round(operational_carbon(500 * 3.6e9, 390 / 3.6e9) / 1e3, 9)
    195.0

    References
    ----------
    GHG Protocol Scope 2 Guidance, 2015, chapter 6.
    """
    return facility_energy * intensity


def embodied_carbon(made: float, lifetime: float, time: float) -> float:
    r"""Share of the emissions of making a machine that a stretch of its life carries.

    .. math:: m = M\,\frac{t}{L}

    Parameters
    ----------
    made : emissions of making it M [kg]
    lifetime : how long it is used L [s]
    time : time in question t [s]

    Returns
    -------
    CO2-equivalent [kg]

    Assumptions
    -----------
    Straight line over calendar time, busy or not.

    Examples
    --------
    A quarter of a life of a machine that took 164 kg to make:

    >>> embodied_carbon(164.0, 4.0, 1.0)
    41.0

    References
    ----------
    Gupta et al., "ACT: designing sustainable computer systems with an architectural carbon modeling tool", ISCA 2022,
    equation 1.
    """
    return made * time / lifetime


def rebound_energy(energy: float, saving: float, elasticity: float) -> float:
    r"""Energy after a saving that makes each task cheaper, and demand larger.

    .. math:: E' = E\,(1 - s)^{1 - \epsilon}

    Parameters
    ----------
    energy : energy before E [J]
    saving : share of a task's energy that is saved s [-]
    elasticity : how demand answers price, as a positive number epsilon [-]

    Returns
    -------
    energy after [J]; more than before where the elasticity exceeds one

    Assumptions
    -----------
    Price follows energy per task, and demand follows price with constant elasticity; holds for s below one.

    Examples
    --------
    Half of the energy a task, and demand as elastic as can be without eating all of the saving:

    >>> rebound_energy(100.0, 0.5, 0.0), rebound_energy(100.0, 0.5, 1.0)
    (50.0, 100.0)

    References
    ----------
    Sorrell, "The Rebound Effect", UK Energy Research Centre, 2007, technical report 5, section 2.
    """
    return energy * pow(1.0 - saving, 1.0 - elasticity)
