"""What distance costs."""

from __future__ import annotations

SPEED_OF_LIGHT = 299_792_458.0
"""In vacuum [m/s], exact by definition of the metre (BIPM, The International System of Units, 9th edition, 2019)."""


def propagation_time(distance: float, group_index: float) -> float:
    r"""Time light takes along a fibre, one way.

    .. math:: T = \frac{x\,n_g}{c}

    Parameters
    ----------
    distance : length of the fibre x [m]
    group_index : group index of the glass n_g [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Light alone: no router, queue, repeater or detour. Cables run longer than the map's straight line.

    Examples
    --------
    1,500 km of standard single-mode fibre:

    >>> propagation_time(1.5e6, 1.4682) * 1e3  # ms
    7.346...

    References
    ----------
    Agrawal, "Fiber-Optic Communication Systems", 4th edition, equation 2.3.1.
    """
    return distance * group_index / SPEED_OF_LIGHT


def round_trip_time(distance: float, group_index: float) -> float:
    r"""Time light takes along a fibre, there and back.

    .. math:: T = \frac{2\,x\,n_g}{c}

    Parameters
    ----------
    distance : length of the fibre, one way x [m]
    group_index : group index of the glass n_g [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    As for one way; the answer goes back along the same fibre and takes no time to compute.

    Examples
    --------
    1,500 km of standard single-mode fibre:

    >>> round_trip_time(1.5e6, 1.4682) * 1e3  # ms
    14.69...

    References
    ----------
    Agrawal, "Fiber-Optic Communication Systems", 4th edition, equation 2.3.1.
    """
    return 2 * propagation_time(distance, group_index)
