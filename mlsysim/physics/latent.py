"""Multi-head latent attention: keys and values kept as one compressed vector for all heads."""

from __future__ import annotations


def latent_parameters(
    hidden: float, heads: float, query_rank: float, kv_rank: float, content: float, position: float, value: float
) -> float:
    r"""Weights of one latent attention layer.

    .. math:: P = P_q + h(r_{kv} + d_p) + r_{kv} H (d_c + d_v) + H d_v h, \quad
              P_q = h\,r_q + r_q H (d_c + d_p) \text{ or } h H (d_c + d_p)

    Parameters
    ----------
    hidden : model width h [-]
    heads : heads H [-]
    query_rank : width of the compressed query r_q, 0 where it is not compressed [-]
    kv_rank : width of the compressed keys and values r_kv [-]
    content : width of a head's query and key without position d_c [-]
    position : width of the rotary part d_p, whose key all heads share [-]
    value : width of a head's value d_v [-]

    Returns
    -------
    weights, without norms [-]

    Assumptions
    -----------
    Down- and up-projections are counted as stored, not as absorbed.

    Examples
    --------
    DeepSeek-V3:

    >>> latent_parameters(7168, 128, 1536, 512, 128, 64, 128)
    187105280

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", arXiv 2405.04434, section 2.1 and appendix C.
    """
    wide = heads * (content + position)
    query = query_rank * (hidden + wide) if query_rank else hidden * wide
    return query + hidden * (kv_rank + position) + kv_rank * heads * (content + value) + heads * value * hidden


def latent_kv_bytes_per_token(layers: float, kv_rank: float, position: float, element: float) -> float:
    r"""Size of one token's entry in a latent KV cache.

    .. math:: B_{kv} = L\,(r_{kv} + d_p)\,b

    Parameters
    ----------
    layers : layers L [-]
    kv_rank : width of the compressed keys and values r_kv [-]
    position : width of the rotary key that all heads share d_p [-]
    element : bytes of one number b [B]

    Returns
    -------
    size [B]

    Assumptions
    -----------
    Exact where the latent vector is kept and keys and values are never expanded in memory.

    Examples
    --------
    DeepSeek-V3 in BF16, 70.272 KB:

    >>> latent_kv_bytes_per_token(61, 512, 64, 2)
    70272

    References
    ----------
    DeepSeek-AI, "Insights into DeepSeek-V3", ISCA 2025 (arXiv 2505.09343), table 1.
    """
    return layers * (kv_rank + position) * element


def absorbed_attention_flops(heads: float, kv_rank: float, position: float, pairs: float) -> float:
    r"""Operations of latent attention in decode, where queries are brought into the latent space.

    .. math:: O = 2\,H\,(2 r_{kv} + d_p)\,n_{pairs}

    Parameters
    ----------
    heads : heads H [-]
    kv_rank : width of the compressed keys and values r_kv [-]
    position : width of the rotary part d_p [-]
    pairs : pairs of a query with a key, over all layers [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Key and value up-projections are absorbed into the query's and the output's, which costs as many operations per
    token as the up-projections have weights; those are counted with the projections.

    Examples
    --------
    DeepSeek-V3, one layer and one pair: 3.4 times what 128 heads of 192 and 128 would compute, to read 71 times less:

    >>> absorbed_attention_flops(128, 512, 64, 1)
    278528

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", arXiv 2405.04434, section 2.1.2.
    """
    return 2 * heads * (2 * kv_rank + position) * pairs


def expanded_attention_flops(heads: float, content: float, position: float, value: float, pairs: float) -> float:
    r"""Operations of latent attention in prefill, where keys and values are expanded once for each token.

    .. math:: O = 2\,H\,(d_c + d_p + d_v)\,n_{pairs}

    Parameters
    ----------
    heads : heads H [-]
    content : width of a head's query and key without position d_c [-]
    position : width of the rotary part d_p [-]
    value : width of a head's value d_v [-]
    pairs : pairs of a query with a key, over all layers [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    The expansion itself is counted with the projections; the softmax is left out.

    Examples
    --------
    DeepSeek-V3, one layer and one pair:

    >>> expanded_attention_flops(128, 128, 64, 128, 1)
    81920

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", arXiv 2405.04434, section 2.1.2.
    """
    return 2 * heads * (content + position + value) * pairs


def latent_activations(
    hidden: float, heads: float, query_rank: float, kv_rank: float, content: float, position: float, value: float
) -> float:
    r"""Numbers that one token reads and writes around one latent attention layer's projections.

    .. math:: n = 6h + 2 r_q + 2 r_{kv} + d_p + H (2 d_c + d_p + 2 d_v)

    Parameters
    ----------
    hidden : model width h [-]
    heads : heads H [-]
    query_rank : width of the compressed query r_q [-]
    kv_rank : width of the compressed keys and values r_kv [-]
    content : width of a head's query and key without position d_c [-]
    position : width of the rotary part d_p [-]
    value : width of a head's value d_v [-]

    Returns
    -------
    numbers per token [-]

    Assumptions
    -----------
    Down-projections in one kernel, each up-projection in one; norm and residual in one, 4h. Counted as in prefill,
    which expands keys and values.

    Examples
    --------
    DeepSeek-V3:

    >>> latent_activations(7168, 128, 1536, 512, 128, 64, 128)
    120896

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", arXiv 2405.04434, appendix C.
    """
    return 6 * hidden + 2 * query_rank + 2 * kv_rank + position + heads * (2 * content + position + 2 * value)


def latent_kept(query_rank: float, kv_rank: float, position: float, element: float) -> float:
    r"""What one token keeps of one layer's compressed queries, keys and values for the backward pass.

    .. math:: A = b\,(2 r_q + 2 r_{kv} + d_p)

    Parameters
    ----------
    query_rank : width of the compressed query r_q, 0 where it is not compressed [-]
    kv_rank : width of the compressed keys and values r_kv [-]
    position : width of the rotary key that all heads share d_p [-]
    element : bytes of one number b [B]

    Returns
    -------
    size per token [B]

    Assumptions
    -----------
    Each compressed vector before its norm and after it; what the up-projections give is counted with the heads.

    Examples
    --------
    >>> latent_kept(1536, 512, 64, 2)
    8320

    References
    ----------
    DeepSeek-AI, "DeepSeek-V2", arXiv 2405.04434, section 2.1; Korthikanti et al., MLSys 2023, section 4.1.
    """
    return element * (2 * query_rank + 2 * kv_rank + position)
