"""Talking while working: what is still seen of messages that start before the work is done."""

from __future__ import annotations


def visible_time(buckets: int, each: float, backward: float) -> float:
    r"""Time from the end of a backward pass to the end of its gradients' exchange, cut into equal buckets.

    .. math:: V = \max\left(t,\; k\,t - \frac{k-1}{k}\,T_b\right)

    Parameters
    ----------
    buckets : equal pieces that the gradients are cut into k [-]
    each : time to exchange one of them t [s]
    backward : time of the backward pass T_b [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Gradients become known evenly over the backward pass, a bucket is sent when all of it is known, one at a time, and
    sending does not slow the work. The last bucket is known when nothing is left to work on.

    Examples
    --------
    A second of messages and half a second of work: in one piece, in ten, and in a hundred without latency:

    >>> visible_time(1, 1.0, 0.5), round(visible_time(10, 0.1, 0.5), 3), round(visible_time(100, 0.01, 0.5), 3)
    (1.0, 0.55, 0.505)

    References
    ----------
    Li et al., "PyTorch Distributed: Experiences on Accelerating Data Parallel Training", VLDB 2020, section 3.2.3.
    """
    return max(each, buckets * each - (buckets - 1) / buckets * backward)
