"""Copying a model through its interface: how many questions it takes, what they cost, how long they take."""

from __future__ import annotations


def extraction_queries(unknowns: float, answers: float) -> float:
    r"""Least queries from which a model's parameters can be solved for.

    .. math:: n = \frac{P}{a}

    Parameters
    ----------
    unknowns : parameters that are to be found P [-]
    answers : independent numbers that one answer gives a [-]

    Returns
    -------
    queries [-]

    Assumptions
    -----------
    Answers are exact and give one equation for each number. Labels alone, rounding and noise take many more.

    Examples
    --------
    A logistic regression of 1,000 features and a bias, from its probability:

    >>> extraction_queries(1001, 1)
    1001.0

    References
    ----------
    Tramèr et al., "Stealing Machine Learning Models via Prediction APIs", USENIX Security 2016, section 4.1.
    """
    return unknowns / answers


def extraction_cost(queries: float, tokens: float, price: float) -> float:
    r"""What the queries cost whoever asks them.

    .. math:: K = n\,t\,p

    Parameters
    ----------
    queries : queries n [-]
    tokens : tokens of each, in and out t [-]
    price : price of a token p [USD]

    Returns
    -------
    cost [USD]

    Assumptions
    -----------
    One price for tokens in and out; training the copy comes on top.

    Examples
    --------
    52,000 questions and answers of 500 tokens at 20 USD a million:

    >>> round(extraction_cost(52_000, 500, 20e-6))
    520

    References
    ----------
    Carlini et al., "Stealing Part of a Production Language Model", ICML 2024 (arXiv 2403.06634), table 2.
    """
    return queries * tokens * price


def extraction_time(queries: float, rate: float, accounts: float) -> float:
    r"""How long the queries take against a rate limit.

    .. math:: T = \frac{n}{a\,r}

    Parameters
    ----------
    queries : queries n [-]
    rate : queries that one account may ask r [1/s]
    accounts : accounts a [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    The limit counts each account alone, and every account uses it up.

    Examples
    --------
    >>> extraction_time(52_000, 1.0, 10) / 60  # min
    86.66...

    References
    ----------
    Tramèr et al., USENIX Security 2016, section 7.
    """
    return queries / (accounts * rate)
