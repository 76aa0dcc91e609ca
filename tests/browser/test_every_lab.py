"""Every lab of the catalog, played from the first lock to the submission in real Chromium, as its own tests say."""

import json
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import assemble
import catalog
from labkit import submission
from labkit.flow import Lab
from labkit.grading.sheet import Sheet
from labkit.plan import Choice, Lock, Part, Slider
from labkit.variants import choose
from play import play_of
from student import Student

ROWS = {row.name: row for row in catalog.read()}


@dataclass
class Given:
    """A lab as its notebook declares it, here and not in a browser, and the way through it that its tests give."""

    lab: Lab
    native: ModuleType
    locks: list[Lock]
    sheet: Sheet
    play: Any


@pytest.fixture(scope="module", params=ROWS)
def given(request) -> Given:
    row = ROWS[request.param]
    lab, defined = assemble.load(row)
    locks = [value for value in defined.values() if isinstance(value, Lock)]
    sheet = Sheet(row.name, row.notebook.read_text(encoding="utf-8"))
    return Given(lab, sys.modules[row.notebook.stem], locks, sheet, play_of(row.name))


def shows(student: Student, letter: str, settings: dict[str, Any]) -> bool:
    """Whether a part's readings are those of these settings."""
    pins = student.readings(letter)
    agree = (any(pin["settings"].get(name, value) == value for pin in pins) for name, value in settings.items())
    return bool(pins) and all(agree)


def acts(student: Student, part: Part, control: Slider | Choice, base: dict[str, Any]) -> bool:
    """Whether what the part says follows a control from one of its ends to the other."""

    def says() -> str:
        return student.text(part.letter) + str(student.page.locator(".failure").all_inner_texts())

    student.set(part, base | {control.name: control.values[0]})
    student.page.wait_for_timeout(600)
    before = says()
    student.set(part, base | {control.name: control.values[-1]})
    for _ in range(30):
        student.page.wait_for_timeout(100)
        if says() != before:
            return True
    return False


def explore(student: Student, given: Given, letter: str) -> None:
    """Move each control to both of its ends and back, meet each failure of the part and leave it."""
    part = given.lab.part(letter)
    start = {control.name: control.value for control in part.controls}
    instrument = student.instrument(letter)
    expect(instrument.locator("svg.marks").first).to_be_visible()
    tried = [settings for where, settings, _ in given.play.failures if where == letter]
    for control in part.controls:
        # Some controls act only where another one lets them: then from a setting of the play.
        assert any(acts(student, part, control, start | dict(base)) for base in ({}, *tried)), (
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
    student.until(lambda: shows(student, letter, start))


def design(student: Student, given: Given) -> None:
    """Put part C on each of the play's designs and pin what it reads."""
    part = given.lab.part("C")
    for settings in given.play.designs:
        student.set(part, settings)
        student.until(lambda settings=settings: shows(student, "C", settings))
        expect(student.page.locator(".failure")).to_have_count(0)
        for place in range(len(student.readings("C"))):
            student.pin("C", place)


def test_a_lab_can_be_played_from_the_first_lock_to_the_submission(context, address: str, given: Given) -> None:
    student = Student(context.new_page(), address, given.lab.name)
    said = iter(given.play.said.values())
    student.open()
    student.lock(next(said), "a first guess")
    student.is_live()
    for letter in "ABC":
        if letter != "A":
            student.lock(next(said))
        explore(student, given, letter)
        for place in [place for where, place in given.play.pins if where == letter]:
            student.pin(letter, place)
        if letter == "B":  # a reload in the middle loses nothing
            before = student.stored["events"]
            student.reload()
            student.is_live()
            expect(student.instrument("B").locator("svg.marks").first).to_be_visible()
            assert student.stored["events"][: len(before)] == before
        if letter == "C":
            design(student, given)
        student.finish()
        expect(student.page.locator(".reveal")).to_have_count("ABC".index(letter) + 1)
    answers = {lock.name: answer for lock, answer in zip(given.locks, given.native.answers().values(), strict=True)}
    events = student.stored["events"]
    revealed = {event["data"]["lock"]: event["data"]["says"] for event in events if event["kind"] == "revealed"}
    assert revealed.keys() == answers.keys()
    for name, says in answers.items():
        assert revealed[name] == (says if isinstance(says, str) else pytest.approx(says, rel=1e-12))
    texts = [event["data"]["text"] for event in events if event["kind"] == "pinned"]
    student.write(given.play.text.format(*texts), given.play.term, given.play.gave_up)
    student.sign()
    handed_in = submission.read(student.submission())
    assert max(submission.recompute(handed_in, given.lab.readings)) <= 1e-12
    designs = [{**pin["settings"], "reading": pin["reading"]} for pin in handed_in.pins]
    held = given.sheet.challenge(designs, {})
    assert held and all(held.values()), held
    violations = [v for v in Axe().run(student.page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert not violations, json.dumps(violations)[:2000]


def test_a_section_gets_variants_that_the_identifier_picks(context, address: str, given: Given) -> None:
    alternatives = {name: one.values for name, one in given.lab.variants.items()}
    numbered = ((f"s{n}", choose(given.lab.name, alternatives, "B2", f"s{n}")) for n in range(99))
    canonical = choose(given.lab.name, alternatives, "", "")
    identifier, mine = next((name, variant) for name, variant in numbered if variant != canonical)
    student = Student(context.new_page(), address, given.lab.name)
    student.open("?section=B2")
    student.lock(next(iter(given.play.said.values())))
    expect(student.locks.first).to_contain_text("Write your course identifier first")
    student.page.get_by_label("Section B2").fill(identifier)
    student.keeps(lambda kept: kept["student"] == {"id": identifier, "section": "B2"})
    texts = {name: one.text(mine[name]) for name, one in given.lab.variants.items()}
    expect(student.locks.first).to_contain_text(given.locks[0].question.format(**texts))
    student.page.keyboard.press("Enter")
    student.page.get_by_role("button", name="Lock my prediction").first.press("Enter")
    student.keeps(lambda kept: any(event["kind"] == "committed" for event in kept["events"]))
    assert student.event("committed")["data"]["variant"] == mine
    expect(student.page.get_by_label("Section B2")).to_be_disabled()
    student.is_live()
    student.finish()
    student.keeps(lambda kept: any(event["kind"] == "revealed" for event in kept["events"]))
    said = student.event("revealed")["data"]["says"]
    assert said == pytest.approx(given.native.answers(**mine)[given.locks[0].name], rel=1e-12)
    expect(student.locks.last).to_contain_text(given.locks[1].question.format(**texts))
