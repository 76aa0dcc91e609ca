"""The Iron Law of one machine, T = D/BW + O/(R eta) + L, and the roofline it draws."""

from __future__ import annotations


def memory_time(traffic: float, bandwidth: float, efficiency: float = 1.0) -> float:
    r"""Time to move data between memory and chip.

    .. math:: T_D = \frac{D}{\eta\,BW}

    Parameters
    ----------
    traffic : bytes read and written D [B]
    bandwidth : peak memory bandwidth BW [B/s]
    efficiency : fraction of the peak that the access pattern reaches eta [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Long, contiguous streams, larger than the last-level cache; holds for 0 < efficiency <= 1.

    Examples
    --------
    16 GB once, at the 3.35 TB/s of an H100:

    >>> memory_time(16e9, 3.35e12) * 1e3  # ms
    4.776...

    References
    ----------
    Williams, Waterman & Patterson, Commun. ACM 52(4), 2009, section 3.
    """
    return traffic / (bandwidth * efficiency)


def compute_time(operations: float, rate: float, efficiency: float = 1.0) -> float:
    r"""Time to do arithmetic.

    .. math:: T_O = \frac{O}{\eta\,R}

    Parameters
    ----------
    operations : floating-point or integer operations O [FLOP]
    rate : peak dense rate at the precision of the arithmetic R [FLOP/s]
    efficiency : fraction of the peak that the kernels reach eta [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    A multiply-add counts as two operations; the rate is dense, not the sparse figure twice as high.

    Examples
    --------
    16 GFLOP, one token of an 8B model, at the 989.4 TFLOP/s of an H100:

    >>> compute_time(16e9, 989.4e12) * 1e6  # us
    16.17...

    References
    ----------
    Williams, Waterman & Patterson, Commun. ACM 52(4), 2009, section 3.
    """
    return operations / (rate * efficiency)


def busy_fraction(operations: float, tile: float, idle: float) -> float:
    r"""Share of a machine's cores that are at work while a matrix product runs.

    .. math:: \phi = \frac{O}{O + c\,o}

    Parameters
    ----------
    operations : operations of the product O [FLOP]
    tile : operations of one of its tiles o [FLOP]
    idle : cores that find no tile left at the end c [-]

    Returns
    -------
    share [-]

    Assumptions
    -----------
    Tiles are dealt to cores in waves, of which the last is rarely full: on average c cores wait for as long as a tile
    takes. Rises with the size of the product from c = 0 to all cores, as Hockney's rate does with n over n + n_half.

    Examples
    --------
    8,192 rows through 256 x 256 and 8192 x 8192 weights on the 108 cores of an A100, of which a fifth waits:

    >>> [round(busy_fraction(2.0 * 8192 * n * n, 2.0 * 128 * 128 * n, 0.2 * 108), 3) for n in (256, 8192)]
    [0.856, 0.995]

    References
    ----------
    Hockney & Jesshope, Parallel Computers 2, 1988, section 1.3; NVIDIA, "Matrix Multiplication Background",
    DU-09799-001, 2023, section 3.2.
    """
    return operations / (operations + idle * tile)


def overhead_time(kernels: float, latency: float) -> float:
    r"""Time that kernels spend starting and draining, whatever their size.

    .. math:: T_L = n\,\lambda

    Parameters
    ----------
    kernels : kernels launched one after another n [-]
    latency : launch, ramp-up and drain of one kernel lambda [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Kernels run in sequence on one stream and none hides the start of the next.

    Examples
    --------
    300 kernels at 2 us:

    >>> overhead_time(300, 2e-6) * 1e3  # ms
    0.6

    References
    ----------
    NVIDIA, "Getting Started with CUDA Graphs", developer.nvidia.com/blog/cuda-graphs, 2019.
    """
    return kernels * latency


def arithmetic_intensity(operations: float, traffic: float) -> float:
    r"""Arithmetic done per byte moved.

    .. math:: I = \frac{O}{D}

    Parameters
    ----------
    operations : operations O [FLOP]
    traffic : bytes read and written D [B]

    Returns
    -------
    arithmetic intensity [FLOP/B]

    Assumptions
    -----------
    Traffic is counted at the memory, behind the caches.

    Examples
    --------
    Decode at batch 1 in FP16 does 2 FLOP for every 2-byte weight:

    >>> arithmetic_intensity(2.0, 2.0)
    1.0

    References
    ----------
    Williams, Waterman & Patterson, Commun. ACM 52(4), 2009, section 3 ("operational intensity").
    """
    return operations / traffic


def ridge_point(rate: float, bandwidth: float) -> float:
    r"""Arithmetic intensity above which a machine is limited by its arithmetic.

    .. math:: I^* = \frac{R}{BW}

    Parameters
    ----------
    rate : peak dense rate R [FLOP/s]
    bandwidth : peak memory bandwidth BW [B/s]

    Returns
    -------
    ridge point [FLOP/B]

    Assumptions
    -----------
    Both figures are peaks; with efficiencies, the ridge moves by their ratio.

    Examples
    --------
    H100 in FP16, dense:

    >>> ridge_point(989.4e12, 3.35e12)
    295.3...

    References
    ----------
    Williams, Waterman & Patterson, Commun. ACM 52(4), 2009, figure 1.
    """
    return rate / bandwidth


def attainable_rate(intensity: float, rate: float, bandwidth: float) -> float:
    r"""Rate of arithmetic that work of this intensity can reach: the roofline.

    .. math:: P = \min(R, I \cdot BW)

    Parameters
    ----------
    intensity : operations per byte moved I [FLOP/B]
    rate : peak rate R [FLOP/s]
    bandwidth : memory bandwidth BW [B/s]

    Returns
    -------
    rate [FLOP/s]

    Assumptions
    -----------
    Memory and arithmetic overlap perfectly; no other limit, such as a cache or a launch, binds.

    Examples
    --------
    An H100 at 1 FLOP/B, and beyond its ridge point, in TFLOP/s:

    >>> attainable_rate(1.0, 989.4e12, 3.35e12) / 1e12
    3.35
    >>> attainable_rate(1000.0, 989.4e12, 3.35e12) / 1e12
    989.4

    References
    ----------
    Williams, Waterman & Patterson, Commun. ACM 52(4), 2009, figure 1.
    """
    return min(rate, intensity * bandwidth)


def unpacked_traffic(traffic: float, packed: float, unpack: float) -> float:
    r"""Plain bytes that memory would be busy with for as long as with these, some of which are unpacked as they arrive.

    .. math:: D_u = D + D_p \left(\frac{1}{u} - 1\right)

    Parameters
    ----------
    traffic : all bytes moved D [B]
    packed : those of them that hold weights in fewer bits than the arithmetic has D_p [B]
    unpack : fraction of the bandwidth of plain bytes at which they arrive u [-]

    Returns
    -------
    bytes [B]

    Assumptions
    -----------
    Unpacking slows the bytes that are unpacked and no others; the arithmetic that follows is that of plain weights.

    Examples
    --------
    3.6 GB of packed weights among 4.8 GB:

    >>> unpacked_traffic(4.8e9, 3.6e9, 0.9) / 1e9
    5.2

    References
    ----------
    Lin et al., AWQ, MLSys 2024, arXiv 2306.00978.
    """
    return traffic + packed * (1.0 / unpack - 1.0)


def crossover_batch(shared: float, traffic: float, operations: float, rate: float, bandwidth: float) -> float:
    r"""Batch at which the compute term equals the memory term.

    .. math:: b^* = \frac{D_w/BW}{O_1/R - D_1/BW}

    Parameters
    ----------
    shared : bytes moved once for the whole batch, the weights D_w [B]
    traffic : bytes moved for each sequence, mostly its KV cache D_1 [B]
    operations : operations for each sequence O_1 [FLOP]
    rate : arithmetic rate R, peak or reached [FLOP/s]
    bandwidth : memory bandwidth BW, peak or reached [B/s]

    Returns
    -------
    batch [-]; negative where each sequence brings more memory time than compute time, so that no batch crosses

    Assumptions
    -----------
    Both terms are linear in the batch. With D_1 = 0 and two FLOP for each weight it is the ridge point times bytes per
    weight over two.

    Examples
    --------
    8e9 FP16 weights on an H100, no KV cache:

    >>> crossover_batch(16e9, 0.0, 16e9, 989.4e12, 3.35e12)
    295.3...

    References
    ----------
    Austin et al., "How to Scale Your Model", chapter 7, "Theoretical estimates for LLM latency and throughput", 2025.
    """
    return (shared / bandwidth) / (operations / rate - traffic / bandwidth)


def least_bandwidth(traffic: float, time: float, efficiency: float = 1.0) -> float:
    r"""Bandwidth below which data cannot be moved in time: the inverse of the memory term.

    .. math:: BW \ge \frac{D}{\eta\,T}

    Parameters
    ----------
    traffic : bytes read and written D [B]
    time : time allowed T [s]
    efficiency : fraction of the peak that the access pattern reaches eta [-]

    Returns
    -------
    peak memory bandwidth [B/s]

    Assumptions
    -----------
    Nothing else takes any of the time; at efficiency 1 no software can do better.

    Examples
    --------
    A 16 GB model, read once per token, a token every 40 ms:

    >>> round(least_bandwidth(16e9, 0.040) / 1e9)  # GB/s
    400

    References
    ----------
    Williams, Waterman & Patterson, Commun. ACM 52(4), 2009, section 3, solved for the bandwidth.
    """
    return traffic / (time * efficiency)


def spilled_fraction(working_set: float, cache: float) -> float:
    r"""Share of an intermediate result's traffic that leaves the chip.

    .. math:: f = \max\left(0,\ 1 - \frac{C}{W}\right)

    Parameters
    ----------
    working_set : bytes that one kernel writes and the next reads W [B]
    cache : last-level cache C [B]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    What fits in the cache stays there until it is read once more, the rest goes through memory; weights stream past.

    Examples
    --------
    100 MB in a 50 MB cache:

    >>> spilled_fraction(100e6, 50e6)
    0.5

    References
    ----------
    Hill & Smith, IEEE Trans. Comput. 38(12), 1989: misses of a set larger than an ideally replaced cache.
    """
    excess = working_set - cache
    return (excess + abs(excess)) / (2 * working_set)
