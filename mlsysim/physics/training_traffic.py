"""Bytes a training step moves beside its matrices: norms, residuals, activation functions, scores, the optimizer."""

from __future__ import annotations


def shared_traffic_forward(hidden: float, element: float, mask: float) -> float:
    r"""What one token's norms and residuals of one layer move in the forward pass.

    .. math:: D = (10\,b + 2\,m)\,h

    Parameters
    ----------
    hidden : model width h [-]
    element : bytes of one number b [B]
    mask : bytes of a number's dropout mask, 0 without dropout m [B]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    Two norms read and write; two additions, fused with dropout, read two, write one and write the mask.

    Examples
    --------
    >>> shared_traffic_forward(4096, 2, 0) / 4096
    20.0

    References
    ----------
    Ivanov et al., "Data Movement Is All You Need", MLSys 2021 (arXiv 2007.00072), section 3.
    """
    return (10 * element + 2 * mask) * hidden


def shared_traffic_backward(hidden: float, element: float, mask: float) -> float:
    r"""What one token's norms and residuals of one layer move in the backward pass.

    .. math:: D = (12\,b + m\,(4\,b + 2))\,h

    Parameters
    ----------
    hidden : model width h [-]
    element : bytes of one number b [B]
    mask : bytes of a number's dropout mask, 0 without dropout and 1 with it m [B]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    Two norms read their input and a gradient and write one; two additions of gradients read two and write one; with
    dropout, each gradient is read, masked and written once more.

    Examples
    --------
    >>> shared_traffic_backward(4096, 2, 0) / 4096
    24.0

    References
    ----------
    Ivanov et al., "Data Movement Is All You Need", MLSys 2021 (arXiv 2007.00072), section 3.
    """
    return (12 * element + mask * (4 * element + 2)) * hidden


def function_traffic_forward(inner: float, matrices: float, element: float) -> float:
    r"""What one token's activation function of one layer moves in the forward pass.

    .. math:: D = b\,m\,f

    Parameters
    ----------
    inner : feed-forward width f [-]
    matrices : 3 with a gate, 2 without m [-]
    element : bytes of one number b [B]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    Reads (m - 1) f, writes f, in one kernel.

    Examples
    --------
    >>> function_traffic_forward(14336, 3, 2)
    86016

    References
    ----------
    Ivanov et al., "Data Movement Is All You Need", MLSys 2021 (arXiv 2007.00072), section 3.
    """
    return element * matrices * inner


def function_traffic_backward(inner: float, matrices: float, element: float) -> float:
    r"""What one token's activation function of one layer moves in the backward pass.

    .. math:: D = b\,(2m - 1)\,f

    Parameters
    ----------
    inner : feed-forward width f [-]
    matrices : 3 with a gate, 2 without m [-]
    element : bytes of one number b [B]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    Reads its (m - 1) f inputs and f gradients, writes (m - 1) f gradients.

    Examples
    --------
    >>> function_traffic_backward(14336, 3, 2)
    143360

    References
    ----------
    Ivanov et al., "Data Movement Is All You Need", MLSys 2021 (arXiv 2007.00072), section 3.
    """
    return element * (2 * matrices - 1) * inner


def score_traffic_forward(heads: float, sequence: float, element: float, mask: float) -> float:
    r"""What one token's attention scores of one layer move in the forward pass, where kernels write them to memory.

    .. math:: D = H\,s\,(4\,b + m\,(2\,b + 1))

    Parameters
    ----------
    heads : query heads H [-]
    sequence : tokens in the sequence s [-]
    element : bytes of one number b [B]
    mask : bytes of a number's dropout mask, 0 without dropout and 1 with it m [B]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    Scores written, read and normalised by one kernel, written, read for the weighted sum; dropout reads, writes and
    writes its mask in between.

    Examples
    --------
    >>> score_traffic_forward(64, 2048, 2, 1) / (64 * 2048)
    13.0

    References
    ----------
    Dao et al., "FlashAttention", NeurIPS 2022 (arXiv 2205.14135), algorithm 0.
    """
    return heads * sequence * (4 * element + mask * (2 * element + 1))


def score_traffic_backward(heads: float, sequence: float, element: float, mask: float) -> float:
    r"""What one token's attention scores of one layer move in the backward pass, where kernels write them to memory.

    .. math:: D = H\,s\,(7\,b + m\,(2\,b + 1))

    Parameters
    ----------
    heads : query heads H [-]
    sequence : tokens in the sequence s [-]
    element : bytes of one number b [B]
    mask : bytes of a number's dropout mask, 0 without dropout and 1 with it m [B]

    Returns
    -------
    traffic per token [B]

    Assumptions
    -----------
    The weights read for the values' gradient; their own gradient written, and read with them by the softmax's, which
    writes; that read for the queries' and for the keys'. Dropout reads, reads its mask and writes in between.

    Examples
    --------
    >>> score_traffic_backward(64, 2048, 2, 1) / (64 * 2048)
    19.0

    References
    ----------
    Dao et al., "FlashAttention", NeurIPS 2022 (arXiv 2205.14135), algorithm 3.
    """
    return heads * sequence * (7 * element + mask * (2 * element + 1))


def optimizer_traffic(parameters: float, weight: float = 2, gradient: float = 2, optimizer: float = 12) -> float:
    r"""What an optimizer step moves.

    .. math:: D = P\,(b_g + 2\,b_o + b_w)

    Parameters
    ----------
    parameters : parameters that this GPU updates P [-]
    weight : bytes of a weight b_w [B]
    gradient : bytes of a gradient b_g [B]
    optimizer : bytes of a parameter's optimizer state b_o [B]

    Returns
    -------
    traffic [B]

    Assumptions
    -----------
    Gradients are read, the state is read and written, weights are written, in one kernel.

    Examples
    --------
    >>> optimizer_traffic(1e9) / 1e9
    28.0

    References
    ----------
    Rajbhandari et al., "ZeRO", SC 2020 (arXiv 1910.02054), section 3.1.
    """
    return parameters * (gradient + 2 * optimizer + weight)
