"""What a returning student moves before Python is there is what part A computes with when it comes."""

from playwright.sync_api import expect

from record import FIRST_LOCKED
from student import Student


def computes(student: Student, machine: str, weights: str) -> None:
    """Part A computes with these settings and its controls show them."""
    student.until(
        lambda: (
            [(r["settings"]["machine"], r["settings"]["weights"]) for r in student.readings("A")]
            == [("A100", weights), (machine, weights)]
        )
    )
    bits = {"fp16": "16", "int8": "8", "int4": "4"}[weights]
    for label in (machine, bits):
        expect(student.panel("A").get_by_role("radio", name=label, exact=True)).to_be_checked()


def test_a_control_moved_before_python_is_ready_is_not_lost_and_keeps_the_focus(student: Student, held) -> None:
    student.has(FIRST_LOCKED)
    student.open()
    student.pick("A", weights="8")
    bits = student.panel("A").get_by_role("radio", name="8", exact=True)
    expect(bits).to_be_focused()
    student.page.keyboard.press("ArrowRight")
    student.panel("A").get_by_role("radio", name="H100").focus()
    student.page.keyboard.press("ArrowRight")
    expect(student.panel("A").get_by_role("radio", name="MI300X")).to_be_focused()
    held.release()
    student.is_live()
    computes(student, "MI300X", "int4")
    expect(student.panel("A")).to_have_count(1)
    expect(student.panel("A").get_by_role("radio", name="MI300X")).to_be_focused()
    student.page.keyboard.press("ArrowLeft")
    computes(student, "H100", "int4")
    student.keeps(lambda kept: kept["controls"]["A"] == {"machine": "H100", "weights": "int4"})


def test_a_control_moved_all_through_the_start_ends_where_it_was_left(student: Student) -> None:
    student.has(FIRST_LOCKED)
    student.open()
    page = student.page
    page.evaluate(
        """() => new Promise((done) => {
          let moves = 0;
          const timer = setInterval(() => {
            const panels = [...document.querySelectorAll("lab-panel")].filter((panel) => panel.checkVisibility());
            const wanted = ["fp16", "int8", "int4"][moves++ % 3];
            panels[0]?.querySelector(`input[value=${wanted}]`).click();
            if (document.documentElement.dataset.state === "live" && wanted === "int8") done(clearInterval(timer));
          }, 70);
        })"""
    )
    computes(student, "H100", "int8")
    student.keeps(lambda kept: kept["controls"]["A"]["weights"] == "int8")


def test_what_was_set_on_an_earlier_day_is_where_part_a_starts(student: Student) -> None:
    student.has(FIRST_LOCKED, controls={"A": {"machine": "MI300X", "weights": "nonsense"}})
    student.open()
    expect(student.panel("A").get_by_role("radio", name="MI300X")).to_be_checked()
    student.is_live()
    computes(student, "MI300X", "fp16")


def test_an_identifier_typed_before_the_record_was_read_is_not_lost(student: Student, alone) -> None:
    student.page.add_init_script(
        """new MutationObserver((_, watching) => {
          const field = document.querySelector("lab-identity input");
          if (!field) return;
          watching.disconnect();
          field.value = "s7";
          field.dispatchEvent(new Event("input", { bubbles: true }));
        }).observe(document, { childList: true, subtree: true });"""
    )
    student.open("?section=B2")
    student.keeps(lambda kept: kept["student"] == {"id": "s7", "section": "B2"})
    expect(student.page.get_by_label("Section B2")).to_have_value("s7")
