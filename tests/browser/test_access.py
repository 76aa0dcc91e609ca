"""Readable and operable for everybody: axe, narrow screens, text size, in light and in dark."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from student import Student

LOOKS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]
MOST_SEVERE = ("serious", "critical")

# Text that is shown, in shadow trees too, with the size at which it comes to the screen.
SMALL_TEXT = """() => {
  const small = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.trim()) {
      const parent = node.parentElement;
      const box = parent.getBoundingClientRect();
      const size = parseFloat(getComputedStyle(parent).fontSize);
      if (parent.checkVisibility() && box.width > 1 && box.height > 1 && size < 11) small.push([node.data, size]);
    }
    if (["SCRIPT", "STYLE"].includes(node.tagName)) return;
    if (node.shadowRoot) walk(node.shadowRoot);
    node.childNodes.forEach(walk);
  };
  walk(document.querySelector("#main"));
  return small;
}"""


@pytest.fixture(params=LOOKS, ids=[f"{width} {scheme}" for width, scheme in LOOKS])
def look(request: pytest.FixtureRequest) -> tuple[int, str]:
    return request.param


def dressed(page: Page, look: tuple[int, str]) -> Page:
    """The page at this width and in this colour scheme."""
    width, scheme = look
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    page.wait_for_function("!document.getAnimations().some((animation) => animation instanceof CSSTransition)")
    return page


def is_fit_to_read(page: Page) -> None:
    """No serious violation, no sideways scrolling, no text smaller than 11 px."""
    is_without_barriers(page)
    keeps_to_the_screen(page)


def keeps_to_the_screen(page: Page) -> None:
    """No sideways scrolling, no text smaller than 11 px."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL_TEXT) == []


def is_without_barriers(page: Page, **options: object) -> None:
    """No serious violation that axe finds."""
    found = Axe().run(page, options={"resultTypes": ["violations"]} | options).response["violations"]
    severe = [
        (
            violation["id"],
            violation["help"],
            [(node["html"][:200], node["failureSummary"]) for node in violation["nodes"]],
        )
        for violation in found
        if violation["impact"] in MOST_SEVERE
    ]
    assert severe == []


def test_the_landing_page(landing: Page, look: tuple[int, str]) -> None:
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


def test_the_lab_before_the_lock(waiting_page: Page, look: tuple[int, str]) -> None:
    is_fit_to_read(dressed(waiting_page, look))


def test_the_lock_with_a_fault(waiting_page: Page, waiting: Student, look: tuple[int, str]) -> None:
    waiting.lock("abc")
    is_fit_to_read(dressed(waiting_page, look))


@pytest.fixture
def played(graduate: Student) -> Iterator[Page]:
    """The whole lab: all parts, a failure, the log; with its folded equations and tables open."""
    graduate.page.evaluate("document.querySelectorAll('#main details').forEach((each) => { each.open = true })")
    expect(graduate.failure("memory")).to_be_visible()
    yield graduate.page
    dressed(graduate.page, (1280, "light"))


def test_the_whole_lab_played(played: Page, look: tuple[int, str]) -> None:
    is_fit_to_read(dressed(played, look))


def test_charts_keep_to_their_column_on_a_narrow_screen(played: Page) -> None:
    dressed(played, (390, "light"))
    for chart in played.locator(".instrument svg.marks").all():
        expect(chart).to_be_visible()
        box = chart.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["width"] > 250
