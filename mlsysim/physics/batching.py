"""Many sequences on one machine: what waits for the longest, what a prompt costs its neighbours, what pages waste."""

from __future__ import annotations


def expected_longest(fixed: float, exponential: float, batch: int) -> float:
    r"""Mean length of the longest of a batch.

    .. math:: L_{max} = d + m \sum_{k=1}^{b} \frac{1}{k}

    Parameters
    ----------
    fixed : part of the length that all share d [-]
    exponential : mean of the part that is exponentially distributed m [-]
    batch : sequences b [-]

    Returns
    -------
    length [-]

    Assumptions
    -----------
    Lengths are independent. Real answers end at a limit, which keeps the longest below this.

    Examples
    --------
    Of 32 answers of 128 tokens on average, the longest:

    >>> round(expected_longest(0, 128, 32))
    519

    References
    ----------
    David & Nagaraja, "Order Statistics", 3rd edition, 2003, section 2.7.
    """
    return fixed + exponential * sum(1 / k for k in range(1, batch + 1))


def static_batch_time(batch: float, prefill: float, step: float, longest: float) -> float:
    r"""Time one static batch holds the machine.

    .. math:: T = b\,T_p + (L_{max} - 1)\,T_d

    Parameters
    ----------
    batch : sequences b [-]
    prefill : time for one prompt, which gives the first token T_p [s]
    step : time for one token of all sequences T_d [s]
    longest : tokens of the longest answer L_max [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    Prompts are read one after another; an answer that ends early leaves its place empty until the last one ends.

    Examples
    --------
    >>> static_batch_time(32, 0.010, 0.008, 519)
    4.464

    References
    ----------
    Yu et al., "Orca", OSDI 2022, section 2.
    """
    return batch * prefill + (longest - 1) * step


def continuous_cycle_time(batch: float, prefill: float, step: float, output: float) -> float:
    r"""Time from one request's admission to the next one's in the same place, with continuous batching at full load.

    .. math:: T = b\,T_p + (L - 1)\,T_d

    Parameters
    ----------
    batch : places, all of them taken b [-]
    prefill : time for one prompt, which gives the first token T_p [s]
    step : time for one token of all sequences T_d [s]
    output : tokens of an answer, on average L [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    While a request gets its L tokens, every other place changes hands once on average, and each new prompt stops all.

    Examples
    --------
    A quarter of what a static batch takes for as many answers:

    >>> continuous_cycle_time(32, 0.010, 0.008, 128)
    1.336

    References
    ----------
    Yu et al., "Orca", OSDI 2022, section 3.1; Agrawal et al., "Sarathi-Serve", OSDI 2024, section 3.2.
    """
    return batch * prefill + (output - 1) * step


def continuous_token_time(batch: float, prefill: float, step: float, output: float) -> float:
    r"""Mean time between two tokens of a request among continuously batched neighbours at full load.

    .. math:: T = T_d + \frac{b-1}{L-1}\,T_p

    Parameters
    ----------
    batch : places, all of them taken b [-]
    prefill : time for one prompt T_p [s]
    step : time for one token of all sequences T_d [s]
    output : tokens of an answer, on average, more than one L [-]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    As for the cycle; the request's own prompt comes before its first token.

    Examples
    --------
    >>> continuous_token_time(32, 0.010, 0.008, 128) * 1e3  # ms
    10.44...

    References
    ----------
    Agrawal et al., "Sarathi-Serve", OSDI 2024, section 3.2.
    """
    return step + (batch - 1) / (output - 1) * prefill


def paged_tokens(tokens: float, block: float) -> float:
    r"""Tokens of KV cache a sequence takes in whole blocks.

    .. math:: n = \left\lceil \frac{s}{p} \right\rceil p

    Parameters
    ----------
    tokens : tokens of the sequence s [-]
    block : tokens in a block p [-]

    Returns
    -------
    tokens [-]

    Assumptions
    -----------
    Only the last block is partly empty; any free block will do, so there is no other fragmentation.

    Examples
    --------
    >>> paged_tokens(1000, 16)
    1008

    References
    ----------
    Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention", SOSP 2023.
    """
    return -(-tokens // block) * block


def shared_tokens(prefix: float, block: float) -> float:
    r"""Tokens of a common prefix that lie in whole blocks: only those can be shared.

    .. math:: n = \left\lfloor \frac{s}{p} \right\rfloor p

    Parameters
    ----------
    prefix : tokens of the prefix s [-]
    block : tokens in a block p [-]

    Returns
    -------
    tokens [-]

    Assumptions
    -----------
    What the prefix has in its last, partly filled block is kept by each sequence with its own tokens.

    Examples
    --------
    >>> shared_tokens(1000, 16)
    992

    References
    ----------
    Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention", SOSP 2023, 4.4.
    """
    return prefix // block * block


def wasted_fraction(used: float, held: float) -> float:
    r"""Share of the KV cache held for a sequence that it does not use: fragmentation.

    .. math:: f = 1 - \frac{u}{r}

    Parameters
    ----------
    used : tokens, or bytes, of the sequence u [-]
    held : those it holds room for r [-]

    Returns
    -------
    fraction [-]

    Assumptions
    -----------
    What one sequence holds no other can use.

    Examples
    --------
    640 tokens in a place reserved for 2,048, as servers did before paging:

    >>> wasted_fraction(640, 2048)
    0.6875

    References
    ----------
    Kwon et al., SOSP 2023 (arXiv 2309.06180), figure 2: 62 to 80 % wasted by reservation, below 4 % with pages.
    """
    return 1 - used / held


def kv_transfer_time(cache: float, bandwidth: float, latency: float = 0.0) -> float:
    r"""Time to send a prompt's keys and values to another machine.

    .. math:: T = \frac{M_{kv}}{B} + \alpha

    Parameters
    ----------
    cache : keys and values kept of the prompt M_kv [B]
    bandwidth : per-direction link bandwidth B [B/s]
    latency : from the first byte's start to its arrival alpha [s]

    Returns
    -------
    time [s]

    Assumptions
    -----------
    The link carries nothing else, and sending starts when the prompt has been read.

    Examples
    --------
    2,048 tokens of Llama-3-8B over 400 Gbit/s:

    >>> kv_transfer_time(2048 * 131072, 50e9) * 1e3  # ms
    5.36...

    References
    ----------
    Zhong et al., "DistServe", OSDI 2024 (arXiv 2401.09670), section 3.3.
    """
    return cache / bandwidth + latency
