"""Tables as the quiz's page and a form write them."""

import csv
import io
from collections.abc import Iterable, Mapping

from labkit.quiz.question import Question
from labkit.quiz.questions import VERSION, questions
from labkit.quiz.sittings import FIRST, columns


def right() -> dict[str, str]:
    """Everything answered right, as the page writes it."""
    return {
        column: question.right or f"{question.parts[index].key:.10g}"
        for question in questions()
        for index, column in enumerate(question.columns)
    }


def person(code: str, sitting: str = "pre", consent: str = "research", **answers: str) -> dict[str, str]:
    """A row; what is not said is left blank."""
    head = {"code": code, "sitting": sitting, "consent": consent, "started": "2026-11-21T09:00:00.000Z"}
    return {**head, "seconds": "250", "version": VERSION, **answers}


def table(*rows: Mapping[str, str]) -> bytes:
    """The page's table with these rows."""
    return _csv(
        [*FIRST, *columns(), "late"], ([row.get(name, "") for name in (*FIRST, *columns(), "late")] for row in rows)
    )


def titles(question: Question) -> list[str]:
    """A form's columns for a question: its number and text, with what is to be written where there are two."""
    number = question.name[1:]
    return [f"{number}. {question.text} [{part.label}]" for part in question.parts] or [f"{number}. {question.text}"]


def form(*rows: Mapping[str, str], consent: bool = True) -> bytes:
    """What a form's own table of answers looks like: time stamps, texts of choices."""
    head = ["Timestamp", "Participant ID", *(["Research consent"] if consent else [])]
    lines = []
    for row in rows:
        told = {"research": "I agree", "no research": "NO RESEARCH"}[row["consent"]]
        cells = ["2026/11/21 9:03:12 AM GMT+1", row["code"], *([told] if consent else [])]
        for question in questions():
            for column in question.columns:
                said = row.get(column, "")
                cells.append(dict(question.lettered)[said].text if question.choices and said else said)
        lines.append(cells)
    return _csv([*head, *(title for question in questions() for title in titles(question))], lines)


def _csv(head: list[str], lines: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([head, *lines])
    return out.getvalue().encode()
