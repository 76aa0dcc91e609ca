"""What an answer is worth, and which misconception it shows; page/quiz.js scores one's own sitting the same way."""

import re
from collections.abc import Mapping
from math import inf, isclose, isfinite, log10
from typing import Any, NamedTuple

from labkit.quiz.question import NAMED, NEAR, Part, Question
from labkit.quiz.questions import MISCONCEPTIONS, VERSION, questions

_ABOUT = re.compile(r"^(about|around|roughly|approximately|ca\.?|~|≈)\s*", re.IGNORECASE)
_DIGITS = r"[0-9][0-9\s’']*(?:(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[.,][0-9]+)?|[.,][0-9]+"
_NUMBER = re.compile(rf"([+-]?(?:{_DIGITS})(?:\s*(?:[eE]|[×x*]\s*10\^?)\s*[+-]?[0-9]+)?)\s*(.*)")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?(e|$)")


class Scored(NamedTuple):
    """Points, the letter chosen, the misconceptions shown, and what could not be read as a number."""

    points: float
    letter: str = ""
    wrong: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def read_number(text: str, units: Mapping[str, float]) -> float | None:
    """A number above zero as people write it, in the unit of size 1; None where it is none. page/number.js reads alike.

    >>> [read_number(text, {"t": 1.0, "kg": 1e-3}) for text in ("about 195 t", "0,6", "195,000 kg", "1 500", "two")]
    [195.0, 0.6, 195.0, 1500.0, None]
    """
    found = _NUMBER.fullmatch(_ABOUT.sub("", text.strip().lstrip("'")))
    if not found:
        return None
    digits = re.sub(r"[×x*]10\^?|E", "e", re.sub(r"[\s’']", "", found[1]))
    digits = digits.replace(",", "") if _GROUPED.match(digits) else digits
    unit = found[2].strip().removesuffix(".")
    try:
        value = float(digits.replace(",", ".")) * (units.get(unit, units.get(unit.lower(), 0.0)) if unit else 1.0)
    except ValueError:
        return None
    return value if isfinite(value) and value > 0 else None


def score(question: Question, answers: Mapping[str, str]) -> Scored:
    """Points for the texts that stand in a question's columns."""
    if question.choices:
        letter = chosen(question, answers.get(question.name, ""))
        if not letter:
            return Scored(0)
        wrong = dict(question.lettered)[letter].wrong
        return Scored(0, letter, (wrong,)) if wrong else Scored(question.points, letter)
    texts = [answers.get(column, "") for column in question.columns]
    said = [read_number(text, part.units) for text, part in zip(texts, question.parts, strict=True)]
    right = [value is not None and _right(value, part) for value, part in zip(said, question.parts, strict=True)]
    shown = [_shown(value, part) for value, part in zip(said, question.parts, strict=True) if value is not None]
    half = any(right) or _by_the_method([(value or inf) / p.key for value, p in zip(said, question.parts, strict=True)])
    return Scored(
        question.points if all(right) else question.points / 2 if half else 0,
        wrong=tuple(dict.fromkeys(name for name in shown if name)),
        unread=tuple(text for text, value in zip(texts, said, strict=True) if text.strip() and value is None),
    )


def chosen(question: Question, text: str) -> str:
    """The letter of a choice, from its letter or its text; empty where it is neither."""
    plain = _plain(text)
    for letter, choice in question.lettered:
        if plain in (letter, _plain(choice.text), _plain(f"({letter}) {choice.text}")):
            return letter
    found = re.match(r"\(?([a-z])[).:]", plain)
    return found[1] if found and found[1] in dict(question.lettered) else ""


def key() -> dict[str, Any]:
    """Keys, points and what stands behind wrong answers, for a page that shows somebody their own score."""
    return {"version": VERSION, "near": NEAR, "named": NAMED, "questions": {q.name: _key(q) for q in questions()}}


def _key(question: Question) -> dict[str, Any]:
    known: dict[str, Any] = {"points": question.points, "solution": question.solution}
    if question.choices:
        why = {letter: MISCONCEPTIONS[choice.wrong] for letter, choice in question.lettered if choice.wrong}
        return known | {"right": question.right, "why": why}
    parts = [
        {
            "key": part.key,
            "tolerance": part.tolerance,
            "unit": part.unit,
            "units": part.units,
            "errors": [[value, MISCONCEPTIONS[name]] for name, values in part.errors.items() for value in values],
        }
        for part in question.parts
    ]
    return known | {"parts": parts}


def _right(value: float, part: Part) -> bool:
    return isclose(value, part.key, rel_tol=max(part.tolerance, 1e-9))


def _shown(value: float, part: Part) -> str:
    """The misconception that leads to this number; empty for a right one and for one that nobody has named."""
    if _right(value, part):
        return ""
    near = (name for name, values in part.errors.items() for each in values if isclose(value, each, rel_tol=NAMED))
    return next(near, "")


def _by_the_method(ratios: list[float]) -> bool:
    """Whether all numbers are near, or off by one and the same power of a thousand."""
    if all(abs(ratio - 1) <= NEAR + 1e-9 for ratio in ratios):
        return True
    if inf in ratios:
        return False
    powers = {round(log10(ratio) / 3) for ratio in ratios}
    return len(powers) == 1 and all(abs(ratio / 1000.0 ** powers.copy().pop() - 1) <= NAMED for ratio in ratios)


def _plain(text: str) -> str:
    """A text without what spreadsheets and forms do to it."""
    return " ".join(text.replace("’", "'").lstrip("'").casefold().split())
