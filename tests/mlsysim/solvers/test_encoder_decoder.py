"""Encoder-decoders: the encoder's pass, cross-attention and what it keeps, against counts by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import (
    BatchingModel,
    CompressionModel,
    DistributedModel,
    Engine,
    Models,
    Parallelism,
    ServingModel,
    SpeculativeDecoding,
    StreamModel,
    TensorParallelModel,
)
from mlsysim.check import InvalidValue
from mlsysim.solvers.workload import workload
from mlsysim.sweep import sweep

PAIRS = list(Models.EncoderDecoder)
WHISPER = Models.EncoderDecoder.Whisper_Large_v3


def total(operators, field):
    return sum(getattr(each, field) for each in operators)


def test_whisper_s_cross_attention_keeps_its_1500_vectors_whatever_is_written():
    """32 layers, keys and values of 1,280 numbers, FP16: 245.8 MB beside 163,840 bytes for each token written."""
    load = workload(WHISPER, context=1)
    own = 2 * 32 * 1280 * 2
    assert load.sequence_kv(0) == own * 1500 == 245_760_000
    assert load.sequence_kv(100) - load.sequence_kv(0) == 100 * own


def test_a_decode_step_of_whisper_counted_by_hand():
    load = workload(WHISPER, context=100)
    width, layers, ffn, vocab = 1280, 32, 5120, 51866
    step = load.decode(None)
    matrices = layers * (4 * width**2 + 2 * width * ffn) + vocab * width
    queries = layers * 2 * width**2
    assert total(step, "weights") == 2 * (matrices + queries + width)
    assert total(step, "flops") == 2 * (matrices + queries) + 4 * layers * width * (100 + 1500)
    assert total(step, "kv_cache") == 2 * 2 * layers * width * (100 + 1500)


def test_a_prompt_of_whisper_is_its_sound_and_its_first_tokens():
    load = workload(WHISPER, context=4)
    read = load.prefill(None)
    width, layers = 1280, 32
    kept = next(each for each in read if each.name == "cross-attention: keys and values")
    assert kept.weights == 2 * layers * 2 * width**2
    assert kept.flops == 2 * layers * 2 * width**2 * 1500
    assert kept.kv_cache == load.sequence_kv(0)
    encoder = [each for each in read if each.name.startswith("encoder: ")]
    assert total(encoder, "flops") == WHISPER.encoder.flops
    assert len({each.name for each in read}) == len(read)


def test_whisper_s_encoder_has_the_operations_that_pytorch_counts():
    """torch.utils.flop_counter over transformers' WhisperEncoder on 3,000 frames; it leaves attention's scores out."""
    counted = sum(each.flops for each in WHISPER.encoder.layers if each.kind in ("matrix product", "convolution"))
    assert counted == 1_905_131_520_000
    assert WHISPER.encoder.tokens == 1500


def test_stable_diffusion_has_the_operations_that_pytorch_counts():
    """The same over diffusers' UNet2DConditionModel: 338.61 G multiply-adds, 2.05 M of them for time's embedding."""
    unet = Models.Layered.StableDiffusion_1_5
    counted = sum(each.flops for each in unet.layers if each.kind in ("matrix product", "convolution")) / 2
    assert counted + 320 * 1280 + 1280 * 1280 == 338_610_585_600
    assert unet.kernel_class == "convolution"


@pytest.mark.parametrize("model", PAIRS, ids=lambda model: model.name)
def test_all_weights_are_stored_and_quantized(model):
    plain, packed = workload(model, context=8), workload(model, context=8, weights="int8")
    assert plain.stored_weights() == 2 * model.parameters
    assert 0.5 <= packed.stored_weights() / plain.stored_weights() < 0.9
    assert total(packed.decode(None), "weights") < total(plain.decode(None), "weights")


@given(st.sampled_from(PAIRS), st.integers(1, 64), st.integers(1, 400))
def test_a_batch_shares_weights_and_nothing_else(model, batch, context):
    one, many = (workload(model, each, context) for each in (1, batch))
    row = 2 * model.hidden
    assert total(many.decode(None), "weights") - batch * row == total(one.decode(None), "weights") - row
    for field in ("kv_cache", "flops"):
        assert total(many.decode(None), field) == pytest.approx(batch * total(one.decode(None), field))
    for field in ("weights", "kv_cache", "activations", "flops"):
        assert total(many.prefill(0.0), field) == pytest.approx(batch * total(one.prefill(0.0), field))


@given(st.sampled_from(PAIRS), st.integers(1, 300))
def test_prefill_without_the_encoder_is_decode_step_by_step(model, prompt):
    def attended(operators):
        return sum(each.flops for each in operators if each.name in ("attention", "cross-attention"))

    steps = sum(attended(workload(model, context=each).decode(None)) for each in range(1, prompt + 1))
    assert attended(workload(model, context=prompt).prefill(None)) == pytest.approx(steps)


@pytest.mark.parametrize("model", PAIRS, ids=lambda model: model.name)
def test_engine_serving_and_sweep_agree(model):
    answer = Engine.solve(model, "H100", context=64, batch=4)
    assert answer.feasible
    assert answer.time == ServingModel().solve(model=model.name, hardware="H100", context=64, batch=4).itl
    table = sweep(model=model, hardware="H100", batch=[1, 4], context=64)
    assert table["itl"][1] == pytest.approx(answer.time.expected)
    assert table["ttft"][1] == pytest.approx(answer.serving.ttft.expected)
    assert table["memory"][1] == pytest.approx(answer.serving.memory.total)
    assert "cross-attention" in answer.explain()


def test_thirty_seconds_of_sound_take_an_h100_some_milliseconds():
    """The encoder's 2.28 TFLOP at 989 TFLOP/s are 2.3 ms at least."""
    answer = Engine.solve(WHISPER, "H100", context=4)
    assert 2.3e-3 < answer.serving.ttft.lower < answer.serving.ttft.expected < 20e-3


@pytest.mark.parametrize(
    "ask",
    [
        lambda: BatchingModel().solve(model=WHISPER, hardware="H100", prompt=4, output=64),
        lambda: StreamModel().solve(model=WHISPER, hardware="H100", rate=1, requests=4, prompt=4, output=64),
        lambda: TensorParallelModel().solve(model=WHISPER, hardware="H100", gpus=2, context=64),
        lambda: CompressionModel().solve(model=WHISPER, hardware="H100", weights="int4", context=64),
        lambda: SpeculativeDecoding().solve(
            model=WHISPER, draft=Models.EncoderDecoder.Whisper_Turbo, hardware="H100", acceptance=0.7, context=64
        ),
        lambda: DistributedModel().solve(
            model=WHISPER, fabric="DGX H100", gpus=8, global_batch=8, context=448, parallelism=Parallelism(dp=8)
        ),
    ],
    ids=["batching", "stream", "tensor parallel", "compression", "speculative", "training"],
)
def test_what_does_not_count_encoders_says_so(ask):
    with pytest.raises(InvalidValue, match="an encoder"):
        ask()
