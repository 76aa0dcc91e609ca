"""What labs and tutorials have to hold, checked without a browser: keys exist, stand apart and are not given away."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, log
from typing import Any

from labkit.flow import Flow, Lab
from labkit.log import numbers
from labkit.plan import Assumption, Lock
from labkit.predictions import NEAR
from labkit.variants import MOST

CLOSE = 0.02  # a number this near the key gives it away
STEP = 0.005  # so does one that two numbers of the text lead to in one step

Key = float | str


def faults(lab: Flow, defined: Mapping[str, Any]) -> list[str]:
    """What is wrong with a lab, a sentence each; none when it can be shipped.

    Parameters
    ----------
    lab : the lab as its notebook declares it
    defined : everything its notebook defines at the top: the locks, `answers`, `assumptions`, `challenge`
    """
    locks = [value for value in defined.values() if isinstance(value, Lock)]
    found = [*_form(lab, locks)]
    for given in variants(lab):
        where = "".join(f", {name} {value}" for name, value in given.items())
        answers: Mapping[str, Key] = defined["answers"](**given)
        assumptions: Mapping[str, Sequence[Assumption]] = defined["assumptions"](**given)
        if list(answers) != [lock.name for lock in locks]:
            found.append(
                f"answers() tells {', '.join(answers)}; the locks are {', '.join(lock.name for lock in locks)}"
            )
            continue
        texts = list(said_before(lab, locks, given))
        for lock, text in zip(locks, texts, strict=True):
            key = answers[lock.name]
            found += [f"lock {lock.name}{where}: {fault}" for fault in _key(lock, key, assumptions.get(lock.name, ()))]
            if not isinstance(key, str) and key > 0:
                found += [f"lock {lock.name}{where}: {fault}" for fault in leaks(text, key)]
    if isinstance(lab, Lab) and any(defined["challenge"]([]).values()):
        found.append("challenge() is met with no design at all")
    return found


def variants(lab: Flow) -> Iterator[dict[str, Any]]:
    """Every variant of a lab, the canonical one first."""
    for values in itertools.product(*(one.values for one in lab.variants.values())):
        yield dict(zip(lab.variants, values, strict=True))


def said_before(lab: Flow, locks: Sequence[Lock], given: Mapping[str, Any]) -> Iterator[str]:
    """For each lock, in order, what the lab has said when it is asked."""
    texts = {name: one.text(given[name]) for name, one in lab.variants.items()}
    said = [lab.lede, *lab.briefing, *(part.title for part in lab.parts)]
    for place, lock in enumerate(locks):
        if place:
            said += [lab.parts[place - 1].hint, lab.parts[place].intro]
        yield "\n".join([*said, lock.question.format(**texts), lock.reason_hint])
        if not place:
            said.append(lab.parts[0].intro)


def leaks(text: str, key: float) -> list[str]:
    """How a text gives a number away: as it stands, with another prefix, or one step of arithmetic from it.

    >>> leaks("The H100 has 3.2 times the arithmetic.", 3.2)
    ['the text holds 3.2, which is the key']
    >>> leaks("It moves 16 GB in 40 ms.", 400.0)
    ['16 / 40 leads to the key']
    >>> leaks("It moves 16 GB.", 375.0)
    []
    """
    found = numbers(text)
    plain = [n for n in found if n and any(_near(n * 1000.0**power, key, CLOSE) for power in (-1, 0, 1))]
    steps = {
        f"{a:g} {sign} {b:g}": result
        for a, b in itertools.permutations([n for n in found if n], 2)
        for sign, result in (("/", a / b), ("×", a * b), ("+", a + b), ("-", a - b))
        if sign in "/-" or a < b
    }
    scales = [10.0**power for power in range(-9, 10, 3)]
    led = [step for step, result in steps.items() if any(_near(result * scale, key, STEP) for scale in scales)]
    return [f"the text holds {n:g}, which is the key" for n in plain] + [f"{step} leads to the key" for step in led]


def _near(value: float, key: float, share: float) -> bool:
    return value > 0 and abs(log(value / key)) <= share


def _form(lab: Flow, locks: Sequence[Lock]) -> Iterator[str]:
    letters = "".join(part.letter for part in lab.parts)
    if isinstance(lab, Lab) and letters != "ABC":
        yield "a lab has the parts A, B and C"
    if not letters or not "ABC".startswith(letters) or len(locks) != len(letters):
        yield "the parts are A, B, C in this order, and each has a lock of its own"
    if not locks or lab.lock is not locks[0]:
        yield "the opening lock is the first that the notebook defines"
    if len(list(variants(lab))) > MOST:
        yield f"the variants multiply to more than {MOST}"
    for part in lab.parts:
        for control in part.controls:
            texts = [control.text(value) for value in control.values]
            if len(set(control.values)) != len(control.values) or len(set(texts)) != len(texts):
                yield f"control {control.name!r} of part {part.letter} shows two values alike"
    spoken = [lab.lede, *lab.briefing, *(part.intro for part in lab.parts), *(lock.question for lock in locks)]
    yield from (f"no exclamation marks: {text!r}" for text in spoken if "!" in text)


def _key(lock: Lock, key: Key, assumptions: Sequence[Assumption]) -> Iterator[str]:
    if isinstance(key, str):
        if key not in lock.choices:
            yield f"the key {key!r} is not one of its choices"
        missing = [choice for choice in lock.choices if choice != key and choice not in {a.value for a in assumptions}]
        yield from (f"no assumption stands behind the choice {choice!r}" for choice in missing)
        return
    if not isfinite(key) or key <= 0:
        yield f"the key is {key}; a prediction is above zero"
        return
    if not assumptions:
        yield "no assumption leads to a wrong answer"
    for each in assumptions:
        if isinstance(each.value, str) or each.value <= 0 or abs(log(each.value / key)) <= log(NEAR):
            yield f"the assumption at {each.value:g} is within {NEAR:g}x of the key: {each.text}"
