"""The Prediction Lock: cannot be passed unanswered, understands how people write numbers, stays as it was committed.

Python and the front end are held back throughout: none of this needs them.
"""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from student import Student

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def opened(student: Student) -> Student:
    student.open()
    return student


@pytest.fixture(scope="module")
def unsure(module_context: BrowserContext, address: str) -> Student:
    """Somebody whose answers are none: the lock stays open from one to the next."""
    module_context.route(lambda url: "/assets/" in url or "/runtime/" in url, lambda route: None)
    student = Student(module_context.new_page(), address)
    student.open()
    return student


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write a number first"),
        ("   ", "Write a number first"),
        ("abc", "does not start with a number"),
        ("three", "does not start with a number"),
        ("-2", "above zero"),
        ("0", "above zero"),
        ("0.0x", "above zero"),
        ("3 parsecs", "“parsecs” is not a unit"),
        ("3.2.1", "is not a unit"),
        ("1e400", "too large"),
        ("NaN", "does not start with a number"),
        ("Infinity", "does not start with a number"),
    ],
)
def test_what_is_no_answer_gets_a_sentence_and_keeps_what_was_typed(unsure: Student, typed: str, sentence: str) -> None:
    unsure.lock(typed, "because I say so")
    lock = unsure.locks.first
    expect(lock.get_by_role("alert")).to_contain_text(sentence)
    expect(lock.get_by_label("Your answer")).to_have_value(typed)
    expect(lock.get_by_label("Your answer")).to_be_focused()
    expect(lock.get_by_label("Why?")).to_have_value("because I say so")
    assert "committed" not in [event["kind"] for event in unsure.stored["events"]]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3.2", 3.2),
        ("3,2", 3.2),
        ("1.6e0", 1.6),
        ("3.2x", 3.2),
        ("3.2 ×", 3.2),
        ("about 3 times", 3.0),
        (" .5 ", 0.5),
        ("1,200", 1200.0),
        ("2 000", 2000.0),
        ("1.5 × 10^3", 1500.0),
        ("1e-3", 0.001),
    ],
)
def test_numbers_are_understood_as_people_write_them(opened: Student, typed: str, value: float) -> None:
    opened.lock(typed)
    expect(opened.locks.first.locator(".frozen .big")).to_be_visible()
    assert opened.event("committed")["data"]["answer"] == value
    assert opened.event("committed")["data"]["typed"] == typed.strip()


def is_frozen(page: Page, shown: str) -> None:
    lock = page.locator("lab-lock[data-standing]")
    expect(lock.locator(".frozen .big")).to_have_text(shown)
    expect(lock.locator("form")).to_be_hidden()
    expect(lock.locator("input:visible, button:visible")).to_have_count(0)


def test_a_committed_answer_is_frozen_here_after_a_reload_and_in_a_new_tab(
    opened: Student, context: BrowserContext
) -> None:
    opened.lock("3.2", "more arithmetic")
    is_frozen(opened.page, "3.2×")
    before = opened.event("committed")
    opened.reload()
    is_frozen(opened.page, "3.2×")
    expect(opened.locks.first.locator(".frozen")).to_contain_text("more arithmetic")
    other = Student(context.new_page(), opened.address)
    other.open()
    is_frozen(other.page, "3.2×")
    assert other.event("committed") == opened.event("committed") == before


def test_a_tab_that_was_open_before_freezes_too(opened: Student, context: BrowserContext) -> None:
    other = Student(context.new_page(), opened.address)
    other.open()
    other.locks.first.get_by_label("Your answer").fill("7")
    opened.lock("3.2")
    is_frozen(other.page, "3.2×")


def test_a_tab_that_heard_nothing_cannot_replace_the_first_answer(opened: Student, context: BrowserContext) -> None:
    deaf = Student(context.new_page(), opened.address)
    deaf.page.add_init_script("delete window.BroadcastChannel")
    deaf.open()
    opened.lock("3.2", "first")
    before = opened.event("committed")
    deaf.lock("7", "second")
    is_frozen(deaf.page, "3.2×")
    is_frozen(opened.page, "3.2×")
    assert opened.event("committed") == before


def test_submitting_the_form_behind_the_frozen_answer_changes_nothing(opened: Student) -> None:
    opened.lock("3.2")
    is_frozen(opened.page, "3.2×")
    before = opened.event("committed")
    opened.page.evaluate(
        """async () => {
          const form = document.querySelector("lab-lock form");
          form.answer.value = "7";
          form.requestSubmit();
          form.requestSubmit();
          await new Promise((done) => setTimeout(done, 300));
        }"""
    )
    is_frozen(opened.page, "3.2×")
    assert opened.event("committed") == before


def test_pressing_twice_commits_once(opened: Student) -> None:
    opened.locks.first.get_by_label("Your answer").fill("3.2")
    opened.locks.first.get_by_role("button").dblclick(force=True)
    is_frozen(opened.page, "3.2×")
    assert opened.event("committed")["data"]["answer"] == 3.2


def test_what_was_typed_and_not_committed_survives_a_reload(opened: Student) -> None:
    form = opened.locks.first
    form.get_by_label("Your answer").fill("2.7")
    form.get_by_label("Why?").fill("not sure")
    opened.keeps(lambda kept: kept["draft"].get("lock.speedup", {}).get("reason") == "not sure")
    opened.reload()
    expect(form.get_by_label("Your answer")).to_have_value("2.7")
    expect(form.get_by_label("Why?")).to_have_value("not sure")
