import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.registry import Models
from mlsysim.solvers.workload import workload

MODELS = list(Models)
DENSE = [each for each in MODELS if not each.experts]
PLAIN = [each for each in MODELS if not (each.latent or each.window)]


def total(operators, field):
    return sum(getattr(each, field) for each in operators)


def test_a_decode_step_counted_by_hand():
    # Llama-3-8B, batch 1, FP16: every matrix once, one embedding row, the KV cache of 1,024 positions.
    load = workload("Llama3_8B", context=1024)
    layer = 2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336
    matrices = 32 * layer + 128256 * 4096
    operators = load.decode(None)
    assert total(operators, "weights") == 2 * (matrices + 4096)
    assert total(operators, "kv_cache") == 131072 * 1024
    assert total(operators, "activations") == 0
    assert total(operators, "flops") == 2 * matrices + 4 * 32 * 4096 * 1024


def test_a_prefill_counted_by_hand():
    load = workload("Llama3_8B", context=1024, prompt=512)
    layer = 2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336
    operators = load.prefill(None)
    attention = 4 * 32 * 4096 * sum(range(1, 513))
    assert total(operators, "flops") == 2 * 32 * layer * 512 + 2 * 128256 * 4096 + attention
    assert total(operators, "kv_cache") == 2 * 131072 * 512


@given(st.sampled_from(DENSE), st.integers(1, 4096), st.integers(1, 1024))
def test_batch_shares_the_weights_and_nothing_else(model, batch, context):
    one, many = (workload(model, batch=each, context=context).decode(None) for each in (1, batch))
    row = 2 * model.hidden
    assert total(many, "weights") - batch * row == total(one, "weights") - row
    assert total(many, "kv_cache") == batch * total(one, "kv_cache")
    assert total(many, "flops") == pytest.approx(batch * total(one, "flops"), rel=1e-12)


@given(st.sampled_from(MODELS), st.integers(1, 64), st.integers(1, 1024))
def test_prefill_is_once_per_prompt(model, batch, prompt):
    one, many = (workload(model, batch=each, context=prompt).prefill(0.0) for each in (1, batch))
    for field in ("weights", "kv_cache", "activations", "flops"):
        assert total(many, field) == pytest.approx(batch * total(one, field), rel=1e-12)


@given(st.sampled_from(PLAIN), st.integers(1, 1000))
def test_prefill_does_the_work_of_as_many_decode_steps(model, prompt):
    """Causal attention over a prompt is decode, one position after another; only the LM head is asked once."""
    together = total(workload(model, context=prompt).prefill(None), "flops")
    stepwise = sum(total(workload(model, context=each).decode(None), "flops") for each in (1, prompt)) / 2 * prompt
    head = 2 * model.head_parameters
    assert together == pytest.approx(stepwise - (prompt - 1) * head, rel=1e-12)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_an_untied_embedding_is_stored_and_not_streamed(model):
    load = workload(model)
    streamed = total(load.decode(None), "weights")
    table = 0 if model.tied else model.embedding_parameters
    vectors = model.vector_parameters
    experts = model.experts
    asleep = (experts.count - experts.active) * model.expert_parameters if experts else 0
    beside = load.stored_weights() - streamed - 2 * asleep
    assert beside == pytest.approx(2 * (table + vectors + model.beside - model.hidden), rel=1e-12)


@given(st.sampled_from(MODELS), st.integers(1, 512), st.integers(1, 1024))
def test_half_the_bytes_are_half_the_traffic(model, batch, context):
    wide, narrow = (workload(model, batch, context, precision=name) for name in ("fp16", "int8"))
    for cache in (None, 0.0):
        for phase in ("decode", "prefill"):
            full, half = (getattr(each, phase)(cache) for each in (wide, narrow))
            assert sum(each.traffic for each in half) == pytest.approx(sum(each.traffic for each in full) / 2)
            assert total(half, "flops") == total(full, "flops")


def test_quantizing_the_weights_alone_leaves_head_embedding_and_cache():
    plain, quantized = workload("Llama3_8B"), workload("Llama3_8B", weights="int4")
    assert quantized.stored_as == "FP16 with INT4 weights"
    assert quantized.kv_bytes == plain.kv_bytes
    before, after = ({each.name: each for each in load.decode(None)} for load in (plain, quantized))
    assert after["LM head"] == before["LM head"]
    assert after["feed-forward"].weights == pytest.approx(before["feed-forward"].weights * 4.15625 / 16)
    assert after["feed-forward"].flops == before["feed-forward"].flops


def test_an_int4_checkpoint_has_its_published_size():
    # huggingface.co/lurker18/Llama_3.1_8B_AWQ_4bit, the same architecture: 4.68 GB and 1.05 GB of safetensors.
    assert workload("Llama3_8B", weights="int4").stored_weights() == pytest.approx(5.73e9, rel=0.01)


def test_the_cache_has_its_own_precision():
    assert workload("Llama3_8B", kv_precision="fp8").kv_bytes == 65536
    assert workload("Llama3_8B", precision="fp8").kv_bytes == 65536


@given(st.sampled_from(MODELS), st.integers(1, 2048), st.floats(0.0, 1e9))
def test_activations_spill_only_past_the_cache(model, batch, cache):
    load = workload(model, batch=batch, context=16)
    spilled, everything = (total(load.decode(each), "activations") for each in (cache, 0.0))
    assert 0 <= spilled <= everything
    if load.workspace(batch) - 2 * batch * model.vocab <= cache:
        assert spilled == 0
