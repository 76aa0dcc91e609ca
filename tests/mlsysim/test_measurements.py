"""Published measurements against the model's range: those it was fitted on, and those it was not."""

import pytest

from mlsysim import Hardware, HardwareNode, Models, ModelSpec, ServingModel

GPT_J = ModelSpec(name="GPT-J", layers=28, hidden=4096, heads=16, ffn=16384, vocab=50400, max_context=2048, gated=False)
H200 = Hardware.Cloud.H200
RTX_4090 = HardwareNode(
    name="RTX 4090", peak={"fp16": 165.2e12}, memory="24 GB", memory_bandwidth="1008 GB/s", cache="72 MB"
)

# Case, model, machine, setting, measured inter-token latency [s], largest |error| accepted.
DECODE = [
    ("gpt-fast README, bf16", Models.Llama2_7B, "A100", {"context": 105}, 1 / 104.9, 0.10),
    ("TensorRT-LLM 0.5, H100vsA100.md", GPT_J, "A100", {"context": 192}, 1 / 111, 0.10),
    ("llm-awq README, fp16", Models.Llama3_8B, "A100", {"context": 256}, 1 / 74.9, 0.25),
    ("llm-awq README, fp16", Models.Llama3_8B, "Jetson AGX Orin", {"context": 256}, 1 / 10.2, 0.25),
    (
        "aiconfigurator silicon_sample.csv, concurrency 4",
        Models.Llama3_70B,
        H200,
        {"context": 1536, "batch": 4, "precision": "fp8"},
        20.114e-3,
        0.25,
    ),
    (
        "gpt-fast README, int8, of the pairs behind unpack",
        Models.Llama2_7B,
        "A100",
        {"context": 105, "weights": "int8"},
        1 / 155.58,
        0.25,
    ),
    (
        "llm-awq README, int4, of the pairs behind unpack",
        Models.Llama3_8B,
        RTX_4090,
        {"context": 256, "weights": "int4"},
        1 / 150.2,
        0.25,
    ),
]

# Time to first token [s], TensorRT-LLM 0.5 performance.md; of these only the first was fitted.
PREFILL = [
    (Models.Llama2_7B, "A100", {"context": 2048}, 0.133, 0.25),
    (Models.Llama2_7B, "L40S", {"context": 128, "precision": "fp8"}, 0.014, 0.25),
]


def within(estimate, measured, accepted):
    assert estimate.lower <= measured <= estimate.upper
    assert abs(estimate.expected / measured - 1) <= accepted


@pytest.mark.parametrize(("case", "model", "machine", "setting", "measured", "accepted"), DECODE)
def test_inter_token_latency(case, model, machine, setting, measured, accepted):
    within(ServingModel().solve(model=model, hardware=machine, **setting).itl, measured, accepted)


@pytest.mark.parametrize(("model", "machine", "setting", "measured", "accepted"), PREFILL)
def test_time_to_first_token(model, machine, setting, measured, accepted):
    within(ServingModel().solve(model=model, hardware=machine, **setting).ttft, measured, accepted)


# aiconfigurator silicon_sample.csv, gpt-oss-120b with MXFP4 experts on an H200: concurrency, time per output token [s].
@pytest.mark.parametrize(("batch", "measured"), [(4, 6.332e-3), (64, 24.761e-3)])
def test_a_mixture_of_experts_none_of_it_fitted(batch, measured):
    itl = ServingModel().solve(model="GPT_OSS_120B", hardware=H200, batch=batch, context=1536, weights="fp4").itl
    assert measured / 2 < itl.expected < measured
    assert itl.lower <= measured <= 1.05 * itl.upper


def test_the_ratio_of_two_machines_needs_no_fit():
    """H200 over H100: same arithmetic, 4.8 against 3.35 TB/s, so 1.43 at the floor; overhead takes a little of it."""
    h100, h200 = (ServingModel().solve(model="Llama3_8B", hardware=each).itl for each in ("H100", H200))
    assert h100.lower / h200.lower == pytest.approx(4.8 / 3.35)
    assert 1.3 < h100.expected / h200.expected < 4.8 / 3.35
