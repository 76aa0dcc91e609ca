"""A pipeline that feeds accelerators: what each stage takes, and what waiting costs."""

from __future__ import annotations

from collections.abc import Sequence


def stage_time(size: float, bandwidth: float) -> float:
    r"""Time to move one piece of data through one stage.

    .. math:: t = \frac{S}{B}

    Parameters
    ----------
    size : size of the piece S [B]
    bandwidth : bandwidth of the stage B [B/s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Pieces come in long sequential runs, as shards do; no seek, no request latency.

    Examples
    --------
    50 TB over 10 Gbit/s, in hours:

    >>> stage_time(50e12, 10e9 / 8) / 3600
    11.11...

    References
    ----------
    A definition.
    """
    return size / bandwidth


def overlapped_utilization(compute: float, stages: Sequence[float]) -> float:
    r"""Share of the time an accelerator works when all stages run at once.

    .. math:: u = \frac{t_c}{\max(t_c, t_1, \dots, t_n)}

    Parameters
    ----------
    compute : time the accelerators take for a sample t_c [s]
    stages : time each other stage takes for a sample t_i [s]

    Returns
    -------
    utilization [-]

    Assumptions
    -----------
    Prefetching with buffers deep enough that every stage always has work.

    Examples
    --------
    Half a second of work, fed once a second:

    >>> overlapped_utilization(0.5, [1.0, 0.2])
    0.5

    References
    ----------
    Mohan et al., "Analyzing and Mitigating Data Stalls in DNN Training", VLDB 14(5), 2021, section 3.
    """
    return compute / max(compute, *stages)


def serial_utilization(compute: float, stages: Sequence[float]) -> float:
    r"""Share of the time an accelerator works when each stage waits for the one before.

    .. math:: u = \frac{t_c}{t_c + \sum_i t_i}

    Parameters
    ----------
    compute : time the accelerators take for a sample t_c [s]
    stages : time each other stage takes for a sample t_i [s]

    Returns
    -------
    utilization [-]

    Assumptions
    -----------
    No prefetching at all.

    Examples
    --------
    Half a second of work, then half a second of waiting:

    >>> serial_utilization(0.5, [0.3, 0.2])
    0.5

    References
    ----------
    Mohan et al., "Analyzing and Mitigating Data Stalls in DNN Training", VLDB 14(5), 2021, section 3.
    """
    return compute / (compute + sum(stages))


def checkpoint_share(write: float, interval: float) -> float:
    r"""Share of the time left for work when work stops for each checkpoint.

    .. math:: g = \frac{\tau}{\tau + \delta}

    Parameters
    ----------
    write : time to write a checkpoint delta [s]
    interval : work between two tau [s]

    Returns
    -------
    share [-]

    Assumptions
    -----------
    Synchronous: nothing else happens while a checkpoint is written.

    Examples
    --------
    150 s every half hour:

    >>> checkpoint_share(150.0, 1800.0)
    0.923...

    References
    ----------
    Young, Commun. ACM 17(9), 1974, without failures.
    """
    return interval / (interval + write)
