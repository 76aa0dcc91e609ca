"""What a class predicted, lock by lock, against the answer; and which misconceptions stand behind it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from labkit.codes import Choice, Code, CodeError, decode
from labkit.figures import number, with_unit
from labkit.grading import charts
from labkit.grading.book import Gradebook
from labkit.grading.sheet import Sheet
from labkit.plan import Lock
from labkit.predictions import assumed
from labkit.variants import from_number


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer to a lock, the simulator's in the same variant, and the misconception behind it."""

    question: str
    said: float | str
    says: float | str
    misconception: str = ""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The answers to one lock."""

    lab: str
    lock: Lock
    answers: Sequence[Answered]

    @property
    def question(self) -> str:
        """What was asked; where students had numbers of their own, what most of them were asked."""
        (question, count), *_ = Counter(each.question for each in self.answers).most_common()
        own = "" if count == len(self.answers) else " (each with numbers of their own)"
        return f"{question}{own}"

    @property
    def misconceptions(self) -> list[tuple[str, int]]:
        """What wrong answers assume, the most frequent first."""
        found = Counter(each.misconception for each in self.answers if each.misconception)
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))

    def chart(self) -> str:
        """The answers as SVG; where students had variants of their own, as multiples of each one's own answer."""
        if self.lock.choices:
            right = {each.says for each in self.answers}
            count = Counter(each.said for each in self.answers)
            return charts.said_choice(
                [(choice, count[choice], right == {choice}) for choice in self.lock.choices], self.question
            )
        values, says, unit = self._scaled()
        return charts.said_number(values, says, unit, self.question)

    def sentence(self) -> str:
        """What the chart shows."""
        if self.lock.choices:
            right = sum(each.said == each.says for each in self.answers)
            return f"{len(self.answers)} predictions, {right} right"
        return charts.summary(*self._scaled())

    def _scaled(self) -> tuple[list[float], float, str]:
        pairs = [(each.said, each.says) for each in self.answers]
        numbers = [(said, says) for said, says in pairs if not isinstance(said, str) and not isinstance(says, str)]
        keys = {says for _, says in numbers}
        if len(keys) == 1:
            return [said for said, _ in numbers if said > 0], keys.pop(), self.lock.unit
        return [said / says for said, says in numbers if said > 0], 1.0, "× the answer"


def of_class(book: Gradebook) -> list[Distribution]:
    """The first predictions of a graded class."""
    found: dict[tuple[str, str], tuple[Lock, list[Answered]]] = {}
    for grade in book.current:
        for each in grade.predictions:
            _, answers = found.setdefault((grade.lab, each.lock.name), (each.lock, []))
            if each.said is not None:
                answers.append(Answered(each.question, each.said, each.says, each.misconception))
    return [Distribution(lab, lock, answers) for (lab, _), (lock, answers) in found.items() if answers]


def of_codes(text: str, sheets: Mapping[str, Sheet]) -> tuple[list[Distribution], list[tuple[str, str]]]:
    """Distributions from pasted short codes, one a line or between commas; and the codes that can't be read, with why.

    Parameters
    ----------
    text : what was pasted
    sheets : answer sheets by the lab's number, such as "1.02"
    """
    found: dict[tuple[str, int], tuple[Lock, list[Answered]]] = {}
    refused: list[tuple[str, str]] = []
    for word in filter(None, map(str.strip, re.split(r"[\n,;\t]", text))):
        try:
            code = decode(word)
            sheet = sheets.get(f"{code.volume}.{code.lab:02}")
            if sheet is None:
                raise CodeError(f"there is no lab {code.lab:02} in volume {code.volume} here")
            for index, lock, answered in _answered(code, sheet):
                found.setdefault((sheet.name, index), (lock, []))[1].append(answered)
        except CodeError as error:
            refused.append((word[:60], str(error)))
    return [Distribution(lab, lock, answers) for (lab, _), (lock, answers) in sorted(found.items())], refused


def _answered(code: Code, sheet: Sheet) -> list[tuple[int, Lock, Answered]]:
    try:
        variant = from_number(sheet.alternatives, code.variant)
    except ValueError as error:
        raise CodeError(str(error)) from None
    answers, assumptions = sheet.answers(variant), sheet.assumptions(variant)
    found = []
    for index, (lock, prediction) in enumerate(zip(sheet.locks, code.predictions, strict=False)):
        if prediction is None:
            continue
        if isinstance(prediction, Choice) != bool(lock.choices):
            raise CodeError(f"it answers {lock.name!r} with what that lock can't have")
        said: float | str
        if isinstance(prediction, Choice):
            if prediction.index >= len(lock.choices):
                raise CodeError(f"{lock.name!r} has no choice {prediction.index + 1}")
            said = lock.choices[prediction.index]
        else:
            said = prediction
        wrong = assumed(said, answers[lock.name], assumptions.get(lock.name, ()))
        found.append(
            (
                index,
                lock,
                Answered(sheet.question(lock, variant), said, answers[lock.name], wrong.text if wrong else ""),
            )
        )
    return found


def markup(distributions: Sequence[Distribution]) -> str:
    """Distributions as escaped HTML: question, chart, sentence, misconceptions, and the answers as a table."""
    return "".join(_section(each) for each in distributions)


def _section(each: Distribution) -> str:
    said = Counter(
        answer.said if isinstance(answer.said, str) else with_unit(answer.said, each.lock.unit)
        for answer in each.answers
    )
    wrong = table(("Misconception", "How many"), each.misconceptions) if each.misconceptions else ""
    return (
        f"<section class=answers><h3>{escape(each.question)}</h3>{each.chart()}"
        f"<p class=small>{escape(each.sentence())}.</p>{wrong}"
        "<details><summary>The answers as a table</summary>"
        f"{table(('Answer', 'How many'), said.most_common())}</details></section>"
    )


def table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as an escaped HTML table that scrolls by itself where it is wide; numbers are set to the right."""
    rows = [tuple(row) for row in rows]
    first = rows[0] if rows else ("",) * len(names)
    head = "".join(
        f"<th scope=col{' class=number' if isinstance(cell, int | float) else ''}>{escape(name)}</th>"
        for name, cell in zip(names, first, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=number' if isinstance(cell, int | float) else ''}>{escape(_written(cell))}</td>"
            for cell in row
        )
        + "</tr>"
        for row in rows
    )
    named = f'class=wide role=group tabindex=0 aria-label="{escape(", ".join(names))}"'
    return f"<div {named}><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _written(cell: object) -> str:
    return number(cell) if isinstance(cell, float) else str(cell)
