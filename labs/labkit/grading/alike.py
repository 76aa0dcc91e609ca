"""Logs that were not written twice: the same text, or nearly, under two identifiers."""

import re
from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

RUN = 3  # words in a shingle
NEAR = 0.4  # share of shingles in common from which a person should see two logs side by side
COPIED = 0.7  # and from which one of them was not written by whom it names
LEAST = 25  # shingles that a text needs to be compared at all

_WORD = re.compile(r"[^\W\d_]+")


class Pair(NamedTuple):
    """Two logs and the share of their shingles that both have; 1 where they are the same but for figures."""

    one: str
    other: str
    similarity: float


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Every run of three words, without case, figures and punctuation: numbers that differ are no disguise.

    >>> sorted(shingles("Seven users, 40 ms each: it holds"))
    [('each', 'it', 'holds'), ('ms', 'each', 'it'), ('seven', 'users', 'ms'), ('users', 'ms', 'each')]
    """
    words = _WORD.findall(text.casefold())
    return frozenset(tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))


def alike(logs: Mapping[str, str]) -> list[Pair]:
    """Pairs of logs that have much in common, the most alike first.

    .. math:: J(a, b) = |a \\cap b| / |a \\cup b|

    over the shingles of both. Two people who describe the same lab in their own words share a few in a hundred.

    Parameters
    ----------
    logs : text by whose it is
    """
    sets = {name: found for name, text in logs.items() if len(found := shingles(text)) >= LEAST}
    pairs: list[Pair] = []
    for (one, a), (other, b) in combinations(sets.items(), 2):
        if min(len(a), len(b)) < NEAR * max(len(a), len(b)):
            continue
        common = len(a & b)
        similarity = common / (len(a) + len(b) - common)
        if similarity >= NEAR:
            pairs.append(Pair(one, other, round(similarity, 3)))
    return sorted(pairs, key=lambda pair: (-pair.similarity, pair.one, pair.other))
