import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import transformer

sizes = st.integers(1, 64)


@given(sizes, sizes, sizes, sizes)
def test_attention_parameters_are_four_matrices(hidden, groups, kv_heads, head_dim):
    heads = groups * kv_heads
    shapes = [(hidden, heads * head_dim), (hidden, kv_heads * head_dim), (hidden, kv_heads * head_dim)]
    shapes.append((heads * head_dim, hidden))
    assert transformer.attention_parameters(hidden, heads, kv_heads, head_dim) == sum(a * b for a, b in shapes)


def test_without_grouping_attention_is_four_squares():
    assert transformer.attention_parameters(4096, 32, 32, 128) == 4 * 4096**2


@given(st.integers(0, 200))
def test_causal_pairs_are_counted(tokens):
    assert transformer.causal_pairs(tokens) == sum(1 for query in range(tokens) for key in range(query + 1))


def test_a_causal_mask_halves_long_attention():
    assert transformer.causal_pairs(10**6) == pytest.approx(10**12 / 2, rel=1e-5)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 8), st.integers(1, 8))
def test_attention_flops_are_counted(layers, heads, head_dim, keys):
    multiply_adds = 0
    for _layer in range(layers):
        for _head in range(heads):
            multiply_adds += keys * head_dim  # scores
            multiply_adds += keys * head_dim  # weighted sum of the values
    assert transformer.attention_flops(layers, heads, head_dim, keys) == 2 * multiply_adds


# Published sizes: Llama-3-8B 128 KiB (8 of 32 heads); Llama-2-7B 512 KiB (all heads); Llama-2-70B and 3-70B 320 KiB.
@pytest.mark.parametrize(
    ("layers", "kv_heads", "kibibytes"), [(32, 8, 128), (32, 32, 512), (80, 8, 320)], ids=["8B", "7B", "70B"]
)
def test_kv_cache_of_a_token(layers, kv_heads, kibibytes):
    assert transformer.kv_bytes_per_token(layers, kv_heads, 128, 2) == kibibytes * 1024
    assert transformer.kv_bytes_per_token(layers, kv_heads, 128, 1) == kibibytes * 512


def test_a_multiply_add_is_two_operations():
    assert transformer.linear_flops(10, 3) == 60


@given(sizes, sizes, sizes, sizes, sizes, st.sampled_from([2, 3]))
def test_activations_are_what_goes_in_and_out_of_each_kernel(hidden, groups, kv_heads, head_dim, inner, matrices):
    heads = groups * kv_heads
    wide, narrow = heads * head_dim, kv_heads * head_dim
    norm = (2 * hidden, 2 * hidden)
    projections = [norm, (hidden, wide + 2 * narrow), (wide, hidden)]
    feed_forward = [
        norm,
        (hidden, (matrices - 1) * inner),
        ((matrices - 1) * inner, inner),
        (inner, hidden),
    ]
    counted = transformer.projection_activations(hidden, heads, kv_heads, head_dim)
    assert counted == sum(read + written for read, written in projections)
    assert transformer.attention_activations(heads, head_dim) == wide + wide
    counted = transformer.feed_forward_activations(hidden, inner, matrices)
    assert counted == sum(read + written for read, written in feed_forward)
    assert transformer.workspace(hidden, inner, matrices) >= max(read for read, _ in feed_forward)


def test_a_gate_is_a_third_matrix():
    gated = transformer.feed_forward_parameters(4096, 14336, 3)
    assert gated == 1.5 * transformer.feed_forward_parameters(4096, 14336, 2)


@given(st.integers(1, 100))
def test_a_mask_hides_just_under_half_of_the_scores(tokens):
    assert 0.5 <= transformer.causal_pairs(tokens) / transformer.score_elements(1, 1, tokens) <= 1.0
