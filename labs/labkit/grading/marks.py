"""What a person decided: it wins over the first reading, and is kept when the same log comes again."""

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import rfc8785

from labkit.grading.rubric import QUESTIONS

COLUMNS = ("your_numbers", "your_why", "your_tradeoff", "your_points", "your_note")
_YES, _NO = ("y", "yes", "1", "true", "ja", "x"), ("n", "no", "0", "false", "nein")


class MarksError(ValueError):
    """A file of marks that can't be used, with the reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A person's answers to the three questions, or points of their own; a note for the student."""

    answers: Mapping[str, bool] = field(default_factory=dict)
    points: float | None = None
    note: str = ""

    @property
    def decided(self) -> bool:
        """Whether this makes a band or points."""
        return self.points is not None or len(self.answers) == len(QUESTIONS)


def log_id(lab: str, section: str, identifier: str, log: Mapping[str, str]) -> str:
    """Which log of whom a mark was given to: a digest, so that a log that changed is read anew."""
    return hashlib.sha256(rfc8785.dumps([lab, section, identifier, dict(log)])).hexdigest()[:16]


def read(text: str) -> dict[str, Mark]:
    """Marks by log, from a table that grading wrote and a person filled in.

    Raises
    ------
    MarksError : no such table, or a cell in it that is no answer
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        names = rows.fieldnames or []
        if "log_id" not in names or not set(COLUMNS) <= set(names):
            raise MarksError("it is no table of grades: the columns log_id and your_… are not in it")
        return {row["log_id"]: mark for row in rows if row["log_id"] and (mark := _mark(row)) != Mark()}
    except csv.Error as error:
        raise MarksError(f"it is not complete CSV: {error}") from error


def _mark(row: Mapping[str, str | None]) -> Mark:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    answers: dict[str, bool] = {}
    for question in QUESTIONS:
        cell = cells[f"your_{question}"].casefold()
        if cell and cell not in (*_YES, *_NO):
            raise MarksError(f"your_{question} of {row['log_id']} is {cell[:20]!r}: write yes, no or nothing")
        if cell:
            answers[question] = cell in _YES
    points = cells["your_points"]
    try:
        value = float(points) if points else None
    except ValueError:
        value = -1.0
    if value is not None and not 0 <= value <= 1000:
        raise MarksError(f"your_points of {row['log_id']} is {points[:20]!r}: write a number from 0, or nothing")
    return Mark(answers, value, cells["your_note"].removeprefix("'"))
