"""Published step times against the model's: those each vintage was fitted on, and those it was not. One figure for each
vintage and generation of GPU; the largest errors below are what came out."""

from math import exp, log, sqrt

import pytest

from mlsysim import DistributedModel, Fabric, Models, ModelSpec, Parallelism
from mlsysim.efficiency import spread
from mlsysim.registry import constants
from mlsysim.solvers.training import reach
from mlsysim.solvers.training_job import Layout
from mlsysim.solvers.training_step import clocks


def interleaved(chunks):
    return {"schedule": "interleaved", "interleave": chunks} if chunks > 1 else {}


def megatron_2021(model, gpus, batch, micro, tp, pp, teraflops):
    """Narayanan et al. 2021, table 1. Their operations: four passes over layers, 96 B s L h^2 (1 + s/6h + V/16Lh)."""
    h, layers, s, vocab = model.hidden, model.layers, 2048, model.vocab
    operations = 96 * batch * s * layers * h**2 * (1 + s / (6 * h) + vocab / (16 * layers * h))
    plan = Parallelism(tp=tp, pp=pp, dp=gpus // (tp * pp), micro_batch=micro, recompute="full")
    return (
        {"model": model, "fabric": "DGX A100", "gpus": gpus, "global_batch": batch, "parallelism": plan},
        operations / (gpus * teraflops * 1e12),
    )


MEGATRON_2021 = {
    "1.7B": megatron_2021(Models.GPT_1_7B, 32, 512, 16, 1, 1, 137),
    "3.6B": megatron_2021(Models.GPT_3_6B, 64, 512, 16, 2, 1, 138),
    "7.5B": megatron_2021(Models.GPT_7_5B, 128, 512, 16, 4, 1, 142),
    "18.4B": megatron_2021(Models.GPT_18_4B, 256, 1024, 8, 8, 1, 135),
    "39.1B": megatron_2021(Models.GPT_39_1B, 512, 1536, 4, 8, 2, 138),
    "76.1B": megatron_2021(Models.GPT_76_1B, 1024, 1792, 2, 8, 4, 140),
    "145.6B": megatron_2021(Models.GPT_145_6B, 1536, 2304, 2, 8, 8, 148),
    "310.1B": megatron_2021(Models.GPT_310B, 1920, 2160, 1, 8, 16, 155),
    "529.6B": megatron_2021(Models.GPT_530B, 2520, 2520, 1, 8, 35, 163),
    "1008B": megatron_2021(Models.GPT_1T, 3072, 3072, 1, 8, 64, 163),
}


def korthikanti(model, gpus, batch, micro, pp, chunks, recompute, time):
    """Korthikanti et al. 2022, table 5: full recomputation, then sequence parallelism with selective."""
    plan = Parallelism(
        tp=8,
        pp=pp,
        micro_batch=micro,
        recompute=recompute,
        sequence_parallel=recompute == "selective",
        **interleaved(chunks),
    )
    return {"model": model, "fabric": "DGX A100", "gpus": gpus, "global_batch": batch, "parallelism": plan}, time


KORTHIKANTI = {
    f"{name}-{recompute}": korthikanti(*setting, recompute, time)
    for name, setting, times in (
        ("22B", (Models.GPT_22B, 8, 4, 4, 1, 1), (1.42, 1.10)),
        ("175B", (Models.GPT_175B, 64, 64, 1, 8, 3), (18.13, 13.75)),
        ("530B", (Models.GPT_530B, 280, 280, 1, 35, 3), (49.05, 37.83)),
        ("1T", (Models.GPT_1T, 512, 512, 1, 64, 1), (94.42, 71.49)),
    )
    for recompute, time in zip(("full", "selective"), times, strict=True)
}

ROCE = Fabric(name="A100, eight 200 Gbit/s", machine="A100", gpus_per_node=8, link="300 GB/s", nic="25 GB/s")


def foundry(layers, hidden, heads, sequence, fabric, gpus, batch, micro, tokens, full):
    """llm-foundry's table: FSDP, tokens per second and GPU."""
    model = ModelSpec(
        name="MPT",
        layers=layers,
        hidden=hidden,
        heads=heads,
        ffn=4 * hidden,
        vocab=50368,
        max_context=sequence,
        gated=False,
        tied=True,
        layer_norm=True,
        learned_positions=sequence,
    )
    plan = Parallelism(dp=gpus, zero=3, micro_batch=micro, recompute="full" if full else "none")
    given = {"model": model, "fabric": fabric, "gpus": gpus, "global_batch": batch, "context": sequence}
    return given | {"parallelism": plan}, batch * sequence / (gpus * tokens)


FOUNDRY_A100 = {
    "70b-n64": foundry(80, 8192, 64, 2048, ROCE, 64, 2048, 8, 410, True),
    "70b-n32": foundry(80, 8192, 64, 2048, ROCE, 32, 1024, 2, 373, True),
    "13b-s2048": foundry(40, 5120, 40, 2048, ROCE, 8, 48, 2, 2262, False),
    "13b-s32768": foundry(40, 5120, 40, 32768, ROCE, 8, 24, 1, 1016, True),
    "7b-s8192": foundry(32, 4096, 32, 8192, ROCE, 8, 128, 8, 3206, True),
    "7b-s65536": foundry(32, 4096, 32, 65536, ROCE, 8, 16, 1, 1013, True),
    "1b": foundry(24, 2048, 16, 2048, ROCE, 8, 448, 14, 20513, False),
}
FOUNDRY_H100 = {
    "70b-n64": foundry(80, 8192, 64, 2048, "DGX H100", 64, 2048, 8, 1039, True),
    "13b-n8": foundry(40, 5120, 40, 2048, "DGX H100", 8, 16, 2, 4792, False),
    "7b-s8192": foundry(32, 4096, 32, 8192, "DGX H100", 8, 128, 8, 6935, True),
    "3b-n64": foundry(32, 2560, 20, 2048, "DGX H100", 64, 1152, 6, 22525, False),
    "70b-n128": foundry(80, 8192, 64, 2048, "DGX H100", 128, 1024, 8, 1058, True),
    "7b-n128": foundry(32, 4096, 32, 2048, "DGX H100", 128, 768, 6, 10475, False),
}


def titan(model, sequence, batch, tokens):
    """torchtitan, FSDP over 64 A100."""
    given = {"model": model, "fabric": ROCE, "gpus": 64, "global_batch": batch, "context": sequence}
    plan = Parallelism(dp=64, zero=3, micro_batch=batch // 64)
    return given | {"parallelism": plan}, batch * sequence / (64 * tokens)


def megascale(gpus, batch, time, recompute):
    """MegaScale, table 2: 175B with 128 heads; interleaving of six and a sequence of 2,048 from the paper's text."""
    plan = Parallelism(tp=8, pp=8, dp=gpus // 64, sequence_parallel=True, zero=1, recompute=recompute, **interleaved(6))
    given = {"model": Models.GPT_175B_128, "fabric": "DGX A100", "gpus": gpus, "global_batch": batch}
    return given | {"parallelism": plan}, time


FRONTIER_A100 = {
    "titan 8B": titan(Models.Llama3_8B, 8192, 64, 2973),
    "titan 13B": titan(Models.Llama2_13B, 4096, 128, 2162),
    "megascale 12288": megascale(12288, 6144, 6.34, "none"),
}
HELD_OUT = {
    "megatron 512": megascale(512, 768, 21.2, "selective"),
    "megatron 1024": megascale(1024, 768, 11.9, "selective"),
    "megatron 6144": megascale(6144, 6144, 14.78, "selective"),
    "megatron 12288": megascale(12288, 6144, 8.57, "selective"),
}


def llama3(gpus, dp, cp, batch, sequence, teraflops):
    """Llama 3, table 4, 16 million tokens a step. The operations behind its rate are not printed: ours, masked."""
    plan = Parallelism(tp=8, cp=cp, pp=16, dp=dp, sequence_parallel=True, zero=2, **interleaved(8))
    given = {"model": "Llama-3.1-405B", "fabric": "DGX H100", "gpus": gpus, "global_batch": batch}
    given |= {"context": sequence, "parallelism": plan}
    operations = DistributedModel().solve(**given).job.model_flops
    return given, operations / (gpus * teraflops * 1e12)


LLAMA3 = {
    "8192": llama3(8192, 64, 1, 2048, 8192, 430),
    "16384": llama3(16384, 128, 1, 2048, 8192, 400),
    "131072 tokens": llama3(16384, 8, 16, 128, 131072, 380),
}


def eight_bits(model, gpus, batch, sequence, tokens, **plan):
    """NeMo and Megatron-Bridge in FP8, tokens per second and GPU; sequence parallelism and ZeRO-1 are assumed."""
    spread_over = Parallelism(sequence_parallel=plan.get("tp", 1) > 1, **({"zero": 1} | plan))
    given = {"model": model, "fabric": "DGX H100", "gpus": gpus, "global_batch": batch, "context": sequence}
    return given | {"precision": "fp8", "parallelism": spread_over}, batch * sequence / (gpus * tokens)


HELD_OUT_FP8 = {
    "NeMo 175B": eight_bits(Models.GPT_175B, 512, 2048, 2048, 782, tp=4, pp=8, dp=16, micro_batch=2, **interleaved(6)),
    "NeMo Llama-2-13B": eight_bits(Models.Llama2_13B, 16, 128, 4096, 8646, pp=4, dp=4, **interleaved(10)),
    "NeMo Llama-3-70B": eight_bits(Models.Llama3_70B, 64, 128, 8192, 1533, tp=4, pp=4, cp=2, dp=2, **interleaved(5)),
    "Bridge Llama-3-70B": eight_bits(Models.Llama3_70B, 64, 128, 8192, 1602, tp=4, pp=8, dp=2, **interleaved(5)),
    "Bridge Llama-3.1-405B": eight_bits(
        Models.Llama3_1_405B, 1024, 512, 8192, 292, tp=8, pp=8, cp=2, dp=8, **interleaved(8)
    ),
    "Bridge Llama-3-8B": eight_bits(Models.Llama3_8B, 8, 128, 8192, 14451, dp=8, zero=3),
}

# Rows, vintage, largest error of a row, root mean square of all.
TABLES = [
    (MEGATRON_2021, "megatron-2021", 0.031, 0.020),
    (KORTHIKANTI, "megatron-2022", 0.044, 0.030),
    (FOUNDRY_A100, "fsdp-2023", 0.125, 0.080),
    (FOUNDRY_H100, "fsdp-2023", 0.190, 0.130),
    (FRONTIER_A100, "flash-2024", 0.160, 0.120),
    (LLAMA3, "flash-2024", 0.030, 0.020),
    (HELD_OUT, "megatron-2022", 0.150, 0.110),
    (HELD_OUT_FP8, "flash-2024", 0.170, 0.090),
]


@pytest.mark.parametrize(
    ("rows", "vintage", "worst", "overall"),
    TABLES,
    ids=[
        "megatron 2021",
        "korthikanti",
        "foundry A100",
        "foundry H100",
        "frontier A100",
        "llama 3",
        "held out",
        "held out, FP8",
    ],
)
def test_published_step_times(rows, vintage, worst, overall):
    errors = {}
    for name, (given, measured) in rows.items():
        answer = DistributedModel().solve(software=vintage, **given)
        assert answer.time.lower <= measured <= answer.time.upper
        errors[name] = log(answer.time.expected / measured)
    assert max(abs(exp(error) - 1) for error in errors.values()) <= worst, errors
    assert sqrt(sum(error**2 for error in errors.values()) / len(errors)) <= overall, errors


@pytest.mark.parametrize("table", range(len(TABLES)))
def test_runs_that_took_place_fit(table):
    """All but one: Llama 3 on 8,192 GPUs is put at 82.3 GB of 80, 2.9 % too much."""
    rows, vintage, _, _ = TABLES[table]
    for name, (given, _) in rows.items():
        memory = DistributedModel().solve(software=vintage, **given).memory
        assert memory.total <= memory.capacity * (1.03 if name == "8192" else 1.0), name


@pytest.mark.parametrize(("name", "mfu"), [("22B", 0.415), ("175B", 0.514), ("530B", 0.560), ("1T", 0.563)])
def test_mfu_of_korthikanti_s_table_5(name, mfu):
    given, _ = KORTHIKANTI[f"{name}-selective"]
    assert DistributedModel().solve(software="megatron-2022", **given).mfu.expected == pytest.approx(mfu, rel=0.05)


# Korthikanti et al. 2022, table 4: forward and backward of one layer of GPT 22B on eight A100 [ms].
@pytest.mark.parametrize(("recompute", "measured"), [("none", 19.6), ("full", 27.2)])
def test_one_layer_of_table_4(recompute, measured):
    given, _ = KORTHIKANTI["22B-full"]
    job = DistributedModel().solve(software="megatron-2022", **given).job
    _, usual, _ = clocks(job, *map(spread, reach(job, "auto")))
    at = Layout(tp=8, cp=1, sequence_parallel=False, micro_batch=4)
    layer = usual.layer(at, recompute, False).time + usual.tensor(at, recompute, False)
    assert layer * 1e3 == pytest.approx(measured, rel=0.08)


# PaLM reports 0.462, Llama 3 0.38 to 0.43, MegaScale 0.55, Korthikanti 0.56: a good plan lands between 0.3 and 0.6.
@pytest.mark.parametrize("table", [0, 1, 4, 5, 6])
def test_utilization_is_where_frontier_runs_are(table):
    rows, vintage, _, _ = TABLES[table]
    for given, _ in rows.values():
        assert 0.3 < DistributedModel().solve(software=vintage, **given).mfu.expected < 0.6


def test_the_fits_say_which_rows_they_used():
    fitted = {name: datum for name, datum in constants("training").items() if name.startswith("compute")}
    guessed = {"compute_flash_2024_mi300x", "compute_dualpipe_2024"}
    assert len(fitted) == 8
    for name, datum in fitted.items():
        assert datum.tier == ("estimate" if name in guessed else "measured")
        assert datum.lower < datum.value < datum.upper
        assert "row" in datum.note or datum.tier == "estimate"
