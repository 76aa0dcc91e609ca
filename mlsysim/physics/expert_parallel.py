"""Experts spread over GPUs: where tokens go, how unevenly, and what their copies cost."""

from __future__ import annotations

from mlsysim.physics.schedule import straggler_factor


def busiest_factor(ranks: int, choices: float) -> float:
    r"""How much more the busiest of the GPUs that share the experts is sent than the average.

    .. math:: f = 1 + \sqrt{\frac{n - 1}{c}}\ \Phi^{-1}\left(\frac{n - 0.375}{n + 0.25}\right)

    Parameters
    ----------
    ranks : GPUs that share the experts n, 1 or more [-]
    choices : tokens times experts that each is sent to, over all GPUs c [-]

    Returns
    -------
    factor on the average load [-]

    Assumptions
    -----------
    Choices are independent and equally likely; their number on a GPU is close to normal, which needs about ten on each.
    Real routers are less even, and servers copy their busiest experts.

    Examples
    --------
    128 tokens on each of 64 GPUs, 8 experts for each token:

    >>> round(busiest_factor(64, 64 * 128 * 8), 3)
    1.072

    References
    ----------
    Raab & Steger, "Balls into Bins", RANDOM 1998; Blom, "Statistical Estimates and Transformed Beta-Variables", 1958.
    """
    return straggler_factor(ranks, ((ranks - 1) / choices) ** 0.5) if ranks > 1 else 1.0


def dispatched_bytes(hidden: float, active: float, element: float) -> float:
    r"""Size of the copies of one token that are sent to its experts, and of what they send back.

    .. math:: M = b\,k\,h

    Parameters
    ----------
    hidden : model width h [-]
    active : experts that one token is sent to k [-]
    element : bytes of one number b [B]

    Returns
    -------
    size [B]

    Assumptions
    -----------
    One copy for each expert, as in Megatron's all-to-all; the choices and their weights, some bytes each, left out.

    Examples
    --------
    DeepSeek-V3 in BF16:

    >>> dispatched_bytes(7168, 8, 2)
    114688

    References
    ----------
    Lepikhin et al., "GShard", ICLR 2021 (arXiv 2006.16668), section 3.2.
    """
    return element * active * hidden


def dispatch_time_by_node(
    message: float, reached: float, active: float, inner: float, outer: float, inner_bandwidth: float, network: float
) -> float:
    r"""Time to send tokens once to each node that has experts for them, and there on to each expert's GPU.

    .. math:: T = \max\left(\frac{N-1}{N}\frac{g M}{B_o},\ \frac{n-1}{n}\frac{k M}{B_i}\right)

    Parameters
    ----------
    message : one copy of all tokens of a GPU M [B]
    reached : nodes that a token is sent to g [-]
    active : experts that it is sent to k [-]
    inner : GPUs per node n [-]
    outer : nodes N [-]
    inner_bandwidth : link bandwidth within a node, per GPU and direction B_i [B/s]
    network : network bandwidth, per GPU and direction B_o [B/s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Both networks are busy at once, as kernels that forward what arrives allow; latency left out.

    Examples
    --------
    4,096 tokens of DeepSeek-V3 in FP8 to 4 of 8 nodes, over 50 GB/s and 160 GB/s:

    >>> dispatch_time_by_node(4096 * 7168, 4, 8, 8, 8, 160e9, 50e9) * 1e3  # ms
    2.05...

    References
    ----------
    DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv 2412.19437, section 3.2.2.
    """
    far = (outer - 1) * reached * message / (outer * network)
    near = (inner - 1) * active * message / (inner * inner_bandwidth)
    return max(far, near)


def dispatch_traffic_forward(hidden: float, active: float, element: float, sorts: float) -> float:
    r"""What one token moves in memory on its way to its experts and back, in the forward pass of one layer.

    .. math:: D = b\,h\,(3k + 1 + 2\,k\,n)

    Parameters
    ----------
    hidden : model width h [-]
    active : experts that one token is sent to k [-]
    element : bytes of one number b [B]
    sorts : times that copies are sorted beside, 2 where experts are on several GPUs and 0 on one n [-]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    Copies are read and written once in the order of their experts; their outputs are read, weighted and summed. After
    an all-to-all what arrived is sorted again, and before the one back as well.

    Examples
    --------
    >>> dispatch_traffic_forward(2048, 8, 2, 0) / (2 * 2048)
    25.0

    References
    ----------
    Gale et al., "MegaBlocks", MLSys 2023 (arXiv 2211.15841), section 5.
    """
    return element * hidden * (3 * active + 1 + 2 * active * sorts)


def dispatch_traffic_backward(hidden: float, active: float, element: float, sorts: float) -> float:
    r"""What one token moves in memory on its way to its experts and back, in the backward pass of one layer.

    .. math:: D = b\,h\,(3k + 2 + 2\,k\,n)

    Parameters
    ----------
    hidden : model width h [-]
    active : experts that one token is sent to k [-]
    element : bytes of one number b [B]
    sorts : times that copies are sorted beside, 2 where experts are on several GPUs and 0 on one n [-]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    The sum's gradient is read, with the outputs that its weights' gradients need, and written once for each copy; the
    copies' gradients are read and summed. Sorting costs as much as forward.

    Examples
    --------
    >>> dispatch_traffic_backward(2048, 8, 2, 0) / (2 * 2048)
    26.0

    References
    ----------
    Gale et al., "MegaBlocks", MLSys 2023 (arXiv 2211.15841), section 5.
    """
    return element * hidden * (3 * active + 2 + 2 * active * sorts)


def dispatch_time_at_once(
    message: float, inner: float, outer: float, inner_bandwidth: float, network: float, latency: float = 0.0
) -> float:
    r"""Time for every GPU to write its share into every other's memory, all of them at once.

    .. math:: T = \max\left(\frac{n-1}{n N}\frac{M}{B_i},\ \frac{N-1}{N}\frac{M}{B_o}\right) + \alpha

    Parameters
    ----------
    message : what each GPU sends away, one share of it to itself M [B]
    inner : GPUs per node n [-]
    outer : nodes N [-]
    inner_bandwidth : link bandwidth within a node, per GPU and direction B_i [B/s]
    network : network bandwidth, per GPU and direction B_o [B/s]
    latency : of one message alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Equal shares; one-sided writes, which wait for no one and use links and ports at once.

    Examples
    --------
    32 tokens of 7,168 bytes to 9 experts each, all on other nodes, and two bytes for each number back: two thirds of
    the 121 us that DeepSeek-AI reckons with for both ways are the second.

    >>> there = dispatch_time_at_once(32 * 9 * 7168, 1, 1e9, 160e9, 50e9)
    >>> round(there * 1e6, 2), round(3 * there * 1e6, 1)  # us
    (41.29, 123.9)

    References
    ----------
    DeepSeek-AI, "Insights into DeepSeek-V3", ISCA 2025 (arXiv 2505.09343), section 2.3.2, which writes 7K for 7,168.
    """
    near = (inner - 1) * message / (inner * outer * inner_bandwidth)
    far = (outer - 1) * message / (outer * network)
    return max(near, far) + latency
