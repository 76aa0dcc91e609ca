"""Published closed forms of what training takes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import training, training_traffic, transformer

sizes = st.integers(1, 512)


def test_a_step_is_six_operations_for_each_parameter_and_eight_with_full_recomputation():
    forward = transformer.linear_flops(1e9, 1)
    assert training.step_flops(forward) == 6e9
    assert training.step_flops(forward, forward) == 8e9


# Korthikanti et al. 2022, equations 1 to 4 and table 2, for a layer of GPT in FP16 with dropout.
@given(st.integers(1, 64), st.integers(1, 128), st.integers(1, 4096), st.sampled_from([1, 2, 4, 8]))
def test_activations_are_korthikanti_s_table_2(a, d, s, t):
    h = a * d
    shared = training.shared_activations(h, 2, 1)
    split = training.split_activations(4 * a * d, 4 * h, 2, 2)
    scores = training.score_activations(a, s, 2, 1)
    table = [
        (training.layer_activations(shared, split, scores), h * (34 + 5 * a * s / h)),
        (training.layer_activations(shared, split, scores, t), h * (10 + 24 / t + 5 * a * s / (h * t))),
        (training.layer_activations(shared, split, scores, t, t), h / t * (34 + 5 * a * s / h)),
        (training.layer_activations(shared, split, 0, t), h * (10 + 24 / t)),
        (training.layer_activations(shared, split, 0, t, t), h * 34 / t),
    ]
    for computed, published in table:
        assert computed == pytest.approx(published)


@given(st.floats(1, 1e13), st.integers(1, 4096))
def test_adam_takes_16_bytes_and_each_stage_takes_no_more(parameters, replicas):
    states = [training.model_states(parameters, stage, replicas) for stage in range(4)]
    assert states[0] == pytest.approx(16 * parameters)
    assert states[3] == pytest.approx(16 * parameters / replicas)
    assert all(more >= less for more, less in pairwise(states))
    if replicas == 1:
        assert len(set(states)) == 1


# Korthikanti et al. 2022, table 5: MFU of the iteration times printed beside it. Their equation 7 for the operations.
@pytest.mark.parametrize(
    ("layers", "hidden", "batch", "gpus", "time", "mfu"),
    [(48, 6144, 4, 8, 1.10, 0.415), (96, 12288, 64, 64, 13.75, 0.514), (105, 20480, 280, 280, 37.83, 0.560)],
)
def test_published_mfu_follows_from_published_times(layers, hidden, batch, gpus, time, mfu):
    sequence, vocab = 2048, 51200
    matrices = layers * 12 * hidden**2 + vocab * hidden
    forward = transformer.linear_flops(matrices, batch * sequence)
    forward += transformer.attention_flops(layers, 1, hidden, batch * training.full_pairs(sequence))
    published = 72 * batch * layers * sequence * hidden**2
    published *= 1 + sequence / (6 * hidden) + vocab / (12 * hidden * layers)
    assert training.step_flops(forward) == pytest.approx(published)
    assert training.utilization(training.step_flops(forward), gpus, 312e12, time) == pytest.approx(mfu, abs=0.002)


@given(st.integers(1, 64), st.integers(1, 4096), st.sampled_from([1, 2, 4]), st.sampled_from([0, 1]))
def test_a_backward_pass_moves_more_than_a_forward_pass_and_less_than_two(heads, size, element, mask):
    for forward, backward in (
        (
            training_traffic.shared_traffic_forward(size, element, mask),
            training_traffic.shared_traffic_backward(size, element, mask),
        ),
        (
            training_traffic.score_traffic_forward(heads, size, element, mask),
            training_traffic.score_traffic_backward(heads, size, element, mask),
        ),
        (
            training_traffic.function_traffic_forward(size, 2, element),
            training_traffic.function_traffic_backward(size, 2, element),
        ),
    ):
        assert forward < backward < 2 * forward


def test_an_adam_step_moves_28_bytes_for_each_parameter():
    assert training_traffic.optimizer_traffic(1e9) == 28e9
