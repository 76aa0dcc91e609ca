"""Readable and operable for everybody: axe, narrow screens, text size, in light and in dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from barriers import LOOKS, Look, dressed, has_contrast, is_fit_to_read
from student import Student


@pytest.fixture(params=LOOKS, ids=[f"{width} {scheme}" for width, scheme in LOOKS])
def look(request: pytest.FixtureRequest) -> Look:
    return request.param


@pytest.mark.parametrize("change", ["color = '#bbb'", "opacity = 0.3", "background = '#222'"])
def test_of_many_texts_alike_one_that_cannot_be_read_is_found(landing: Page, change: str) -> None:
    landing.evaluate("document.querySelector('main').innerHTML = '<p>Read this.</p>'.repeat(100)")
    has_contrast(landing)
    landing.evaluate(f"document.querySelectorAll('main p')[50].style.{change}")
    with pytest.raises(AssertionError, match="color-contrast"):
        has_contrast(landing)


def test_of_many_links_alike_one_that_cannot_be_told_from_text_is_found(landing: Page) -> None:
    links = '<p>Read <a href="#this">this</a> and that.</p>' * 100
    landing.evaluate(f"document.querySelector('main').innerHTML = '{links}'")
    landing.add_style_tag(content="main p a { text-decoration: underline; color: rgb(70 70 110) }")
    has_contrast(landing)
    landing.evaluate("document.querySelectorAll('main p a')[50].style.textDecoration = 'none'")
    with pytest.raises(AssertionError, match="link-in-text-block"):
        has_contrast(landing)


def test_the_landing_page(landing: Page, look: Look) -> None:
    is_fit_to_read(dressed(landing, look))


@pytest.fixture(scope="module")
def waiting(module_context, address: str) -> Student:
    """A page whose Python never comes."""
    module_context.route(lambda url: "/runtime/" in url, lambda route: None)
    student = Student(module_context.new_page(), address)
    student.open()
    return student


@pytest.fixture
def waiting_page(waiting: Student) -> Page:
    expect(waiting.locks.locator("form")).to_be_visible()
    return waiting.page


def test_the_lab_before_the_lock(waiting_page: Page, look: Look) -> None:
    is_fit_to_read(dressed(waiting_page, look))


def test_the_lock_with_a_fault(waiting_page: Page, waiting: Student, look: Look) -> None:
    waiting.lock("abc")
    is_fit_to_read(dressed(waiting_page, look))


@pytest.fixture
def played(graduate: Student) -> Iterator[Page]:
    """The whole lab: all parts, a failure, the log; with its folded equations and tables open."""
    graduate.page.evaluate("document.querySelectorAll('#main details').forEach((each) => { each.open = true })")
    expect(graduate.failure("memory")).to_be_visible()
    yield graduate.page
    dressed(graduate.page, (1280, "light"))


def test_the_whole_lab_played(played: Page, look: Look) -> None:
    is_fit_to_read(dressed(played, look))


def test_charts_keep_to_their_column_on_a_narrow_screen(played: Page) -> None:
    dressed(played, (390, "light"))
    for chart in played.locator(".instrument svg.marks").all():
        expect(chart).to_be_visible()
        box = chart.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["width"] > 250
