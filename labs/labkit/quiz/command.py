"""The command `mlsysim quiz`."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from labkit.grading.command import write
from labkit.grading.intake import label
from labkit.quiz.question import Question
from labkit.quiz.questions import MISCONCEPTIONS, questions
from labkit.quiz.report import File, analysed, too_large
from labkit.quiz.sittings import SITTINGS
from mlsysim.check import InvalidInput
from mlsysim.cli.report import Report
from mlsysim.tables import Row


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
    found = analysed(_files(options), options.count_late)
    if not found.read:
        raise InvalidInput("; ".join(str(row["why"]) for row in found.tables["left out"]))
    if options.output:
        write(options.output, found.scores)
    return Report(found.gains, more=found.tables)


def _files(options: Namespace) -> Iterator[File]:
    """The files that were named, read as far as they can be."""
    for path, sitting in _paths(options):
        try:
            fault = too_large(path.name, path.stat().st_size)
            yield File(path.name, b"" if fault else path.read_bytes(), sitting, fault)
        except OSError as error:
            yield File(path.name, b"", sitting, f"{label(path.name)} can't be read: {error.strerror}")


def _paths(options: Namespace) -> Iterator[tuple[Path, str]]:
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
