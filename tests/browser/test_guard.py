"""The watch over every page would notice what it is there to notice."""

from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from student import Student

FROM_A_WORKER = """() => new Promise(done => {
  const code = "fetch('https://example.org/worker').catch(() => postMessage(0))";
  new Worker(URL.createObjectURL(new Blob([code]))).onmessage = done;
})"""


def test_requests_to_another_origin_are_noticed_and_get_nowhere(landing: Page, guard) -> None:
    guard.expect("request to another origin: https://example.org/page")
    guard.expect("request to another origin: https://example.org/worker")
    guard.expect("console: Failed to load resource: net::ERR_NAME_NOT_RESOLVED")
    assert landing.evaluate("fetch('https://example.org/page').then(() => 'through', () => 'stopped')") == "stopped"
    landing.evaluate(FROM_A_WORKER)


def test_an_address_without_a_name_gets_nowhere_either(landing: Page, guard) -> None:
    guard.expect("request to another origin: http://127.0.0.2:8765")
    guard.expect("console: Failed to load resource: net::ERR_NAME_NOT_RESOLVED")
    assert landing.evaluate("fetch('http://127.0.0.2:8765').then(() => 'through', () => 'stopped')") == "stopped"


@pytest.mark.parametrize(
    "script",
    [
        "console.error('told you')",
        "setTimeout(() => { throw Error('told you') })",
        'console.log(\'{"type": "exception", "msg": "told you"}\')',
    ],
    ids=["console error", "page error", "failed cell"],
)
def test_errors_are_noticed(landing: Page, guard, script: str) -> None:
    guard.expect("told you")
    landing.evaluate(f"() => {{ {script} }}")


def test_a_cell_that_fails_is_noticed(home: BrowserContext, address: str, guard) -> None:
    def broken(route: Route) -> None:
        text = route.fetch().text()
        setup = quote("import marimo as mo\n")
        assert text.count(setup) == 1
        route.fulfill(body=text.replace(setup, setup + quote("    1 / 0\n")), content_type="text/html")

    student = Student(home.new_page(), address)
    student.page.route(f"**/{student.lab}.html", broken)
    guard.expect('"type":"exception"')
    guard.expect("pygments needs the rest of the packages")  # in which a page writes where it failed
    student.open()
    student.until(lambda: any("ZeroDivisionError" in trouble for trouble in guard.troubles), 60)


def test_what_was_expected_and_did_not_happen_is_noticed(landing: Page, guard) -> None:
    guard.expect("told you")
    with pytest.raises(AssertionError, match="not seen"):
        guard.check()
