"""Speculative decoding: a small model guesses ahead, a large one checks all guesses in one pass."""

from __future__ import annotations


def tokens_per_pass(acceptance: float, guesses: int) -> float:
    r"""Mean tokens that one pass of the large model yields.

    .. math:: n = \sum_{i=0}^{\gamma} \alpha^i = \frac{1-\alpha^{\gamma+1}}{1-\alpha}

    Parameters
    ----------
    acceptance : probability that a guess is accepted alpha [-]
    guesses : tokens guessed before each check gamma [-]

    Returns
    -------
    tokens [-]

    Assumptions
    -----------
    Guesses are accepted independently, with the same probability. After the first wrong one, the large model's own
    token takes its place.

    Examples
    --------
    >>> tokens_per_pass(0.75, 7)
    3.599...

    References
    ----------
    Leviathan, Kalman & Matias, ICML 2023 (arXiv 2211.17192), equation 1.
    """
    return sum(acceptance**i for i in range(guesses + 1))


def speculative_speedup(acceptance: float, guesses: int, cost: float, check: float = 1.0) -> float:
    r"""How many times faster than the large model alone.

    .. math:: S = \frac{1-\alpha^{\gamma+1}}{(1-\alpha)\,(\gamma c + v)}

    Parameters
    ----------
    acceptance : probability that a guess is accepted alpha [-]
    guesses : tokens guessed before each check gamma [-]
    cost : time of a guess over the time of a token of the large model c [-]
    check : time of the pass that checks over the time of a token of the large model v [-]

    Returns
    -------
    speed-up [-]

    Assumptions
    -----------
    As for the tokens. v = 1 where memory alone sets the time of a pass, as at batch 1; more where arithmetic does.

    Examples
    --------
    T5-XXL with T5-small on English to German:

    >>> speculative_speedup(0.75, 7, 0.02)
    3.157...

    References
    ----------
    Leviathan, Kalman & Matias, ICML 2023 (arXiv 2211.17192), theorem 3.8 (v = 1).
    """
    return tokens_per_pass(acceptance, guesses) / (guesses * cost + check)
