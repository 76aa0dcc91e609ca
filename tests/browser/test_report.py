"""The printed report: predictions, readings and the log, and nothing of the page around them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from student import GOOD_LOG, Student


@pytest.fixture
def printed(graduate: Student) -> Iterator[Page]:
    """The page as it is printed."""
    page = graduate.page
    page.evaluate("window.print = () => window.dispatchEvent(new Event('printed'))")
    with page.expect_console_message(lambda message: message.text == "printed"):
        page.evaluate("window.addEventListener('printed', () => console.log('printed'), { once: true })")
        page.get_by_role("button", name="Print the report").click()
    page.emulate_media(media="print")
    yield page
    page.emulate_media(media="screen")


def test_it_holds_predictions_readings_and_log(printed: Page, graduate: Student, native) -> None:
    report = printed.locator("#report")
    expect(report).to_be_visible()
    rows = report.locator("tbody tr")
    expect(rows.filter(has_text="3.2×")).to_contain_text(f"{native.answers()['speedup']:.3g}×")
    expect(rows.filter(has_text="30 sequences")).to_contain_text(f"{native.answers()['crossover']:.0f} sequences")
    expect(rows.filter(has_text="2,000 GB/s")).to_contain_text(f"{native.answers()['bandwidth']:.0f} GB/s")
    for pin in graduate.pinned.locator("dt").all_inner_texts():
        expect(report).to_contain_text(pin.split("\n")[0])
    expect(report.locator(".logtext")).to_have_text(GOOD_LOG)
    expect(report).to_contain_text("bytes moved, D/BW")
    expect(report).to_contain_text("s 17/ä")
    expect(report.get_by_role("heading", name="Decision Log", exact=True)).to_be_visible()


def test_the_page_around_it_is_not_printed(printed: Page) -> None:
    expect(printed.locator("main, header.bar, #root")).to_have_count(3)
    visible = printed.evaluate(
        """() => [...document.body.querySelectorAll("*")]
          .filter((node) => !node.closest("#report") && node.checkVisibility() && node.getClientRects().length)
          .map((node) => node.tagName + "#" + node.id + "." + node.className)"""
    )
    assert visible == []


def test_the_page_comes_back_afterwards(graduate: Student) -> None:
    expect(graduate.page.locator("#report")).to_be_hidden()
    expect(graduate.page.locator("main")).to_be_visible()


def test_it_prints_as_a_few_pages(printed: Page) -> None:
    pdf = printed.pdf()
    assert pdf.startswith(b"%PDF")
    assert 1 <= pdf.count(b"/Type /Page\n") <= 3
