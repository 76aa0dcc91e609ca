"""The whole lab with the keyboard alone, from the lock to the file one hands in."""

from pathlib import Path

from playwright.sync_api import Locator, expect

from labkit import submission
from student import GOOD_LOG, Student

RING = """(node) => {
  const shown = node.matches(".segments input") ? node.nextElementSibling : node;
  const style = getComputedStyle(shown);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""


def tab_to(target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus, which can be seen."""
    expect(target).to_be_visible()
    for _ in range(80):
        if target.evaluate("node => node === document.activeElement"):
            assert target.evaluate(RING), "the focus cannot be seen"
            return
        target.page.keyboard.press(key)
    raise AssertionError("Tab does not come to it")


def test_from_the_lock_to_the_submission(student: Student, lab) -> None:
    page, press, write = student.page, student.page.keyboard.press, student.page.keyboard.type
    button = page.get_by_role
    student.open()
    press("Tab")
    expect(page.get_by_role("link", name="Skip to the lab")).to_be_focused()
    press("Enter")
    expect(page.locator("#main")).to_be_focused()

    tab_to(student.locks.first.get_by_label("Your answer"))
    write("abc")
    press("Enter")
    expect(student.locks.first.get_by_role("alert")).to_contain_text("does not start with a number")
    press("ControlOrMeta+a")
    write("3.2")
    press("Tab")
    write("more arithmetic")
    press("Enter")
    expect(student.locks.first.locator(".frozen")).to_be_focused()
    student.is_live()

    # Part A: arrows move a choice, Space pins.
    tab_to(student.panel("A").get_by_role("radio", name="H100"))
    press("ArrowRight")
    expect(student.panel("A").get_by_role("radio", name="MI300X")).to_be_focused()
    student.until(lambda: [r["settings"]["machine"] for r in student.readings("A")] == ["A100", "MI300X"])
    for index in range(2):
        pin = student.instrument("A").locator("lab-pin button").nth(index)
        tab_to(pin)
        press("Space")
        expect(pin).to_have_attribute("aria-pressed", "true")
    tab_to(button("button", name="Compare with my prediction"))
    press("Enter")
    expect(page.locator(".reveal")).to_have_count(1)

    # Part B: its lock, then a slider to a failure and back.
    tab_to(student.locks.nth(1).get_by_label("Your answer"))
    write("300")
    press("Enter")
    tab_to(student.panel("B").get_by_role("slider", name="Batch"))
    press("End")
    tab_to(student.panel("B").get_by_role("slider", name="Context"))
    press("End")
    expect(student.failure("memory")).to_be_visible()
    press("Home")
    tab_to(student.panel("B").get_by_role("slider", name="Batch"), "Shift+Tab")
    for _ in range(2):
        press("ArrowLeft")
    student.until(lambda: [r["settings"].get("batch") for r in student.readings("B")][:1] == [768])
    expect(student.failure("memory")).to_have_count(0)
    tab_to(student.instrument("B").locator("lab-pin button").first)
    press("Enter")
    tab_to(button("button", name="Compare with my prediction"))
    press("Space")
    expect(page.locator(".reveal")).to_have_count(2)

    # Part C.
    tab_to(student.locks.nth(2).get_by_label("Your answer"))
    write("0.4 TB/s")
    press("Enter")
    tab_to(student.panel("C").get_by_role("radio", name="A10", exact=True))
    press("ArrowLeft")
    student.until(lambda: [r["settings"]["machine"] for r in student.readings("C")] == ["L40S"])
    tab_to(student.instrument("C").locator("summary").first)
    press("Enter")
    expect(student.instrument("C").locator("table")).to_be_visible()
    tab_to(button("button", name="Compare with my prediction"))
    press("Enter")
    expect(page.locator(".reveal")).to_have_count(3)

    # The log.
    tab_to(page.get_by_role("combobox", name="Which term"))
    write("bytes")
    tab_to(page.get_by_label("What did you give up?"))
    write("room for growth")
    tab_to(page.locator("textarea[name=text]"))
    page.keyboard.insert_text(GOOD_LOG)
    tab_to(page.locator(".insert button").first)
    press("Enter")
    expect(page.locator("textarea[name=text]")).to_be_focused()
    expect(button("button", name="Sign off the log")).to_be_enabled()
    tab_to(button("button", name="Sign off the log"))
    press("Enter")
    expect(student.check.get_by_role("status")).to_contain_text("Signed off")

    tab_to(page.get_by_label("Course identifier"))
    write("s17")
    tab_to(button("button", name="Download the submission"))
    with page.expect_download() as waiting:
        press("Enter")
    handed_in = submission.read(Path(waiting.value.path()).read_bytes())
    assert [data["answer"] for data in handed_in.of("committed")] == [3.2, 300, 400]
    assert len(handed_in.pins) == 3
    assert handed_in.of("logged")
    assert max(submission.recompute(handed_in, lab.readings)) <= 1e-12


def test_a_link_within_the_page_takes_no_focus_later(student: Student) -> None:
    page = student.page
    student.open()
    page.get_by_role("link", name="Lock").click()
    expect(page.locator("#part-Lock")).to_be_focused()
    page.keyboard.press("Tab")
    answer = student.locks.first.get_by_label("Your answer")
    expect(answer).to_be_focused()
    student.is_live()
    expect(answer).to_be_focused()
