"""The page's canonical JSON and SHA-256 are Python's, whatever a student types."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from labkit import bundle, submission
from labkit.figures import number
from record import ALL_OPEN
from student import Student

NASTY = 'He "said"\\ \u2028\u2029\u0000\u001f\u007f é\u0301 \U0001f468\u200d\U0001f469 ﷽ <b> {"a": 1}\ttab\nnew line'
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def kit(module_context, address: str) -> Page:
    """A page that lets one call the kit's own `canonical` and `sha256`."""
    page = module_context.new_page()
    page.goto(f"{address}/index.html")
    folder = Path(bundle.__file__).parent / "page"
    vendor = (folder / "vendor" / "sha256.min.js").read_text(encoding="utf-8")
    store = (folder / "store.js").read_text(encoding="utf-8")
    page.add_script_tag(content=f"{vendor}\n(() => {{ {store}\nwindow.canonical = canonical; }})();")
    page.add_script_tag(
        content=f"(() => {{ {(folder / 'dom.js').read_text(encoding='utf-8')}\nwindow.figure = figure; }})();"
    )
    return page


def test_figures_are_written_alike(kit: Page) -> None:
    values = [
        sign * digits * 10.0**power for sign in (1, -1) for digits in (1, 1.5, 2.34, 9.996) for power in range(-9, 12)
    ]
    assert kit.evaluate("(values) => values.map(figure)", [0, *values]) == [number(value) for value in [0, *values]]


def agree(kit: Page, values: list[Any]) -> None:
    texts, digests = kit.evaluate(
        """(text) => {
          const texts = JSON.parse(text).map(canonical);
          return [texts, texts.map((each) => sha256(each))];
        }""",
        json.dumps(values),
    )
    for value, text, digest in zip(values, texts, digests, strict=True):
        expected = rfc8785.dumps(value)
        assert text.encode() == expected
        assert digest == hashlib.sha256(expected).hexdigest()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, min_size=5, max_size=30))
def test_canonical_text_and_hash_agree(kit: Page, values: list[Any]) -> None:
    agree(kit, values)


def test_they_agree_on_the_hard_cases(kit: Page) -> None:
    agree(
        kit,
        [
            NASTY,
            {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
            [
                1e21,
                1e-7,
                5e-324,
                1.7976931348623157e308,
                -0.0,
                0.1 + 0.2,
                333333333.33333329,
                2**53 - 1,
                1e20,
                123456789012,
            ],
            {"": {"": [[], {}]}},
        ],
    )


def test_whatever_is_typed_the_submission_reads_back(student: Student) -> None:
    page = student.page
    student.has(ALL_OPEN)
    student.open()
    student.is_live()
    area = page.locator("textarea[name=text]")
    expect(area).to_be_visible()
    typed = NASTY.replace("\u0000", "")
    for place, tail in ((area, "\ud800 lone"), (page.get_by_label("What did you give up?"), "\udc00")):
        place.evaluate(
            """(field, [text, units]) => {
              field.value = text + String.fromCharCode(...units);
              field.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            [typed, [ord(unit) for unit in tail]],
        )
    page.get_by_label("Course identifier").fill('"\U0001f600\u2028"')
    student.keeps(lambda kept: kept["student"]["id"] != "" and "lone" in kept["draft"].get("log", {}).get("text", ""))
    # The notebook got the text, judged it, and the page shows the judgement.
    expect(student.check).to_contain_text("120 to 320")
    handed_in = submission.read(student.submission())
    assert handed_in.draft["log"]["text"] == f"{typed}\ufffd lone"
    assert handed_in.draft["log"]["gave_up"].endswith("\ufffd")
    assert handed_in.student["id"] == '"\U0001f600\u2028"'


def test_a_lone_surrogate_in_the_reason_of_a_lock_does_no_harm(student: Student, alone) -> None:
    student.open()
    student.locks.first.get_by_label("Your answer").fill("3.2")
    student.locks.first.get_by_label("Why?").evaluate("field => { field.value = `because \\ud83d` }")
    student.locks.first.get_by_role("button").click()
    expect(student.locks.first.locator(".frozen")).to_contain_text("because")
    event = student.event("committed")
    assert event["data"]["reason"] == "because \ufffd"
    rest = {name: value for name, value in event.items() if name != "hash"}
    assert hashlib.sha256(rfc8785.dumps(rest)).hexdigest() == event["hash"]
