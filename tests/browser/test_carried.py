"""What one lab hands on arrives in the next, and its default where nothing was handed on, in real Chromium."""

import pytest
from playwright.sync_api import expect

import record
from student import Student

EARLIER, LATER = "vol1/lab_08_model_train", "vol1/lab_10_model_compress"
OPEN = (
    record.STARTED,
    record.committed("alone", 4, "×"),
    ("part_done", {"part": "A"}),
    record.committed("crowd", 2, "×"),
    ("part_done", {"part": "B"}),
    (
        "committed",
        {"lock": "fewest", "answer": "four bits, stored", "choice": 2, "typed": "", "unit": "", "reason": ""},
    ),
)


def carried(name: str, value: object) -> record.Event:
    return "carried", {"key": f"{name}={value}", "name": name, "value": value}


def later_after(home, address: str, *events: record.Event) -> Student:
    """Lab 10 with part C open, in a browser where Lab 08 has handed these on."""
    student = Student(home.new_page(), address, LATER)
    student.page.goto(f"{address}/index.html")
    if events:
        record.put(student.page, record.record_text((record.STARTED, *events), lab=EARLIER), EARLIER)
    record.put(student.page, record.record_text(OPEN, lab=LATER), LATER)
    student.open()
    student.is_live()
    expect(student.instrument("C").locator("svg.marks").first).to_be_visible()
    return student


@pytest.mark.parametrize(
    ("events", "says", "allowed"),
    [
        (
            (),
            "Nothing was handed on from Lab 08 in this browser. Its default holds: the model was trained in BF16.",
            False,
        ),
        ((carried("zero", 2), carried("precision", "fp8")), "your plan trained in FP8", True),
        (
            (carried("precision", "fp8"), carried("precision", "bf16")),
            "your plan trained in BF16",
            False,
        ),
        ((carried("precision", 8),), "Its default holds", False),
    ],
    ids=["skipped", "handed on", "the latest counts", "no precision"],
)
def test_the_precision_of_lab_08_decides_what_lab_10_may_serve(home, address, events, says, allowed):
    student = later_after(home, address, *events)
    note = student.page.locator("#handed-on")
    expect(note).to_contain_text(says)
    student.pick("C", form="FP8")
    student.until(lambda: any("FP8" in pin["label"] for pin in student.readings("C")))
    expect(student.failure("accuracy")).to_have_count(0 if allowed else 1)
    trained = {pin["settings"]["trained"] for pin in student.readings("C")}
    assert trained == {"fp8" if allowed else "bf16"}
    expect(note).to_contain_text(says)
