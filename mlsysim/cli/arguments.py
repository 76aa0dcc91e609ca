"""What people write behind a command, and what it becomes."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from typing import Protocol

from mlsysim.check import InvalidValue
from mlsysim.cli.report import Report

LONGEST_AXIS = 10**6


class Verb(Protocol):
    """Adds a command."""

    def __call__(self, name: str, run: Callable[[Namespace], Report], told: str) -> ArgumentParser:
        """With its name, what it runs and a line of help."""


def figure(text: str) -> float | str:
    """A bare number, or text."""
    try:
        return float(text)
    except ValueError:
        return text


def names(text: str) -> list[str]:
    """What stands between commas.

    >>> names("A100, H100")
    ['A100', 'H100']
    """
    return [each.strip() for each in text.split(",")]


def whole_numbers(field: str, text: str) -> list[int]:
    """Whole numbers and ranges between commas; a range has both its ends, and a step or a factor if it is given one.

    >>> whole_numbers("batch", "1,4:6"), whole_numbers("batch", "8:32:8"), whole_numbers("batch", "1:8:x2")
    ([1, 4, 5, 6], [8, 16, 24, 32], [1, 2, 4, 8])
    """
    found: list[int] = []
    for each in names(text):
        found += _range(field, each, LONGEST_AXIS - len(found))
    return found


def _range(field: str, text: str, most: int) -> Iterable[int]:
    example = f"--{field} 1,2,4 or --{field} 1:128 or --{field} 1:128:x2"
    first, *rest = text.split(":")
    factor = len(rest) == 2 and rest[1].startswith("x")
    try:
        start, *ends = int(first), *(int(each.removeprefix("x") if factor else each) for each in rest)
    except ValueError:
        raise InvalidValue(field, text, "it must be whole numbers, or ranges of them", example) from None
    if len(ends) > 2:
        raise InvalidValue(field, text, "a range has a start, an end and a step or a factor", example)
    end, step = ends[0] if ends else start, ends[1] if len(ends) == 2 else 1
    if end < start:
        raise InvalidValue(field, text, "a range ends after its start", example)
    if step < 1 + factor or (factor and start < 1):
        raise InvalidValue(field, text, "a range goes up, by a step from 1 or a factor from x2", example)
    if not factor:
        if (end - start) // step >= most:
            raise InvalidValue(field, text, f"it must be at most {LONGEST_AXIS:,d} numbers", example)
        return range(start, end + 1, step)
    grown = [start]
    while grown[-1] * step <= end:
        grown.append(grown[-1] * step)
    return grown
