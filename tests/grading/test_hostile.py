"""Whatever a stranger writes into a submission, it is shown as text, calculated by no spreadsheet, and stops nobody."""

import csv
import io
import json
import random
import re
from contextlib import suppress
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import classroom
from classroom import LAB, SOURCE
from labkit.grading import marks, report, tables
from labkit.grading.book import grade
from labkit.grading.console import Console
from labkit.grading.intake import from_files
from labkit.submission import SubmissionError, read

MARKUP = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'</textarea></svg>"
FORMULAS = ["=HYPERLINK(0)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\ufeff=1", "\u00a0-1"]


def filled(text: str, seed: int = 3) -> bytes:
    """A submission with a text in every field that takes one, its chain sound."""
    document = classroom.work(random.Random(seed), text)

    def change(events: list[classroom.Document]) -> None:
        for event in events:
            for name in ("reason", "typed", "unit", "name", "label", "text", "gave_up", "term"):
                if name in event["data"]:
                    event["data"][name] = text
        events.insert(1, {"at": events[0]["at"], "kind": text[:90] or "x", "data": {text: text}})
        reveal = next(event for event in events if event["kind"] == "revealed")
        events.insert(
            -1, {"at": events[-1]["at"], "kind": "revealed", "data": reveal["data"] | {"said": text, "says": text}}
        )
        pin = next(event for event in events if event["kind"] == "pinned")
        events.insert(
            -1, {"at": events[-1]["at"], "kind": "pinned", "data": pin["data"] | {"reading": text[:90] or "x"}}
        )
        events.insert(
            -1, {"at": events[-1]["at"], "kind": "committed", "data": {"lock": text[:90] or "x", "answer": text}}
        )

    student = {"id": text, "section": text}
    return classroom.text_of(
        classroom.resigned(
            document | {"student": student, "simulator_version": text[:40], "lab_version": text[:40]}, change
        )
    )


class Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, "")}


def test_markup_stays_text_in_report_and_console() -> None:
    plain = grade(from_files([("a.json", classroom.text_of(classroom.work(random.Random(3), "s1")))]), {LAB: SOURCE})
    hostile = grade(from_files([(f"{MARKUP}.json", filled(MARKUP)), (MARKUP, b"")]), {LAB: SOURCE})
    assert hostile.grades
    page = report.page(hostile)
    assert "alert(1)" in page
    assert "<script" not in page
    known = Tags(report.page(plain)).found | {("section", ""), ("p", "class"), ("td", ""), ("tr", ""), ("th", "scope")}
    assert Tags(page).found <= known
    console = Console(json.dumps({LAB: SOURCE}))
    console.add(f"{MARKUP}.json", filled(MARKUP), 1)
    shown = json.loads(console.grade(json.dumps(RULES)))
    assert "<script" not in shown["body"]
    assert "<img" not in json.loads(console.codes(MARKUP))["body"]


RULES = {
    "due": "",
    "opens": "",
    "grace": 0,
    "per_day": 10,
    "days": 5,
    "predictions": 0,
    "design": 0,
    "now": "2026-11-22T00:00:00.000Z",
}


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("style", tables.STYLES)
def test_no_cell_is_a_formula(formula: str, style: str) -> None:
    files = [(f"{formula}.json", filled(formula)), (f"{formula}.txt", b"")]
    book = grade(from_files(files), {LAB: SOURCE}, None, {})
    text = tables.write(book, style)
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert any(formula.strip("\t\r ")[-3:] in cell for cell in cells) or style == "canvas" or not book.current
    for cell in cells:
        assert not re.match(r"[\s\ufeff]*[=+@＝＋＠－-]", cell), cell


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60), st.integers(0, 3))
def test_any_text_in_every_field_is_graded_or_refused(text: str, seed: int) -> None:
    good = ("good.json", classroom.text_of(classroom.work(random.Random(4), "s1")))
    try:
        files = from_files([(f"{text}.json", filled(text, seed)), good])
    except UnicodeEncodeError:
        return  # half a character: no file can hold it
    book = grade(files, {LAB: SOURCE})
    assert len(book.grades) + len(book.refused) == 2
    assert "good.json" in [each.file for each in book.grades]
    for style in tables.STYLES:
        tables.write(book, style).encode()
    report.page(book).encode()
    assert marks.read(tables.write(book)) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_field_that_is_anything_at_all_is_graded_or_refused(data: st.DataObject) -> None:
    document = json.loads(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(document)))
        _put(document, place, data.draw(JSON))
    if data.draw(st.booleans()):
        with suppress(Exception):  # what can't even be signed is handed in as it is
            document = classroom.resigned(document, lambda _: None)
    content = json.dumps(document).encode("utf-8", "surrogatepass")
    book = grade(from_files([("a.json", content), ("b.json", GOOD)]), {LAB: SOURCE})
    assert len(book.grades) + len(book.refused) == 2
    assert "b.json" in [each.file for each in book.grades]
    report.page(book).encode()


GOOD = classroom.text_of(classroom.work(random.Random(9), "s9"))


def _places(value: object, place: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(*place, key) for key, _ in inner]
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        found += _places(each, (*place, key))
    return found


def _put(document: object, place: tuple[object, ...], value: object) -> None:
    for key in place[:-1]:
        try:
            document = document[key]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(document, dict | list) and place[-1:]:
        try:
            document[place[-1]] = value  # type: ignore[index]
        except (IndexError, TypeError):
            return


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 1_000_000, "nests deeper"),
        (b'{"a":' * 300_000, "nests deeper"),
        (b'"' + b'\\"' * 900_000, "not complete JSON"),
        (b'{"format": ' + b"1" * 100_000 + b"}", "not complete JSON"),
        (b"1e400", "larger than any number"),
        (b"-Infinity", "not a number"),
    ],
)
def test_files_made_to_stall_a_reader_are_refused(text: bytes, reason: str) -> None:
    with pytest.raises(SubmissionError, match=reason):
        read(text)


@pytest.mark.parametrize(
    "settings_",
    [
        {"machine": "H100", "weights": "fp16", "batch": 10**12, "context": 10**12},
        {"machine": "__class__", "weights": "__import__", "batch": 1, "context": 1},
        {"machine": "../../secret.toml", "weights": "fp16", "batch": 1, "context": 1},
        {"machine": ["H100"], "weights": {}, "batch": 1, "context": 1},
        {"machine": "H100", "weights": "fp16", "batch": -1, "context": 0},
        {"self": 1},
        {},
    ],
)
@pytest.mark.parametrize("reading", ["token_time", "step", "answers", "eval", "Reading", "ms", "__builtins__"])
def test_settings_are_computed_or_not_and_nothing_else_happens(settings_: dict[str, object], reading: str) -> None:
    found = classroom.sheet().reading({"reading": reading, "settings": settings_})
    assert found is None or reading == "token_time"


@given(st.text())
def test_any_table_of_marks_is_read_or_refused(text: str) -> None:
    with pytest.raises(marks.MarksError):
        marks.read(text)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("your_numbers=maybe", "write yes, no or nothing"),
        ("your_points=ten", "a number from 0"),
        ("your_points=-3", "from 0"),
    ],
)
def test_a_mark_that_is_none_is_refused_with_its_reason(cell: str, reason: str) -> None:
    name, value = cell.split("=")
    row = {"log_id": "a" * 16, **dict.fromkeys(marks.COLUMNS, ""), name: value}
    table = f"{','.join(row)}\r\n{','.join(row.values())}\r\n"
    with pytest.raises(marks.MarksError, match=reason):
        marks.read(table)
