"""Counting a decoder-only transformer: parameters, FLOPs, KV cache, activations."""

from __future__ import annotations


def attention_parameters(hidden: float, heads: float, kv_heads: float, head_dim: float) -> float:
    r"""Weights of one attention layer's four projections.

    .. math:: P = h\,d\,(2H + 2H_{kv})

    Parameters
    ----------
    hidden : model width h [-]
    heads : query heads H [-]
    kv_heads : key and value heads, fewer than H under grouped-query attention [-]
    head_dim : width of a head d [-]

    Returns
    -------
    weights, without biases [-]

    Assumptions
    -----------
    Query and output projections have H heads, key and value projections H_kv; no latent compression.

    Examples
    --------
    Llama-3-8B:

    >>> attention_parameters(4096, 32, 8, 128)
    41943040

    References
    ----------
    Ainslie et al., "GQA", EMNLP 2023 (arXiv 2305.13245), section 2.
    """
    return hidden * head_dim * (2 * heads + 2 * kv_heads)


def feed_forward_parameters(hidden: float, inner: float, matrices: float) -> float:
    r"""Weights of one feed-forward layer.

    .. math:: P = m\,h\,f

    Parameters
    ----------
    hidden : model width h [-]
    inner : feed-forward width f [-]
    matrices : 3 with a gate (SwiGLU), 2 without m [-]

    Returns
    -------
    weights, without biases [-]

    Assumptions
    -----------
    Dense layer: every token uses every weight.

    Examples
    --------
    Llama-3-8B:

    >>> feed_forward_parameters(4096, 14336, 3)
    176160768

    References
    ----------
    Shazeer, "GLU Variants Improve Transformer", arXiv 2002.05202, equation 6.
    """
    return matrices * hidden * inner


def linear_flops(parameters: float, tokens: float) -> float:
    r"""Operations of a matrix that every token is multiplied with.

    .. math:: O = 2\,P\,n

    Parameters
    ----------
    parameters : weights P [-]
    tokens : tokens n [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    One multiply and one add for each weight and token; biases and normalisation are left out, below 0.1 %.

    Examples
    --------
    >>> linear_flops(8.03e9, 1)
    16060000000.0

    References
    ----------
    Kaplan et al., "Scaling Laws for Neural Language Models", arXiv 2001.08361, table 1.
    """
    return 2 * parameters * tokens


def attention_flops(layers: float, heads: float, head_dim: float, pairs: float) -> float:
    r"""Operations of attention scores and of the weighted sum of values.

    .. math:: O = 4\,L\,H\,d\,n_{pairs}

    Parameters
    ----------
    layers : layers L [-]
    heads : query heads H [-]
    head_dim : width of a head d [-]
    pairs : pairs of a query with a key it attends to [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Two operations for each element of the score and two of the sum; the softmax is left out. Grouped-query attention
    shares keys and values between heads but computes as many scores.

    Examples
    --------
    Llama-3-8B, one new token that attends to 1,024 positions:

    >>> attention_flops(32, 32, 128, 1024)
    536870912

    References
    ----------
    Dao et al., "FlashAttention", NeurIPS 2022 (arXiv 2205.14135), section 4.
    """
    return 4 * layers * heads * head_dim * pairs


def score_elements(layers: float, heads: float, tokens: float) -> float:
    r"""Attention scores of a sequence, all of them: what is written to memory where scores are not kept on chip.

    .. math:: n = L\,H\,s^2

    Parameters
    ----------
    layers : layers whose scores exist at once L [-]
    heads : query heads H [-]
    tokens : tokens in the sequence s [-]

    Returns
    -------
    numbers [-]

    Assumptions
    -----------
    A square of scores, the half that a causal mask hides among them. Tiled attention never writes it.

    Examples
    --------
    Llama-3-8B, one layer at 8,192 tokens in FP16, 4 GiB; twice the context is four times as much:

    >>> score_elements(1, 32, 8192) * 2 / 2**30
    4.0
    >>> score_elements(1, 32, 16384) / score_elements(1, 32, 8192)
    4.0

    References
    ----------
    Dao et al., "FlashAttention", NeurIPS 2022 (arXiv 2205.14135), section 2.2.
    """
    return layers * heads * tokens * tokens


def causal_pairs(tokens: float) -> float:
    r"""Pairs of a query with a key under a causal mask.

    .. math:: n_{pairs} = \frac{s\,(s+1)}{2}

    Parameters
    ----------
    tokens : tokens in the sequence s [-]

    Returns
    -------
    pairs [-]

    Assumptions
    -----------
    Each token attends to itself and to all before it; kernels skip what the mask hides.

    Examples
    --------
    >>> causal_pairs(4)
    10.0

    References
    ----------
    Dao, "FlashAttention-2", arXiv 2307.08691, section 3.1.
    """
    return tokens * (tokens + 1) / 2


def kv_bytes_per_token(layers: float, kv_heads: float, head_dim: float, element: float) -> float:
    r"""Size of one token's keys and values in the cache.

    .. math:: B_{kv} = 2\,L\,H_{kv}\,d\,b

    Parameters
    ----------
    layers : layers L [-]
    kv_heads : key and value heads H_kv [-]
    head_dim : width of a head d [-]
    element : bytes of one number b [B]

    Returns
    -------
    size [B]

    Assumptions
    -----------
    Exact for multi-head, grouped-query and multi-query attention; no latent compression and no sliding window.

    Examples
    --------
    Llama-3-8B in FP16, 128 KiB:

    >>> kv_bytes_per_token(32, 8, 128, 2)
    131072

    References
    ----------
    Pope et al., "Efficiently Scaling Transformer Inference", MLSys 2023 (arXiv 2211.05102), section 2.1.
    """
    return 2 * layers * kv_heads * head_dim * element


def projection_activations(hidden: float, heads: float, kv_heads: float, head_dim: float) -> float:
    r"""Numbers that one token reads and writes around one attention layer's projections.

    .. math:: n = 6h + d\,(2H + 2H_{kv})

    Parameters
    ----------
    hidden : model width h [-]
    heads : query heads H [-]
    kv_heads : key and value heads H_kv [-]
    head_dim : width of a head d [-]

    Returns
    -------
    numbers per token [-]

    Assumptions
    -----------
    Query, key and value in one kernel: h in, d (H + 2 H_kv) out. Output projection: d H in, h out. Norm and residual in
    one kernel: the layer's output and the residual in, the sum and its norm out, 4h. Each passes through memory.

    Examples
    --------
    Llama-3-8B:

    >>> projection_activations(4096, 32, 8, 128)
    34816

    References
    ----------
    Ivanov et al., "Data Movement Is All You Need", MLSys 2021 (arXiv 2007.00072), section 3.
    """
    return 6 * hidden + head_dim * (2 * heads + 2 * kv_heads)


def attention_activations(heads: float, head_dim: float) -> float:
    r"""Numbers that one token reads and writes around attention itself, its KV cache apart.

    .. math:: n = 2\,H\,d

    Parameters
    ----------
    heads : query heads H [-]
    head_dim : width of a head d [-]

    Returns
    -------
    numbers per token [-]

    Assumptions
    -----------
    The query in, the weighted sum out; the scores never leave the chip.

    Examples
    --------
    Llama-3-8B:

    >>> attention_activations(32, 128)
    8192

    References
    ----------
    Dao et al., "FlashAttention", NeurIPS 2022 (arXiv 2205.14135), algorithm 1.
    """
    return 2 * heads * head_dim


def feed_forward_activations(hidden: float, inner: float, matrices: float) -> float:
    r"""Numbers that one token reads and writes around one feed-forward layer.

    .. math:: n = 6h + 2\,m\,f

    Parameters
    ----------
    hidden : model width h [-]
    inner : feed-forward width f [-]
    matrices : 3 with a gate, 2 without m [-]

    Returns
    -------
    numbers per token [-]

    Assumptions
    -----------
    h in and (m - 1) f out, the activation function reads those and writes f, then f in and h out; norm and residual
    as around attention, 4h.

    Examples
    --------
    Llama-3-8B:

    >>> feed_forward_activations(4096, 14336, 3)
    110592

    References
    ----------
    Ivanov et al., "Data Movement Is All You Need", MLSys 2021 (arXiv 2007.00072), section 3.
    """
    return 6 * hidden + 2 * matrices * inner


def workspace(hidden: float, inner: float, matrices: float) -> float:
    r"""Numbers that are alive at once for one token, at the widest point of a layer.

    .. math:: n = 2h + m\,f

    Parameters
    ----------
    hidden : model width h [-]
    inner : feed-forward width f [-]
    matrices : 3 with a gate, 2 without m [-]

    Returns
    -------
    numbers per token [-]

    Assumptions
    -----------
    Inference: nothing is kept for a backward pass, so only the feed-forward layer's inputs, outputs and the residual.

    Examples
    --------
    Llama-3-8B:

    >>> workspace(4096, 14336, 3)
    51200

    References
    ----------
    Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023, section 4.1.
    """
    return 2 * hidden + matrices * inner
