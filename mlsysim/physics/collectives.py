"""What it takes for many to agree: collectives by message, ranks, bandwidth and per-hop latency."""

from __future__ import annotations


def ring_allreduce_time(message: float, ranks: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time for a bandwidth-optimal ring all-reduce.

    .. math:: T = 2\frac{n-1}{n}\frac{M}{B} + 2(n-1)\alpha

    Parameters
    ----------
    message : message size M [B]
    ranks : participants n [-]
    bandwidth : per-direction link bandwidth B [B/s]
    latency : per-hop latency alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Every rank sends and receives at once, shares are equal and adding is free.

    Examples
    --------
    1 GB over 8 GPUs at 900 GB/s:

    >>> ring_allreduce_time(1e9, 8, 900e9) * 1e3  # ms
    1.944...

    References
    ----------
    Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009.
    """
    return 2 * (ranks - 1) * (message / (ranks * bandwidth) + latency)
