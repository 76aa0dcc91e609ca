"""What training takes: arithmetic of a step, activations kept for the backward pass, model states."""

from __future__ import annotations


def step_flops(forward: float, repeated: float = 0.0) -> float:
    r"""Operations of a training step.

    .. math:: O = 3F + R

    Parameters
    ----------
    forward : operations of the forward pass F [FLOP]
    repeated : of them, those that recomputation repeats R [FLOP]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Each matrix of the forward pass is multiplied twice in the backward pass, once for the gradient of its input and
    once for its own. The optimizer is left out: it is bound by memory.

    Examples
    --------
    One token of an 8.03e9-parameter model, nothing recomputed: six operations for each parameter.

    >>> step_flops(2 * 8.03e9) / 8.03e9
    6.0

    References
    ----------
    Korthikanti et al., "Reducing Activation Recomputation in Large Transformer Models", MLSys 2023, appendix A.
    """
    return 3 * forward + repeated


def full_pairs(tokens: float) -> float:
    r"""Pairs of a query with a key that a kernel computes which does not know the mask.

    .. math:: n_{pairs} = s^2

    Parameters
    ----------
    tokens : tokens in the sequence s [-]

    Returns
    -------
    pairs [-]

    Assumptions
    -----------
    Scores are one matrix product per head; what the causal mask hides is computed and thrown away.

    Examples
    --------
    >>> full_pairs(2048) / 2048**2
    1.0

    References
    ----------
    Korthikanti et al., MLSys 2023, equation 7.
    """
    return tokens * tokens


def shared_activations(hidden: float, element: float, mask: float) -> float:
    r"""What one token keeps in one layer for the backward pass, outside the matrices that tensor parallelism splits.

    .. math:: A_r = (4\,b + 2\,m)\,h

    Parameters
    ----------
    hidden : model width h [-]
    element : bytes of one number b [B]
    mask : bytes of a number's dropout mask, 0 without dropout m [B]

    Returns
    -------
    size per token [B]

    Assumptions
    -----------
    Both norms' inputs, the inputs of attention and of the feed-forward layer, and two dropout masks.

    Examples
    --------
    Ten bytes for each number of the width in FP16 with dropout:

    >>> shared_activations(6144, 2, 1) / 6144
    10.0

    References
    ----------
    Korthikanti et al., MLSys 2023, section 4.2.1, equation 2.
    """
    return (4 * element + 2 * mask) * hidden


def split_activations(heads: float, inner: float, matrices: float, element: float) -> float:
    r"""What one token keeps in one layer for the backward pass, inside the matrices that tensor parallelism splits.

    .. math:: A_s = b\,(n_h + m f)

    Parameters
    ----------
    heads : numbers of all heads' queries, keys, values and outputs n_h [-]
    inner : feed-forward width f [-]
    matrices : 3 with a gate, 2 without m [-]
    element : bytes of one number b [B]

    Returns
    -------
    size per token [B]

    Assumptions
    -----------
    Queries, keys, values and the output projection's input; the inputs of the activation function and of the last
    matrix. Scores are counted apart.

    Examples
    --------
    24 bytes for each number of the width in FP16, with f = 4h and no gate:

    >>> split_activations(4 * 6144, 4 * 6144, 2, 2) / 6144
    24.0

    References
    ----------
    Korthikanti et al., MLSys 2023, section 4.1, equation 1.
    """
    return element * (heads + matrices * inner)


def score_activations(heads: float, sequence: float, element: float, mask: float) -> float:
    r"""What one token keeps of its attention scores in one layer, where kernels write them to memory.

    .. math:: A_a = H\,s\,(b + m\,(b + 1))

    Parameters
    ----------
    heads : query heads H [-]
    sequence : tokens in the sequence s [-]
    element : bytes of one number b [B]
    mask : bytes of a number's dropout mask, 0 without dropout and 1 with it m [B]

    Returns
    -------
    size per token [B]

    Assumptions
    -----------
    The softmax's output; with dropout also its mask and the output after it. The full square, masked or not.

    Examples
    --------
    Five bytes for each head and position in FP16 with dropout:

    >>> score_activations(64, 2048, 2, 1) / (64 * 2048)
    5.0

    References
    ----------
    Korthikanti et al., MLSys 2023, section 4.1, equation 1.
    """
    return heads * sequence * (element + mask * (element + 1))


def layer_activations(
    shared: float, split: float, scores: float, tensor: float = 1, sequence_parallel: float = 1
) -> float:
    r"""What one token keeps of one layer on each GPU of a tensor-parallel group.

    .. math:: A = \frac{A_r}{t_s} + \frac{A_s + A_a}{t}

    Parameters
    ----------
    shared : outside the split matrices A_r [B]
    split : inside them A_s [B]
    scores : attention scores, 0 where they are recomputed or never written A_a [B]
    tensor : GPUs that split the matrices t [-]
    sequence_parallel : GPUs that split the sequence outside them t_s, equal to t or 1 [-]

    Returns
    -------
    size per token [B]

    Assumptions
    -----------
    Selective recomputation keeps no scores; full recomputation keeps the layer's input alone and none of this.

    Examples
    --------
    GPT 22B, 8 GPUs, in bytes for each number of the width: Korthikanti's sbh (10 + 24/t + 5as/ht) and 34/t:

    >>> h, a, s = 6144, 64, 2048
    >>> kept = (10 * h, 24 * h, 5 * a * s)
    >>> layer_activations(*kept, tensor=8) == 10 * h + 24 * h / 8 + 5 * a * s / 8
    True
    >>> layer_activations(10 * h, 24 * h, 0, tensor=8, sequence_parallel=8) / h == 34 / 8
    True

    References
    ----------
    Korthikanti et al., MLSys 2023, table 2.
    """
    return shared / sequence_parallel + (split + scores) / tensor


def model_states(
    parameters: float,
    stage: float,
    replicas: float,
    weight: float = 2,
    gradient: float = 2,
    optimizer: float = 12,
) -> float:
    r"""Weights, gradients and optimizer state on each GPU.

    .. math:: M = P\left(\frac{b_w}{d^{[z \ge 3]}} + \frac{b_g}{d^{[z \ge 2]}} + \frac{b_o}{d^{[z \ge 1]}}\right)

    Parameters
    ----------
    parameters : parameters on a model-parallel rank P [-]
    stage : ZeRO stage z, 0 to 3 [-]
    replicas : data-parallel ranks d [-]
    weight : bytes of a weight b_w [B]
    gradient : bytes of a gradient b_g [B]
    optimizer : bytes of a parameter's optimizer state b_o [B]

    Returns
    -------
    size [B]

    Assumptions
    -----------
    Mixed precision with Adam by default: FP16 weights and gradients, and FP32 weights, momentum and variance. Shards
    are equal, without padding.

    Examples
    --------
    7.5e9 parameters over 64 GPUs, the four lines of ZeRO's figure 1:

    >>> [round(model_states(7.5e9, stage, 64) / 1e9, 1) for stage in (0, 1, 2, 3)]  # GB
    [120.0, 31.4, 16.6, 1.9]

    References
    ----------
    Rajbhandari et al., "ZeRO", SC 2020 (arXiv 1910.02054), section 3.1 and figure 1.
    """
    return parameters * (
        weight / (replicas if stage >= 3 else 1)
        + gradient / (replicas if stage >= 2 else 1)
        + optimizer / (replicas if stage >= 1 else 1)
    )


def utilization(operations: float, gpus: float, rate: float, time: float) -> float:
    r"""Share of the GPUs' arithmetic that a step uses.

    .. math:: U = \frac{O}{N\,R\,T}

    Parameters
    ----------
    operations : operations of a step: the model's own for MFU, with those repeated for HFU O [FLOP]
    gpus : GPUs N [-]
    rate : peak dense rate of one R [FLOP/s]
    time : time of the step T [s]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    The dense peak of the precision that is trained in.

    Examples
    --------
    1.14e15 FLOP in 1.1 s on 8 A100:

    >>> round(utilization(1.14e15, 8, 312e12, 1.10), 3)
    0.415

    References
    ----------
    Chowdhery et al., "PaLM", arXiv 2204.02311, appendix B.
    """
    return operations / (gpus * rate * time)
