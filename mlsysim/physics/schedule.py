"""What training waits for: other stages of a pipeline, the slowest of many workers, the last token."""

from __future__ import annotations

from statistics import NormalDist


def bubble_fraction(stages: float, micro_batches: float, chunks: float = 1) -> float:
    r"""Time a pipeline stage waits, over the time it works.

    .. math:: \beta = \frac{p-1}{v\,m}

    Parameters
    ----------
    stages : pipeline stages p [-]
    micro_batches : micro-batches in a step m [-]
    chunks : model chunks on each stage, 1 unless interleaved v [-]

    Returns
    -------
    fraction of the ideal time [-]

    Assumptions
    -----------
    Equal stages and free messages. GPipe and 1F1B wait equally long and differ in memory alone.

    Examples
    --------
    8 stages, 64 micro-batches, then the same in 3 chunks:

    >>> bubble_fraction(8, 64), round(bubble_fraction(8, 64, 3), 4)
    (0.109375, 0.0365)

    References
    ----------
    Narayanan et al., SC 2021 (arXiv 2104.04473), sections 2.2.1 and 2.2.2.
    """
    return (stages - 1) / (chunks * micro_batches)


def zero_bubble_fraction(stages: float, micro_batches: float, forward: float, inputs: float, weights: float) -> float:
    r"""Time a pipeline stage waits where gradients of weights fill the gaps, over the time it works.

    .. math:: \beta = \frac{(p-1)\,\max(0,\ F + B - 2W)}{m\,(F + B + W)}

    Parameters
    ----------
    stages : pipeline stages p [-]
    micro_batches : micro-batches in a step m [-]
    forward : time of a micro-batch's forward pass F [s]
    inputs : time of its gradients of the inputs B [s]
    weights : time of its gradients of the weights W [s]

    Returns
    -------
    fraction of the ideal time [-]

    Assumptions
    -----------
    Equal stages and free messages, up to 2p - 1 micro-batches in flight, twice the memory of 1F1B, and an optimizer
    that does not wait for all stages (schedule ZB-H2).

    Examples
    --------
    >>> zero_bubble_fraction(8, 64, 1.0, 1.0, 1.0)
    0.0
    >>> zero_bubble_fraction(8, 64, 1.0, 2.0, 1.0)
    0.02734375

    References
    ----------
    Qi et al., "Zero Bubble Pipeline Parallelism", ICLR 2024 (arXiv 2401.10241), table 1.
    """
    waiting = forward + inputs - 2 * weights
    return (stages - 1) * (waiting + abs(waiting)) / 2 / (micro_batches * (forward + inputs + weights))


def pipeline_time(slowest: float, others: float, micro_batches: float, chunks: float = 1) -> float:
    r"""Time of a step through a pipeline whose stages need not be equal.

    .. math:: T = m\,t_{max} + \frac{\sum_{i \ne max} t_i}{v}

    Parameters
    ----------
    slowest : time the slowest stage works on a micro-batch, forward and backward t_max [s]
    others : the same of all other stages together [s]
    micro_batches : micro-batches in a step m [-]
    chunks : model chunks on each stage, 1 unless interleaved v [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    The slowest stage works without a gap once the pipeline is full; filling and draining it takes each other stage's
    time once. Exact for 1F1B and GPipe with equal stages.

    Examples
    --------
    4 equal stages of 1 s and 8 micro-batches:

    >>> pipeline_time(1.0, 3.0, 8)
    11.0

    References
    ----------
    Narayanan et al., SC 2021 (arXiv 2104.04473), section 2.2.
    """
    return micro_batches * slowest + others / chunks


def straggler_factor(workers: int, spread: float) -> float:
    r"""How much longer the slowest of many workers takes than their average.

    .. math:: k = 1 + \sigma\,\Phi^{-1}\left(\frac{n - 0.375}{n + 0.25}\right)

    Parameters
    ----------
    workers : workers that wait for each other n [-]
    spread : standard deviation of a worker's time over its mean sigma [-]

    Returns
    -------
    factor on the time of a step [-]

    Assumptions
    -----------
    Times are independent and normal; Blom's approximation of the largest of n, within 1 % of it from n = 2.

    Examples
    --------
    1,024 workers that vary by 2 %:

    >>> round(straggler_factor(1024, 0.02), 3)
    1.065

    References
    ----------
    Blom, "Statistical Estimates and Transformed Beta-Variables", Wiley, 1958; Harter, Biometrika 48(1/2), 1961.
    """
    return 1 + spread * NormalDist().inv_cdf((workers - 0.375) / (workers + 0.25))


def run_time(tokens: float, throughput: float, useful: float) -> float:
    r"""Time of a whole training run.

    .. math:: T = \frac{D}{r\,g}

    Parameters
    ----------
    tokens : tokens trained on D [-]
    throughput : tokens per second of all GPUs while they train r [token/s]
    useful : share of the time in which they do g [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Every step takes as long as the one that was counted; no part of the run has shorter sequences or smaller batches.

    Examples
    --------
    DeepSeek-V3's 14.8e12 tokens on 2,048 GPUs at 1,543 a second each, in days:

    >>> round(run_time(14.8e12, 2048 * 1543, 1.0) / 86400)
    54

    References
    ----------
    DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv 2412.19437, table 1.
    """
    return tokens / (throughput * useful)
