"""Sittings as they come in: tables of the quiz's page, or a form's answers. Nothing that strangers wrote is trusted."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labkit.grading.intake import printable
from labkit.quiz.question import Question
from labkit.quiz.questions import VERSION, questions

LARGEST = 20_000_000  # bytes of one table
MOST_ROWS = 50_000
SITTINGS = ("pre", "post")
FIRST = ("code", "sitting", "consent", "started", "seconds", "version")  # before the answers; after them: late
_REFUSES = re.compile(r"no[ _-]*research|\bdo not\b|\bdon'?t\b|\bno\b", re.IGNORECASE)
_NOTE = re.compile(r"no[ _-]*research", re.IGNORECASE)


class QuizError(ValueError):
    """A table that can't be read, with the reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One participant's answers in one sitting, by column; `late` are those given or changed after the time."""

    code: str
    sitting: str
    research: bool
    answers: Mapping[str, str]
    late: Mapping[str, str] = field(default_factory=dict)
    started: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What one file held: sittings, why rows were left out, and what has to be known about it."""

    sittings: Sequence[Sitting]
    refused: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()


def columns() -> list[str]:
    """The columns of answers, in their order."""
    return [column for question in questions() for column in question.columns]


def read(name: str, content: bytes, sitting: str = "") -> Table:
    """The sittings in a table; `sitting` says which one it is where the table does not.

    Raises
    ------
    QuizError : too large, not UTF-8, not a table, or without a column that is needed
    """
    head, rows = _cells(name, content)
    small = [cell.casefold() for cell in head]
    if {"code", "sitting", "q1"} <= set(small):
        return _own(name, small, rows)
    return _form(name, head, rows, sitting)


def _cells(name: str, content: bytes) -> tuple[list[str], list[list[str]]]:
    if len(content) > LARGEST:
        raise QuizError(f"{name} has {len(content):,} bytes; at most {LARGEST:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mend = "save it as CSV UTF-8"
        raise QuizError(f"{name} is not UTF-8 text, at byte {error.start:,}: {mend}") from error
    first = text.partition("\n")[0]
    try:
        delimiter = max(",;\t", key=first.count)
        found = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if any(row)]
    except csv.Error as error:
        raise QuizError(f"{name} is no table of comma-separated values: {error}") from error
    if not found:
        raise QuizError(f"{name} is empty")
    if len(found) - 1 > MOST_ROWS:
        raise QuizError(f"{name} has {len(found) - 1:,} rows; at most {MOST_ROWS:,} are read")
    head, *rows = found
    return [" ".join(cell.split()) for cell in head], rows


def _own(name: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    missing = [column for column in (*FIRST[:3], *columns()) if column not in head]
    if missing:
        raise QuizError(f"{name} has no column {' and no '.join(missing)}: take the file as the quiz’s page gave it")
    sittings: list[Sitting] = []
    refused: list[tuple[str, str]] = []
    for number, row in enumerate(rows, 2):
        cells = {column: cell.strip() for column, cell in zip(head, row, strict=False)}
        where = f"{name}, row {number}"
        code, _ = _code(cells.get("code", ""))
        consent = cells.get("consent", "").casefold()
        if not code:
            refused.append((where, f"{_shown(cells.get('code', ''))} is no code of six digits"))
        elif cells.get("sitting") not in SITTINGS:
            refused.append((where, f"{_shown(cells.get('sitting', ''))} is no sitting: it is pre or post"))
        elif cells.get("version", VERSION) != VERSION:
            other = _shown(cells["version"])
            refused.append((where, f"answered version {other} of the quiz; the keys here are of version {VERSION}"))
        elif consent not in ("research", "no research"):
            refused.append((where, f"{_shown(consent)} is no consent: it is research or no research"))
        else:
            answers = {column: cells.get(column, "") for column in columns()}
            late, fault = _late(cells.get("late", ""))
            if fault:
                refused.append((where, fault))
                continue
            made = Sitting(code, cells["sitting"], consent == "research", answers, late, cells.get("started", ""))
            sittings.append(made)
    return Table(sittings, refused)


def _form(name: str, head: Sequence[str], rows: Sequence[Sequence[str]], sitting: str) -> Table:
    """A form's answers, one row a person, oldest first; questions are found by their number or their text."""
    if sitting not in SITTINGS:
        hint = "give two files, first the one before, or name it: --pre FILE, --post FILE"
        raise QuizError(f"{name} does not say which sitting it is: {hint}")
    places = {question.name: _places(question, head) for question in questions()}
    faults = [question.name for question in questions() if len(places[question.name]) != len(question.columns)]
    if faults:
        hint = "the title of a question’s column begins with its number, as “1.” or “Q1”, or holds its text"
        raise QuizError(f"{name} has none or too many columns for {', '.join(faults)}: {hint}; q6 and q7 have two each")
    taken = {place for found in places.values() for place in found}
    who = _titled(head, taken, r"participant|\bcode\b|\bid\b")
    if who is None:
        raise QuizError(
            f"{name} has no column with the participant’s code: its title has to say “participant” or “code”"
        )
    consent = _titled(head, {*taken, who}, r"consent|research")
    sittings: list[Sitting] = []
    refused: list[tuple[str, str]] = []
    for number, row in enumerate(rows, 2):
        cells = [cell.strip() for cell in row] + [""] * (len(head) - len(row))
        code, research = _code(cells[who])
        if not code:
            refused.append((f"{name}, row {number}", f"{_shown(cells[who])} is no code of six digits"))
            continue
        if consent is not None:  # left empty, it is none
            research = research and bool(cells[consent]) and not _REFUSES.search(cells[consent])
        answers = {
            column: cells[place]
            for question in questions()
            for column, place in zip(question.columns, places[question.name], strict=True)
        }
        sittings.append(Sitting(code, sitting, research, answers))
    silent = "it has no column about consent: all take part but those with NO RESEARCH beside their code"
    return Table(sittings, refused, [] if consent is not None else [f"{name}: {silent}"])


def _places(question: Question, head: Sequence[str]) -> list[int]:
    """Where a question's answers stand."""
    number = question.name[1:]
    begins = re.compile(rf"(?:q|question)?\s*{number}(?!\d)\s*(?:[a-b]\b|_[12]\b|[.):\]-]|$|\s)", re.IGNORECASE)
    text = _plain(question.text)
    found = [place for place, title in enumerate(head) if begins.match(title) or text in _plain(title)]
    labelled = [[place for place in found if _plain(part.label) in _plain(head[place])] for part in question.parts]
    return [place for places in labelled for place in places] if labelled and all(map(_one, labelled)) else found


def _one(places: list[int]) -> bool:
    return len(places) == 1


def _titled(head: Sequence[str], taken: set[int], pattern: str) -> int | None:
    free = (place for place, _ in enumerate(head) if place not in taken)
    return next((place for place in free if re.search(pattern, head[place], re.IGNORECASE)), None)


def _code(text: str) -> tuple[str, bool]:
    """The six digits, which a spreadsheet may have shortened, and whether no “no research” stands beside them.

    >>> _code("'004217"), _code("4217"), _code("482913 NO RESEARCH"), _code("Ada")
    (('004217', True), ('004217', True), ('482913', False), ('', True))
    """
    found = re.fullmatch(r"\D*?(\d{1,6})(?:\.0)?\D*", text, re.ASCII)
    return (found[1].zfill(6) if found else ""), not _NOTE.search(text)


def _late(text: str) -> tuple[dict[str, str], str]:
    """What was answered after the time, and what is wrong with it."""
    if not text:
        return {}, ""
    try:
        found = json.loads(text) if len(text) < 10_000 else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        return {}, f"{_shown(text)} is no list of late answers"
    return {name: cell for name, cell in found.items() if name in columns()}, ""


def _shown(text: str) -> str:
    """A stranger's text within a sentence."""
    return f"“{printable(text if len(text) <= 40 else text[:39] + '…')}”"


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())
