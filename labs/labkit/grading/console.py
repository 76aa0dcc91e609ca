"""The teaching assistant's console: what its page asks, answered in JSON. It runs the grader inside the browser."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from labkit.grading import book as books
from labkit.grading import distribution, intake, library, marks, report, rubric, tables
from labkit.grading.book import Grade, Gradebook
from labkit.grading.marks import Mark
from labkit.grading.policy import Policy, PolicyError, moment
from labkit.grading.sheet import Sheet


class Console:
    """A sitting: the files that came in, the rules, what was decided.

    Parameters
    ----------
    sources : JSON of the notebooks' texts by the lab's name
    """

    def __init__(self, sources: str) -> None:
        self._sources: dict[str, str] = json.loads(sources)
        self._files: dict[str, bytes | str] = {}
        self._policy = Policy()
        self._marks: dict[str, Mark] = {}
        self._book = Gradebook((), (), (), self._policy)
        self._sheets = {library.number(name): name for name in self._sources}

    def add(self, name: str, content: Any, size: int) -> str:
        """Take a file in; without content where it is too large to be handed over. Marks in a table are taken over.

        Returns
        -------
        what is wrong with a table of marks; empty for anything else
        """
        if name.lower().endswith(".csv") and content is not None:
            try:
                self._marks |= marks.read(bytes(content).decode("utf-8-sig"))
            except ValueError as error:
                return f"{intake.label(name)}: {error}"
            return ""
        self._files[name] = intake.unread(name, size) or (b"" if content is None else bytes(content))
        return ""

    def clear(self) -> None:
        """Forget the files."""
        self._files.clear()

    def remember(self, kept: str) -> None:
        """Take over marks that the page kept: JSON of marks by log."""
        for key, each in json.loads(kept).items():
            self._marks.setdefault(key, Mark(each["answers"], each["points"], each["note"]))

    def grade(self, rules: str) -> str:
        """Grade everything by these rules; the class as JSON, or `fault` with what is wrong with a rule."""
        try:
            self._policy = _policy(json.loads(rules))
        except PolicyError as error:
            return json.dumps({"fault": str(error)})
        self._book = books.grade(intake.from_files(self._files.items()), self._sources, self._policy, self._marks)
        return self._shown()

    def mark(self, log_id: str, given: str) -> str:
        """Take a decision down, JSON of a mark, and show the class again."""
        data = json.loads(given)
        mark = Mark(data["answers"], data["points"], data["note"])
        self._marks[log_id] = mark
        grades = [replace(each, mark=mark) if each.log_id == log_id else each for each in self._book.grades]
        self._book = replace(self._book, grades=grades)
        return self._shown()

    def kept(self) -> str:
        """All marks as JSON, for the page to keep."""
        return json.dumps({key: _mark(mark) for key, mark in self._marks.items() if mark != Mark()})

    def table(self, style: str) -> str:
        """The class as CSV."""
        return tables.write(self._book, style)

    def report(self) -> str:
        """The class as an HTML page."""
        return report.page(self._book)

    def codes(self, text: str) -> str:
        """Pasted short codes as JSON: charts, and the codes that can't be read."""
        sheets = {number: Sheet(name, self._sources[name]) for number, name in self._sheets.items()}
        found, refused = distribution.of_codes(text, sheets)
        return json.dumps({"body": distribution.markup(found), "refused": refused})

    def quiz(self, given: str, *contents: Any) -> str:
        """What a class learnt between two sittings of the quiz.

        Parameters
        ----------
        given : JSON of the files, each with its name, size and sitting, and whether `late` answers count
        contents : each file's bytes; None where it is too large to be handed over

        Returns
        -------
        JSON of the tables as HTML, and of each person's points as CSV
        """
        from labkit.quiz import report as learnt  # the packages of the labs leave the quiz out: worker.js adds it

        asked = json.loads(given)
        files = [
            learnt.File(
                each["name"],
                b"" if content is None else bytes(content),
                each["sitting"],
                learnt.too_large(each["name"], each["size"]),
            )
            for each, content in zip(asked["files"], contents, strict=True)
        ]
        found = learnt.analysed(files, asked["late"])
        return json.dumps({"body": learnt.markup(found), "scores": found.scores if found.gains else ""})

    def _shown(self) -> str:
        book = self._book
        return json.dumps(
            {
                "counts": book.counts,
                "body": report.sections(book),
                "queue": [_queued(grade) for grade in book.current],
                "bands": {count: band for count, band in rubric.BANDS.items()},
            }
        )


def _queued(grade: Grade) -> dict[str, Any]:
    shown = [reading.text for reading in grade.readings]
    return {
        "file": grade.file,
        "identifier": grade.identifier,
        "section": grade.section,
        "log_id": grade.log_id,
        "status": grade.status,
        "total": grade.total,
        "band": tables.band_text(grade.band),
        "term": grade.log["term"],
        "gave_up": grade.log["gave_up"],
        "words": grade.pre_read.words,
        "signed": grade.signed is not None,
        "pieces": rubric.marked(grade.log["text"], grade.log["term"], shown),
        "readings": [[reading.text, reading.name, reading.label] for reading in grade.readings],
        "judgements": {
            name: {"answer": each.answer, "because": each.because} for name, each in grade.pre_read.judgements.items()
        },
        "flags": [[flag.kind, flag.sentence] for flag in grade.flags],
        "mark": _mark(grade.mark),
    }


def _mark(mark: Mark) -> dict[str, Any]:
    return {"answers": dict(mark.answers), "points": mark.points, "note": mark.note}


def _policy(rules: Mapping[str, Any]) -> Policy:
    return Policy(
        due=moment(rules["due"]) if rules["due"] else None,
        opens=moment(rules["opens"]) if rules["opens"] else None,
        grace=rules["grace"],
        per_day=rules["per_day"] / 100,
        days=rules["days"],
        now=moment(rules["now"]),
        predictions=rules["predictions"],
        design=rules["design"],
    )
