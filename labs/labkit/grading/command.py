"""The commands `mlsysim grade` and `mlsysim labs`."""

from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit.figures import with_unit
from labkit.grading import book as books
from labkit.grading import distribution, intake, library, report, tables
from labkit.grading import marks as marking
from labkit.grading.policy import Policy, PolicyError, moment
from labkit.grading.sheet import Sheet
from labkit.plan import Lock
from labkit.variants import count, from_number
from mlsysim.check import InvalidInput, InvalidValue
from mlsysim.cli.report import Report
from mlsysim.tables import Row


def grade(options: Namespace) -> Report:
    """Grade a folder, a zip or a file, and write the tables that were asked for."""
    sources = library.sources(Path(options.labs)) if options.labs else library.sources()
    policy = _policy(options)
    marks = _marks(options)
    try:
        files = intake.from_path(Path(options.submissions))
    except intake.IntakeError as error:
        raise InvalidInput(str(error)) from error
    book = books.grade(files, sources, policy, marks)
    if options.output:
        write(options.output, tables.write(book))
    for style in tables.STYLES[1:]:
        if getattr(options, style):
            write(getattr(options, style), tables.write(book, style))
    if options.report:
        write(options.report, report.page(book))
    return _told(book)


def labs(options: Namespace) -> Report:
    """List the labs, print the answer sheet of one, write a new one, or check one."""
    folder = Path(options.labs) if options.labs else library.HERE
    if options.what == "new":
        from labkit import authoring  # brings marimo, which grading does without

        return Report([{"written": str(authoring.new(folder, options.lab or ""))}])
    known = library.sources(folder)
    if options.what == "list":
        titles = library.titles(folder)
        return Report([{"number": library.number(name), "lab": name, "title": titles[name]} for name in known])
    if not options.lab:
        raise InvalidInput(f"which lab? Name one, such as: mlsysim labs {options.what} 1.02")
    if options.what == "check":  # a tutorial can be fit to ship, too
        return _checked(folder, library.called(options.lab, library.titles(folder)))
    sheet = library.find(options.lab, known)
    given = _variants(sheet, options.section, options.id)
    rows: list[Row] = []
    wrong: list[Row] = []
    for lock in sheet.locks:
        for variant in given:
            values = {"variant": _values(variant)} if sheet.alternatives else {}
            answer = {"answer": _said(sheet.answers(variant)[lock.name], lock)}
            rows.append({"lock": lock.name, **values, **answer, "question": sheet.question(lock, variant)})
            wrong += [
                {"lock": lock.name, **values, "said": _said(each.value, lock), "misconception": each.text}
                for each in sheet.assumptions(variant).get(lock.name, ())
            ]
    asked: list[Row] = [{"part C asks for": sentence} for sentence in sheet.challenge([], given[0])]
    more = {"misconceptions": wrong, "challenge": asked}
    return Report(rows, more={name: found for name, found in more.items() if found})


def _checked(folder: Path, name: str) -> Report:
    from labkit import authoring  # brings marimo, which grading does without

    if faults := authoring.check(folder, name):
        raise InvalidInput("; ".join(faults))
    return Report([{"lab": name, "state": "fit to ship"}])


def _variants(sheet: Sheet, section: str, identifier: str) -> list[dict[str, Any]]:
    """A student's variant; in a section all that its students have; else the one for readers on their own."""
    if section and not identifier:
        return [from_number(sheet.alternatives, each) for each in range(count(sheet.alternatives))]
    return [sheet.variant(section, identifier)]


def _values(variant: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in variant.items())


def _said(value: float | str, lock: Lock) -> str:
    return value if isinstance(value, str) else with_unit(value, lock.unit)


def _policy(options: Namespace) -> Policy:
    try:
        return Policy(
            due=moment(options.due) if options.due else None,
            opens=moment(options.opens) if options.opens else None,
            grace=options.grace,
            per_day=options.late_per_day / 100,
            days=options.late_days,
            now=datetime.now(UTC),
            predictions=options.prediction_points,
            design=options.design_points,
        )
    except PolicyError as error:
        raise InvalidInput(str(error)) from error


def _marks(options: Namespace) -> Mapping[str, marking.Mark]:
    """What people decided: in the table that is about to be written anew, and in one named for it, which wins."""
    found: dict[str, marking.Mark] = {}
    for name in (options.output, options.marks):
        if name and (name == options.marks or Path(name).exists()):
            try:
                found |= marking.read(Path(name).read_text(encoding="utf-8-sig"))
            except (OSError, ValueError) as error:
                raise InvalidInput(f"{name} is kept as it is: {error}. Name another file, or move it away") from error
    return found


def write(name: str, text: str) -> None:
    """Write a file whole or not at all."""
    path = Path(name)
    fresh = path.with_name(f"{path.name}.part")
    try:
        fresh.write_text(text, encoding="utf-8", newline="")
        fresh.replace(path)
    except OSError as error:
        raise InvalidValue("output", name, f"it can't be written: {error.strerror}", "-o grades.csv") from error


def _told(book: books.Gradebook) -> Report:
    rows: list[Row] = [{"status": status, "files": count} for status, count in book.counts.items()]
    flags: list[Row] = [
        {"file": grade.file, "kind": flag.kind, "why": flag.sentence}
        for grade in book.current
        for flag in grade.flags
        if flag.kind != "look"
    ]
    refused: list[Row] = [{"file": name, "reason": reason} for name, reason in book.refused]
    found = distribution.of_class(book)
    said: list[Row] = [{"lock": each.lock.name, "said": each.sentence()} for each in found]
    wrong: list[Row] = [
        {"lock": each.lock.name, "count": count, "misconception": text}
        for each in found
        for text, count in each.misconceptions
    ]
    more = {"could not be read": refused, "does not fit": flags, "predictions": said, "misconceptions": wrong}
    return Report(rows, more={name: table for name, table in more.items() if table})
