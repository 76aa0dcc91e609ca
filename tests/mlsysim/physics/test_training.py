"""Published closed forms, and schedules played out one pass at a time."""

from itertools import count, pairwise

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


def play(stages: int, micro_batches: int, chunks: int, gpipe: bool = False) -> float:
    """A pipeline played pass by pass: forward takes 1 of a chunk's time, backward 2. Returns the time of the step."""
    virtual = stages * chunks
    done: dict[tuple[str, int, int], float] = {}
    orders = [_order(stage, stages, micro_batches, chunks, gpipe) for stage in range(stages)]
    free, place = [0.0] * stages, [0] * stages
    for _ in count():
        moved = False
        for stage in range(stages):
            while place[stage] < len(orders[stage]):
                kind, chunk, micro = orders[stage][place[stage]]
                level = chunk * stages + stage
                if kind == "F":
                    before = ("F", level - 1, micro) if level else None
                else:
                    before = ("B", level + 1, micro) if level + 1 < virtual else ("F", level, micro)
                if before is not None and before not in done:
                    break
                start = max(free[stage], done[before] if before else 0.0)
                free[stage] = done[kind, level, micro] = start + (1 if kind == "F" else 2) / chunks
                place[stage] += 1
                moved = True
        if not moved:
            break
    assert all(place[stage] == len(orders[stage]) for stage in range(stages)), "deadlock"
    return max(free)


def _order(stage, stages, micro_batches, chunks, gpipe):
    """Megatron's order: warm up, one forward and one backward in turn, drain."""
    forwards, backwards = [], []
    for first in range(0, micro_batches, stages):
        group = range(first, min(first + stages, micro_batches))
        forwards += [("F", chunk, micro) for chunk in range(chunks) for micro in group]
        backwards += [("B", chunk, micro) for chunk in reversed(range(chunks)) for micro in group]
    total = len(forwards)
    if gpipe:
        warm = total
    elif chunks == 1:
        warm = min(stages - stage - 1, total)
    else:
        warm = min(2 * (stages - stage - 1) + (chunks - 1) * stages, total)
    order = forwards[:warm]
    for forward, backward in zip(forwards[warm:], backwards, strict=False):
        order += [forward, backward]
    return order + backwards[total - warm :]


@pytest.mark.parametrize("stages", [1, 2, 4, 6])
@pytest.mark.parametrize("groups", [1, 2, 5])
@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_a_schedule_played_out_waits_as_long_as_its_bubble(stages, groups, chunks):
    micro_batches = groups * stages
    played = play(stages, micro_batches, chunks)
    ideal = 3.0 * micro_batches
    assert played == pytest.approx(ideal * (1 + training.bubble_fraction(stages, micro_batches, chunks)))
    assert played == pytest.approx(training.pipeline_time(3.0, 3.0 * (stages - 1), micro_batches, chunks))


@pytest.mark.parametrize(("stages", "micro_batches"), [(1, 1), (2, 1), (4, 8), (5, 7)])
def test_gpipe_waits_as_long_as_1f1b(stages, micro_batches):
    assert play(stages, micro_batches, 1, gpipe=True) == pytest.approx(play(stages, micro_batches, 1))


@given(sizes, sizes, st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_zero_bubble_waits_less_than_1f1b(stages, micro_batches, forward, inputs, weights):
    waits = training.zero_bubble_fraction(stages, micro_batches, forward, inputs, weights)
    assert 0 <= waits <= training.bubble_fraction(stages, micro_batches)


def test_equal_passes_leave_no_bubble():
    assert training.zero_bubble_fraction(8, 16, 1, 1, 1) == 0.0


def test_the_slowest_of_many_is_as_simulated():
    from random import Random

    random = Random(7)
    for workers in (2, 16, 256):
        slowest = [max(random.gauss(1.0, 0.05) for _ in range(workers)) for _ in range(2000)]
        assert training.straggler_factor(workers, 0.05) == pytest.approx(sum(slowest) / len(slowest), rel=0.003)
    assert training.straggler_factor(1, 0.05) == pytest.approx(1.0)
    assert training.straggler_factor(1024, 0.0) == 1.0


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
