"""One's work as a whole: saved to a file, loaded again, erased; settings one comes back to or hands on by a link."""

import json
from pathlib import Path

from playwright.sync_api import BrowserContext, expect

import record
from record import ALL_OPEN, FIRST_LOCKED
from student import Student

HINTED = "vol1/lab_13_model_serving"  # whose part A has a hint, and is on the page before Python is
STOPPED = """
  const moment = Date.parse("MOMENT");
  Date = class extends Date {
    constructor(...given) { super(...(given.length ? given : [moment])); }
    static now() { return moment; }
  };
"""


def load(student: Student, name: str, text: str) -> None:
    files = [{"name": name, "mimeType": "application/json", "buffer": text.encode()}]
    student.page.locator("lab-work input[type=file]").set_input_files(files)


def test_a_saved_file_brings_the_work_back_on_another_machine(student: Student, alone, new_context) -> None:
    student.has(ALL_OPEN)
    student.open()
    text = Path(student.download("Save to a file").path()).read_text(encoding="utf-8")
    elsewhere = Student(new_context().new_page(), student.address)
    elsewhere.open()
    load(elsewhere, "mine.json", text)
    expect(elsewhere.locks.first).to_contain_text("3.2×")
    assert elsewhere.stored["events"][: len(ALL_OPEN)] == student.stored["events"][: len(ALL_OPEN)]
    elsewhere.page.context.close()


def test_a_foreign_or_broken_file_is_refused_and_changes_nothing(student: Student, alone) -> None:
    student.has(FIRST_LOCKED)
    student.open()
    student.keeps(lambda kept: bool(kept))
    before = student.stored
    status = student.page.locator("lab-work [role=status]")
    for name, text, why in (
        ("other.json", record.record_text(FIRST_LOCKED, lab="vol1/lab_99"), "belongs to “vol1/lab_99”"),
        ("cut.json", record.record_text(FIRST_LOCKED)[:-20], "not complete JSON"),
        ("later.json", record.record_text(FIRST_LOCKED, format="mlsysim-lab-record/9"), "this page reads"),
        ("edited.json", record.record_text(FIRST_LOCKED).replace("3.2", "1.6"), "chain of events breaks"),
    ):
        load(student, name, text)
        expect(status).to_contain_text(why)
        expect(status).to_contain_text("untouched")
    assert student.stored["events"][: len(before["events"])] == before["events"]


def test_loading_sets_the_present_work_aside(student: Student, alone) -> None:
    student.has(FIRST_LOCKED)
    student.open()
    student.page.once("dialog", lambda dialog: dialog.accept())
    load(student, "later.json", record.record_text(ALL_OPEN))
    expect(student.page.locator("#steps a.done")).to_have_count(4)
    aside = [key for key in record.keys(student.page) if "set aside" in key]
    assert len(aside) == 1
    kinds = [event["kind"] for event in json.loads(record.get(student.page, aside[0]))["events"]]
    assert kinds[:2] == ["started", "committed"]


def test_erasing_asks_first_and_then_leaves_nothing(student: Student, alone) -> None:
    student.has(FIRST_LOCKED)
    student.open()
    record.put(student.page, "another lab's", "vol1/lab_98")
    student.page.once("dialog", lambda dialog: dialog.dismiss())
    student.page.get_by_role("button", name="Erase everything").click()
    assert "vol1/lab_98" in record.keys(student.page)
    student.page.once("dialog", lambda dialog: dialog.accept())
    student.page.get_by_role("button", name="Erase everything").click()
    expect(student.locks.first.get_by_label("Your answer")).to_be_visible()
    student.until(lambda: record.keys(student.page) == [student.lab])
    assert [event["kind"] for event in student.stored["events"]] == ["started"]


def test_another_version_goes_on_with_the_record_and_the_chain_says_so(student: Student, alone) -> None:
    student.has(FIRST_LOCKED, lab_version="0")
    student.open()
    student.keeps(lambda kept: kept["events"][-1]["kind"] == "continued")
    assert student.event("continued")["data"]["lab_version"] == record.version_of(record.LAB)
    student.reload()
    student.page.wait_for_timeout(500)
    assert len([event for event in student.stored["events"] if event["kind"] == "continued"]) == 1


def test_the_last_setting_is_one_press_away_and_a_link_leads_to_a_setting(
    student: Student, context: BrowserContext, alone
) -> None:
    student.has(FIRST_LOCKED)
    student.open()
    panel = student.panel("A")
    last = panel.get_by_role("button", name="Last setting")
    expect(last).to_be_hidden()
    student.pick("A", weights="8")
    student.page.wait_for_timeout(900)
    student.pick("A", weights="4")
    for weights in ("8", "4"):
        student.page.wait_for_timeout(900)
        last.click()
        expect(panel.get_by_role("radio", name=weights, exact=True)).to_be_checked()
    panel.get_by_role("button", name="Link").click()
    link = student.page.url.split("#")[1]
    student.pick("A", weights="16")
    student.keeps(lambda kept: kept["controls"]["A"]["weights"] == "fp16")
    later = Student(context.new_page(), student.address)
    later.open(f"#{link}")
    expect(later.panel("A").get_by_role("radio", name="4", exact=True)).to_be_checked()


def test_whoever_is_stuck_is_asked_a_question(student: Student) -> None:
    student.has(ALL_OPEN)
    student.open()
    student.is_live()
    for index in (2, 4, 6, 8, 10, 12):
        student.pull("B", "Batch, sequences at once", index)
        student.page.wait_for_timeout(350)
    expect(student.instrument("B").locator(".probe")).to_contain_text("What does each sequence bring")
    student.pull("B", "Context, tokens each", 5)
    expect(student.instrument("B").locator(".probe")).to_have_count(0)


def test_hints_are_there_for_readers_on_their_own_and_held_back_in_a_section(
    context: BrowserContext, alone, address: str
) -> None:
    student = Student(context.new_page(), address, HINTED)
    student.open()
    student.lock("10")
    expect(student.page.locator("#part-A .hint")).to_be_visible()
    for moment, says, shown in (
        ("2026-03-02 23:40", "Begins 23:50", False),
        ("2026-03-02 23:57", "Minute 8: A", False),
        ("2026-03-03 00:02", "Minute 13: A", True),  # a section may go on past midnight
        ("2026-03-03 02:00", "time is over", True),
    ):
        then = Student(context.new_page(), address, HINTED)
        then.page.add_init_script(STOPPED.replace("MOMENT", moment))
        then.open("?section=B2&start=23:50")
        expect(then.page.get_by_role("group", name="Pace of the section")).to_contain_text(says)
        expect(then.page.locator("#part-A .hint")).to_be_visible(visible=shown)
