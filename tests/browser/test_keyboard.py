"""What keys do that no walk through a lab does: the skip link, a wrong answer, tables, readings put into the log."""

from playwright.sync_api import BrowserContext, expect

from record import ALL_OPEN
from student import Student
from typist import Typist, tab_to


def test_from_the_skip_link_to_a_prediction(context: BrowserContext, alone, address: str) -> None:
    typist = Typist(context.new_page(), address)
    typist.open()
    typist.press("Tab")
    expect(typist.page.get_by_role("link", name="Skip to the lab")).to_be_focused()
    typist.press("Enter")
    expect(typist.page.locator("#main")).to_be_focused()
    tab_to(typist.locks.first.get_by_label("Your answer"))
    typist.page.keyboard.type("abc")
    typist.press("Enter")
    expect(typist.locks.first.get_by_role("alert")).to_contain_text("does not start with a number")
    typist.press("ControlOrMeta+a")
    typist.page.keyboard.type("3.2")
    typist.press("Enter")
    expect(typist.locks.first.locator(".frozen")).to_be_focused()


def test_a_table_opens_and_a_reading_goes_into_the_log(home: BrowserContext, address: str) -> None:
    typist = Typist(home.new_page(), address)
    typist.has(ALL_OPEN)
    typist.open()
    typist.is_live()
    tab_to(typist.instrument("C").locator("summary").first)
    typist.press("Enter")
    expect(typist.instrument("C").locator("table")).to_be_visible()
    typist.pin("C")
    tab_to(typist.page.locator(".insert button").first)
    typist.press("Enter")
    text = typist.page.locator("textarea[name=text]")
    expect(text).to_be_focused()
    expect(text).not_to_have_value("")


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
