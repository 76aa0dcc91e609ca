"""Sliding-window attention: what a token still sees, and what has to be kept of the past."""

from __future__ import annotations


def windowed_pairs(tokens: float, window: float) -> float:
    r"""Pairs of a query with a key where each token attends to itself and to at most w - 1 before it.

    .. math:: n_{pairs} = \frac{m(m+1)}{2} + (s - m)\,m, \quad m = \min(s, w)

    Parameters
    ----------
    tokens : tokens in the sequence s [-]
    window : positions a token attends to w [-]

    Returns
    -------
    pairs [-]

    Assumptions
    -----------
    A window of the sequence's length or more is plain causal attention; kernels skip what lies outside.

    Examples
    --------
    >>> windowed_pairs(4, 2)
    7.0
    >>> windowed_pairs(4, 100)
    10.0

    References
    ----------
    Beltagy et al., "Longformer", arXiv 2004.05150, section 3.1.
    """
    seen = (tokens + window - abs(tokens - window)) / 2
    return seen * (seen + 1) / 2 + (tokens - seen) * seen


def cached_positions(tokens: float, layers: float, windowed: float, window: float) -> float:
    r"""Positions kept in the KV cache, summed over layers.

    .. math:: n = (L - L_w)\,s + L_w \min(s, w)

    Parameters
    ----------
    tokens : tokens in the sequence s [-]
    layers : layers L [-]
    windowed : those of them that attend within a window L_w [-]
    window : positions such a layer attends to w [-]

    Returns
    -------
    positions times layers [-]

    Assumptions
    -----------
    A windowed layer keeps a rolling buffer of w positions and overwrites the oldest.

    Examples
    --------
    Gemma-3-27B at 128K: 52 of 62 layers keep 1,024 positions, which leaves a sixth of the cache:

    >>> cached_positions(131072, 62, 52, 1024) / (62 * 131072)
    0.167...

    References
    ----------
    Jiang et al., "Mistral 7B", arXiv 2310.06825, section 2 (rolling buffer cache).
    """
    return (layers - windowed) * tokens + windowed * ((tokens + window - abs(tokens - window)) / 2)


def shared_positions(prefix: float, tokens: float, layers: float, windowed: float, window: float) -> float:
    r"""Positions of a common prefix among those that a sequence keeps, summed over layers.

    .. math:: n = (L - L_w)\,p + L_w \max(0,\ p - \max(0,\ s - w))

    Parameters
    ----------
    prefix : tokens of the prefix p [-]
    tokens : tokens of the sequence s, the prefix among them [-]
    layers : layers L [-]
    windowed : those of them that attend within a window L_w [-]
    window : positions such a layer attends to w [-]

    Returns
    -------
    positions times layers [-]

    Assumptions
    -----------
    A windowed layer drops the oldest positions first, those of the prefix.

    Examples
    --------
    Of a prefix of 1,000, a layer with a window of 600 keeps 100 when the sequence has 1,500:

    >>> shared_positions(1000, 1500, 2, 1, 600)
    1100

    References
    ----------
    Jiang et al., "Mistral 7B", arXiv 2310.06825, section 2 (rolling buffer cache).
    """
    return (layers - windowed) * prefix + windowed * max(0, prefix - max(0, tokens - window))
