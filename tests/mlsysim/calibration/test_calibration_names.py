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
        ("OCI BM.GPU.MI300X.8", "8", "MI300X", 8),
        ("4xA100-SXM-80GB", "", "A100", 4),
        ("Arduino Nano 33 BLE Sense", "1", "nRF52840", 1),
        ("Raspberry Pi Pico", "", "RP2040", 1),
        ("Trillium", "256", "TPU v6e", 256),
        ("jetson nano", "1", "Jetson Nano", 1),
        ("4x A6000 NVLink", "", "RTX A6000", 4),
        ("16 V100, 100 Gb/s EFA", "", "V100", 16),
        ("RX 7900 XTX", "", "RX 7900 XTX", 1),
        ("GB200 NVL72", "", "GB200", 72),
        ("STM32F411RE", "1", "STM32F411", 1),
        ("Teensy 4.1", "1", "RT1060", 1),
    ],
)
def test_machines(text, count, name, devices):
    site = machines.machine(text, count)
    assert (site.machine.name, site.count) == (name, devices)


def test_a_board_that_nobody_knows_runs_from_its_core_and_clock():
    site = machines.machine("NUCLEO-F767ZX (M7) @216MHz", "1")
    assert (site.machine.core, site.machine.clock) == ("Cortex-M7", 216e6)


def test_a_cortex_m4_is_not_apples_chip():
    site = machines.machine("CY8CPROTO-062-4343W, PSoC 62 (Cortex-M4) @150MHz", "1")
    assert (site.machine.core, site.machine.clock) == ("Cortex-M4", 150e6)


def test_one_of_a_modules_two_dies_is_half_of_it():
    whole, die = (machines.machine(text, "1").machine for text in ("AMD MI250", "AMD MI250, one GCD"))
    assert die.memory_bandwidth == pytest.approx(whole.memory_bandwidth / 2)
    assert die.memory == pytest.approx(whole.memory / 2)


def test_memory_that_is_stated_is_what_a_card_has():
    assert machines.machine("RTX 4090 48GB", "1").machine.memory == 48e9


@pytest.mark.parametrize(("text", "rate"), [("8x HDR200", 25e9), ("4x HDR200/node", 12.5e9), ("RoCE 400G", 50e9)])
def test_network_ports(text, rate):
    assert machines.machine(f"A100, 2 nodes x 8, {text}", "16").port == rate


@pytest.mark.parametrize("text", ["Abacus", "RTX 4090 Laptop", "GPU type undisclosed, H100 class", ""])
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
        ("deepseek-r1-distill-llama-70b", None, "Llama-3-70B"),
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
        ("tok/sec", "tokens", 1.0, False),
        ("tokens per second per GPU", "tokens", 1.0, True),
        ("TFLOPS/s", "operations", 1e12, False),
        ("mJ/inf", "energy", 1e-3, False),
        ("img/sec", "examples", 1.0, False),
        ("milliseconds", "time", 1e-3, False),
        ("k tokens/s", "tokens", 1e3, False),
        ("tokens/day", "tokens", 1 / 86400, False),
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
    assert grammar.formats("float8_e4m3") == ("fp8",)
    assert grammar.formats("float16") == ("fp16",)
    assert grammar.formats("W4A8") == ("int4",)
    assert grammar.formats("FP8, KV bf16") == ("fp8",)
    assert grammar.block_bits(grammar.formats("IQ2_XS")[0]) == 2.3125
    assert grammar.block_bits(grammar.formats("HQQ 3-bit")[0]) == 3
    assert grammar.lengths("1,024") == (1024, 0)
    assert grammar.lengths("1024+128") == (1024, 128)
    assert grammar.labelled("TP 8, PP 4", "PP") == 4


def test_keys_that_heads_share_were_once_read_for_each_head():
    """TensorRT-LLM before 0.8: decode with few key heads and long contexts was slower than it is."""
    case = replace(
        CASES["TITAN-Llama3-8B"],
        domain="llm_decode",
        hardware="H100 SXM",
        count="1",
        model="Llama-2-70B",
        params_b="69",
        precision="fp8",
        seq_or_io="128 in, 2048 out",
        batch="64",
        parallelism="",
        metric="output throughput",
        unit="tok/s",
    )
    assert not stacks.shares_keys("TensorRT-LLM v0.6.1")
    assert stacks.shares_keys("TensorRT-LLM 0.10")
    old, new = (values(replace(case, software=f"TensorRT-LLM v0.{minor}.0"))[0] for minor in (6, 9))
    alike = replace(case, model="Llama-2-7B", params_b="6.7")
    old_alike, new_alike = (values(replace(alike, software=f"TensorRT-LLM v0.{minor}.0"))[0] for minor in (6, 9))
    assert old_alike / new_alike > 1.1 * old / new


def test_an_answer_takes_its_prompt_and_each_of_its_tokens():
    case = replace(CASES["GPTFAST-7B-bf16"], seq_or_io="128 in, 200 out", metric="latency end to end", unit="ms")
    whole = values(case)[0]
    token = values(replace(case, metric="TPOT"))[0]
    assert 200 * token < whole < 220 * token


def test_a_pipeline_takes_what_is_local_to_a_gpu_in_parts():
    case = replace(CASES["MEG21-39.1B"], batch="GBS 1536, local batch 16")
    assert values(case) != values(replace(case, batch="GBS 1536, micro 16"))


def test_a_network_that_a_chip_without_memory_cannot_hold_comes_over_its_link():
    small = Case("x", "cnn_inference", "Hailo-8", "1", "ResNet-50", "", "", "1", "int8", "", "", "throughput", "img/s")
    assert values(replace(small, model="VGG-16"))[0] < 0.2 * values(small)[0]


@pytest.mark.parametrize(
    ("domain", "model", "metric"),
    [
        ("training", "Llama-2-7B", "throughput"),
        ("inference", "Llama-2-7B", "output tokens per second"),
        ("", "Llama-2-7B", "decode rate"),
        ("Microcontrollers", "MLPerf Tiny kws", "latency"),
    ],
)
def test_domains_in_other_words(domain, model, metric):
    tiny = domain.startswith("Micro")
    case = Case(
        case_id="x",
        domain=domain,
        hardware="STM32L4R5" if tiny else "A100",
        count="1",
        model=model,
        params_b="",
        seq_or_io="",
        batch="1",
        precision="int8" if tiny else "bf16",
        software="",
        parallelism="",
        metric=metric,
        unit="ms" if tiny else "tok/s",
    )
    assert values(case)[0] > 0.0


@pytest.mark.parametrize(
    ("text", "name"),
    [("GoogLeNet", "Inception v1"), ("SSD-ResNet34", "SSD-ResNet34"), ("resnet34", "ResNet-34")],
)
def test_networks(text, name):
    assert models.network(text).name == name


@pytest.mark.parametrize("text", ["Mask R-CNN ResNet-50", "SSD VGG-16"])
def test_a_detector_is_not_the_network_that_it_is_named_after(text):
    with pytest.raises(InvalidInput):
        models.network(text)


def test_a_domain_names_the_collective_where_the_case_does_not():
    case = Case("x", "allreduce", "8x H100", "", "", "", "1 GB", "", "", "NCCL", "", "busbw", "GB/s")
    assert values(case) == values(replace(case, model="all_reduce"))


def test_a_format_that_nobody_knows_is_refused():
    with pytest.raises(Refused, match="format"):
        values(replace(CASES["GPTFAST-7B-bf16"], precision="ternary 1.58b"))


def test_a_user_has_a_share_of_the_output():
    case = replace(
        CASES["GPTFAST-7B-bf16"],
        hardware="8x H100",
        count="8",
        parallelism="TP8",
        seq_or_io="1024/256",
        batch="concurrency 64",
        metric="throughput",
        unit="tok/s",
    )
    user, device = (values(replace(case, unit=f"tok/s/{each}"))[0] for each in ("user", "GPU"))
    assert device == pytest.approx(values(case)[0] / 8)
    assert 0.8 * values(case)[0] / 64 < user < 1.5 * values(case)[0] / 64


def test_a_run_takes_its_tokens_and_a_cluster_all_of_its_devices():
    case = replace(CASES["MPT-h100_80gb-7b-s2048-n128"], metric="throughput", unit="tokens/s")
    hours = values(replace(case, metric="training time for 300B tokens", unit="hours"))[0]
    assert hours == pytest.approx(300e9 / values(case)[0] / 3600)
    each, every = (values(replace(case, metric=metric, unit="TFLOP/s"))[0] for metric in ("achieved", "aggregate"))
    assert every == pytest.approx(128 * each)
