"""Differential privacy: how much noise for which promise, and what it costs to train with it."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, log1p, sqrt


def gaussian_noise(sensitivity: float, epsilon: float, delta: float) -> float:
    r"""Noise that makes one answer private, by the classical bound.

    .. math:: \sigma = \frac{\Delta \sqrt{2 \ln(1.25/\delta)}}{\epsilon}

    Parameters
    ----------
    sensitivity : most that one person changes the answer, in the L2 norm Delta [-]
    epsilon : privacy loss epsilon [-]
    delta : chance that the promise fails delta [-]

    Returns
    -------
    standard deviation, in the unit of the answer [-]

    Assumptions
    -----------
    Holds for epsilon up to 1; more noise than is needed.

    Examples
    --------
    >>> gaussian_noise(1.0, 1.0, 1e-5)
    4.844...

    References
    ----------
    Dwork & Roth, "The Algorithmic Foundations of Differential Privacy", 2014, theorem A.1.
    """
    return sensitivity * sqrt(2.0 * log(1.25 / delta)) / epsilon


def gaussian_delta(noise: float, sensitivity: float, epsilon: float) -> float:
    r"""Chance that a promise fails under Gaussian noise, exactly.

    .. math:: \delta = \Phi\left(\frac{\Delta}{2\sigma} - \frac{\epsilon\sigma}{\Delta}\right)
        - e^\epsilon \Phi\left(-\frac{\Delta}{2\sigma} - \frac{\epsilon\sigma}{\Delta}\right)

    Parameters
    ----------
    noise : standard deviation sigma [-]
    sensitivity : most that one person changes the answer Delta [-]
    epsilon : privacy loss epsilon [-]

    Returns
    -------
    delta [-]

    Assumptions
    -----------
    One answer; any epsilon.

    Examples
    --------
    The classical noise for epsilon 1 and delta 1e-5 keeps far more than was promised:

    >>> gaussian_delta(4.8448, 1.0, 1.0) < 1e-6
    True

    References
    ----------
    Balle & Wang, "Improving the Gaussian Mechanism for Differential Privacy", ICML 2018, theorem 8.
    """
    ratio = sensitivity / noise
    return normal_share(ratio / 2.0 - epsilon / ratio) - exp(epsilon) * normal_share(-ratio / 2.0 - epsilon / ratio)


def renyi_divergence(rate: float, noise: float, order: int) -> float:
    r"""Renyi privacy loss of one step of DP-SGD.

    .. math:: \epsilon_\alpha = \frac{1}{\alpha - 1} \ln \sum_{k=0}^{\alpha} \binom{\alpha}{k}
        (1-q)^{\alpha-k} q^k e^{k(k-1)/2\sigma^2}

    Parameters
    ----------
    rate : share of the examples in a batch q [-]
    noise : noise multiplier, standard deviation over clipping norm sigma [-]
    order : order, a whole number from 2 alpha [-]

    Returns
    -------
    Renyi divergence [-]

    Assumptions
    -----------
    Each example is in a batch with chance q, independently; neighbours differ by one example added or taken.

    Examples
    --------
    With every example in every batch, alpha / 2 sigma^2:

    >>> round(renyi_divergence(1.0, 2.0, 8), 9)
    1.0

    References
    ----------
    Mironov, Talwar & Zhang, "Renyi Differential Privacy of the Sampled Gaussian Mechanism", 2019, section 3.3.
    """
    if rate == 1.0:
        return order / (2.0 * noise * noise)
    terms = [
        lgamma(order + 1)
        - lgamma(k + 1)
        - lgamma(order - k + 1)
        + k * log(rate)
        + (order - k) * log1p(-rate)
        + k * (k - 1) / (2.0 * noise * noise)
        for k in range(order + 1)
    ]
    most = max(terms)
    return (most + log(sum(exp(each - most) for each in terms))) / (order - 1)


def renyi_epsilon(divergence: float, order: int, delta: float) -> float:
    r"""Privacy loss that a Renyi divergence stands for.

    .. math:: \epsilon = \epsilon_\alpha + \ln\frac{\alpha - 1}{\alpha} - \frac{\ln\delta + \ln\alpha}{\alpha - 1}

    Parameters
    ----------
    divergence : Renyi divergence over all steps epsilon_alpha [-]
    order : its order alpha [-]
    delta : chance that the promise fails delta [-]

    Returns
    -------
    epsilon [-]

    Assumptions
    -----------
    Divergences of steps add up; the best order is the one with the least epsilon.

    Examples
    --------
    >>> renyi_epsilon(0.5, 20, 1e-5)
    0.896...

    References
    ----------
    Canonne, Kamath & Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, proposition 12.
    """
    return divergence + log((order - 1) / order) - (log(delta) + log(order)) / (order - 1)


def gradient_noise(noise: float, clipping: float, batch: float) -> float:
    r"""Noise on each coordinate of a private gradient.

    .. math:: s = \frac{\sigma C}{b}

    Parameters
    ----------
    noise : noise multiplier sigma [-]
    clipping : clipping norm of an example's gradient C [-]
    batch : examples in a batch b [-]

    Returns
    -------
    standard deviation, in the unit of the gradient [-]

    Assumptions
    -----------
    The sum of clipped gradients gets the noise, and is then divided by the batch.

    Examples
    --------
    >>> gradient_noise(1.0, 1.0, 256.0)
    0.00390625

    References
    ----------
    Abadi et al., "Deep Learning with Differential Privacy", CCS 2016, algorithm 1.
    """
    return noise * clipping / batch


def clipping_compute(backwards: float) -> float:
    r"""Arithmetic of a step that clips each example's gradient, over that of a plain step.

    .. math:: f = \frac{1 + 2 n}{3}

    Parameters
    ----------
    backwards : backward passes in a step n [-]

    Returns
    -------
    factor [-]

    Assumptions
    -----------
    A backward pass takes twice a forward pass; norms and noise take little.

    Examples
    --------
    Ghost clipping finds the norms in one backward pass and the clipped sum in a second:

    >>> clipping_compute(2)
    1.666...

    References
    ----------
    Li et al., "Large Language Models Can Be Strong Differentially Private Learners", ICLR 2022, section 4.
    """
    return (1.0 + 2.0 * backwards) / 3.0


def example_gradients(parameters: float, batch: float, element: float) -> float:
    r"""Memory of one gradient for each example.

    .. math:: M = b\,N\,e

    Parameters
    ----------
    parameters : trainable parameters N [-]
    batch : examples whose gradients are alive at once b [-]
    element : bytes of one number e [B]

    Returns
    -------
    memory [B]

    Assumptions
    -----------
    All layers' gradients at once, as where the norm over all of them clips.

    Examples
    --------
    A billion parameters, 32 examples, FP32, in GB:

    >>> example_gradients(1e9, 32, 4) / 1e9
    128.0

    References
    ----------
    Yousefpour et al., "Opacus", arXiv:2109.12298, section 3.
    """
    return parameters * batch * element


def normal_share(x: float) -> float:
    r"""Share of a standard normal distribution below a point.

    .. math:: \Phi(x) = \frac{1}{2}\,\mathrm{erfc}\left(-\frac{x}{\sqrt 2}\right)

    Parameters
    ----------
    x : point, in standard deviations from the mean x [-]

    Returns
    -------
    share [-]

    Assumptions
    -----------
    A definition; erfc keeps the far tails exact.

    Examples
    --------
    >>> normal_share(0.0), round(normal_share(1.96), 3)
    (0.5, 0.975)

    References
    ----------
    NIST Digital Library of Mathematical Functions, equation 7.17.2.
    """
    return erfc(-x / sqrt(2.0)) / 2.0
