"""What a class learnt as the console shows it: the command's tables, with every text a text."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

from labkit.grading.console import Console
from labkit.quiz.report import File, analysed, markup
from labkit.quiz.sittings import LARGEST
from mlsysim.cli import main
from sheets import form, person, right, table

PEOPLE = {"100001": {}, "100002": {**right(), "q1": "a", "q7_2": "<b>"}, "100003": right()}
BEFORE = [person(code, "pre", **given) for code, given in PEOPLE.items()] + [person("100009", consent="no research")]
AFTER = [person(code, "post", **right()) for code in (*PEOPLE, "100009")]


@pytest.fixture
def console() -> Console:
    return Console("{}")


def asked(console: Console, *files: tuple[str, bytes], late: bool = False) -> dict[str, str]:
    given = [{"name": f"{sitting}.csv", "size": len(content), "sitting": sitting} for sitting, content in files]
    found: dict[str, str] = json.loads(
        console.quiz(json.dumps({"files": given, "late": late}), *(content for _, content in files))
    )
    return found


def cells(html: str, title: str) -> list[list[str]]:
    """The cells of the table below a title."""
    body = html.partition(f"<h3>{title}</h3>")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in body.split("</tr>")[:-1]]


@pytest.mark.parametrize("maker", [table, form])
def test_the_console_shows_the_command_s_tables(console: Console, maker, tmp_path: Path, capsys) -> None:
    files = [("pre", maker(*BEFORE)), ("post", maker(*AFTER))]
    for sitting, content in files:
        (tmp_path / f"{sitting}.csv").write_bytes(content)
    options = ["--format", "json", "-o", str(tmp_path / "points.csv")]
    assert main(["quiz", "analyse", str(tmp_path / "pre.csv"), str(tmp_path / "post.csv"), *options]) == 0
    said = json.loads(capsys.readouterr().out)
    shown = asked(console, *files)
    assert shown["scores"].encode() == (tmp_path / "points.csv").read_bytes()
    for title, rows in (
        ("Points by goal", said["rows"]),
        *((t.capitalize(), said[t]) for t in ("effect size", "answers")),
    ):
        found = cells(shown["body"], title)
        assert len(found) == len(rows), title
        for line, row in zip(found, rows, strict=True):
            for cell, value in zip(line, row.values(), strict=True):
                told = pytest.approx(value, rel=5e-3) if isinstance(value, float) else "" if value is None else value
                assert (float(cell) if isinstance(value, float) else cell) == (
                    told if isinstance(value, float) else str(told)
                )
    assert "1 participant said “no research” and is left out" in unescape(shown["body"])


def test_what_strangers_wrote_stays_text() -> None:
    html = markup(
        analysed([File("<i>.csv", table(*BEFORE), "pre"), File("b.csv", table(*AFTER, person("<u>", "post")))])
    )
    assert not re.search("<[ibu]>", html)
    assert ["100002", "q7", "<b>"] in cells(html, "Not a number")
    assert any("“<u>” is no code" in why for _, why in cells(html, "Left out"))


def test_a_table_that_was_too_large_to_be_handed_over_is_named(console: Console) -> None:
    given = {"files": [{"name": "pre.csv", "size": LARGEST + 1, "sitting": "pre"}], "late": False}
    found = json.loads(console.quiz(json.dumps(given), None))
    assert "pre.csv has 20,000,001 bytes" in found["body"]
    assert found["scores"] == ""


def test_late_answers_count_where_asked_for(console: Console) -> None:
    late = person("100001", "post", q1="a", late='{"q1": "b"}')
    files = [("pre", table(person("100001"))), ("post", table(late))]
    after = [cells(asked(console, *files, late=each)["body"], "Points by goal")[-1][3] for each in (False, True)]
    assert after == ["0", "1"]
