"""A design as JSON: what is wrong with it is told at once, and what was typed is there after a reload."""

import re

from playwright.sync_api import expect

import record
from record import STARTED, committed
from student import Student

LAB = "vol2/lab_16_fleet_synthesis"
IN_C = (
    STARTED,
    committed("floor", 6, "H100s"),
    ("part_done", {"part": "A"}),
    committed("fleet", 60, "H100s"),
    ("part_done", {"part": "B"}),
    committed("electricity", 30, "%"),
)
WRONG = '{"machine": "H10", "nodes": 3, "places": 0}'


def test_mistakes_in_a_text_are_told_and_nothing_of_it_is_lost(context, address: str) -> None:
    student = Student(context.new_page(), address, LAB)
    student.page.goto(f"{address}/index.html")
    record.put(student.page, record.record_text(IN_C, lab=LAB, controls={"C": {"source": "text"}}), LAB)
    student.open()
    student.is_live()
    field = student.page.get_by_label("A design as JSON", exact=True)
    student.page.get_by_text("A design as JSON, with any machine").click()
    expect(student.instrument("C")).to_contain_text("Mine")
    field.fill(WRONG)
    for told in (
        "mistakes stand between",
        "'H10' is not known",
        "'nodes' is not known",
        "places is 0",
        "terms is missing",
    ):
        expect(student.instrument("C")).to_contain_text(told)
    student.keeps(lambda kept: kept["controls"]["C design"] == WRONG)
    student.reload()
    student.is_live()
    expect(student.instrument("C")).to_contain_text("mistakes stand between")
    expect(field).to_have_value(WRONG)
    student.page.get_by_text("A design as JSON, with any machine").click()
    student.page.get_by_role("button", name="Begin again from the example").click()
    expect(student.instrument("C")).to_contain_text(re.compile("answered without one node"))
    assert all("Mine" in pin["settings"]["machine"] for pin in student.readings("C"))
