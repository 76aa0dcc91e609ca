"""What a class learnt between two sittings: points by goal, gain and effect size, distractors and misconceptions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from labkit.quiz.answers import Scored, score
from labkit.quiz.effect import Effect, d_paired, d_pooled, mean, normalised_gain
from labkit.quiz.question import Question
from labkit.quiz.questions import GOALS, MISCONCEPTIONS, questions
from labkit.quiz.sittings import SITTINGS, Sitting


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who sat twice: for each sitting, what each question earned."""

    code: str
    pre: Mapping[str, Scored]
    post: Mapping[str, Scored]

    def scored(self, sitting: str) -> Mapping[str, Scored]:
        """One of the two."""
        return self.pre if sitting == "pre" else self.post

    def points(self, sitting: str, goal: str = "") -> float:
        """Points for a goal, or for all."""
        return sum(self.scored(sitting)[each.name].points for each in of(goal))


@dataclass(frozen=True, slots=True)
class Gain:
    """A goal's mean points before and after, of how many, and how large the step is; `goal` is empty for all."""

    goal: str
    points: float
    before: float
    after: float
    normalised: float | None
    pooled: Effect | None
    paired: Effect | None


@dataclass(frozen=True, slots=True)
class Study:
    """Everybody who sat twice and agreed, and what became of the others.

    Attributes
    ----------
    people : in the order of their codes
    alone : how many sat only once, by sitting
    excluded : how many do not take part in research
    repeated : sittings that a later one of the same person replaced
    late : answers after the time, counted or left out
    """

    people: Sequence[Person]
    alone: Mapping[str, int]
    excluded: int
    repeated: int
    late: int

    def gains(self) -> list[Gain]:
        """For each goal, then for all."""
        return [self._gain(goal) for goal in (*GOALS, "")] if self.people else []

    def _gain(self, goal: str) -> Gain:
        before, after = ([each.points(sitting, goal) for each in self.people] for sitting in SITTINGS)
        best = sum(each.points for each in of(goal))
        middle = mean(before), mean(after)
        return Gain(
            goal, best, *middle, normalised_gain(*middle, best), d_pooled(before, after), d_paired(before, after)
        )

    def chosen(self, question: Question, sitting: str) -> Counter[str]:
        """How many chose each letter; an empty one for none."""
        return Counter(each.scored(sitting)[question.name].letter for each in self.people)

    def earned(self, question: Question, sitting: str) -> Counter[str]:
        """How many earned how many points."""
        return Counter(f"{each.scored(sitting)[question.name].points:g} points" for each in self.people)

    def misconceptions(self, sitting: str) -> Counter[str]:
        """How many people showed each misconception at least once."""
        return Counter(
            name
            for each in self.people
            for name in {wrong for scored in each.scored(sitting).values() for wrong in scored.wrong}
        )

    def unread(self) -> list[tuple[str, str, str]]:
        """Texts that stand where a number should: person, question, text."""
        return [
            (each.code, name, text)
            for each in self.people
            for sitting in SITTINGS
            for name, scored in each.scored(sitting).items()
            for text in scored.unread
        ]


def of(goal: str) -> Iterable[Question]:
    """The questions that measure a goal; all where it is empty."""
    return (each for each in questions() if goal in ("", each.goal))


def study(sittings: Iterable[Sitting], count_late: bool = False) -> Study:
    """Pairs sittings by code. The latest of each counts; whoever refuses research in either is left out of all.

    Answers after the time count as they stood when it was up, unless `count_late`.
    """
    latest: dict[tuple[str, str], Sitting] = {}
    repeated = 0
    for each in sittings:
        before = latest.get((each.code, each.sitting))
        repeated += before is not None
        if before is None or each.started >= before.started:
            latest[each.code, each.sitting] = each
    codes = {code for code, _ in latest}
    refused = {code for (code, _), each in latest.items() if not each.research}
    both = sorted(code for code in codes - refused if all((code, sitting) in latest for sitting in SITTINGS))
    alone = Counter(sitting for code, sitting in latest if code not in refused and code not in both)
    late = sum(len(latest[code, sitting].late) for code in both for sitting in SITTINGS)
    people = [Person(code, *(_scores(latest[code, sitting], count_late) for sitting in SITTINGS)) for code in both]
    return Study(people, alone, len(refused), repeated, late)


def _scores(sitting: Sitting, count_late: bool) -> dict[str, Scored]:
    counted = replace(sitting, answers={**sitting.answers, **sitting.late}) if count_late else sitting
    return {question.name: score(question, counted.answers) for question in questions()}


def distractors(found: Study) -> list[dict[str, str | int]]:
    """How many gave each answer before and after, with what a wrong one shows; of numbers, their points."""
    rows: list[dict[str, str | int]] = []
    for question in questions():
        if question.choices:
            before, after = (found.chosen(question, sitting) for sitting in SITTINGS)
            shows = {letter: MISCONCEPTIONS.get(choice.wrong, "right") for letter, choice in question.lettered}
            shows |= {"": "no answer"} if before[""] + after[""] else {}
        else:
            before, after = (found.earned(question, sitting) for sitting in SITTINGS)
            shows = {
                f"{question.points} points": "right",
                f"{question.points / 2:g} points": "half",
                "0 points": "wrong",
            }
        rows += [
            {
                "question": question.name,
                "answer": answer or "-",
                "before": before[answer],
                "after": after[answer],
                "shows": told,
            }
            for answer, told in shows.items()
        ]
    return rows
