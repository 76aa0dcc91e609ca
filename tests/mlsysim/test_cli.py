import csv
import json
import subprocess
import sys
from io import StringIO

import pytest

import mlsysim
from mlsysim import (
    DSE,
    DistributedModel,
    Engine,
    Hardware,
    Models,
    Parallelism,
    ParallelismOptimizer,
    ServingModel,
    TrainingRunModel,
    registry,
    zoo,
)
from mlsysim.cli import main
from mlsysim.cli.progress import Progress
from mlsysim.own import TEMPLATES
from mlsysim.walls import WALLS

TEMPLATE = TEMPLATES["machine"]

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
    assert [row["figure"] for row in rows[:4]] == ["time", "memory", "compute", "tails"]
    assert float(rows[0]["lower"]) <= float(rows[0]["expected"]) <= float(rows[0]["upper"])
    assert rows[0]["unit"] == "s"


@pytest.mark.parametrize("efficiency", ["auto", "eager", "0.5"])
def test_the_terms_of_a_pass_add_up_to_its_upper_end(run, efficiency):
    _, out, _ = run("solve", "Llama3_8B", "H100", "--weights", "int4", "--efficiency", efficiency, "--format", "json")
    rows = {row["figure"]: row["upper"] for row in json.loads(out)["rows"]}
    terms = [rows.get(name, 0.0) for name in ("memory", "compute", "tails", "overhead", "host")]
    assert sum(terms) == pytest.approx(rows["time"])
    assert ("host" in rows) == (efficiency == "eager")


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
    assert out.splitlines()[1].split() == ["time", "4.52", "ms", "7.04", "ms", "9.61", "ms"]
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
        (["serve", "Llama3_8B", "nowhere.toml"], "there is no such file"),
        (["tiny", "DS_CNN", "H100"], "core"),
        (["tiny", "DS_CNN", "nRF52840", "--runtime", "PyTorch"], "runtime"),
        (["tiny", "DS_CNN", "nRF52840", "--battery", "CR2032"], "period"),
        (["synthesize", "Llama3_8B", "--itl", "0"], "itl"),
        (["synthesize", "H100", "--itl", "40 ms"], "model"),
        (["train", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--tp", "3"], "must be the 8 GPUs"),
        (["train", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--dp", "3"], "must be the 8 GPUs"),
        (["train", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--zero", "4"], "zero"),
        (["train", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--micro-batch", "3"], "micro_batch"),
        (["train", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--recompute", "all"], "full, selective, none"),
        (["train", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--schedule", "2f2b"], "1f1b"),
        (["train", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--step", "8 GB"], "step"),
        (["train", "ResNet50", "--gpus", "8", "--global-batch", "64"], "is no decoder"),
        (["train", "Llama3_8B", "--gpus", "0", "--global-batch", "64"], "gpus"),
        (["plan", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--fabric", "DGX"], "DGX H100"),
        (["plan", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--best", "0"], "best"),
        (["plan", "Llama3_8B", "--gpus", "8", "--global-batch", "64", "--schedules", "1f1b,2f2b"], "2f2b"),
        (["plan", "Llama3_8B", "--gpus", "11", "--global-batch", "64"], "must divide it. For example"),
        (["sweep", "Llama3_8B", "H100,H1000"], "H1000"),
        (["sweep", "Llama3_8B,", "H100"], "model"),
        (["sweep", "Llama3_8B", "H100", "--batch", "some"], "whole numbers"),
        (["sweep", "Llama3_8B", "H100", "--batch", "0"], "at least 1"),
        (["sweep", "Llama3_8B", "H100", "--batch", "8:1"], "ends after its start"),
        (["sweep", "Llama3_8B", "H100", "--batch", "1:8:0"], "goes up"),
        (["sweep", "Llama3_8B", "H100", "--batch", "1:8:x1"], "goes up"),
        (["sweep", "Llama3_8B", "H100", "--batch", "0:8:x2"], "goes up"),
        (["sweep", "Llama3_8B", "H100", "--batch", "1:8:2:2"], "a start, an end"),
        (["sweep", "Llama3_8B", "H100", "--batch", "1:9999999999"], "at most 1,000,000 numbers"),
        (["sweep", "DLRM", "H100"], "is no decoder"),
        (["optimize", "Llama3_8B", "H100"], "takes one column"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "itl", "--maximize", "batch"], "--pareto"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "hardware"], "column"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "itl", "--minimize", "hardware", "--pareto"], "column"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "itl", "--at-most", "itl"], "an equals sign"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "itl", "--at-most", "itl=5GB"], "must be in s"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "itl", "--at-most", "itl=nan"], "finite"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "itl", "--at-least", "speed=9"], "column"),
        (["optimize", "Llama3_8B", "H100", "--minimize", "itl", "--best", "0"], "best"),
        (["audit", "--today", "yesterday"], "today"),
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
    ("what", "count"),
    [
        ("machines", len(list(Hardware))),
        ("peaks", len(list(Hardware))),
        ("models", len(list(Models))),
        ("encoder-decoders", len(Models.EncoderDecoder)),
        ("layered", len(Models.Layered)),
        ("fabrics", 8),
        ("components", 18),
        ("prices", len(registry.constants("prices"))),
        ("grid", len(registry.constants("grid"))),
        ("accuracy", 60),
        ("imagenet", 13),
        ("keywords", 4),
    ],
)
def test_the_zoo_has_a_row_and_a_source_each(run, what, count):
    code, out, _ = run("zoo", what, "--format", "csv")
    rows = list(csv.DictReader(StringIO(out)))
    assert (code, len(rows)) == (0, count)
    assert all(row["source"].startswith("https://") for row in rows)


def test_the_zoo_lists_its_tables(run):
    _, out, _ = run("zoo", "list", "--format", "csv")
    listed = {row["table"]: int(row["rows"]) for row in csv.DictReader(StringIO(out))}
    assert {"machines", "peaks", "prices", "storage", "grid", "power", "accuracy"} <= set(listed)
    assert all(listed.values())
    code, _, err = run("zoo", "animals")
    assert code == 2
    assert "what 'animals' is not known" in err


def test_every_table_of_the_zoo_prints(run):
    for name in zoo.names():
        for style in ("text", "markdown", "json", "csv"):
            code, out, err = run("zoo", name, "--format", style)
            assert (code, err) == (0, "")
            assert out


def test_the_failures_of_a_component_add_up_to_the_run_s(run):
    """16,384 GPUs, 54 days, 419 interruptions."""
    _, out, _ = run("zoo", "components", "--format", "csv")
    rates = [1 / float(row["mtbf_per_gpu_h"]) for row in csv.DictReader(StringIO(out))]
    assert 1 / sum(rates) == pytest.approx(16384 * 54 * 24 / 419)


CONFIG = {"model_type": "llama", "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256}


def test_import_writes_a_file_of_one_s_own(run, tmp_path):
    folder = tmp_path / "Llama-3-8B"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG | {"max_position_embeddings": 8192}))
    made = tmp_path / "model.toml"
    code, out, err = run("import", folder, "-o", made, "--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["rows"][0]["parameters"] == 8_030_261_248
    assert run("import", folder)[1] == made.read_text()
    same = run("solve", "Llama3_8B", "H100", "--format", "csv")
    assert run("solve", made, "H100", "--format", "csv") == same
    before = made.read_text()
    code, _, err = run("import", folder, "-o", made)
    assert code == 2
    assert "there already" in err
    assert made.read_text() == before
    assert run("import", folder, "-o", tmp_path / "no" / "model.toml")[0] == 2


def test_import_refuses_in_one_sentence(run, tmp_path):
    for given, told in (("meta-llama/Llama-3-8B", "--network"), (tmp_path / "no.json", "no such file")):
        code, out, err = run("import", given)
        assert (code, out) == (2, "")
        assert told in err
    (tmp_path / "config.json").write_text('{"model_type": "mega_net"}')
    code, _, err = run("import", tmp_path)
    assert code == 2
    assert "'mega_net'" in err


def test_every_verb_takes_files_of_one_s_own(run, mine, tmp_path):
    model = tmp_path / "model.toml"
    model.write_text(run("template", "model")[1])
    for verb in (["solve"], ["explain"], ["serve"], ["sweep"], ["optimize", "--minimize", "itl"]):
        code, out, err = run(verb[0], model, mine, *verb[1:])
        assert (code, err) == (0, ""), verb
        assert "Mine" in out or verb[0] in ("solve", "serve")
    assert run("synthesize", model, "--itl", "40 ms")[0] == 0
    assert run("train", model, "--gpus", 8, "--global-batch", 8, "--context", 2048, "--dp", 8)[0] in (0, 3)


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
    done = subprocess.run([sys.executable, "-m", "mlsysim", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"mlsysim {mlsysim.__version__}"


TRAIN = ["train", "Llama3_8B", "--gpus", 64, "--global-batch", 512]


def test_train_is_the_solver_s_answer(run):
    code, out, err = run(*TRAIN, "--tp", 8, "--zero", 1, "--recompute", "full", "--format", "json")
    plan = Parallelism(tp=8, dp=8, zero=1, recompute="full")
    answer = DistributedModel().solve(model="Llama3_8B", fabric="DGX H100", gpus=64, global_batch=512, parallelism=plan)
    rows = {row["figure"]: row for row in json.loads(out)["rows"]}
    assert (code, err) == (0, "")
    assert rows["step"]["expected"] == answer.time.expected
    assert rows["memory of a GPU"]["expected"] == answer.memory.total
    assert rows["MFU"]["upper"] == answer.mfu.upper
    parts = sum(rows[name]["expected"] for name in answer.step._fields)
    assert parts == pytest.approx(answer.time.expected)


def test_train_tells_late_from_impossible(run):
    code, out, _ = run(*TRAIN, "--tp", 8, "--step", "1 h")
    assert code == 0
    assert "TP8 PP1 DP8, bound by" in out
    code, _, err = run(*TRAIN, "--tp", 8, "--step", "1 ms")
    assert code == 4
    assert "The step is about" in err
    code, _, err = run("train", "Llama3_70B", "--gpus", 8, "--global-batch", 8)
    assert code == 3
    assert "Memory capacity binds" in err


def test_plan_ranks_and_says_what_was_rejected(run):
    arguments = ["plan", "Llama3_8B", "--gpus", 8, "--global-batch", 64]
    answer = ParallelismOptimizer().solve(model="Llama3_8B", fabric="DGX H100", gpus=8, global_batch=64)
    code, out, err = run(*arguments, "--best", 3, "--format", "json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert [row["step_s"] for row in found["rows"]] == [each.time for each in answer.ranked[:3]]
    assert [row["plans"] for row in found["rejected"]] == [each.plans for each in answer.rejected]
    assert all(row["because"] for row in found["rejected"])
    assert len(list(csv.DictReader(StringIO(run(*arguments, "--format", "csv")[1])))) == 10
    text = run(*arguments, "--schedules", "1f1b,gpipe")[1]
    assert "Rejected" in text
    assert "zero-bubble" not in text
    assert f"{answer.evaluated:,d} plans, {len(answer.ranked):,d} fit" in run(*arguments)[1]
    code, out, err = run("plan", "Llama3_1_405B", "--gpus", 8, "--global-batch", 8, "--format", "json")
    assert (code, err) == (3, "")
    assert json.loads(out)["rows"] == []


def test_sweep_is_the_engine_s_table(run):
    code, out, err = run("sweep", "Llama3_8B", "A100,H100", "--batch", "1:8:x2,100", "--format", "json")
    table = Engine.sweep("Llama3_8B", ["A100", "H100"], batch=[1, 2, 4, 8, 100])
    assert (code, err) == (0, "")
    assert json.loads(out)["rows"] == list(table.named_rows())


def test_sweep_in_every_format(run):
    arguments = ["sweep", "Llama3_8B,Llama3_70B", "H100", "--weights", "fp16,int4"]
    rows = list(csv.DictReader(StringIO(run(*arguments, "--format", "csv")[1])))
    assert [row["feasible"] for row in rows] == ["True", "True", "False", "True"]
    lines = run(*arguments)[1].splitlines()
    assert "itl lower" in lines[0]
    assert "token/s" in lines[1]
    assert [line.split()[-3] for line in lines[1:]] == ["yes", "yes", "no", "yes"]
    assert run(*arguments, "--format", "markdown")[1].startswith("| model")


def test_sweep_takes_one_s_own_machine_and_all_of_them(run, mine):
    assert run("sweep", "Llama3_8B", f"H100,{mine}")[0] == 0
    rows = csv.DictReader(StringIO(run("sweep", "Llama3_8B", "--format", "csv")[1]))
    assert len(list(rows)) == len(list(Hardware))


def test_a_sweep_in_which_nothing_fits_is_3(run):
    code, _, err = run("sweep", "Llama3_1_405B", "A100,H100")
    assert code == 3
    assert "Nothing fits." in err
    code, out, _ = run("sweep", "Llama3_8B", "TPUv5e", "--format", "json")
    assert code == 3
    assert json.loads(out)["rows"][0]["itl_s"] is None


BEST = ["optimize", "Llama3_8B", "A100,H100", "--batch", "1:128"]


def test_optimize_is_the_search_s_answer(run):
    limits = ["--at-most", "itl=10ms", "--at-least", "throughput=1000", "--at-least", "ttft=0.1"]
    code, out, err = run(*BEST, "--maximize", "throughput", *limits, "--best", 2, "--format", "json")
    space = DSE(model="Llama3_8B", hardware=["A100", "H100"], batch=range(1, 129))
    answer = space.search(maximize="throughput", at_most={"itl": "10 ms"}, at_least={"throughput": 1000.0, "ttft": 0.1})
    rows = json.loads(out)["rows"]
    assert (code, err) == (0, "")
    assert rows == list(answer.kept.take([0, 1]).named_rows())
    assert rows[0]["hardware"] == "H100"
    assert rows[0]["itl_s"] <= 0.010


def test_optimize_draws_a_front(run):
    code, out, _ = run(*BEST, "--maximize", "throughput", "--minimize", "itl", "--pareto", "--format", "csv")
    rows = list(csv.DictReader(StringIO(out)))
    assert code == 0
    assert {row["hardware"] for row in rows} == {"H100"}
    itls = [float(row["itl_s"]) for row in rows]
    assert itls == sorted(itls)
    rates = [float(row["throughput_token_per_s"]) for row in rows]
    assert rates == sorted(rates)


def test_optimize_tells_a_missed_limit_from_impossible(run):
    code, out, err = run(*BEST, "--minimize", "itl", "--at-most", "itl=10us")
    assert (code, out) == (4, "")
    assert "The nearest has itl" in err
    assert run("optimize", "Llama3_1_405B", "H100", "--minimize", "itl")[0] == 3


def test_audit_passes_the_registry(run):
    code, out, err = run("audit", "--today", "2026-12-01", "--format", "json")
    found = json.loads(out)
    rows = {row["shelf"]: row for row in found["rows"]}
    assert (code, err, found["faults"]) == (0, "", [])
    assert rows["machines"]["records"] == len(list(Hardware))
    assert rows["models"]["records"] == len(list(Models)) + len(Models.EncoderDecoder)
    assert sum(row["figures"] for row in rows.values()) > 700


def test_an_audit_in_three_years_finds_everything_stale(run):
    code, _, err = run("audit", "--today", "2029-11-21")
    assert code == 1
    assert "H100 SXM5 80GB: memory is stale: it was read on 2026-11-21." in err


class Terminal(StringIO):
    def isatty(self):
        return True


def watch(stream, seconds, steps=100):
    now = iter([0.0, *(seconds * step / steps for step in range(1, steps + 1))])
    with Progress(stream, lambda: next(now)) as progress:
        for step in range(1, steps + 1):
            progress(step, steps)
    return stream.getvalue()


def test_a_bar_is_for_what_takes_long_and_for_a_terminal():
    drawn = watch(Terminal(), 10.0)
    assert "] 100 %, 0 s left" in drawn
    assert " 25 %, 8 s left" in drawn
    assert drawn.endswith("\r\x1b[K")
    assert 50 < drawn.count("\r") <= 101
    assert watch(Terminal(), 1.9) == ""
    assert watch(StringIO(), 10.0) == ""


def test_sweep_and_plan_tell_how_far_they_are(monkeypatch, run):
    told = []
    monkeypatch.setattr(Progress, "__call__", lambda self, done, whole: told.append((done, whole)))
    run("sweep", "Llama3_8B", "A100,H100", "--batch", "1:4")
    assert told == [(4, 8), (8, 8)]
    told.clear()
    run("plan", "Llama3_8B", "--gpus", 8, "--global-batch", 64)
    assert [done for done, _ in told] == list(range(told[0][1]))


def test_writing_many_rows_tells_how_far_it_is(monkeypatch, run):
    told = []
    monkeypatch.setattr(Progress, "__call__", lambda self, done, whole: told.append((done, whole)))
    code, out, _ = run("sweep", "Llama3_8B", "A100", "--batch", "1:20000", "--format", "csv")
    lines = out.splitlines()
    assert code == 0
    assert len(lines) == len(set(lines)) == 20_001
    assert lines[0].startswith("model,hardware,")
    making, writing = [(8192, 20_000), (16_384, 20_000)], [(8192, 20_000), (16_384, 20_000), (20_000, 20_000)]
    assert told[-5:] == making + writing


def test_rows_that_run_over_a_terminal_need_no_bar():
    shown, hidden = (Progress(Terminal(), iter([0.0, 5.0]).__next__, quiet=quiet) for quiet in (False, True))
    for progress in (shown, hidden):
        progress(1, 10)
    assert "10 %" in shown._stream.getvalue()
    assert hidden._stream.getvalue() == ""


def test_train_tells_days_and_dollars(run):
    code, out, err = run(*TRAIN, "--tp", 8, "--tokens", 1e12, "--price", "2 USD/h", "--format", "json")
    rows = {row["figure"]: row for row in json.loads(out)["rows"]}
    assert (code, err) == (0, "")
    plan = Parallelism(tp=8, dp=8)
    step = DistributedModel().solve(model="Llama3_8B", fabric="DGX H100", gpus=64, global_batch=512, parallelism=plan)
    answer = TrainingRunModel().solve(step, tokens=1e12)
    assert rows["run"]["expected"] == pytest.approx(answer.time.expected / 86400)
    assert rows["run"]["unit"] == "d"
    assert rows["GPU hours"]["expected"] == pytest.approx(64 * 24 * rows["run"]["expected"])
    assert rows["cost"]["expected"] == pytest.approx(2 * rows["GPU hours"]["expected"])
    code, out, _ = run(*TRAIN, "--tp", 8, "--tokens", 1e12)
    assert code == 0 and "USD" in out
    code, out, _ = run(*TRAIN, "--tp", 8, "--tokens", 1e12, "--terms", "owned", "--price", "25 kUSD")
    assert code == 0 and "USD" in out
    assert run(*TRAIN, "--tp", 8, "--tokens", -1)[0] == 2
    code, _, err = run(*TRAIN, "--tp", 8, "--tokens", 1e12, "--terms", "borrowed")
    assert code == 2 and "on-demand" in err


def test_a_reader_that_stops_early_is_no_error():
    run = [sys.executable, "-m", "mlsysim", "sweep", "Llama3_8B", "H100", "--batch", "1:3000"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == ""
        assert running.wait() == 0
