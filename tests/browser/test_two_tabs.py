"""Two tabs that write at once: nothing is lost, and the chain holds."""

import json
from typing import Any

from playwright.sync_api import BrowserContext, expect

from labkit import submission
from record import ALL_OPEN
from student import Student

# Many writes at once, of the same kind as a click's, in each tab from its own elements.
CLICK_ALL = (
    """() => document.querySelectorAll(".instrument lab-pin button[aria-pressed=false]").forEach((b) => b.click())"""
)


def named(reading: dict[str, Any]) -> str:
    """What tells one reading from another."""
    return json.dumps([reading["reading"], reading["settings"]], sort_keys=True)


def test_readings_pinned_in_two_tabs_at_once_all_survive(student: Student, home: BrowserContext) -> None:
    student.has(ALL_OPEN, controls={"A": {"machine": "H100", "weights": "fp16"}})
    other = Student(home.new_page(), student.address)
    student.open()
    other.open()
    student.is_live()
    other.is_live()
    # Different designs in the two tabs, each moved in its own.
    designs = ((student, "8", "MI300X", "L40S"), (other, "4", "A100", "A100"))
    for tab, bits, in_b, in_c in designs:
        tab.pick("A", machine="MI300X", weights=bits)
        tab.pick("B", machine=in_b)
        tab.pick("C", machine=in_c)
    for tab, bits, in_b, in_c in designs:
        tab.until(
            lambda tab=tab, bits=bits: (
                [r["settings"]["weights"] for r in tab.readings("A")] == [f"int{bits}"] * 2
                and [r["settings"]["machine"] for r in tab.readings("A")] == ["A100", "MI300X"]
            )
        )
        tab.until(lambda tab=tab, in_b=in_b: [r["settings"]["machine"] for r in tab.readings("B")] == [in_b] * 2)
        tab.until(lambda tab=tab, in_c=in_c: [r["settings"]["machine"] for r in tab.readings("C")] == [in_c])
    wanted = {named(r) for tab in (student, other) for letter in "ABC" for r in tab.readings(letter)}
    assert len(wanted) == 10

    student.page.evaluate(f"setTimeout({CLICK_ALL}, 50)")
    other.page.evaluate(CLICK_ALL)
    student.keeps(lambda kept: len([e for e in kept["events"] if e["kind"] == "pinned"]) >= len(wanted))
    pins = [event["data"] for event in student.stored["events"] if event["kind"] == "pinned"]
    assert sorted(map(named, pins)) == sorted(wanted)
    for tab in (student, other):
        expect(tab.pinned).to_have_count(len(wanted))
        expect(tab.page.locator("#trouble")).to_be_hidden()
        expect(tab.page.locator("#saved")).to_contain_text("Saved")
    assert len(submission.read(other.submission()).pins) == len(wanted)
