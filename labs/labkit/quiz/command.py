"""The command `mlsysim quiz`."""

import csv
import io
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from labkit.grading.command import write
from labkit.grading.intake import label
from labkit.grading.tables import disarmed
from labkit.quiz.analyse import Gain, Study, distractors, study
from labkit.quiz.effect import Effect
from labkit.quiz.question import LIMIT, Question
from labkit.quiz.questions import GOALS, MISCONCEPTIONS, questions
from labkit.quiz.sittings import LARGEST, SITTINGS, QuizError, Table, read
from mlsysim.check import InvalidInput
from mlsysim.cli.report import Report
from mlsysim.tables import Row

TITLES = {"pre": "before", "post": "after"}


def quiz(options: Namespace) -> Report:
    """Print the questions, print their keys, or analyse two sittings."""
    if options.what == "analyse":
        return _analysed(options)
    if options.files:
        raise InvalidInput(
            f"mlsysim quiz {options.what} takes no file; to analyse some: mlsysim quiz analyse FILE FILE"
        )
    if options.what == "key":
        return Report(_keys(), more={"misconceptions": list(_meanings())})
    return Report([row for question in questions() for row in _asked(question)])


def _asked(question: Question) -> Iterator[Row]:
    text = " ".join([question.text, *("; ".join(line) for line in question.table)])
    yield {"question": question.name, "answer": "", "text": text}
    for letter, choice in question.lettered:
        yield {"question": "", "answer": letter, "text": choice.text}
    for column, part in zip(question.columns, question.parts, strict=False):
        yield {"question": "", "answer": column, "text": f"{part.label}: ______ {part.unit}"}


def _keys() -> list[Row]:
    return [
        {
            "question": each.name,
            "goal": each.goal,
            "points": each.points,
            "answer": each.right or "; ".join(f"{part.label} {part.key:g} {part.unit}" for part in each.parts),
            "because": each.solution,
        }
        for each in questions()
    ]


def _meanings() -> Iterator[Row]:
    for question in questions():
        for letter, choice in question.lettered:
            if choice.wrong:
                yield {"question": question.name, "answer": letter, "shows": MISCONCEPTIONS[choice.wrong]}
        for part in question.parts:
            for name, values in part.errors.items():
                said = ", ".join(f"{value:g}" for value in values)
                yield {"question": question.name, "answer": f"{part.label} {said}", "shows": MISCONCEPTIONS[name]}


def _analysed(options: Namespace) -> Report:
    tables: list[Table] = []
    unread: list[Row] = []
    for path, sitting in _files(options):
        name = label(path.name)
        try:
            if path.stat().st_size > LARGEST:
                raise QuizError(f"{name} has {path.stat().st_size:,} bytes; at most {LARGEST:,} are read")
            tables.append(read(name, path.read_bytes(), sitting))
        except OSError as error:
            unread.append({"what": name, "why": f"it can't be read: {error.strerror}"})
        except QuizError as error:
            unread.append({"what": name, "why": str(error)})
    if not tables:
        raise InvalidInput("; ".join(str(row["why"]) for row in unread))
    unread += [{"what": where, "why": why} for table in tables for where, why in table.refused]
    found = study([each for table in tables for each in table.sittings], options.count_late)
    if options.output:
        write(options.output, _scores(found))
    rows = [_gain(each) for each in found.gains()]
    notes = [*(note for table in tables for note in table.notes), *_notes(found, options.count_late)]
    more: dict[str, list[Row]] = {
        "effect size": [_effect(each) for each in found.gains()],
        "answers": list(distractors(found)) if found.people else [],
        "misconceptions": _misconceptions(found),
        "not a number": [{"code": code, "question": name, "text": _cell(text)} for code, name, text in found.unread()],
        "left out": unread,
        "notes": [{"note": note} for note in notes],
    }
    return Report(rows, more={name: table for name, table in more.items() if table})


def _files(options: Namespace) -> Iterator[tuple[Path, str]]:
    """Each file with its sitting, where that is known: the first of two came before, the second after."""
    named = [(name, sitting) for sitting in SITTINGS for name in getattr(options, sitting) or ()]
    plain = list(zip(options.files, SITTINGS, strict=True)) if len(options.files) == 2 and not named else None
    asked = named + (plain or [(name, "") for name in options.files])
    if not asked:
        raise InvalidInput("which files? Name those of both sittings: mlsysim quiz analyse pre.csv post.csv")
    for name, sitting in asked:
        path = Path(name)
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*.csv") if each.is_file() and not each.is_symlink())
            if not inside:
                raise InvalidInput(f"{name} holds no table: name a folder of .csv files, or the files")
            yield from ((each, sitting) for each in inside)
        elif path.exists():
            yield path, sitting
        else:
            raise InvalidInput(f"{name} is not there: name the tables of both sittings, or a folder of them")


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
