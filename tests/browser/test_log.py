"""Pinned readings and the Decision Log: what is asked for, what is kept, and when it is complete."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from record import ALL_OPEN
from student import BOOT, GOOD_LOG, Student

OPEN = re.compile(r"\(open\)")


@pytest.fixture(scope="module")
def writer(module_context: BrowserContext, address: str) -> Student:
    """Somebody who has come to the Decision Log. Each test of the module starts with no pin and an empty log."""
    student = Student(module_context.new_page(), address)
    student.has(ALL_OPEN)
    student.open()
    student.is_live()
    expect(student.check).to_be_visible()
    return student


@pytest.fixture
def empty(writer: Student) -> Student:
    while writer.pinned.count():
        count = writer.pinned.count()
        writer.pinned.first.get_by_role("button").click()
        expect(writer.pinned).to_have_count(count - 1)
    writer.write("", "", "")
    return writer


@pytest.fixture
def three_pinned(empty: Student) -> Iterator[Student]:
    for letter, index in (("A", 0), ("A", 1), ("C", 0)):
        empty.pin(letter, index)
    expect(empty.pinned).to_have_count(3)
    yield empty


def sign(student: Student) -> Locator:
    return student.page.get_by_role("button", name="Sign off the log")


def missing(student: Student) -> Locator:
    return student.check.locator("li", has_text=OPEN)


def test_a_pinned_reading_stands_beside_the_column_and_in_the_log(empty: Student) -> None:
    empty.pin("A", 1)
    reading = empty.readings("A")[1]
    expect(empty.pinned).to_have_count(1)
    expect(empty.pinned.first).to_contain_text(reading["label"])
    expect(empty.pinned.first).to_contain_text(reading["text"])
    expect(empty.check).to_contain_text("1 pinned so far")
    cite = empty.page.locator(".insert").get_by_role("button", name=f"+ {reading['text']}")
    empty.page.locator("textarea[name=text]").fill("So fast: ")
    cite.click()
    expect(empty.page.locator("textarea[name=text]")).to_have_value(f"So fast: {reading['text']} ({reading['label']}) ")
    expect(empty.page.locator("textarea[name=text]")).to_be_focused()


def test_a_pin_can_be_taken_back_where_it_was_set_and_from_the_list(empty: Student) -> None:
    button = empty.instrument("A").locator("lab-pin button").first
    empty.pin("A", 0)
    empty.pin("A", 1)
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(button).to_have_text("Pin this reading")
    expect(empty.pinned).to_have_count(1)
    empty.pinned.first.get_by_role("button", name=re.compile("Remove")).click()
    expect(empty.pinned).to_have_count(0)
    expect(empty.page.locator(".insert").get_by_role("button")).to_have_count(0)
    expect(empty.instrument("A").locator("lab-pin button").nth(1)).to_have_attribute("aria-pressed", "false")
    expect(empty.check).to_contain_text("0 pinned so far")


def test_an_empty_log_cannot_be_signed_and_says_what_it_lacks(empty: Student) -> None:
    expect(missing(empty)).to_have_count(5)
    expect(sign(empty)).to_be_disabled()


def test_a_log_without_numbers_is_not_complete(three_pinned: Student) -> None:
    three_pinned.write(re.sub(r"\d[\d.]*", "some", GOOD_LOG))
    expect(missing(three_pinned)).to_have_count(1)
    expect(missing(three_pinned)).to_contain_text("3 numbers in the text")
    expect(missing(three_pinned)).to_contain_text("0 found")
    expect(sign(three_pinned)).to_be_disabled()


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"term": ""}, "which term binds"),
        ({"gave_up": "money"}, "what you gave up"),
        ({"text": "36 ms, 7.0 ms and 11 ms of bandwidth"}, "about 200 words"),
    ],
    ids=["no term", "nothing given up", "too short"],
)
def test_whatever_else_is_missing_is_named_and_keeps_it_open(three_pinned: Student, changes, lacks: str) -> None:
    three_pinned.write(**changes)
    expect(missing(three_pinned)).to_have_count(1)
    expect(missing(three_pinned)).to_contain_text(lacks)
    expect(sign(three_pinned)).to_be_disabled()


def test_a_log_with_numbers_and_no_pins_is_not_complete(empty: Student) -> None:
    empty.write()
    expect(missing(empty).first).to_contain_text("3 readings pinned")
    expect(sign(empty)).to_be_disabled()


def test_a_good_log_completes_and_both_draft_and_signature_survive_a_reload(three_pinned: Student) -> None:
    student, page = three_pinned, three_pinned.page
    student.write()
    expect(missing(student)).to_have_count(0)
    expect(sign(student)).to_be_enabled()
    student.sign()
    expect(page.locator("#steps a.done")).to_have_count(5)
    logged = student.event("logged")["data"]
    assert logged["text"] == GOOD_LOG
    assert logged["term"] == "bytes moved, D/BW"
    assert logged["gave_up"] == "room for growth"
    assert all(logged["check"].values())

    page.locator("textarea[name=text]").press("End")
    page.locator("textarea[name=text]").press_sequentially(" One more thought.")
    expect(sign(student)).to_be_enabled()
    student.keeps(lambda kept: kept["draft"]["log"]["text"].endswith("thought."))
    page.reload()
    expect(page.locator("textarea[name=text]")).to_have_value(f"{GOOD_LOG} One more thought.", timeout=BOOT)
    student.is_live()
    expect(page.get_by_label("What did you give up?")).to_have_value("room for growth")
    expect(page.get_by_role("combobox", name="Which term")).to_have_value("bytes moved, D/BW")
    expect(student.pinned).to_have_count(3)
    expect(page.locator("#steps a.done")).to_have_count(5)
    assert student.event("logged")["data"] == logged
