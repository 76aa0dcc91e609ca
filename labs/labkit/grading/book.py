"""Grading a class: every file on its own, then the class against itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from labkit.grading import rubric
from labkit.grading.alike import COPIED, Pair, alike
from labkit.grading.evidence import EXACT, Flag, Kind, examine, shared, worked_in
from labkit.grading.intake import Incoming
from labkit.grading.marks import Mark, log_id
from labkit.grading.policy import Policy, moment
from labkit.grading.rubric import PreRead
from labkit.grading.sheet import Sheet
from labkit.plan import Lock
from labkit.predictions import NEAR, assumed, closeness, off_by
from labkit.reading import Reading
from labkit.submission import Submission, SubmissionError, deviation, read

Status = Literal["graded", "to read", "flagged", "superseded"]
LOG_POINTS = rubric.BANDS[3][1]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One locked answer against the simulator's.

    Attributes
    ----------
    lock : the lock
    question : what it asked this student
    said : the answer, in the lock's unit; None where it was never locked
    says : the simulator's answer in this student's variant
    factor : how far off; 1 for the right choice, infinite for a wrong one
    score : 1 when near, less by the logarithm of the factor
    misconception : what a wrong answer assumes; empty where it is right, or near nothing known
    """

    lock: Lock
    question: str
    said: float | str | None
    says: float | str
    factor: float
    score: float
    misconception: str

    @property
    def right(self) -> bool:
        """Whether it is the answer, to a person's precision."""
        return self.factor <= NEAR


@dataclass(frozen=True, slots=True)
class Grade:
    """One submission, graded.

    Attributes
    ----------
    file : its name
    lab, identifier, section : whose it is
    log_id : which log, for marks
    log : term, what was given up, text
    signed : when the log was signed off; None while it is a draft
    readings : the pinned readings that are the simulator's, as it computes them now
    wrong_pins : how many are not
    predictions, challenge, pre_read : what was found
    days_late, kept : lateness, and the share of the points that remains
    flags : what does not fit
    mark : what a person decided
    superseded : the file that came after this one from the same chain
    """

    file: str
    lab: str
    identifier: str
    section: str
    log_id: str
    log: Mapping[str, str]
    signed: datetime | None
    readings: Sequence[Reading]
    wrong_pins: int
    predictions: Sequence[Prediction]
    challenge: Mapping[str, bool]
    pre_read: PreRead
    days_late: int
    kept: float
    policy: Policy
    flags: Sequence[Flag] = ()
    mark: Mark = field(default_factory=Mark)
    superseded: str = ""

    @property
    def status(self) -> Status:
        """Whether it is graded, waits for a reader, waits for a decision about what does not fit, or is out of date."""
        if self.superseded:
            return "superseded"
        if self.mark.decided:
            return "graded"
        if any(flag.kind != "look" for flag in self.flags):
            return "flagged"
        return "to read" if self.pre_read.borderline else "graded"

    @property
    def band(self) -> tuple[int, int] | None:
        """The band of the log: a person's, else the first reading's where that is sure."""
        if len(self.mark.answers) == len(rubric.QUESTIONS):
            return rubric.band_of(self.mark.answers)
        bands = self.pre_read.bands
        return bands[0] if len(bands) == 1 else None

    @property
    def log_points(self) -> float | None:
        """Points for the log; None while nobody has decided, 0 for an empty one."""
        if self.mark.points is not None:
            return self.mark.points
        if self.band:
            return rubric.proposed(self.band)
        return 0 if not self.pre_read.words else None

    @property
    def prediction_score(self) -> float:
        """The mean score of the predictions; one never locked counts 0."""
        return sum(each.score for each in self.predictions) / len(self.predictions) if self.predictions else 0.0

    @property
    def total(self) -> float | None:
        """Points after lateness; None while a person has still to decide."""
        if self.status not in ("graded",) or self.log_points is None:
            return None
        points = self.log_points + self.policy.predictions * self.prediction_score
        points += self.policy.design * sum(self.challenge.values()) / max(1, len(self.challenge))
        return round(points * self.kept, 2)


@dataclass(frozen=True, slots=True)
class Gradebook:
    """A class, graded: its grades, the files that could not be used with the reason, and logs that are alike."""

    grades: Sequence[Grade]
    refused: Sequence[tuple[str, str]]
    pairs: Sequence[Pair]
    policy: Policy

    @property
    def points(self) -> float:
        """The most one can have."""
        return LOG_POINTS + self.policy.predictions + self.policy.design

    @property
    def counts(self) -> dict[str, int]:
        """Files by what became of them."""
        found = Counter(grade.status for grade in self.grades)
        names: tuple[Status, ...] = ("graded", "to read", "flagged", "superseded")
        return {name: found[name] for name in names} | {"refused": len(self.refused)}

    @property
    def current(self) -> list[Grade]:
        """The grades that count: one for each chain."""
        return [grade for grade in self.grades if not grade.superseded]


def grade(
    files: Sequence[Incoming],
    sources: Mapping[str, str],
    policy: Policy | None = None,
    marks: Mapping[str, Mark] | None = None,
) -> Gradebook:
    """Grade submissions.

    Parameters
    ----------
    files : what came in
    sources : text of each lab's notebook, by the lab's name
    policy : the course's rules
    marks : what people decided before, by log
    """
    policy, marks = policy or Policy(), marks or {}
    sheets: dict[str, Sheet] = {}
    grades: list[Grade] = []
    chains: dict[str, Submission] = {}
    refused: list[tuple[str, str]] = []
    for file in files:
        try:
            if file.problem:
                raise SubmissionError(file.problem)
            submission = read(file.content)
            if submission.lab not in sources:
                raise SubmissionError(f"there is no lab {submission.lab[:60]!r} here")
            if submission.lab not in sheets:
                sheets[submission.lab] = Sheet(submission.lab, sources[submission.lab])
            grades.append(_one(file.name, submission, sheets[submission.lab], policy, marks))
            chains[file.name] = submission
        except SubmissionError as error:
            refused.append((file.name, str(error)))
    grades = _against_each_other(grades, chains)
    pairs = [pair for lab in sheets for pair in _pairs([each for each in grades if each.lab == lab])]
    return Gradebook(_with_pairs(grades, pairs), refused, pairs, policy)


def _one(file: str, submission: Submission, sheet: Sheet, policy: Policy, marks: Mapping[str, Mark]) -> Grade:
    identifier, section = submission.student["id"], submission.student["section"]
    variant = worked_in(submission, sheet)
    flags = examine(submission, sheet, policy)
    readings = [(pin, sheet.reading(pin)) for pin in submission.pins]
    sound = [(pin, found) for pin, found in readings if found is not None and deviation(pin, found) <= EXACT]
    designs = [{**pin["settings"], "reading": pin["reading"]} for pin, _ in sound]
    signed = [event for event in submission.events if event["kind"] == "logged"]
    log = rubric.log_of(signed[-1]["data"] if signed else submission.draft.get("log", {}))
    at = _latest(submission.events[: signed[-1]["seq"] + 1] if signed else submission.events)
    late = policy.days_late(at) if at else 0
    key = log_id(submission.lab, section, identifier, log)
    return Grade(
        file,
        submission.lab,
        identifier,
        section,
        key,
        log,
        at if signed else None,
        [found for _, found in sound],
        len(readings) - len(sound),
        _predictions(submission, sheet, variant),
        sheet.challenge(designs, variant),
        rubric.pre_read(log, [found for _, found in sound], len(readings) - len(sound)),
        late,
        policy.kept(late),
        policy,
        flags,
        marks.get(key, Mark()),
    )


def _predictions(submission: Submission, sheet: Sheet, variant: Mapping[str, Any]) -> list[Prediction]:
    answers, assumptions = sheet.answers(variant), sheet.assumptions(variant)
    said: dict[str, float | str] = {}
    for data in submission.of("committed"):
        said.setdefault(data["lock"], data["answer"])
    found = []
    for lock in sheet.locks:
        if lock.name not in answers:
            continue
        mine, says = said.get(lock.name), answers[lock.name]
        factor = _factor(mine, says)
        wrong = None if mine is None else assumed(mine, says, assumptions.get(lock.name, ()))
        found.append(
            Prediction(
                lock, sheet.question(lock, variant), mine, says, factor, closeness(factor), wrong.text if wrong else ""
            )
        )
    return found


def _factor(said: float | str | None, says: float | str) -> float:
    if said is None or isinstance(said, str) or isinstance(says, str):
        return 1.0 if said == says else float("inf")
    return off_by(said, says)


def _latest(events: Sequence[Mapping[str, Any]]) -> datetime | None:
    """The latest time in a piece of chain: a clock that was set back makes nothing earlier."""
    try:
        return max(moment(event["at"]) for event in events)
    except ValueError:
        return None


def _against_each_other(grades: list[Grade], chains: Mapping[str, Submission]) -> list[Grade]:
    """Re-exports give way to the newest; what two people have in common is flagged on both sides."""
    hashes = {file: [event["hash"] for event in submission.events] for file, submission in chains.items()}
    common = shared(hashes)
    by_file = {each.file: each for each in grades}
    seen = Counter((each.lab, each.section, each.identifier) for each in grades if each.identifier)
    found: list[Grade] = []
    for each in grades:
        own = (each.lab, each.section, each.identifier)
        others = [by_file[file] for file in common.get(each.file, [])]
        mine = [other for other in others if (other.lab, other.section, other.identifier) == own]
        theirs = [other.file for other in others if other not in mine]
        flags = list(each.flags)
        if theirs:
            flags.insert(0, Flag("copied", f"its chain of events is also that of {_names(theirs)}"))
        newest = max([each, *mine], key=lambda one: (len(hashes[one.file]), one.file))
        if seen[own] > 1 + len(mine):
            flags.append(Flag("look", "another chain of events carries the same identifier"))
        found.append(replace(each, flags=flags, superseded="" if newest is each else newest.file))
    return found


def _pairs(grades: Sequence[Grade]) -> list[Pair]:
    """Logs of one lab that are alike, under two identifiers."""
    whose = {each.file: (each.section, each.identifier) for each in grades if not each.superseded}
    found = alike({each.file: each.log["text"] for each in grades if each.file in whose})
    return [pair for pair in found if whose[pair.one] != whose[pair.other]]


def _with_pairs(grades: Sequence[Grade], pairs: Sequence[Pair]) -> list[Grade]:
    partners: dict[str, list[Pair]] = {}
    for pair in pairs:
        partners.setdefault(pair.one, []).append(pair)
        partners.setdefault(pair.other, []).append(Pair(pair.other, pair.one, pair.similarity))
    found = []
    for each in grades:
        flags = list(each.flags)
        if each.file in partners:
            nearest = partners[each.file]
            names = _names([pair.other for pair in nearest])
            kind: Kind = "copied" if nearest[0].similarity >= COPIED else "look"
            flags.insert(0, Flag(kind, f"its log is {nearest[0].similarity:.0%} the same as that of {names}"))
        found.append(replace(each, flags=flags))
    return found


def _names(files: Sequence[str]) -> str:
    return ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
