"""Inference on a microcontroller: cycles, joules, and how long a battery lasts."""

from __future__ import annotations


def core_time(multiply_adds: float, cycles: float, clock: float) -> float:
    r"""Time of an inference on a core that works through it one multiply-add after another.

    .. math:: T = \frac{n\,c}{f}

    Parameters
    ----------
    multiply_adds : multiply-adds of one inference n [-]
    cycles : cycles per multiply-add, of this core with these kernels c [-]
    clock : clock rate f [Hz]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Loads, stores and loop overhead are in c, which is measured on whole models: it holds for models of the same layers.

    Examples
    --------
    DS-CNN, 2.66 million multiply-adds, on a Cortex-M4 at 64 MHz with 3.15 cycles each:

    >>> core_time(2.66e6, 3.15, 64e6) * 1e3  # ms
    130.9...

    References
    ----------
    Lai et al., "CMSIS-NN", arXiv 1801.06601, section 4; Banbury et al., "MLPerf Tiny", arXiv 2106.07597.
    """
    return multiply_adds * cycles / clock


def inference_energy(power: float, time: float) -> float:
    r"""Energy of one inference.

    .. math:: E = P\,T

    Parameters
    ----------
    power : power while computing P [W]
    time : time of the inference T [s]

    Returns
    -------
    energy at the supply of the chip [J]

    Assumptions
    -----------
    Constant power; sensor, radio and regulator apart.

    Examples
    --------
    MLPerf Tiny's reference board, 40.5 mW for 182 ms:

    >>> inference_energy(40.5e-3, 181.92e-3) * 1e3  # mJ
    7.36...

    References
    ----------
    Banbury et al., "MLPerf Tiny", arXiv 2106.07597, section 4.3.
    """
    return power * time


def average_power(active: float, sleep: float, duty: float) -> float:
    r"""Power of a device that wakes, computes and sleeps.

    .. math:: P = d\,P_a + (1 - d)\,P_s

    Parameters
    ----------
    active : power while computing P_a [W]
    sleep : power while sleeping, memory kept P_s [W]
    duty : share of the time spent computing d, 0 to 1 [-]

    Returns
    -------
    power [W]

    Assumptions
    -----------
    Waking takes no time and no energy.

    Examples
    --------
    10 mW for a tenth of the time, 10 uW for the rest:

    >>> average_power(10e-3, 10e-6, 0.1) * 1e3  # mW
    1.009

    References
    ----------
    Hester & Sorber, "The Future of Sensing is Batteryless", SenSys 2017, section 2.
    """
    return duty * active + (1 - duty) * sleep


def battery_life(capacity: float, power: float) -> float:
    r"""How long a battery lasts.

    .. math:: T = \frac{E}{P}

    Parameters
    ----------
    capacity : energy in the battery E [J]
    power : average power drawn P [W]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    All of the rated energy can be drawn: no self-discharge, no loss at high current.

    Examples
    --------
    A CR2032 at 0.1 mW, in days:

    >>> battery_life(2430, 0.1e-3) / 86400
    281.25

    References
    ----------
    Energizer, Lithium Coin Handbook and Application Manual, form 12006-A.
    """
    return capacity / power
