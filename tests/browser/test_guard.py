"""The watch over every page would notice what it is there to notice."""

import pytest
from playwright.sync_api import Page

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


def test_what_was_expected_and_did_not_happen_is_noticed(landing: Page, guard) -> None:
    guard.expect("told you")
    with pytest.raises(AssertionError, match="not seen"):
        guard.check()
