"""What size and data buy: training compute, loss, and the split of a budget between the two."""

from __future__ import annotations

from math import pow


def training_flops(parameters: float, tokens: float) -> float:
    r"""Operations that training takes.

    .. math:: C = 6\,N\,D

    Parameters
    ----------
    parameters : parameters that each token passes N [-]
    tokens : tokens trained on D [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    Two for each parameter forward, four backward; attention over the context is left out, some percent below 4K tokens.

    Examples
    --------
    Chinchilla, 70e9 parameters and 1.4e12 tokens:

    >>> training_flops(70e9, 1.4e12)
    5.88e+23

    References
    ----------
    Kaplan et al., "Scaling Laws for Neural Language Models", arXiv:2001.08361, section 2.1.
    """
    return 6.0 * parameters * tokens


def inference_flops(parameters: float, tokens: float) -> float:
    r"""Operations that serving takes.

    .. math:: C = 2\,N\,D

    Parameters
    ----------
    parameters : parameters that each token passes N [-]
    tokens : tokens read and written D [-]

    Returns
    -------
    operations [FLOP]

    Assumptions
    -----------
    As for training, forward alone.

    Examples
    --------
    >>> inference_flops(70e9, 1e12)
    1.4e+23

    References
    ----------
    Kaplan et al., "Scaling Laws for Neural Language Models", arXiv:2001.08361, table 1.
    """
    return 2.0 * parameters * tokens


def loss(parameters: float, tokens: float, floor: float, size: float, data: float, alpha: float, beta: float) -> float:
    r"""Loss of a language model by its size and its data.

    .. math:: L = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}

    Parameters
    ----------
    parameters : parameters N [-]
    tokens : tokens trained on D [-]
    floor : entropy of text E [-]
    size : coefficient of size A [-]
    data : coefficient of data B [-]
    alpha : exponent of size alpha [-]
    beta : exponent of data beta [-]

    Returns
    -------
    cross-entropy, in nats a token [-]

    Assumptions
    -----------
    Each token seen once, a well-tuned schedule; fitted from 44 million to 16 billion parameters.

    Examples
    --------
    Chinchilla by the fit of its authors:

    >>> loss(70e9, 1.4e12, 1.69, 406.4, 410.7, 0.34, 0.28)
    1.936...

    References
    ----------
    Hoffmann et al., "Training Compute-Optimal Large Language Models", 2022, equation 2.
    """
    return floor + size / pow(parameters, alpha) + data / pow(tokens, beta)


def optimal_parameters(compute: float, size: float, data: float, alpha: float, beta: float) -> float:
    r"""Size that makes the most of a training budget.

    .. math:: N^* = \left(\frac{\alpha A}{\beta B}\right)^{\frac{1}{\alpha+\beta}}
        \left(\frac{C}{6}\right)^{\frac{\beta}{\alpha+\beta}}

    Parameters
    ----------
    compute : training budget C [FLOP]
    size : coefficient of size A [-]
    data : coefficient of data B [-]
    alpha : exponent of size alpha [-]
    beta : exponent of data beta [-]

    Returns
    -------
    parameters [-]; the tokens that go with them are C / 6 N

    Assumptions
    -----------
    C = 6 N D, and nothing is spent on serving.

    Examples
    --------
    Chinchilla's budget, by the fit that replicated its other two methods:

    >>> optimal_parameters(5.76e23, 482.01, 2085.43, 0.3478, 0.3658) / 1e9
    72.2...

    References
    ----------
    Hoffmann et al., 2022, equation 4.
    """
    scale = pow(alpha * size / (beta * data), 1.0 / (alpha + beta))
    return scale * pow(compute / 6.0, beta / (alpha + beta))


def optimal_tokens(parameters: float, size: float, data: float, alpha: float, beta: float) -> float:
    r"""Tokens for which a size is the best use of the budget.

    .. math:: D^* = \left(\frac{\beta B}{\alpha A}\right)^{\frac{1}{\beta}} N^{\frac{\alpha}{\beta}}

    Parameters
    ----------
    parameters : parameters N [-]
    size : coefficient of size A [-]
    data : coefficient of data B [-]
    alpha : exponent of size alpha [-]
    beta : exponent of data beta [-]

    Returns
    -------
    tokens [-]

    Assumptions
    -----------
    As for the size: where the last token and the last parameter lower the loss equally for their compute.

    Examples
    --------
    7 billion parameters, in tokens a parameter:

    >>> optimal_tokens(7e9, 482.01, 2085.43, 0.3478, 0.3658) / 7e9
    20.6...

    References
    ----------
    Hoffmann et al., 2022, equation 4, solved for the tokens.
    """
    return pow(beta * data / (alpha * size), 1.0 / beta) * pow(parameters, alpha / beta)


def tokens_for_loss(
    target: float, parameters: float, floor: float, size: float, data: float, alpha: float, beta: float
) -> float:
    r"""Tokens that bring a model of some size to a loss.

    .. math:: D = \left(\frac{B}{L - E - A/N^\alpha}\right)^{1/\beta}

    Parameters
    ----------
    target : loss to reach L [-]
    parameters : parameters N [-]
    floor : entropy of text E [-]
    size : coefficient of size A [-]
    data : coefficient of data B [-]
    alpha : exponent of size alpha [-]
    beta : exponent of data beta [-]

    Returns
    -------
    tokens [-]

    Assumptions
    -----------
    The loss can be reached at this size: L exceeds E + A / N^alpha.

    Examples
    --------
    Chinchilla's loss with half of its parameters takes two thirds more tokens:

    >>> tokens_for_loss(1.9366, 35e9, 1.69, 406.4, 410.7, 0.34, 0.28) / 1.4e12
    1.68...

    References
    ----------
    Sardana et al., "Beyond Chinchilla-Optimal", arXiv:2401.00448, section 2.
    """
    return pow(data / (target - floor - size / pow(parameters, alpha)), 1.0 / beta)


def selection_saving(parameters: float, tokens: float, kept: float, scorer: float) -> float:
    r"""Training compute that choosing data saves, less what choosing takes.

    .. math:: S = 6\,N\,D\,(1 - f) - 2\,n\,D

    Parameters
    ----------
    parameters : parameters of the model that is trained N [-]
    tokens : tokens there are D [-]
    kept : share of them that is kept f [-]
    scorer : parameters of the model that scores each token once n [-]

    Returns
    -------
    operations saved [FLOP]; negative where choosing takes more than it saves

    Assumptions
    -----------
    What is kept trains the model as well as all would have.

    Examples
    --------
    A 1B scorer that keeps half of 1e12 tokens for a 7B model, in units of the whole training:

    >>> round(selection_saving(7e9, 1e12, 0.5, 1e9) / training_flops(7e9, 1e12), 3)
    0.452

    References
    ----------
    Sorscher et al., "Beyond neural scaling laws", NeurIPS 2022, for the assumption; the count is Kaplan et al.'s.
    """
    return training_flops(parameters, tokens * (1.0 - kept)) - inference_flops(scorer, tokens)
