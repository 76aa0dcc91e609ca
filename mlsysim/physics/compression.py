"""Bits: what weights take, packed and sparse."""

from __future__ import annotations


def grouped_bits(bits: float, group: float, scale: float, zero: float) -> float:
    r"""Bits of a weight when a group shares a scale and a zero point.

    .. math:: b' = b + \frac{b_s + b_z}{g}

    Parameters
    ----------
    bits : bits of the number itself b [bit]
    group : weights that share a scale g [-]
    scale : bits of the scale b_s [bit]
    zero : bits of the zero point b_z [bit]

    Returns
    -------
    bits of one weight [bit]

    Assumptions
    -----------
    Every weight is in a full group.

    Examples
    --------
    4 bits, 128 to a group, an FP16 scale and a 4-bit zero point:

    >>> grouped_bits(4, 128, 16, 4)
    4.15625

    References
    ----------
    Lin et al., "AWQ", MLSys 2024, section 5.1.
    """
    return bits + (scale + zero) / group


def structured_bits(bits: float, kept: int, group: int) -> float:
    r"""Bits of a weight when `kept` of every `group` are stored with their places.

    .. math:: b' = \frac{n}{m}\left(b + \log_2 m\right)

    Parameters
    ----------
    bits : bits of the number itself b [bit]
    kept : weights kept of each group n [-]
    group : weights in a group, a power of two m [-]

    Returns
    -------
    bits of one weight, kept or not [bit]

    Assumptions
    -----------
    Each kept weight says where in its group it is.

    Examples
    --------
    2:4 of FP16, 9 bits of 16:

    >>> structured_bits(16, 2, 4)
    9.0

    References
    ----------
    Mishra et al., "Accelerating Sparse Deep Neural Networks", arXiv:2104.08378, figure 3.
    """
    return kept / group * (bits + (group.bit_length() - 1))


def bitmap_bits(bits: float, sparsity: float) -> float:
    r"""Bits of a weight in a file that stores a bitmap and what is not zero.

    .. math:: b' = (1 - s)\,b + 1

    Parameters
    ----------
    bits : bits of the number itself b [bit]
    sparsity : share of weights that are zero s [-]

    Returns
    -------
    bits of one weight, zero or not [bit]

    Assumptions
    -----------
    Zeros may be anywhere. For storage: hardware for dense matrices unpacks them before it computes.

    Examples
    --------
    Nine tenths of FP16 weights zero:

    >>> round(bitmap_bits(16, 0.9), 9)
    2.6

    References
    ----------
    Han, Mao & Dally, "Deep Compression", ICLR 2016, section 2, with a bitmap for its index.
    """
    return (1.0 - sparsity) * bits + 1.0
