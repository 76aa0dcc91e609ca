import csv
import json
import subprocess
import sys
from io import StringIO

import pytest

import mlsysim
from mlsysim import Hardware, Models, ServingModel
from mlsysim.cli import main
from mlsysim.own import TEMPLATE
from mlsysim.walls import WALLS

SERVE = ["serve", "Llama3_8B", "A100"]


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main([str(each) for each in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TEMPLATE)
    return path


def test_json_is_the_solver_s_answer(run):
    code, out, err = run(*SERVE, "--batch", 8, "--format", "json")
    answer = ServingModel().solve(model="Llama3_8B", hardware="A100", batch=8)
    found = json.loads(out)
    rows = {row["figure"]: row for row in found["rows"]}
    assert (code, err) == (0, "")
    assert rows["itl"]["expected"] == answer.itl.expected
    assert rows["memory"]["expected"] == answer.memory.total
    assert rows["largest batch"]["expected"] == answer.max_batch
    assert found["feasible"] is True
    assert found["reasons"] == []


def test_csv_has_a_row_a_figure(run):
    code, out, _ = run("solve", "ResNet50", "H100", "--batch", 64, "--format", "csv")
    rows = list(csv.DictReader(StringIO(out)))
    assert code == 0
    assert [row["figure"] for row in rows[:4]] == ["time", "memory", "compute", "overhead"]
    assert float(rows[0]["lower"]) <= float(rows[0]["expected"]) <= float(rows[0]["upper"])
    assert rows[0]["unit"] == "s"


def test_markdown_is_a_table(run):
    _, out, _ = run("walls", "--format", "markdown")
    lines = out.splitlines()
    assert len(lines) == 24
    assert set(lines[1]) == {"|", "-"}
    assert len({len(line) for line in lines}) == 1
    assert "memory bandwidth" in lines[4]


def test_text_says_what_binds(run):
    code, out, _ = run("solve", "Llama3_8B", "H100")
    assert code == 0
    assert "bound by memory bandwidth" in out
    assert out.splitlines()[1].split() == ["time", "4.52", "ms", "7.04", "ms", "9.58", "ms"]
    assert "FLOP/B" in out


def test_the_zoo_writes_its_units(run):
    lines = run("zoo")[1].splitlines()
    assert "memory bandwidth" in lines[0]
    assert "_" not in lines[0]
    (v100,) = (line for line in lines if line.startswith("V100"))
    assert "125 TFLOP/s" in v100
    assert "900 GB/s" in v100


def test_a_promise_not_kept_is_4(run):
    code, out, err = run(*SERVE, "--itl", "5 ms")
    assert code == 4
    assert "Missed promise. ITL is about" in err
    assert run(*SERVE, "--itl", "40 ms", "--ttft", "1 s")[0] == 0
    assert run(*SERVE, "--ttft", "1 ms")[0] == 4
    code, out, err = run(*SERVE, "--itl", "5 ms", "--format", "json")
    assert (code, err) == (4, "")
    assert "ITL" in json.loads(out)["missed"][0]


def test_what_cannot_be_is_3(run):
    code, _, err = run("serve", "Llama3_70B", "H100")
    assert code == 3
    assert "Does not fit." in err
    code, out, _ = run("serve", "Llama3_70B", "H100", "--itl", "1 ms", "--format", "json")
    assert code == 3
    assert json.loads(out)["feasible"] is False
    assert run("explain", "Llama3_70B", "H100")[0] == 3
    assert run("synthesize", "Llama3_8B", "--itl", "0.1 ms")[0] == 3
    assert run("solve", "DLRM", "T4")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["solve", "Llama9", "H100"], "model"),
        (["solve", "Llama3_8B", "H1000"], "H100"),
        (["solve", "H100", "Llama3_8B"], "is a machine"),
        (["solve", "Llama3_8B", "H100", "--batch", "0"], "batch"),
        (["solve", "Llama3_8B", "H100", "--context", "9000"], "context"),
        (["solve", "Llama3_8B", "H100", "--precision", "fp17"], "precision"),
        (["solve", "Llama3_8B", "TPUv5e"], "computes in bf16"),
        (["solve", "Llama3_8B", "H100", "--phase", "training"], "phase"),
        (["solve", "Llama3_8B", "H100", "--efficiency", "2"], "efficiency"),
        (["solve", "Llama3_8B", "H100", "--efficiency", "high"], "efficiency"),
        (["solve", "ResNet50", "H100", "--weights", "int4"], "weights"),
        (["explain", "ResNet50", "H100", "--phase", "decode"], "phase"),
        (["serve", "ResNet50", "H100"], "Engine.solve"),
        (["serve", "Llama3_8B", "H100", "--prompt", "2000"], "prompt"),
        (["serve", "Llama3_8B", "H100", "--itl", "40 GB"], "itl"),
        (["serve", "Llama3_8B", "H100", "--itl", "-1"], "itl"),
        (["serve", "Llama3_8B", "H100", "--ttft", "soon"], "ttft"),
        (["serve", "Llama3_8B", "H100", "--kv-precision", "int3"], "kv_precision"),
        (["serve", "Llama3_8B", "nowhere.toml"], "cannot be read"),
        (["tiny", "DS_CNN", "H100"], "core"),
        (["tiny", "DS_CNN", "nRF52840", "--runtime", "PyTorch"], "runtime"),
        (["tiny", "DS_CNN", "nRF52840", "--battery", "CR2032"], "period"),
        (["synthesize", "Llama3_8B", "--itl", "0"], "itl"),
        (["synthesize", "H100", "--itl", "40 ms"], "model"),
    ],
    ids=" ".join,
)
def test_bad_input_is_2(run, arguments, told):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("mlsysim: ")
    assert told in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["solve"], ["solve", "Llama3_8B", "H100", "--batch", "many"], ["zoo", "--format", "pdf"]]
)
def test_a_wrong_command_line_is_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: mlsysim" in capsys.readouterr().err


def test_it_explains(run):
    code, out, err = run("explain", "Mixtral_8x7B", "MI300X", "--batch", 4)
    assert (code, err) == (0, "")
    assert "Mixtral-8x7B on the MI300X" in out
    assert "https://" in out


def test_tiny(run):
    code, out, err = run("tiny", "DS_CNN", "nRF52840", "--period", "1 s", "--battery", "CR2032")
    assert (code, err) == (0, "")
    assert "battery life" in out
    assert run("tiny", "DS_CNN", "nRF52840", "--deadline", "30 ms")[0] == 3
    code, _, err = run("tiny", "DS_CNN", "nRF52840", "--deadline", "100 ms")
    assert code == 4
    assert "Latency is about" in err
    assert run("tiny", "DS_CNN", "nRF52840", "--deadline", "1 s")[0] == 0


def test_synthesis(run):
    _, out, _ = run("synthesize", "Llama3_8B", "--itl", "40 ms", "--format", "json")
    rows = {row["figure"]: row for row in json.loads(out)["rows"]}
    assert rows["memory bandwidth"]["lower"] == pytest.approx(400e9, rel=0.07)
    _, out, _ = run("synthesize", "Llama3_8B", "--itl", "40 ms", "--machines", "--format", "csv")
    verdicts = {row["machine"]: row["verdict"] for row in csv.DictReader(StringIO(out))}
    assert verdicts["H100"] == "meets"
    assert verdicts["T4"] == "fails"
    assert verdicts["TPU v4"] == "fails"


@pytest.mark.parametrize(
    ("what", "count"), [("machines", len(list(Hardware))), ("models", len(list(Models))), ("layered", 16)]
)
def test_the_zoo_has_a_row_and_a_source_each(run, what, count):
    code, out, _ = run("zoo", what, "--format", "csv")
    rows = list(csv.DictReader(StringIO(out)))
    assert (code, len(rows)) == (0, count)
    assert all(row["source"].startswith("https://") for row in rows)


def test_the_walls(run):
    _, out, _ = run("walls", "--format", "csv")
    rows = list(csv.DictReader(StringIO(out)))
    assert [int(row["wall"]) for row in rows] == list(range(1, 23))
    assert [row["solver"] for row in rows] == [wall.solver for wall in WALLS.values()]


def test_one_s_own_machine_from_its_template(run, mine, tmp_path):
    code, out, _ = run("template")
    assert (code, out) == (0, TEMPLATE)
    code, out, _ = run("serve", "Llama3_8B", mine, "--format", "json")
    assert code == 0
    same = tmp_path / "mine.json"
    same.write_text(
        json.dumps(
            {
                "name": "Mine",
                "peak": {"fp16": 500e12, "int8": 1e15},
                "memory": 96e9,
                "memory_bandwidth": 4e12,
                "link": 450e9,
                "tdp": 700,
            }
        )
    )
    assert run("serve", "Llama3_8B", same, "--format", "json")[1] == out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "name is None"),
        ("name = ", "not well formed"),
        (TEMPLATE.replace("memory =", "memry ="), "closest names are memory"),
        (TEMPLATE.replace("96 GB", "96 GB/s"), "memory"),
        (TEMPLATE.replace("500 TFLOP/s", "fast"), "peak"),
        (TEMPLATE.replace("fp16 =", "fp17 ="), "fp17"),
        (TEMPLATE.replace('"Mine"', "7"), "name"),
        (TEMPLATE.replace('memory_bandwidth = "4 TB/s"\n', ""), "memory_bandwidth is None"),
        (TEMPLATE.replace('memory = "96 GB"\n', ""), 'memory = "96 GB"'),
        (TEMPLATE.partition("[peak]")[0], 'peak = { fp16 = "500 TFLOP/s" }'),
        (TEMPLATE + '\n[passports]\n"x" = 1\n', "passports"),
    ],
)
def test_every_mistake_in_a_file_has_its_sentence(run, tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    code, _, err = run("serve", "Llama3_8B", path)
    assert code == 2
    assert told in err


@pytest.mark.parametrize("text", ["[1, 2]", "{", '"Mine"'])
def test_a_json_file_holds_one_machine(run, tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text)
    assert run("solve", "Llama3_8B", path)[0] == 2


def test_bytes_that_are_no_text_are_refused(run, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    code, _, err = run("solve", "Llama3_8B", path)
    assert code == 2
    assert "not well formed" in err


def test_it_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "mlsysim.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"mlsysim {mlsysim.__version__}"
