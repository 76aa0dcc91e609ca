"""Every tutorial of the catalog, played in real Chromium: wrong predictions, every control, one's own words kept."""

from typing import Any

import pytest
from playwright.sync_api import expect

import assemble
import catalog
from barriers import dressed, is_fit_to_read
from labkit.plan import Lock, Part
from student import Student

ROWS = {row.name: row for row in catalog.tutorials()}
LOOKS = [(1280, "light"), (390, "dark")]
WORDS = "I would ask how many bytes each operation needs, <b>first</b>."


def explore(student: Student, part: Part) -> None:
    """Move each control to its end, see something change, and go back."""
    instrument = student.instrument(part.letter)
    expect(instrument.locator("svg.marks").first).to_be_visible()
    start = {control.name: control.value for control in part.controls}

    def shown() -> list[str]:
        return instrument.locator(".says, .typed").all_inner_texts()

    before = shown()
    for control in part.controls:
        end = control.values[0 if control.value == control.values[-1] else -1]
        student.set(part, start | {control.name: end})
        student.until(lambda: shown() != before)
        student.reset(part.letter)
        student.until(lambda: shown() == before)


def said(assumed: Any) -> str:
    """A wrong answer as one types or chooses it."""
    return assumed[0].value if isinstance(assumed[0].value, str) else f"{assumed[0].value:.6g}"


@pytest.mark.parametrize("name", ROWS)
def test_a_tutorial_can_be_played_to_ones_own_words(home, address: str, name: str) -> None:
    tutorial, defined = assemble.load(ROWS[name])
    locks = [each for each in defined.values() if isinstance(each, Lock)]
    student = Student(home.new_page(), address, name)
    page = student.page
    student.open("?section=B2")  # a tutorial is in no section, whatever the address says
    for part, lock in zip(tutorial.parts, locks, strict=True):
        student.lock(said(defined["assumptions"]()[lock.name]), "a first guess")
        if part.letter == "A":
            student.is_live()
        explore(student, part)
        student.finish()
        expect(page.locator(".reveal")).to_have_count("ABC".index(part.letter) + 1)
    page.get_by_label(tutorial.reflect).fill(WORDS)
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("lab-words").get_by_role("status")).to_contain_text("Kept")
    events = student.stored["events"]
    revealed = {event["data"]["lock"]: event["data"]["says"] for event in events if event["kind"] == "revealed"}
    assert revealed == {
        key: says if isinstance(says, str) else pytest.approx(says, rel=1e-12)
        for key, says in defined["answers"]().items()
    }
    assert student.event("logged")["data"] == {"text": WORDS}
    page.evaluate("document.querySelectorAll('#main details').forEach((each) => { each.open = true })")
    for look in LOOKS:
        is_fit_to_read(dressed(page, look))
    page.goto(f"{address}/paths.html")
    expect(page.locator(f'.state[data-lab="{name}"]').first).to_have_text("done here")
    assert page.locator(f'a[href="{name}.html"]').count()
    if name != next(iter(ROWS)):  # what follows is the kit's, and the same for all
        return
    student.open()  # nothing is lost: predictions, reveals, words
    student.is_live()
    expect(page.locator(".reveal")).to_have_count(len(locks))
    expect(student.locks.locator("form:visible")).to_have_count(0)
    expect(page.get_by_label(tutorial.reflect)).to_have_value(WORDS)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#report .logtext")).to_have_text(WORDS)
    expect(page.locator("#report")).not_to_contain_text("Identifier")
    page.emulate_media(media="screen")
