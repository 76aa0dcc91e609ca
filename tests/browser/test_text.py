"""Lab 16 of Volume 2: earlier labs are taken up; a text's mistakes are told at once, and a reload loses none of it."""

import re

from playwright.sync_api import expect

import record
from record import STARTED, committed
from student import Student

LAB, LAB_08 = "vol2/lab_16_fleet_synthesis", "vol1/lab_08_model_train"
IN_C = (
    STARTED,
    committed("floor", 6, "H100s"),
    ("part_done", {"part": "A"}),
    committed("fleet", 60, "H100s"),
    ("part_done", {"part": "B"}),
    committed("electricity", 30, "%"),
)
WRONG = '{"machine": "H10", "nodes": 3, "places": 0}'


def test_an_earlier_labs_choice_is_found_and_a_text_with_mistakes_is_kept(home, address: str) -> None:
    student = Student(home.new_page(), address, LAB)
    student.page.goto(f"{address}/index.html")
    record.put(student.page, record.record_text(IN_C, lab=LAB, controls={"C": {"source": "text"}}), LAB)
    earlier = (STARTED, ("carried", {"key": "precision=fp8", "name": "precision", "value": "fp8"}))
    record.put(student.page, record.record_text(earlier, lab=LAB_08), LAB_08)
    student.open()
    student.is_live()
    expect(student.instrument("B")).to_contain_text(
        "arithmetic in FP8 (Volume 1, Lab 08), weights of 16 bits (Volume 1, Lab 10, not"
    )
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
