"""Chips joined to their neighbours alone: what of a torus a group's messages can use, and how far they go."""

from __future__ import annotations

from math import log, pow


def link_share(ranks: int, chips: int, axes: float) -> float:
    r"""Share of a chip's links that lie along the axes on which its group lies.

    .. math:: \sigma = \max\left(\frac{\ln n}{\ln N},\ \frac{1}{2D}\right)

    Parameters
    ----------
    ranks : chips of the group n, at least two [-]
    chips : chips of the torus N, at least n [-]
    axes : axes of the torus D [-]

    Returns
    -------
    share of the 2 D links [-]

    Assumptions
    -----------
    The torus has equal sides, so that n chips fill D ln n / ln N axes and a collective's rings run along all of these
    at once, both ways. Groups that share a chip divide its links: the shares of groups whose sizes multiply to N sum to
    one. Part of an axis is a line whose ends are not joined, with the rate of fewer links; two neighbours have one. A
    torus of fewer than four chips a side has no links around and less than is told here.

    Examples
    --------
    A TPU v4 pod of 4,096 chips, 16 along each of three axes: 16 chips lie along one of them, 256 along two.

    >>> round(link_share(16, 4096, 3), 3), round(link_share(256, 4096, 3), 3), link_share(4096, 4096, 3)
    (0.333, 0.667, 1.0)

    References
    ----------
    Jouppi et al., "TPU v4: An Optically Reconfigurable Supercomputer for Machine Learning with Hardware Support for
    Embeddings", ISCA 2023 (arXiv 2304.01433), section 2; Austin et al., "How to Scale Your Model", part 3, 2025.
    """
    return max(log(ranks) / log(chips), 1.0 / (2.0 * axes))


def mean_hops(ranks: int, chips: int, axes: float) -> float:
    r"""Links that a message between two chips of a group passes, on average.

    .. math:: h = \max\left(1,\ \frac{D \sigma}{4} N^{1/D}\right)

    Parameters
    ----------
    ranks : chips of the group n, at least two [-]
    chips : chips of the torus N, at least n [-]
    axes : axes of the torus D [-]

    Returns
    -------
    links passed, at least one [-]

    Assumptions
    -----------
    As for the share of links; each axis is a ring, on which the other chips are a quarter of its length away, and
    messages take the shortest way. What an all-to-all sends takes so many links' time each.

    Examples
    --------
    A TPU v5e pod of 256 chips, 16 along each of two axes:

    >>> mean_hops(256, 256, 2)
    8.0

    References
    ----------
    Dally & Towles, "Principles and Practices of Interconnection Networks", 2004, section 5.2.
    """
    return max(1.0, axes * link_share(ranks, chips, axes) * pow(chips, 1.0 / axes) / 4.0)


def ring_steps(ranks: int, chips: int, axes: float) -> float:
    r"""Steps of a reduce-scatter or an all-gather that goes along one axis after the other.

    .. math:: k = \begin{cases} n - 1 & d \le 1 \\ d\,(N^{1/D} - 1) & d > 1 \end{cases},\quad d = D\frac{\ln n}{\ln N}

    Parameters
    ----------
    ranks : chips of the group n, at least two [-]
    chips : chips of the torus N, at least n [-]
    axes : axes of the torus D [-]

    Returns
    -------
    steps, each to a neighbour [-]

    Assumptions
    -----------
    As for the share of links; along one axis each is a ring or a line of its own.

    Examples
    --------
    A TPU v4 pod of 4,096 chips, 16 along each of three axes, where one ring through all would take 4,095:

    >>> round(ring_steps(4096, 4096, 3), 6)
    45.0

    References
    ----------
    Thakur, Rabenseifner & Gropp, Int. J. High Perform. Comput. Appl. 19(1), 2005, section 4.1, for one ring.
    """
    filled = axes * log(ranks) / log(chips)
    return ranks - 1.0 if filled <= 1.0 else filled * (pow(chips, 1.0 / axes) - 1.0)
