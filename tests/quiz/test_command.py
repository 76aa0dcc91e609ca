"""mlsysim quiz, as typed: from two tables to what a class learnt."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.quiz.questions import GOALS, MISCONCEPTIONS, questions
from mlsysim.cli import main
from sheets import form, person, right, table

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object) -> int:
    return main([str(each) for each in arguments])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Three who sat twice: with nothing, half and all before, with half, all and all after; others who do not count."""
    half = {
        **right(),
        "q1": "a",
        "q2": "d",
        "q6_1": "75",
        "q6_2": "75",
        "q7_1": "195000",
        "q7_2": "600",
        "q8": "a",
        "q10": "",
    }
    before = table(
        person("100001"),
        person("100002", **half),
        person("100003", **right()),
        person("100004", consent="no research", **right()),
        person("100005", **right()),
        person("100001", **half) | {"started": "2026-11-21T08:00:00.000Z"},
    )
    after = table(
        person("100001", "post", **half),
        person("100002", "post", **right()),
        person("100003", "post", **right()),
        person("100004", "post", **right()),
        person("Ada", "post"),
    )
    for name, content in (("pre.csv", before), ("post.csv", after)):
        (tmp_path / name).write_bytes(content)
    return tmp_path / "pre.csv", tmp_path / "post.csv"


def told(capsys, *arguments: object) -> dict:
    assert run("quiz", "analyse", *arguments, "--format", "json") == 0
    return json.loads(capsys.readouterr().out)


def test_points_gains_and_effect_sizes(files, capsys) -> None:
    said = told(capsys, *files)
    rows = {row["goal"]: row for row in said["rows"]}
    assert list(rows) == [*GOALS, "all"]
    half = 12 - 2 - 2 - 1 - 1 - 1  # q1 and q2, q6, q7 half, q8, q10
    assert rows["all"]["points"] == 12
    assert rows["all"]["before"] == pytest.approx((0 + half + 12) / 3)
    assert rows["all"]["after"] == pytest.approx((half + 12 + 12) / 3)
    assert rows["all"]["normalised_gain"] == pytest.approx(rows["all"]["gain"] / (12 - rows["all"]["before"]))
    assert rows["U1"]["before"] == pytest.approx((0 + 0 + 2) / 3)
    assert rows["U3"]["gain"] == pytest.approx(1 / 3)
    effect = {row["goal"]: row for row in said["effect size"]}["all"]
    assert effect["pooled_lower"] < effect["d_pooled"] < effect["pooled_upper"]
    assert effect["paired_lower"] < effect["d_paired"] < effect["paired_upper"]


def test_who_counts_and_who_does_not_is_told(files, capsys) -> None:
    said = told(capsys, *files)
    notes = " ".join(row["note"] for row in said["notes"])
    assert "3 participants sat both times" in notes
    assert "1 participant sat only before and is left out" in notes
    assert "1 participant said “no research” and is left out" in notes
    assert "1 rows were followed by a later one of the same code" in notes
    (refused,) = said["left out"]
    assert refused == {"what": "post.csv, row 6", "why": "“Ada” is no code of six digits"}


def test_answers_and_misconceptions_before_and_after(files, capsys) -> None:
    said = told(capsys, *files)
    answers = {(row["question"], row["answer"]): row for row in said["answers"]}
    assert (answers["q1", "b"]["before"], answers["q1", "b"]["after"]) == (1, 2)
    assert (answers["q1", "-"]["before"], answers["q1", "-"]["after"]) == (1, 0)
    assert answers["q1", "b"]["shows"] == "right"
    assert answers["q2", "d"]["shows"] == MISCONCEPTIONS["peak"]
    for question in questions():
        for sitting in ("before", "after"):
            assert sum(row[sitting] for (name, _), row in answers.items() if name == question.name) == 3
    assert [answers["q7", f"{points} points"]["before"] for points in (2, 1, 0)] == [1, 1, 1]
    found = {row["misconception"]: row for row in said["misconceptions"]}
    assert found[MISCONCEPTIONS["peak"]] == {
        "misconception": MISCONCEPTIONS["peak"],
        "questions": "q1, q2",
        "before": 1,
        "after": 1,
    }
    assert set(found) == {MISCONCEPTIONS[name] for name in ("peak", "same rate", "copies", "units", "efficiency")}


@pytest.mark.parametrize("style", ["text", "json", "csv", "markdown"])
def test_it_is_told_in_every_format(files, style, capsys) -> None:
    assert run("quiz", "analyse", *files, "--format", style) == 0
    out = capsys.readouterr().out
    assert "U6" in out
    if style == "csv":
        assert len(list(csv.reader(out.splitlines()))) == 1 + len(GOALS) + 1
    if style == "text":
        for title in ("Effect size", "Answers", "Misconceptions", "Left out", "Notes"):
            assert f"\n{title}\n" in out


def test_files_and_folders_come_in_any_order_and_number(files, tmp_path, capsys) -> None:
    before, after = files
    expected = told(capsys, before, after)["rows"]
    folder = tmp_path / "handed in"
    folder.mkdir()
    for index, path in enumerate((after, before)):
        head, *rows = path.read_bytes().splitlines(keepends=True)
        for number, row in enumerate(rows):
            (folder / f"{index}-{number}.csv").write_bytes(head + row)
    assert told(capsys, after, before)["rows"] == expected
    assert told(capsys, folder)["rows"] == expected
    assert told(capsys, folder, before, after)["rows"] == expected


def test_a_form_counts_like_the_page(tmp_path, capsys) -> None:
    people = [("100001", {}), ("100002", right()), ("100003", {**right(), "q1": "a", "q7_2": "600"})]
    expected = []
    for maker in (table, form):
        for sitting, content in (("pre", [{}, people[2][1], {}]), ("post", [answers for _, answers in people])):
            rows = [person(code, sitting, **given) for (code, _), given in zip(people, content, strict=True)]
            (tmp_path / f"{sitting}.csv").write_bytes(maker(*rows))
        expected.append(told(capsys, tmp_path / "pre.csv", tmp_path / "post.csv"))
    page, answered = expected
    for name in ("rows", "effect size", "answers", "misconceptions"):
        assert answered[name] == page[name]
    named = told(capsys, "--post", tmp_path / "post.csv", "--pre", tmp_path / "pre.csv")
    assert named["rows"] == page["rows"]


def test_what_came_after_the_time_counts_only_if_asked_for(tmp_path, capsys) -> None:
    (tmp_path / "pre.csv").write_bytes(table(person("100001"), person("100002")))
    late = person("100001", "post", q1="a", late='{"q1": "b", "q6_1": "60", "q6_2": "300"}')
    (tmp_path / "post.csv").write_bytes(table(late, person("100002", "post")))
    paths = tmp_path / "pre.csv", tmp_path / "post.csv"
    for asked, points, word in (((), 0, "are left out"), (("--count-late",), 1.5, "count as well")):
        said = told(capsys, *paths, *asked)
        assert said["rows"][-1]["after"] == points
        assert any("3 answers came after the time" in row["note"] and word in row["note"] for row in said["notes"])


def test_points_of_each_person_without_a_formula(files, tmp_path, capsys) -> None:
    out = tmp_path / "scores.csv"
    hostile = person("100001", "post", q7_1='=HYPERLINK("x")', q6_1="\x1b[31m@SUM(1)") | {"started": "2027-01-01"}
    extra = tmp_path / "extra.csv"
    extra.write_bytes(table(hostile, person("=cmd()", "post")))
    said = told(capsys, *files, extra, "-o", out)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["code"] for row in rows] == ["100001", "100002", "100003"]
    assert [row["pre_total"] for row in rows] == ["0", "5", "12"]
    assert [row["post_total"] for row in rows] == ["0", "12", "12"]
    assert rows[1]["post_q6"] == "2"
    assert {row["text"] for row in said["not a number"]} == {'\'=HYPERLINK("x")', " [31m@SUM(1)"}
    assert "\x1b" not in json.dumps(said, ensure_ascii=False)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["analyse"], "which files? Name those of both sittings"),
        (["analyse", "nowhere.csv"], "nowhere.csv is not there"),
        (["analyse", "FOLDER/empty"], "holds no table"),
        (["analyse", "FOLDER/bad.csv", "FOLDER/bad.csv"], "bad.csv is not UTF-8 text"),
        (["analyse", "FOLDER/pre.csv", "FOLDER/post.csv", "-o", "nowhere/scores.csv"], "can't be written"),
        (["key", "FOLDER/pre.csv"], "quiz key takes no file"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(files, tmp_path, arguments, sentence, capsys) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.csv").write_bytes(b"code,\xff")
    assert run("quiz", *(each.replace("FOLDER", str(tmp_path)) for each in arguments)) == 2
    assert sentence in capsys.readouterr().err


def test_a_file_that_cannot_be_read_does_not_stop_the_others(files, tmp_path, capsys) -> None:
    (tmp_path / "bad.csv").write_bytes(b"code,\xff")
    said = told(capsys, *files, tmp_path / "bad.csv")
    assert said["left out"][0]["what"] == "bad.csv"
    assert len(said["rows"]) == 7


def test_nobody_sat_twice(files, capsys) -> None:
    before, _ = files
    said = told(capsys, before)
    assert said["rows"] == []
    assert "0 participants sat both times" in said["notes"][0]["note"]
    assert run("quiz", "analyse", before) == 0
    assert "0 participants sat both times" in capsys.readouterr().out


def test_the_questions_show_no_key_and_the_key_all(capsys) -> None:
    assert run("quiz", "questions") == 0
    sheet = capsys.readouterr().out
    assert run("quiz", "key") == 0
    keys = capsys.readouterr().out
    for question in questions():
        assert question.text in sheet
        assert question.solution not in sheet
        assert question.solution in keys


def test_the_simulator_alone_loads_no_quiz() -> None:
    code = "import sys; from mlsysim.cli import main; main(['walls']); assert 'labkit' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
