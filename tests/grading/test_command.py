"""mlsysim grade and mlsysim labs, as typed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import classroom
from mlsysim.cli import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "class"
    made.mkdir()
    rng = classroom.random.Random(7)
    for index, quality in enumerate(("good", "good", "fair", "poor")):
        (made / f"s{index}.json").write_bytes(classroom.text_of(classroom.work(rng, f"s{index}", quality)))
    (made / "broken.json").write_bytes(b"{")
    return made


def run(*arguments: object) -> int:
    return main([str(each) for each in arguments])


def test_it_writes_every_table_and_says_what_it_could_not_read(folder, tmp_path, capsys) -> None:
    out = {name: tmp_path / name for name in ("grades.csv", "canvas.csv", "moodle.csv", "report.html")}
    code = run(
        *("grade", folder, "-o", out["grades.csv"], "--canvas", out["canvas.csv"]),
        *("--moodle", out["moodle.csv"], "--report", out["report.html"], "--due", "2026-11-29T12:00+01:00"),
    )
    assert code == 0
    said = capsys.readouterr().out
    assert "broken.json  the file is not complete JSON" in said
    assert all(path.stat().st_size > 100 for path in out.values())
    assert out["report.html"].read_text().count("<svg") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*out, "class"])


def test_what_was_filled_in_stays_when_it_runs_again(folder, tmp_path) -> None:
    table = tmp_path / "grades.csv"
    run("grade", folder, "-o", table)
    lines = table.read_text().splitlines()
    at = lines[0].split(",").index("your_points")
    marked = lines[1].rsplit(",", 6)
    assert len(lines[0].split(",")) - at == 3
    marked[4] = "25"
    table.write_text("\n".join([lines[0], ",".join(marked), *lines[2:]]))
    assert run("grade", folder, "-o", table) == 0
    assert table.read_text().splitlines()[1].rsplit(",", 6)[4] == "25"
    assert run("grade", folder, "-o", tmp_path / "other.csv", "--marks", table) == 0
    assert (tmp_path / "other.csv").read_bytes() == table.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grade", "nowhere"], "nowhere is not there: name a folder of submissions"),
        (["grade", "FOLDER", "--due", "tomorrow"], "'tomorrow' is not a time"),
        (["grade", "FOLDER", "--labs", "nowhere"], "there are no labs in nowhere"),
        (["grade", "FOLDER", "-o", "nowhere/grades.csv"], "can't be written: No such file"),
        (["grade", "FOLDER", "--marks", "FOLDER/broken.json"], "is kept as it is: it is no table of grades"),
        (["grade", "FOLDER", "-o", "FOLDER/broken.json"], "is kept as it is: it is no table of grades"),
        (["labs", "key"], "which lab?"),
        (["labs", "key", "lab_99"], "lab 'lab_99' is not known"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(folder, arguments, sentence, capsys) -> None:
    assert run(*(each.replace("FOLDER", str(folder)) for each in arguments)) == 2
    assert sentence in capsys.readouterr().err
    assert (folder / "broken.json").read_bytes() == b"{"


def test_the_answer_sheet_is_the_simulators(capsys) -> None:
    assert run("labs", "key", "1.02", "--section", "B2", "--format", "json") == 0
    said = json.loads(capsys.readouterr().out)
    sheet = classroom.sheet()
    assert [row["lock"] for row in said["rows"]] == [lock.name for lock in sheet.locks for _ in range(3)]
    answers = {row["variant"]: row["answer"] for row in said["rows"] if row["lock"] == "crossover"}
    for context in (128, 96, 160):
        assert answers[f"context {context}"] == f"{sheet.answers({'context': context})['crossover']:,.3g} sequences"
    assert "contexts of 96 tokens" in said["rows"][4]["question"]
    assert len(said["misconceptions"]) == 3 * sum(map(len, sheet.assumptions({"context": 128}).values()))
    assert run("labs", "key", "1.02", "--section", "B2", "--id", "s17", "--format", "json") == 0
    (own,) = {row["variant"] for row in json.loads(capsys.readouterr().out)["rows"]}
    assert own == f"context {sheet.variant('B2', 's17')['context']}"
    assert run("labs", "key", "ml_systems") == 0


def test_the_list_names_every_lab(capsys) -> None:
    assert run("labs", "list", "--format", "json") == 0
    names = [row["lab"] for row in json.loads(capsys.readouterr().out)["rows"]]
    assert classroom.LAB in names


def test_the_other_commands_load_no_labkit() -> None:
    code = "import sys; from mlsysim.cli import main; main(['walls']); assert 'labkit' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_without_the_labs_it_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['rfc8785'] = None\nfrom mlsysim.cli import main\nsys.exit(main(['grade', '.']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "mlsysim: this needs rfc8785: install the labs with it, pip install 'mlsysim[labs]'\n"
