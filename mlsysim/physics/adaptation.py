"""Adapting a trained network: what adapters add, and which operations a step still needs."""

from __future__ import annotations


def adapter_parameters(rank: float, inner: float, columns: float) -> float:
    r"""Parameters of a low-rank adapter beside a matrix (LoRA).

    .. math:: p = r\,(k + d)

    Parameters
    ----------
    rank : rank of the adapter r [-]
    inner : rows of the matrix k [-]
    columns : columns of the matrix d [-]

    Returns
    -------
    parameters [-]

    Assumptions
    -----------
    Two thin matrices, k x r and r x d, whose product is added to the frozen one; no bias.

    Examples
    --------
    Rank 8 beside a matrix of 768 x 768, against its own 589,824:

    >>> adapter_parameters(8, 768, 768)
    12288

    References
    ----------
    Hu et al., "LoRA", arXiv 2106.09685, section 4.1.
    """
    return rank * (inner + columns)


def adaptation_flops(forward: float, above: float, trained: float) -> float:
    r"""Operations of a step that changes some of a network's weights.

    .. math:: O = O_f + O_a + O_t

    Parameters
    ----------
    forward : operations of the forward pass O_f [FLOP]
    above : of these, those of the layers above the lowest one that is trained: the gradient runs down to it O_a [FLOP]
    trained : of these, those with weights that change: the gradient of each weight O_t [FLOP]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Matrix products: the gradient of what goes in, and that of the weights, each cost as much as the pass.

    Examples
    --------
    Everything trained, adapters beside everything, the last of twelve equal layers alone:

    >>> adaptation_flops(12, 12, 12), adaptation_flops(12, 12, 0), adaptation_flops(12, 0, 1)
    (36, 24, 13)

    References
    ----------
    Rumelhart, Hinton & Williams, Nature 323, 1986; Hu et al., "LoRA", arXiv 2106.09685.
    """
    return forward + above + trained
