"""What free text is read as: many spellings of one setup lead to one prediction."""

from dataclasses import replace

import pytest

from mlsysim.calibration import grammar, machines, models, stacks
from mlsysim.calibration.answers import Refused, unit
from mlsysim.calibration.cases import Case, read
from mlsysim.calibration.parameters import fitted
from mlsysim.calibration.predict import evaluate
from mlsysim.calibration.store import TABLE
from mlsysim.check import InvalidInput

CASES = {row.case_id: row.case for row in read(TABLE)}


def values(case: Case):
    return evaluate(case, fitted())[0].values


@pytest.mark.parametrize(
    ("text", "count", "name", "devices"),
    [
        ("A100 SXM4-80GB", "8", "A100", 8),
        ("NVIDIA A100-SXM4-40GB", "1", "A100 40GB", 1),
        ("8x H100 SXM5 80GB (DGX)", "", "H100", 8),
        ("H100 PCIe", "", "H100 PCIe", 1),
        ("Apple M3 Max 40c", "1", "M3 Max", 1),
        ("Gaudi2", "8", "Gaudi 2", 8),
        ("NUCLEO-L4R5ZI (Cortex-M4F) @120MHz", "1", "STM32L4R5", 1),
        ("GB200 NVL72", "72", "GB200", 72),
        ("TPU v5e", "256", "TPU v5e", 256),
        ("RTX 3090 24GB", "1", "RTX 3090", 1),
    ],
)
def test_machines(text, count, name, devices):
    site = machines.machine(text, count)
    assert (site.machine.name, site.count) == (name, devices)


def test_a_board_that_nobody_knows_runs_from_its_core_and_clock():
    site = machines.machine("NUCLEO-F767ZX (M7) @216MHz", "1")
    assert (site.machine.core, site.machine.clock) == ("Cortex-M7", 216e6)


@pytest.mark.parametrize(("text", "rate"), [("8x HDR200", 25e9), ("4x HDR200/node", 12.5e9), ("RoCE 400G", 50e9)])
def test_network_ports(text, rate):
    assert machines.machine(f"A100, 2 nodes x 8, {text}", "16").port == rate


@pytest.mark.parametrize("text", ["Abacus", "GPU type undisclosed, H100 class", ""])
def test_hardware_that_is_not_known_is_refused(text):
    with pytest.raises(InvalidInput):
        machines.machine(text, "1")


@pytest.mark.parametrize(
    ("text", "params", "name"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", 8.03e9, "Llama-3.1-8B"),
        ("LLAMA2-70B", 69e9, "Llama-2-70B"),
        ("Llama 2 70B (OpenOrca)", None, "Llama-2-70B"),
        ("Qwen3_30B_a3B (active params)", 3e9, "Qwen3-30B-A3B"),
        ("DeepSeek-V3 671B", 671e9, "DeepSeek-V3"),
        ("gpt-oss-120b (5.1B active, MXFP4)", 116.8e9, "gpt-oss-120b"),
        ("Mixtral-8x7B", 46.7e9, "Mixtral-8x7B"),
    ],
)
def test_transformers(text, params, name):
    guess = models.transformer(text, params)
    assert (guess.spec.name, guess.known) == (name, True)


@pytest.mark.parametrize("size", [0.4e9, 5e9, 20e9, 120e9, 600e9])
def test_a_transformer_known_by_its_size_alone_has_that_size(size):
    guess = models.transformer("Nobody's", size)
    assert not guess.known
    assert abs(guess.spec.parameters / size - 1) < 0.25


@pytest.mark.parametrize(
    ("text", "dimension", "factor", "each"),
    [
        ("tok/s", "tokens", 1.0, False),
        ("out tok/s/GPU", "tokens", 1.0, True),
        ("PFLOP/s", "operations", 1e15, False),
        ("TFLOPS", "operations", 1e12, False),
        ("min", "time", 60.0, False),
        ("uJ/inf", "energy", 1e-6, False),
        ("kWh", "energy", 3.6e6, False),
        ("KiB", "bytes", 1024.0, False),
    ],
)
def test_units(text, dimension, factor, each):
    assert unit(text) == (dimension, factor, each)


def test_a_unit_that_is_not_known_is_refused():
    with pytest.raises(Refused, match="unit"):
        unit("furlongs")


def test_software_by_vintage():
    assert stacks.stack("TensorRT-LLM v0.10") != stacks.stack("TensorRT-LLM 1.0")
    assert stacks.stack("vLLM v0.6.2") == stacks.stack("vllm")


def test_the_same_setup_in_other_words_is_predicted_the_same():
    case = CASES["MEG21-39.1B"]
    other = replace(
        case,
        hardware="NVIDIA A100-SXM4-80GB (8/node, 8x 200G)",
        parallelism="DP=32, TP=8, PP=2",
        batch="global batch 1536, MBS 4",
        precision="fp16",
    )
    assert values(other) == pytest.approx(values(case))


def test_units_of_one_figure_agree():
    case = CASES["KORT22-175B-full"]
    assert values(replace(case, unit="ms"))[0] == pytest.approx(1e3 * values(case)[0])
    case = CASES["MPT-h100_80gb-7b-s2048-n128"]
    whole = values(replace(case, metric="throughput", unit="tokens/s"))[0]
    assert whole == pytest.approx(128 * values(case)[0])


def test_time_and_rate_of_a_decode_step_agree():
    case = CASES["GPTFAST-7B-bf16"]
    step = values(replace(case, metric="TPOT", unit="ms"))[0]
    assert values(case)[0] == pytest.approx(1e3 / step)


def test_bus_bandwidth_and_time_of_a_collective_agree():
    case = CASES["NCCL-a100_sxm-n8-536870912"]
    time = values(case)[0] * 1e-6
    rate = values(replace(case, metric="busbw", unit="GB/s"))[0] * 1e9
    assert rate * time == pytest.approx(2 * 7 / 8 * 536870912)


def test_lengths_and_formats():
    assert grammar.lengths("ISL=1024, OSL=128") == (1024, 128)
    assert grammar.formats("W4A16 (AWQ)") == ("int4",)
    assert grammar.labelled("TP 8, PP 4", "PP") == 4
