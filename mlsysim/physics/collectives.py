"""What it takes for many to agree: collectives by message, ranks, bandwidth and per-hop latency."""

from __future__ import annotations


def point_to_point_time(message: float, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time to send a message from one GPU to another.

    .. math:: T = \frac{M}{B} + \alpha

    Parameters
    ----------
    message : message size M [B]
    bandwidth : per-direction link bandwidth B [B/s]
    latency : from the first byte's start to its arrival alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    One message at a time on the link, and the receiver is ready.

    Examples
    --------
    100 MB over 50 GB/s with 10 us of latency:

    >>> point_to_point_time(100e6, 50e9, 10e-6) * 1e3  # ms
    2.01...

    References
    ----------
    Hockney, Parallel Comput. 20(3), 1994, equation 1.
    """
    return message / bandwidth + latency


def reduce_scatter_time(message: float, ranks: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time for a ring reduce-scatter: each rank ends with the sum of one share.

    .. math:: T = (n-1)\left(\frac{M}{n B} + \alpha\right)

    Parameters
    ----------
    message : size of each rank's whole buffer M [B]
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
    2 GB over 4 GPUs at 50 GB/s:

    >>> reduce_scatter_time(2e9, 4, 50e9) * 1e3  # ms
    30.0

    References
    ----------
    Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009, section 3.
    """
    return (ranks - 1) * (message / (ranks * bandwidth) + latency)


def all_gather_time(message: float, ranks: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time for a ring all-gather: each rank starts with one share and ends with all.

    .. math:: T = (n-1)\left(\frac{M}{n B} + \alpha\right)

    Parameters
    ----------
    message : size of what each rank ends with M [B]
    ranks : participants n [-]
    bandwidth : per-direction link bandwidth B [B/s]
    latency : per-hop latency alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Every rank sends and receives at once and shares are equal.

    Examples
    --------
    2 GB gathered over 4 GPUs at 50 GB/s:

    >>> all_gather_time(2e9, 4, 50e9) * 1e3  # ms
    30.0

    References
    ----------
    Thakur, Rabenseifner & Gropp, Int. J. High Perform. Comput. Appl. 19(1), 2005, section 4.1.
    """
    return (ranks - 1) * (message / (ranks * bandwidth) + latency)


def ring_allreduce_time(message: float, ranks: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time for a bandwidth-optimal ring all-reduce: a reduce-scatter, then an all-gather.

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
    As for its two phases. Each rank moves 2(n-1)/n of the message, close to twice the message at any scale; latency
    grows with the ranks.

    Examples
    --------
    2 GB over 4 GPUs at 50 GB/s:

    >>> ring_allreduce_time(2e9, 4, 50e9) * 1e3  # ms
    60.0

    14 GB over 64 GPUs at 50 GB/s:

    >>> ring_allreduce_time(14e9, 64, 50e9)
    0.55...

    References
    ----------
    Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009.
    """
    return reduce_scatter_time(message, ranks, bandwidth, latency) + all_gather_time(message, ranks, bandwidth, latency)


def tree_allreduce_time(message: float, ranks: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time for an all-reduce over two binary trees at once, each with half of the message.

    .. math:: T = 2\frac{n-1}{n}\frac{M}{B} + 2\lceil\log_2 n\rceil\,\alpha

    Parameters
    ----------
    message : message size M [B]
    ranks : participants n, a whole number [-]
    bandwidth : per-direction link bandwidth B [B/s]
    latency : per-hop latency alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    What is a leaf in one tree is an inner node of the other, so each rank's link is used evenly; the message is cut
    so finely that filling the tree costs latency alone.

    Examples
    --------
    1 MB over 1,024 GPUs at 50 GB/s with 5 us a hop, where a ring takes 10.3 ms:

    >>> tree_allreduce_time(1e6, 1024, 50e9, 5e-6) * 1e3  # ms
    0.1399...

    References
    ----------
    Sanders, Speck & Träff, Parallel Comput. 35(12), 2009; Jeaugey, "Massively scale your deep learning training with
    NCCL 2.4", developer.nvidia.com, 2019.
    """
    return 2 * (ranks - 1) * message / (ranks * bandwidth) + 2 * (ranks - 1).bit_length() * latency


def in_network_allreduce_time(message: float, levels: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time for an all-reduce that the switches compute: up once, down once, both at the same time.

    .. math:: T = \frac{M}{B} + 2\,l\,\alpha

    Parameters
    ----------
    message : message size M [B]
    levels : levels of switches l [-]
    bandwidth : per-direction link bandwidth B [B/s]
    latency : per-hop latency alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Switches add at line rate and results flow down while the rest of the message flows up. At least two ranks; with one
    there is nothing to send.

    Examples
    --------
    2 GB through one level of switches at 50 GB/s, where a ring of 4 takes 60 ms:

    >>> in_network_allreduce_time(2e9, 1, 50e9) * 1e3  # ms
    40.0

    References
    ----------
    Graham et al., "Scalable Hierarchical Aggregation Protocol (SHArP)", COMHPC 2016, section 4.
    """
    return message / bandwidth + 2 * levels * latency


def hierarchical_allreduce_time(
    message: float,
    inner: int,
    outer: int,
    inner_bandwidth: float,
    outer_bandwidth: float,
    inner_latency: float = 0.0,
    outer_latency: float = 0.0,
) -> float:
    r"""Time for an all-reduce in three phases: scatter within nodes, all-reduce between them, gather within nodes.

    .. math:: T = T_{RS}(M, g, B_i) + T_{ring}\left(\frac{M}{g}, N, B_o\right) + T_{AG}(M, g, B_i)

    Parameters
    ----------
    message : message size M [B]
    inner : GPUs per node g [-]
    outer : nodes N [-]
    inner_bandwidth : link bandwidth within a node, per GPU and direction B_i [B/s]
    outer_bandwidth : network bandwidth, per GPU and direction B_o [B/s]
    inner_latency : per-hop latency within a node [s]
    outer_latency : per-hop latency between nodes [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Each GPU has its own path to the network and all of a node send at once; phases follow one another.

    Examples
    --------
    1 GB over 8 nodes of 8 GPUs, 450 GB/s within and 50 GB/s between, where one ring at 50 GB/s takes 39 ms:

    >>> hierarchical_allreduce_time(1e9, 8, 8, 450e9, 50e9) * 1e3  # ms
    8.26...

    References
    ----------
    Jia et al., "Highly Scalable Deep Learning Training System with Mixed-Precision", arXiv 1807.11205, section 3.3.
    """
    return (
        reduce_scatter_time(message, inner, inner_bandwidth, inner_latency)
        + ring_allreduce_time(message / inner, outer, outer_bandwidth, outer_latency)
        + all_gather_time(message, inner, inner_bandwidth, inner_latency)
    )


def all_to_all_time(message: float, ranks: int, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time for every rank to send a different share to every other.

    .. math:: T = \frac{n-1}{n}\frac{M}{B} + (n-1)\alpha

    Parameters
    ----------
    message : what each rank holds and sends away, one share of it to itself M [B]
    ranks : participants n [-]
    bandwidth : per-direction bandwidth of one rank's link B [B/s]
    latency : per-message latency alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Shares are equal, one message after another, and the network between has no bottleneck.

    Examples
    --------
    64 MB over 8 GPUs at 450 GB/s:

    >>> all_to_all_time(64e6, 8, 450e9) * 1e6  # us
    124.4...

    References
    ----------
    Bruck et al., IEEE Trans. Parallel Distrib. Syst. 8(11), 1997, section 1.1.
    """
    return (ranks - 1) * (message / (ranks * bandwidth) + latency)


def ring_traffic(message: float, ranks: int) -> float:
    r"""What each rank sends in a ring all-reduce.

    .. math:: D = 2\frac{n-1}{n}M

    Parameters
    ----------
    message : message size M [B]
    ranks : participants n [-]

    Returns
    -------
    bytes sent, and as many received [B]

    Assumptions
    -----------
    Equal shares. No algorithm without help from the network moves less.

    Examples
    --------
    >>> ring_traffic(1e9, 8)
    1750000000.0

    References
    ----------
    Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009, theorem 1.
    """
    return 2 * (ranks - 1) * message / ranks


def ring_contributions(ranks: int, steps: int) -> list[list[int]]:
    r"""How many ranks' numbers are in each share that each rank holds, so many steps into a ring all-reduce.

    .. math:: c_{r+1,\,r-k} \leftarrow c_{r,\,r-k} + [k < n-1]\;c_{r+1,\,r-k}

    Parameters
    ----------
    ranks : participants n [-]
    steps : steps done, from 0 to 2(n-1); in step k rank r sends its share r-k to rank r+1, both modulo n [-]

    Returns
    -------
    a row for each rank, with a count from 1 to n for each share [-]

    Assumptions
    -----------
    As for the ring all-reduce: the first n-1 steps are its reduce-scatter and add, the others its all-gather and
    replace.

    Examples
    --------
    Three ranks: at first, when the sums are scattered, and at the end:

    >>> ring_contributions(3, 0), ring_contributions(3, 2), ring_contributions(3, 4)
    ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], [[1, 3, 2], [2, 1, 3], [3, 2, 1]], [[3, 3, 3], [3, 3, 3], [3, 3, 3]])

    References
    ----------
    Patarasuk & Yuan, J. Parallel Distrib. Comput. 69(2), 2009, section 3.
    """
    held = [[1] * ranks for _ in range(ranks)]
    for step in range(steps):
        flying = [(rank, (rank - step) % ranks, held[rank][(rank - step) % ranks]) for rank in range(ranks)]
        for rank, share, count in flying:
            there = held[(rank + 1) % ranks]
            there[share] = count + (there[share] if step < ranks - 1 else 0)
    return held
