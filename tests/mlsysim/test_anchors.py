"""Shares of the peak that are published, none of them fitted: what a reader checks a simulator by first."""

from dataclasses import replace

import pytest

from mlsysim import DistributedModel, Engine, Fabric, ForwardModel, Hardware, Models, Parallelism
from mlsysim.calibration.cases import Case, Row
from mlsysim.calibration.parameters import fitted
from mlsysim.calibration.predict import one

# Chowdhery et al., PaLM, arXiv 2204.02311, section 4.1: 6,144 TPU v4, 2,048 sequences of 2,048 tokens, twelve-way model
# parallelism, fully sharded data, no pipeline; 46.2 % of the peak for the model, 57.8 % with what is repeated. Two
# pods of 3,072 chips, which reach each other at 81 Tbit/s in all (section 4).
MFU, HFU = 0.462, 0.578
TPU = Hardware.Cloud.TPUv4
POD = Fabric(name="TPU v4 pod", machine=TPU, gpus_per_node=3072, link=TPU.link, nic=81e12 / 8 / 3072)


def palm(recompute):
    # One head of keys and values is not split: each chip keeps a copy.
    return DistributedModel().solve(
        model=replace(Models.PaLM_540B, kv_heads=12),
        fabric=POD,
        gpus=6144,
        global_batch=2048,
        context=2048,
        parallelism=Parallelism(tp=12, dp=512, zero=3, recompute=recompute),
    )


def test_palm_540b_on_6144_chips_is_in_the_predicted_range():
    kept, repeated = palm("none"), palm("full")
    for answer in (kept, repeated):
        assert answer.mfu.lower < MFU < answer.mfu.upper
    assert repeated.mfu.expected < MFU < kept.mfu.expected  # PaLM repeats a part of it
    assert repeated.hfu.lower < HFU < repeated.hfu.upper


def test_palm_540b_is_predicted_from_runs_on_other_machines():
    """No run on a TPU is among the rows that were fitted."""
    blank = dict.fromkeys(Case.__dataclass_fields__, "")
    asked = {
        "case_id": "PaLM",
        "domain": "training_mfu",
        "hardware": "TPU v4",
        "count": "6144",
        "model": "PaLM 540B",
        "params_b": "540",
        "seq_or_io": "2048",
        "batch": "2048",
        "precision": "bf16",
        "software": "JAX",
        "parallelism": "TP12 DP512 FSDP",
        "metric": "MFU",
        "unit": "%",
    }
    told = one(Row("PaLM", Case(**blank | asked), ""), fitted())
    assert told.lower[0] < 100 * MFU < told.upper[0]
    assert told.values[0] == pytest.approx(100 * MFU, rel=0.1)


def reached(phase):
    return phase.operations / phase.time.expected / phase.rate


@pytest.mark.parametrize("model", ["Llama3_8B", "Llama2_7B", "Mistral_7B"])
@pytest.mark.parametrize("hardware", ["A100", "H100"])
@pytest.mark.parametrize("prompt", [512, 1024, 2048, 4096])
def test_prompts_with_fused_attention_reach_half_to_seven_tenths(model, hardware, prompt):
    """FlashAttention-2, arXiv 2307.08691: 50 to 73 % of an A100's peak, up to 72 % in a whole model."""
    assert 0.5 < reached(Engine.solve(model, hardware, context=prompt, phase="prefill").phase) < 0.705


@pytest.mark.parametrize("model", ["BERT_Base", "BERT_Large", "ViT_B16"])
def test_naive_code_reaches_a_tenth_to_a_fifth(model):
    """Operators issued one by one from Python; replayed from a graph they reach more than twice as much."""
    given = {"model": model, "hardware": "A100", "batch": 32, "phase": "training"}
    eager, graph = (reached(ForwardModel().solve(**given, efficiency=each).phase) for each in ("eager", "auto"))
    assert 0.1 < eager < 0.2
    assert graph > 2 * eager
