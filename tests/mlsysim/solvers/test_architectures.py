"""Experts, latent attention and windows, in what is served."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import ServingModel
from mlsysim.physics import experts, latent, transformer, window
from mlsysim.registry import Models
from mlsysim.solvers.workload import workload

MODELS = list(Models)
MIXED = [each for each in MODELS if each.experts]
LATENT = [each for each in MODELS if each.latent]
WINDOWED = [each for each in MODELS if each.window]


def operator(operators, name):
    return next(each for each in operators if each.name == name)


# DeepSeek-AI, ISCA 2025, table 1 (in BF16); vLLM, section 3 (in FP16).
@pytest.mark.parametrize(
    ("model", "kv_bytes"),
    [("DeepSeek_V3", 70_272), ("Qwen2_5_72B", 327_680), ("Llama3_1_405B", 516_096), ("OPT_13B", 800 * 1024)],
)
def test_kv_bytes_of_a_token_as_published(model, kv_bytes):
    assert workload(model).kv_bytes == kv_bytes


def test_one_key_head_for_all_is_multi_query_attention():
    starcoder = Models.StarCoder
    assert workload(starcoder).kv_bytes == 2 * 40 * 128 * 2
    assert starcoder.heads == 48


def test_distinct_experts_as_a_simulation_draws_them():
    draw, trials = random.Random(1), 400
    for count, active, tokens in ((8, 2, 3), (64, 6, 10), (256, 8, 32)):
        met = sum(
            len({expert for _ in range(tokens) for expert in draw.sample(range(count), active)}) for _ in range(trials)
        )
        assert met / trials == pytest.approx(experts.distinct_experts(count, active, tokens), rel=0.03)


@given(st.integers(1, 512), st.integers(1, 64), st.integers(1, 4096))
def test_a_batch_touches_between_its_own_and_all_experts(count, active, tokens):
    active = min(active, count)
    touched = experts.distinct_experts(count, active, tokens)
    assert active - 1e-9 <= touched <= min(count, active * tokens) + 1e-9


@given(st.sampled_from(MIXED), st.integers(1, 100_000))
def test_weights_read_grow_with_the_batch_to_all_of_them(model, batch):
    load = workload(model, batch=batch, context=16)
    assert model.active_feed_forward_parameters * (1 - 1e-9) <= load.feed_forward_read(1)
    assert load.feed_forward_read(batch) <= load.feed_forward_read(2 * batch) <= model.feed_forward_parameters
    assert load.feed_forward_read(10**6) == pytest.approx(model.feed_forward_parameters)


@given(st.sampled_from(MIXED), st.integers(1, 1000))
def test_a_token_computes_with_its_own_experts_alone(model, batch):
    fed = operator(workload(model, batch=batch, context=16).decode(None), "feed-forward")
    assert fed.flops == 2 * batch * model.active_feed_forward_parameters


def test_mixtral_reads_a_quarter_of_its_experts_for_one_token_and_nine_tenths_for_eight():
    load = workload("Mixtral_8x7B")
    read = load.feed_forward_read(8) / Models.Mixtral_8x7B.feed_forward_parameters
    assert read == pytest.approx(1 - 0.75**8, rel=1e-3)


@given(st.integers(0, 120), st.integers(1, 130))
def test_windowed_pairs_are_counted(tokens, size):
    pairs = sum(1 for query in range(tokens) for key in range(query + 1) if query - key < size)
    assert window.windowed_pairs(tokens, size) == pairs


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 70))
def test_a_shared_prefix_is_what_is_both_of_it_and_kept(prefix, rest, size):
    tokens = prefix + rest
    kept = set(range(max(0, tokens - size), tokens))
    assert window.shared_positions(prefix, tokens, 3, 2, size) == prefix + 2 * len(kept & set(range(prefix)))


@given(st.sampled_from(WINDOWED), st.integers(1, 8192), st.integers(1, 64))
def test_a_window_keeps_and_reads_no_more_than_it_needs(model, context, batch):
    load = workload(model, batch=batch, context=min(context, model.max_context))
    everything = load.context * load.kv_bytes
    assert load.sequence_kv(load.context) <= everything
    assert (load.sequence_kv(load.context) == everything) == (load.context <= model.window)
    assert operator(load.decode(None), "attention").kv_cache == batch * load.sequence_kv(load.context)


@given(st.sampled_from(WINDOWED), st.integers(1, 300))
def test_windowed_prefill_is_decode_step_by_step(model, prompt):
    together = operator(workload(model, context=prompt).prefill(None), "attention").flops
    steps = (operator(workload(model, context=each).decode(None), "attention").flops for each in range(1, prompt + 1))
    assert together == pytest.approx(sum(steps), rel=1e-12)


@pytest.mark.parametrize(
    ("model", "near"),
    [
        ("Gemma2_9B", 21),
        ("Gemma3_27B", 52),
        ("Gemma3_4B", 29),
        ("GPT_OSS_120B", 18),
        ("Mistral_7B_v01", 32),
        ("Llama4_Scout", 36),
        ("Llama3_8B", 0),
    ],
)
def test_layers_that_attend_within_their_window(model, near):
    assert getattr(Models, model).windowed_layers == near


def test_absorbed_decode_trades_operations_for_bytes():
    """The same scores as expanded heads would give: 576 cached numbers a token and layer instead of 40,960."""
    part, heads = Models.DeepSeek_V3.latent, 128
    absorbed = latent.absorbed_attention_flops(heads, part.kv_rank, part.position, 1)
    expanded = latent.expanded_attention_flops(heads, part.content, part.position, part.value, 1)
    assert absorbed / expanded == pytest.approx(3.4)
    assert heads * (part.content + part.position + part.value) / part.cached == pytest.approx(71, rel=0.01)


@pytest.mark.parametrize("model", LATENT, ids=lambda model: model.name)
def test_latent_attention_counted_by_hand(model):
    part, load = model.latent, workload(model, context=100, prompt=50)
    pair = 2 * model.layers * model.heads
    step = operator(load.decode(None), "attention")
    assert step.flops == pair * 100 * (part.kv_rank + part.position + part.kv_rank)
    assert step.kv_cache == 100 * model.layers * (part.kv_rank + part.position) * 2
    prompt = operator(load.prefill(None), "attention")
    assert prompt.flops == pair * 50 * 51 / 2 * (part.content + part.position + part.value)


def test_latent_attention_with_one_head_s_worth_of_rank_is_not_larger_than_plain():
    plain = transformer.attention_parameters(7168, 128, 128, 128)
    assert latent.latent_parameters(7168, 128, 1536, 512, 128, 64, 128) < plain


def test_deepseek_needs_more_than_one_machine_and_says_so():
    answer = ServingModel().solve(model="DeepSeek_V3", hardware="MI300X", precision="fp8")
    assert not answer.feasible
    assert answer.reasons[0].limit == "memory capacity"
    assert answer.memory.weights == pytest.approx(671e9, rel=0.001)
    assert answer.decode.bytes["weights"] == pytest.approx(37e9, rel=0.02)


def test_experts_postpone_the_crossover():
    """A token of Mixtral computes with a quarter of the weights that a large batch reads."""
    given = {"hardware": "H100", "context": 16}
    dense = ServingModel().solve(model="Llama3_8B", **given).crossover_batch
    mixed = ServingModel().solve(model="Mixtral_8x7B", **given).crossover_batch
    assert 3 < mixed / dense < 5


def test_at_large_batch_and_long_context_experts_never_compute_longer():
    assert ServingModel().solve(model="Qwen3_30B_A3B", hardware="H100", context=32768).crossover_batch is None
