"""Grades as CSV: plain, for Canvas and for Moodle. A cell that a spreadsheet could take for a formula is disarmed."""

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from labkit.grading.book import Grade, Gradebook
from labkit.grading.library import number
from labkit.grading.marks import COLUMNS
from labkit.grading.rubric import QUESTIONS

Cell = str | float | int | None
STYLES = ("plain", "canvas", "moodle")

# What makes a spreadsheet calculate when a cell begins with it, in any width; and what it skips before looking.
_FORMULA = "=+-@"
_SKIPPED = " \t\r\n\v\f\u00a0\ufeff"


def disarmed(text: str) -> str:
    """A text as a cell that stays text: an apostrophe before what would be a formula, no control characters.

    >>> disarmed("=HYPERLINK(1)"), disarmed(" +1"), disarmed("＝1"), disarmed("s17")
    ("'=HYPERLINK(1)", "' +1", "'＝1", 's17')
    """
    clean = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
    first = unicodedata.normalize("NFKC", clean.lstrip(_SKIPPED)[:1])
    return f"'{clean}" if first and first[0] in _FORMULA else clean


def write(book: Gradebook, style: str = "plain") -> str:
    """The table of a class: one of the `STYLES`."""
    rows = {"plain": _plain, "canvas": _canvas, "moodle": _moodle}[style](book)
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [disarmed(cell) if isinstance(cell, str) else "" if cell is None else _number(cell) for cell in row]
        for row in rows
    )
    return out.getvalue()


def _plain(book: Gradebook) -> Iterable[Sequence[Cell]]:
    """Everything, a row for each file; the columns your_… are for a person to fill in and are read back."""
    locks = dict.fromkeys(each.lock.name for grade in book.grades for each in grade.predictions)
    yield (
        *("file", "identifier", "section", "lab", "status", "total", "log_points", "band"),
        *QUESTIONS,
        *("words", "pinned", "quoted", "signed", "days_late", "kept", "predictions", "part_c"),
        *(f"{name}_{what}" for name in locks for what in ("said", "off_by", "misconception")),
        *("flags", *COLUMNS, "log_id"),
    )
    for grade in book.grades:
        yield _row(grade, list(locks))
    width = 8 + len(QUESTIONS) + 8 + 3 * len(locks)
    for name, reason in book.refused:
        yield (name, "", "", "", "refused", *[None] * (width - 5), reason, *[""] * len(COLUMNS), "")


def _row(grade: Grade, locks: Sequence[str]) -> Sequence[Cell]:
    said = {each.lock.name: each for each in grade.predictions}
    predictions: list[Cell] = []
    for name in locks:
        each = said.get(name)
        known = each is not None and each.said is not None and each.factor != float("inf")
        predictions += [each.said, each.factor if known else None, each.misconception] if each else [None, None, ""]
    met = sum(grade.challenge.values())
    return (
        *(grade.file, grade.identifier, grade.section, grade.lab, grade.status, grade.total, grade.log_points),
        band_text(grade.band),
        *(grade.pre_read.judgements[question].answer for question in QUESTIONS),
        *(grade.pre_read.words, len(grade.readings), grade.pre_read.cited),
        grade.signed.strftime("%Y-%m-%d %H:%M") if grade.signed else "draft",
        *(grade.days_late, grade.kept, grade.prediction_score),
        f"{met} of {len(grade.challenge)}",
        *predictions,
        "; ".join(flag.sentence for flag in grade.flags),
        *(_answer(grade.mark.answers, question) for question in QUESTIONS),
        *(grade.mark.points, grade.mark.note, grade.log_id),
    )


def _canvas(book: Gradebook) -> Iterable[Sequence[Cell]]:
    """A gradebook import: students are found by SIS User ID; without points a cell stays empty and changes nothing."""
    labs = list(dict.fromkeys(grade.lab for grade in book.current))
    yield ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(_assignment(lab) for lab in labs))
    yield ("    Points Possible", "", "", "", "", *(book.points for _ in labs))
    for (section, identifier), grades in _students(book).items():
        yield ("", "", identifier, "", section, *(grades[lab].total if lab in grades else None for lab in labs))


def _moodle(book: Gradebook) -> Iterable[Sequence[Cell]]:
    """A gradebook import: map `idnumber`; Moodle wants grade and feedback mapped together."""
    labs = list(dict.fromkeys(grade.lab for grade in book.current))
    yield ("idnumber", *(name for lab in labs for name in (_assignment(lab), f"{_assignment(lab)} (feedback)")))
    for (_, identifier), grades in _students(book).items():
        cells: list[Cell] = []
        for lab in labs:
            grade = grades.get(lab)
            cells += [grade.total, feedback(grade)] if grade and grade.total is not None else [None, ""]
        yield (identifier, *cells)


def _students(book: Gradebook) -> Mapping[tuple[str, str], Mapping[str, Grade]]:
    """Grades by student and lab. Who carries no identifier, or one that two chains carry, is left to a person."""
    count = Counter((grade.lab, grade.section, grade.identifier) for grade in book.current)
    found: dict[tuple[str, str], dict[str, Grade]] = {}
    for grade in book.current:
        if grade.identifier and count[grade.lab, grade.section, grade.identifier] == 1:
            found.setdefault((grade.section, grade.identifier), {})[grade.lab] = grade
    return dict(sorted(found.items()))


def feedback(grade: Grade) -> str:
    """What a student is told: a person's note, else what the log has of the three questions."""
    if grade.mark.note:
        return grade.mark.note
    answers = grade.mark.answers or {name: each.answer == "yes" for name, each in grade.pre_read.judgements.items()}
    told = ", ".join(
        f"{question} {'yes' if answers[question] else 'no'}" for question in QUESTIONS if question in answers
    )
    late = f"; {grade.days_late} day{'s' * (grade.days_late > 1)} late" if grade.days_late else ""
    return f"Decision Log: {told}{late}"


def band_text(band: tuple[int, int] | None) -> str:
    """A band as the rubric writes it.

    >>> band_text((27, 30)), band_text(None)
    ('27 to 30', '')
    """
    return f"{band[0]} to {band[1]}" if band else ""


def _answer(answers: Mapping[str, bool], question: str) -> str:
    return ("yes" if answers[question] else "no") if question in answers else ""


def _assignment(lab: str) -> str:
    """A lab's column.

    >>> _assignment("vol1/lab_02_ml_systems")
    'Vol 1 Lab 02'
    """
    volume, _, number_in_it = number(lab).partition(".")
    return f"Vol {volume} Lab {number_in_it}" if number_in_it else lab


def _number(value: float) -> str:
    return f"{value:.10g}"
