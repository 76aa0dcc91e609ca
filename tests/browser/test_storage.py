"""Storage that is full, blocked or damaged: a message and a file to take away, never a blank page or a silent reset."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from playwright.sync_api import BrowserContext, expect

import record
from record import FIRST_LOCKED, LAB, STARTED, committed
from student import Student

FULL = "IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError') };"
FULL_LATER = """IDBObjectStore.prototype.put = function () {
  setTimeout(() => this.transaction.abort());
  const request = this.get("nothing");
  return request;
};"""
GONE = "Object.defineProperty(window, 'indexedDB', { value: undefined });"
FORBIDDEN = "IDBFactory.prototype.open = () => { throw new DOMException('not allowed', 'SecurityError') };"


def holds(events: list[dict[str, Any]]) -> bool:
    """Whether the chain of events holds."""
    previous = "0" * 64
    for event in events:
        rest = {name: value for name, value in event.items() if name != "hash"}
        if rest["prev"] != previous or hashlib.sha256(rfc8785.dumps(rest)).hexdigest() != event["hash"]:
            return False
        previous = event["hash"]
    return True


def exported(student: Student, button: str) -> bytes:
    return Path(student.download(button).path()).read_bytes()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (FULL, "storage is full"),
        (FULL_LATER, "does not let the page store"),
        (GONE, "does not let the page store"),
        (FORBIDDEN, "does not let the page store"),
    ],
    ids=["full", "given up", "gone", "forbidden"],
)
def test_storage_that_refuses_is_said_and_the_work_can_be_taken_away(
    student: Student, alone, script: str, reason: str
) -> None:
    page = student.page
    page.add_init_script(script)
    student.open()
    trouble = page.get_by_role("alert").filter(has_text="Your work is not being saved")
    expect(trouble).to_contain_text(reason)
    expect(page.locator("#saved")).to_have_text("Not saved")
    student.lock("3.2", "more arithmetic")
    expect(student.locks.first.locator(".frozen .big")).to_have_text("3.2×")
    work = json.loads(exported(student, "Download my work so far"))
    assert [event["kind"] for event in work["events"]] == ["started", "committed"]
    assert work["events"][1]["data"]["reason"] == "more arithmetic"
    assert holds(work["events"])


@pytest.mark.parametrize("script", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_the_lab_stays_playable_when_nothing_can_be_stored(student: Student, script: str) -> None:
    student.page.add_init_script(script)
    student.open()
    student.lock("3.2")
    student.is_live()
    student.pick("A", machine="MI300X", weights="4")
    student.until(
        lambda: (
            [r["settings"]["machine"] for r in student.readings("A")] == ["A100", "MI300X"]
            and student.readings("A")[1]["settings"]["weights"] == "int4"
        )
    )
    student.pin("A", 1)
    expect(student.pinned).to_have_count(1)
    student.finish()
    expect(student.page.locator(".reveal")).to_be_visible()
    student.lock("30")
    expect(student.instrument("B").locator("svg")).to_be_visible()
    work = json.loads(exported(student, "Download my work so far"))
    assert {"committed", "pinned", "part_done", "revealed"} <= {event["kind"] for event in work["events"]}
    assert holds(work["events"])


def edited() -> str:
    """A record whose locked answer was changed afterwards."""
    document = record.record(FIRST_LOCKED)
    document["events"][1]["data"] = document["events"][1]["data"] | {"answer": 1.6}
    return rfc8785.dumps(document).decode()


WHOLE = record.record_text(FIRST_LOCKED)
DAMAGED = {
    "cut short": (WHOLE[: len(WHOLE) // 2], "not complete JSON"),
    "empty": ("", "not complete JSON"),
    "edited": (edited(), "chain of events breaks at event 1"),
    "another lab's": (record.record_text(FIRST_LOCKED, lab="vol1/lab_99"), "belongs to “vol1/lab_99”"),
    "from the future": (record.record_text(FIRST_LOCKED, format="mlsysim-lab-record/2"), "mlsysim-lab-record/2"),
    "no events": (record.record_text([], events=None), "no list of events"),
    "an event that is none": (record.record_text([], events=[None]), "no event"),
    "not an object": ("[1, 2]", "no list of events"),
    "null": ("null", "no list of events"),
    "a commit without its data": (record.record_text([STARTED, ("committed", None)]), "no event"),  # type: ignore[list-item]
    "controls that are none": (record.record_text(FIRST_LOCKED, controls=None), "controls"),
    "a draft that is none": (record.record_text(FIRST_LOCKED, draft="x"), "draft"),
    "a student that is none": (record.record_text(FIRST_LOCKED, student=None), "student"),
    "nasty text": ('{"format": "\u2028\\ud800 é\U0001f600', "not complete JSON"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_record_is_said_handed_over_and_never_overwritten(student: Student, alone, damage: str) -> None:
    text, reason = DAMAGED[damage]
    page = student.page
    student.has_text(text)
    student.open()
    trouble = page.get_by_role("alert").filter(has_text="Your saved record can’t be read")
    expect(trouble).to_contain_text(reason)
    expect(trouble).to_contain_text("Nothing was overwritten")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert exported(student, "Download the damaged record") == text.encode()

    student.lock("7", "I go on regardless")
    expect(student.locks.first.get_by_role("alert")).to_contain_text("Decide first")
    expect(student.locks.first.get_by_label("Your answer")).to_have_value("7")
    student.reload()
    expect(trouble).to_contain_text(reason)
    assert record.get(page) == text
    assert record.keys(page) == [LAB]

    page.get_by_role("button", name="Set it aside and start again").click()
    expect(trouble).to_be_hidden()
    student.lock("2.5")
    expect(student.locks.first.locator(".frozen .big")).to_have_text("2.5×")
    (aside,) = (key for key in record.keys(page) if key != LAB)
    assert record.get(page, aside) == text
    assert [event["kind"] for event in student.stored["events"]] == ["started", "committed"]


def test_a_lone_surrogate_in_a_damaged_record_does_not_stop_the_page(student: Student, alone) -> None:
    student.page.goto(f"{student.address}/index.html")
    student.page.evaluate(
        """() => new Promise((done) => {
          const request = indexedDB.open("mlsysim-labs", 1);
          request.onupgradeneeded = () => request.result.createObjectStore("records");
          request.onsuccess = () => {
            const transaction = request.result.transaction("records", "readwrite");
            transaction.objectStore("records").put("{\\ud800", "vol1/lab_02_ml_systems");
            transaction.oncomplete = () => done(request.result.close());
          };
        })"""
    )
    student.open()
    expect(student.page.get_by_role("alert").filter(has_text="can’t be read")).to_be_visible()


def test_with_python_there_a_damaged_record_still_leaves_a_page_to_read(student: Student) -> None:
    text = DAMAGED["edited"][0]
    student.has_text(text)
    student.open()
    student.is_live()
    expect(student.page.get_by_role("alert").filter(has_text="can’t be read")).to_be_visible()
    expect(student.page.locator("#part-A")).to_contain_text("Opens")
    assert record.get(student.page) == text
    student.page.get_by_role("button", name="Set it aside and start again").click()
    student.lock("2.5")
    expect(student.page.locator(".instrument svg")).to_be_visible()


def test_a_record_damaged_while_the_page_is_open_is_not_overwritten(
    student: Student, context: BrowserContext, alone
) -> None:
    student.open()
    expect(student.page.locator("#saved")).to_contain_text("Saved")
    text = DAMAGED["cut short"][0]
    elsewhere = context.new_page()
    elsewhere.goto(f"{student.address}/index.html")
    record.put(elsewhere, text)
    student.lock("3.2")
    expect(student.page.get_by_role("alert").filter(has_text="can’t be read")).to_contain_text("not complete JSON")
    assert record.get(elsewhere) == text
    assert exported(student, "Download the damaged record") == text.encode()


def test_records_of_a_later_database_are_left_alone(student: Student, alone) -> None:
    student.page.goto(f"{student.address}/index.html")
    student.page.evaluate(
        """() => new Promise((done) => {
          const request = indexedDB.open("mlsysim-labs", 7);
          request.onsuccess = () => done(request.result.close());
        })"""
    )
    student.open()
    expect(student.page.get_by_role("alert").filter(has_text="not being saved")).to_be_visible()
    student.lock("3.2")
    expect(student.locks.first.locator(".frozen .big")).to_have_text("3.2×")


def test_a_whole_record_is_taken_as_it_is(student: Student, alone) -> None:
    student.has([STARTED, committed("speedup", 1234.5, "×")])
    student.open()
    expect(student.locks.first.locator(".frozen .big")).to_have_text("1,230×")
    expect(student.page.locator("#trouble")).to_be_hidden()
    assert record.get(student.page) == record.record_text([STARTED, committed("speedup", 1234.5, "×")])
