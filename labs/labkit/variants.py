"""Variants: which of a lab's declared alternatives a student gets; the same section and identifier give the same."""

import hashlib
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import rfc8785

MOST = 16  # so many variants a lab can have; the short code carries the number of one in four bits

Alternatives = Mapping[str, Sequence[Any]]


def choose(lab: str, alternatives: Alternatives, section: str, identifier: str) -> dict[str, Any]:
    """One value for each declared name.

    .. math:: i = \\mathrm{SHA256}(\\mathrm{JSON}[lab, section, identifier, name])_{32} \\bmod n

    The first eight hexadecimal digits of the digest of the canonical JSON (RFC 8785) pick among n values; a page does
    the same in one line. Whoever learns alone is in no section and gets the first value of each.

    Parameters
    ----------
    lab : the lab's name, such as "vol1/lab_02_ml_systems"
    alternatives : values by name, the canonical one first; the lesson holds for each of them
    section, identifier : as typed; without a section the identifier does not count

    Returns
    -------
    a value by name

    Examples
    --------
    >>> choose("vol1/lab_02", {"model": ("Llama3_8B", "Llama3_70B")}, "", "")
    {'model': 'Llama3_8B'}
    >>> choose("vol1/lab_02", {"model": ("Llama3_8B", "Llama3_70B")}, "B2", "s17")
    {'model': 'Llama3_70B'}
    """
    if not section:
        return {name: values[0] for name, values in alternatives.items()}
    return {
        name: values[_index([lab, section, identifier, name], len(values))] for name, values in alternatives.items()
    }


def count(alternatives: Alternatives) -> int:
    """How many variants there are.

    >>> count({"b": (1, 2, 3), "a": ("x", "y")}), count({})
    (6, 1)
    """
    return prod(len(values) for values in alternatives.values())


def number(alternatives: Alternatives, chosen: Mapping[str, Any]) -> int:
    """A variant as one number from 0, the canonical one; names count in alphabetical order.

    >>> number({"b": (1, 2, 3), "a": ("x", "y")}, {"a": "y", "b": 2})
    4
    """
    found = 0
    for name in sorted(alternatives):
        found = found * len(alternatives[name]) + list(alternatives[name]).index(chosen[name])
    return found


def from_number(alternatives: Alternatives, given: int) -> dict[str, Any]:
    """The variant with this number.

    >>> from_number({"b": (1, 2, 3), "a": ("x", "y")}, 4)
    {'a': 'y', 'b': 2}

    Raises
    ------
    ValueError : there is no variant with this number
    """
    found: dict[str, Any] = {}
    rest = given
    for name in sorted(alternatives, reverse=True):
        rest, index = divmod(rest, len(alternatives[name]))
        found[name] = alternatives[name][index]
    if rest or given < 0:
        raise ValueError(f"the lab has no variant number {given}")
    return {name: found[name] for name in sorted(found)}


def _index(seed: list[str], count: int) -> int:
    return int(hashlib.sha256(rfc8785.dumps(seed)).hexdigest()[:8], 16) % count
