"""What a class learnt between two sittings, as tables: the command prints them, the teaching console shows them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from labkit.grading.distribution import table
from labkit.grading.intake import label
from labkit.grading.tables import disarmed
from labkit.quiz.analyse import Gain, Study, distractors, study
from labkit.quiz.effect import Effect
from labkit.quiz.question import LIMIT, Question
from labkit.quiz.questions import GOALS, MISCONCEPTIONS, questions
from labkit.quiz.sittings import LARGEST, SITTINGS, QuizError, Table, read
from mlsysim.tables import Row

TITLES = {"pre": "before", "post": "after"}


class File(NamedTuple):
    """A table that came in: its name, its bytes, which sitting it is where that is known, and why it can't be read."""

    name: str
    content: bytes
    sitting: str = ""
    fault: str = ""


class Analysis(NamedTuple):
    """Points by goal, further tables by name, each person's points as CSV, and how many files could be read.

    The table “left out” says of each file and row that could not be read why.
    """

    gains: Sequence[Row]
    tables: dict[str, list[Row]]
    scores: str
    read: int


def analysed(files: Iterable[File], count_late: bool = False) -> Analysis:
    """What the class of these files learnt; a file that can't be read does not stop the others."""
    tables: list[Table] = []
    out: list[Row] = []
    for each in files:
        try:
            if each.fault:
                raise QuizError(each.fault)
            tables.append(read(label(each.name), each.content, each.sitting))
        except QuizError as error:
            out.append({"what": label(each.name), "why": str(error)})
    out += [{"what": where, "why": why} for each in tables for where, why in each.refused]
    found = study([sitting for each in tables for sitting in each.sittings], count_late)
    notes = [*(note for each in tables for note in each.notes), *_notes(found, count_late)]
    more: dict[str, list[Row]] = {
        "effect size": [_effect(each) for each in found.gains()],
        "answers": list(distractors(found)) if found.people else [],
        "misconceptions": _misconceptions(found),
        "not a number": [{"code": code, "question": name, "text": _cell(text)} for code, name, text in found.unread()],
        "left out": out,
        "notes": [{"note": note} for note in notes],
    }
    gains = [_gain(each) for each in found.gains()]
    return Analysis(gains, {name: rows for name, rows in more.items() if rows}, _scores(found), len(tables))


def too_large(name: str, size: int) -> str:
    """Why a table of so many bytes is not read; empty where it is."""
    return f"{label(name)} has {size:,} bytes; at most {LARGEST:,} are read" if size > LARGEST else ""


def markup(found: Analysis) -> str:
    """The tables as escaped HTML, what has to be known about them first."""
    shown = {"points by goal": found.gains, **found.tables}
    notes = "".join(f"<p class=small>{escape(str(row['note']))}</p>" for row in shown.pop("notes", []))
    return notes + "".join(
        f"<section><h3>{escape(title.capitalize())}</h3>{_shown(rows)}</section>"
        for title, rows in shown.items()
        if rows
    )


def _shown(rows: Sequence[Row]) -> str:
    names = [name.replace("_", " ") for name in rows[0]]
    return table(names, [["" if cell is None else cell for cell in row.values()] for row in rows])


def _gain(gain: Gain) -> Row:
    return {
        "goal": gain.goal or "all",
        "points": gain.points,
        "before": gain.before,
        "after": gain.after,
        "gain": gain.after - gain.before,
        "normalised_gain": gain.normalised,
        "what": GOALS.get(gain.goal, ""),
    }


def _effect(gain: Gain) -> Row:
    def ends(name: str, effect: Effect | None) -> Row:
        value, lower, upper = effect or (None, None, None)
        return {f"d_{name}": value, f"{name}_lower": lower, f"{name}_upper": upper}

    return {"goal": gain.goal or "all", **ends("pooled", gain.pooled), **ends("paired", gain.paired)}


def _misconceptions(found: Study) -> list[Row]:
    before, after = (found.misconceptions(sitting) for sitting in SITTINGS)
    asked = {
        name: [each.name for each in questions() if name in _shown_by(each)]
        for name in MISCONCEPTIONS
        if before[name] or after[name]
    }
    return [
        {
            "misconception": MISCONCEPTIONS[name],
            "questions": ", ".join(asked[name]),
            "before": before[name],
            "after": after[name],
        }
        for name in sorted(asked, key=lambda name: -before[name])
    ]


def _shown_by(question: Question) -> set[str]:
    return {choice.wrong for choice in question.choices} | {name for part in question.parts for name in part.errors}


def _notes(found: Study, count_late: bool) -> Iterator[str]:
    yield f"{_people(len(found.people))} sat both times; the tables are about them."
    for sitting, count in sorted(found.alone.items(), reverse=True):
        yield f"{_people(count)} sat only {TITLES[sitting]} and {'is' if count == 1 else 'are'} left out."
    if found.excluded:
        yield f"{_people(found.excluded)} said “no research” and {'is' if found.excluded == 1 else 'are'} left out."
    if found.repeated:
        yield f"{found.repeated} rows were followed by a later one of the same code and sitting; the latest counts."
    if found.late:
        how = "count as well" if count_late else f"are left out: what stood at {LIMIT // 60} minutes counts"
        yield f"{found.late} answers came after the time and {how}."
    if found.people:
        yield "Normalised gain is that of the class: mean gain over what the mean before left to gain (Hake 1998)."
        yield (
            "d pooled is the mean gain over the scores' pooled deviation, d paired over that of the gains; ends are of "
            "95 % intervals from the non-central t (Algina & Keselman 2003; Cumming & Finch 2001)."
        )
    if 0 < len(found.people) < 10:
        yield "So few people say little about a class: look at the intervals, not at d."


def _people(count: int) -> str:
    return f"{count} participant{'s' * (count != 1)}"


def _scores(found: Study) -> str:
    """A row for each person: points for each question, before and after."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = [each.name for each in questions()]
    writer.writerow(["code", *(f"{sitting}_{name}" for sitting in SITTINGS for name in (*names, "total"))])
    for person in found.people:
        cells = [
            f"{value:g}"
            for sitting in SITTINGS
            for value in (*(person.scored(sitting)[name].points for name in names), person.points(sitting))
        ]
        writer.writerow([disarmed(person.code), *cells])
    return out.getvalue()


def _cell(text: str) -> str:
    return disarmed(text if len(text) <= 40 else f"{text[:39]}…")
