"""Counting single operators: matrix product, convolution, softmax, layer norm, selective scan."""

from __future__ import annotations


def matrix_product_flops(rows: float, inner: float, columns: float) -> float:
    r"""Operations of a matrix product.

    .. math:: O = 2\,m\,k\,n

    Parameters
    ----------
    rows : rows of the left matrix m [-]
    inner : columns of the left and rows of the right matrix k [-]
    columns : columns of the right matrix n [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Schoolbook product: one multiply and one add for each triple.

    Examples
    --------
    A 4096 x 4096 layer on one vector:

    >>> matrix_product_flops(1, 4096, 4096)
    33554432

    References
    ----------
    Golub & Van Loan, Matrix Computations, 4th edition, table 1.1.2.
    """
    return 2 * rows * inner * columns


def matrix_product_elements(rows: float, inner: float, columns: float) -> float:
    r"""Numbers that a matrix product has to move at least: both inputs and the output, once each.

    .. math:: n = m k + k n + m n

    Parameters
    ----------
    rows : rows of the left matrix m [-]
    inner : columns of the left and rows of the right matrix k [-]
    columns : columns of the right matrix n [-]

    Returns
    -------
    numbers [-]

    Assumptions
    -----------
    Tiles are large enough that nothing is read twice; a smaller on-chip memory moves more.

    Examples
    --------
    >>> matrix_product_elements(1, 4096, 4096)
    16785408

    References
    ----------
    Williams et al., "Roofline", CACM 52(4), 2009 (compulsory traffic).
    """
    return rows * inner + inner * columns + rows * columns


def tile_flops(rows: float, inner: float, columns: float, side: float = 128) -> float:
    r"""Operations of one tile of a matrix product: what one core is given at a time.

    .. math:: o = 2\,\min(m, s)\,\min(n, s)\,k

    Parameters
    ----------
    rows : rows of the left matrix m [-]
    inner : columns of the left and rows of the right matrix k [-]
    columns : columns of the right matrix n [-]
    side : rows and columns of the largest tile s [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    The result is cut into tiles, each the work of one core from the first to the last of k. Libraries choose among many
    shapes; 128 x 128 is the middle one of those that reach the peak.

    Examples
    --------
    A 4096 x 4096 layer on 64 tokens and on 8,192: a tile grows to its full size and no further.

    >>> tile_flops(64, 4096, 4096) / 1e6, tile_flops(8192, 4096, 4096) / 1e6  # MFLOP
    (67.108864, 134.217728)

    References
    ----------
    NVIDIA, "Matrix Multiplication Background", DU-09799-001, 2023, sections 2.1 and 2.3.
    """
    # The smaller of two, in arithmetic that arrays can do as well.
    high, wide = rows + side - abs(rows - side), columns + side - abs(columns - side)
    return high * wide * inner / 2


def convolution_weights(kernel: float, channels: float, filters: float, groups: float = 1) -> float:
    r"""Weights of a convolution.

    .. math:: P = \frac{K\,C\,F}{g}

    Parameters
    ----------
    kernel : positions the kernel covers K, 9 for 3 x 3 [-]
    channels : input channels C [-]
    filters : output channels F [-]
    groups : groups g, as many as channels where it is depthwise [-]

    Returns
    -------
    weights, without biases [-]

    Assumptions
    -----------
    Groups divide channels and filters.

    Examples
    --------
    A 3 x 3 layer of ResNet-50's first stage, and a depthwise one as wide:

    >>> convolution_weights(9, 64, 64)
    36864.0
    >>> convolution_weights(9, 64, 64, groups=64)
    576.0

    References
    ----------
    Howard et al., "MobileNets", arXiv 1704.04861, section 3.1.
    """
    return kernel * channels * filters / groups


def convolution_flops(positions: float, kernel: float, channels: float, filters: float, groups: float = 1) -> float:
    r"""Operations of a convolution.

    .. math:: O = 2\,H\,W\,\frac{K\,C\,F}{g}

    Parameters
    ----------
    positions : output height times width H W [-]
    kernel : positions the kernel covers K [-]
    channels : input channels C [-]
    filters : output channels F [-]
    groups : groups g, as many as channels where it is depthwise [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Direct convolution: each weight is used once at each output position; no Winograd, padding counted as work.

    Examples
    --------
    >>> convolution_flops(56 * 56, 9, 64, 64) / 1e6
    231.211008

    References
    ----------
    Howard et al., "MobileNets", arXiv 1704.04861, equation 2, each multiply-add counted as two operations.
    """
    return 2 * positions * kernel * channels * filters / groups


def softmax_flops(elements: float) -> float:
    r"""Operations of a softmax.

    .. math:: O = 5\,n

    Parameters
    ----------
    elements : numbers in all rows n [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Maximum, subtraction, exponential, sum and division, one operation each; an exponential takes several instructions.

    Examples
    --------
    >>> softmax_flops(4096)
    20480

    References
    ----------
    Milakov & Gimelshein, "Online normalizer calculation for softmax", arXiv 1805.02867, algorithm 2.
    """
    return 5 * elements


def layer_norm_flops(elements: float) -> float:
    r"""Operations of a layer norm.

    .. math:: O = 8\,n

    Parameters
    ----------
    elements : numbers in all rows n [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Sum; difference, square and sum for the variance; difference, division, scale and shift.

    Examples
    --------
    >>> layer_norm_flops(4096)
    32768

    References
    ----------
    Ba et al., "Layer Normalization", arXiv 1607.06450, equation 4.
    """
    return 8 * elements


def selective_scan_flops(tokens: float, channels: float, state: float) -> float:
    r"""Operations of a selective state-space scan.

    .. math:: O = 9\,s\,d\,n

    Parameters
    ----------
    tokens : tokens in the sequence s [-]
    channels : channels d [-]
    state : states kept for each channel n [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Discretisation (4), the recurrence (3) and the read-out (2) for each token, channel and state: linear in the
    sequence, where attention grows with its square.

    Examples
    --------
    >>> selective_scan_flops(1, 1536, 16)
    221184

    References
    ----------
    Gu & Dao, "Mamba", arXiv 2312.00752, section 3 and appendix D (the count of the reference implementation).
    """
    return 9 * tokens * channels * state
