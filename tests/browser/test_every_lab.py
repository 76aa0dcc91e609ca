"""Every lab of the catalog, from the first lock to the grade, in real Chromium: in three variants and in three ways.

Somebody who learns alone tries everything with the pointer; somebody of a section knows the answers, sits in the dark
and has no pointer; somebody else, with a phone, knows nothing and writes nothing of use. What they hand in is graded.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import log10
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

import assemble
import catalog
from barriers import is_without_barriers
from labkit import submission
from labkit.flow import Lab
from labkit.grading.book import Grade, grade
from labkit.grading.intake import Incoming
from labkit.grading.policy import Policy
from labkit.plan import Choice, Lock, Part, Slider
from labkit.variants import choose
from play import Play, play_of
from student import Student
from typist import Typist

ROWS = {row.name: row for row in catalog.read()}
SECTION = "B2"
VAGUE = (
    "I think that the larger machine is the better choice here because it felt faster whenever I moved a slider, and "
    "everybody else is buying it too. The team will be glad to have modern equipment for the years to come, the users "
    "will notice the difference, and nobody was ever blamed for it. The others are interesting as well, but one "
    "would have to look into them more closely, and there was no time for that today. I would order it soon."
)


@dataclass
class Given:
    """A lab as its notebook declares it, here and not in a browser, and the way through it that its tests give."""

    lab: Lab
    native: ModuleType
    locks: list[Lock]
    source: str
    play: Play

    @property
    def alternatives(self) -> dict[str, Any]:
        """The values that a variant may have, by name."""
        return {name: one.values for name, one in self.lab.variants.items()}

    def graded(self, content: bytes) -> Grade:
        """A submission's grade, with ten points each for the predictions and for the design of part C."""
        file = Incoming("log.json", content)
        book = grade([file], {self.lab.name: self.source}, Policy(predictions=10, design=10))
        assert not book.refused, book.refused
        return book.grades[0]


@cache
def _given(name: str) -> Given:
    lab, defined = assemble.load(ROWS[name])
    locks = [value for value in defined.values() if isinstance(value, Lock)]
    source = ROWS[name].notebook.read_text(encoding="utf-8")
    return Given(lab, sys.modules[ROWS[name].notebook.stem], locks, source, play_of(name))


@pytest.fixture(params=ROWS)
def given(request) -> Given:
    return _given(request.param)


def strangers(given: Given) -> Iterator[tuple[str, dict[str, Any]]]:
    """Identifiers in the section with their variants: each differs from those before and from the canonical one."""
    seen = [choose(given.lab.name, given.alternatives, "", "")]
    for identifier in (f"s{n}" for n in range(99)):
        variant = choose(given.lab.name, given.alternatives, SECTION, identifier)
        if variant not in seen:
            seen.append(variant)
            yield identifier, variant


def typed(value: float | str) -> str:
    """A number as a person types it."""
    return value if isinstance(value, str) else f"{float(f'{value:.4g}'):f}".rstrip("0").rstrip(".")


def shows(student: Student, letter: str, settings: Mapping[str, Any]) -> bool:
    """Whether a part's readings are those of these settings."""
    pins = student.readings(letter)
    agree = (any(pin["settings"].get(name, value) == value for pin in pins) for name, value in settings.items())
    return bool(pins) and all(agree)


def acts(student: Student, part: Part, control: Slider | Choice, base: Mapping[str, Any]) -> bool:
    """Whether what the part says follows a control from one of its ends to the other."""

    def says(value: Any) -> str:
        student.set(part, {**base, control.name: value})
        return student.settle(part.letter)

    return says(control.values[0]) != says(control.values[-1])


def explore(student: Student, given: Given, letter: str) -> None:
    """Move each control to both of its ends and back, meet each failure of the part and leave it."""
    part = given.lab.part(letter)
    start = {control.name: control.value for control in part.controls}
    tried = [settings for where, settings, _ in given.play.failures if where == letter]
    student.until(lambda: shows(student, letter, start))
    expect(student.instrument(letter).locator("svg.marks").first).to_be_visible()
    first = student.text(letter)
    for control in part.controls:
        # Some controls act only where another one lets them: then from a setting of the play.
        assert any(acts(student, part, control, {**start, **base}) for base in ({}, *tried)), (
            f"{control.label} of part {letter} changes nothing"
        )
        student.reset(letter)
    for where, settings, limit in given.play.failures:
        if where == letter:
            student.set(part, settings)
            failure = student.failure(limit).last
            expect(failure).to_be_visible()
            assert any(sign.isdigit() for sign in failure.inner_text()), "a failure says value and limit"
            student.reset(letter)
            expect(student.failure(limit)).to_have_count(0)
    student.until(lambda: shows(student, letter, start) and student.text(letter) == first)


def design(student: Student, given: Given, variant: Mapping[str, Any]) -> None:
    """Put part C on each of the play's designs and pin what it reads."""
    part = given.lab.part("C")
    for settings in given.play.designs:
        student.set(part, settings)
        student.settle("C")
        assert shows(student, "C", settings)
        expect(student.page.locator(".failure")).to_have_count(0)
        for place in range(len(student.readings("C"))):
            student.pin("C", place)


def comes_back(student: Student, letter: str) -> None:
    """Load the page again in the middle of a part: nothing is lost."""
    stand = student.panel(letter).evaluate("group => group.closest('lab-panel').values")
    student.keeps(lambda kept: kept["controls"].get(letter, stand) == stand)
    before = student.stored
    student.reload()
    student.is_live()
    expect(student.instrument(letter).locator("svg.marks").first).to_be_visible()
    after = student.stored
    assert after["events"][: len(before["events"])] == before["events"]
    assert after["controls"] == before["controls"]


def joins(student: Student, given: Given, identifier: str, variant: Mapping[str, Any]) -> None:
    """Take part in a section: the first question is that of one's own variant."""
    student.identify(SECTION, identifier)
    student.keeps(lambda kept: kept["student"] == {"id": identifier, "section": SECTION})
    texts = {name: one.text(variant[name]) for name, one in given.lab.variants.items()}
    expect(student.locks.first).to_contain_text(given.locks[0].question.format(**texts))


def ends(student: Student, letter: str) -> None:
    """End a part and see how the prediction did."""
    student.finish()
    expect(student.page.locator(".reveal")).to_have_count("ABC".index(letter) + 1)


def agrees(student: Student, given: Given, variant: Mapping[str, Any]) -> None:
    """What was revealed in the page is what the same functions say here."""
    answers = given.native.answers(**variant)
    revealed = {e["data"]["lock"]: e["data"]["says"] for e in student.stored["events"] if e["kind"] == "revealed"}
    assert revealed.keys() == answers.keys()
    for name, says in answers.items():
        assert revealed[name] == (says if isinstance(says, str) else pytest.approx(says, rel=1e-12))


def hands_in(student: Student, given: Given, variant: Mapping[str, Any]) -> Grade:
    """Hand in the file: every figure in it is the simulator's, no assistive technology meets a barrier on the page."""
    agrees(student, given, variant)
    content = student.submission()
    assert max(submission.recompute(submission.read(content), given.lab.readings), default=0) <= 1e-12
    is_without_barriers(student.page)
    found = given.graded(content)
    assert [flag for flag in found.flags if flag.kind != "look"] == []
    return found


def test_alone_and_with_the_pointer_everything_can_be_tried(home: BrowserContext, address: str, given: Given) -> None:
    student = Student(home.new_page(), address, given.lab.name)
    said = iter(given.play.said.values())
    student.open()
    student.lock(next(said), "a first guess")
    student.is_live()
    for letter in "ABC":
        if letter != "A":
            student.lock(next(said))
        explore(student, given, letter)
        if letter == "A":
            comes_back(student, letter)
        for place in [place for where, place in given.play.pins if where == letter]:
            student.pin(letter, place)
        if letter == "C":
            design(student, given, {})
        ends(student, letter)
    texts = [event["data"]["text"] for event in student.stored["events"] if event["kind"] == "pinned"]
    student.write(given.play.text.format(*texts), given.play.term, given.play.gave_up)
    student.sign()
    found = hands_in(student, given, {})
    assert found.band == (27, 30), found.pre_read
    assert found.challenge and all(found.challenge.values()), found.challenge


def test_by_keyboard_and_with_the_right_answers_one_has_full_marks(
    home: BrowserContext, address: str, given: Given
) -> None:
    identifier, variant = next(strangers(given))
    answers = given.native.answers(**variant)
    page = home.new_page()
    page.emulate_media(color_scheme="dark")
    student = Typist(page, address, given.lab.name)
    student.open(f"?section={SECTION}")
    joins(student, given, identifier, variant)
    for letter, lock in zip("ABC", given.locks, strict=True):
        student.lock(typed(answers[lock.name]), "as computed")
        if letter == "A":
            student.is_live()
        expect(student.instrument(letter).locator("svg.marks").first).to_be_visible()
        for place in [place for where, place in given.play.pins if where == letter]:
            student.pin(letter, place)
        if letter == "B":
            comes_back(student, letter)
        if letter == "C":
            design(student, given, variant)
        ends(student, letter)
    texts = [event["data"]["text"] for event in student.stored["events"] if event["kind"] == "pinned"]
    student.write(given.play.text.format(*texts), given.play.term, given.play.gave_up)
    student.sign()
    found = hands_in(student, given, variant)
    assert found.challenge and all(found.challenge.values()), found.challenge
    assert [prediction.score for prediction in found.predictions] == [1] * len(given.locks)
    assert found.band == (27, 30), found.pre_read
    assert found.total == 28 + 10 + 10


def test_careless_work_on_a_phone_has_the_marks_that_it_earns(home: BrowserContext, address: str, given: Given) -> None:
    (_, _), (identifier, variant) = (each for each, _ in zip(strangers(given), range(2), strict=False))
    answers = given.native.answers(**variant)
    wrong = {name: found[0].value for name, found in given.native.assumptions(**variant).items()}
    page = home.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    student = Student(page, address, given.lab.name)
    student.open(f"?section={SECTION}")
    joins(student, given, identifier, variant)
    for letter, lock in zip("ABC", given.locks, strict=True):
        student.lock(typed(wrong[lock.name]))
        if letter == "A":
            student.is_live()
        expect(student.instrument(letter).locator("svg.marks").first).to_be_visible()
        if letter == "C":
            comes_back(student, letter)
        ends(student, letter)
    student.write(VAGUE, given.play.term, "")
    student.keeps(lambda kept: kept["draft"].get("log", {}).get("text") == VAGUE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = hands_in(student, given, variant)
    off = [
        float(said != says) * 1e9 if isinstance(says, str) else max(said / says, says / said)
        for said, says in ((wrong[lock.name], answers[lock.name]) for lock in given.locks)
    ]
    scores = [max(0.0, 1 - log10(max(1.0, factor / 1.25))) for factor in off]
    assert [each.score for each in found.predictions] == pytest.approx(scores, abs=1e-3)
    assert all(each.misconception for each in found.predictions)
    assert found.band == (6, 12), found.pre_read
    assert not all(found.challenge.values())
    held = sum(found.challenge.values()) / len(found.challenge)
    assert found.total == pytest.approx(9 + 10 * sum(scores) / len(scores) + 10 * held, abs=0.02)
