"""Mixture of experts: how many experts a batch wakes up."""

from __future__ import annotations


def distinct_experts(experts: float, active: float, tokens: float) -> float:
    r"""Expected number of different experts that a batch of tokens needs, each of which has to be read once.

    .. math:: n_{touched} = n\left(1 - \left(1 - \frac{k}{n}\right)^{B}\right)

    Parameters
    ----------
    experts : experts in a layer n [-]
    active : experts that one token is sent to k [-]
    tokens : tokens in the batch B [-]

    Returns
    -------
    experts touched [-]

    Assumptions
    -----------
    Tokens choose independently and every expert is equally likely, which is what load balancing trains for. Tokens of
    one conversation choose alike, and touch fewer.

    Examples
    --------
    DeepSeek-V3, 8 of 256: one token wakes 8 experts, 32 tokens wake 163:

    >>> distinct_experts(256, 8, 1)
    8.0
    >>> round(distinct_experts(256, 8, 32))
    163

    References
    ----------
    The occupancy problem: Feller, An Introduction to Probability Theory and Its Applications I, section IV.2.
    """
    woken: float = experts * (1 - (1 - active / experts) ** tokens)
    return woken
