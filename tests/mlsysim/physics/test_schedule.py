"""Schedules, played out one pass at a time."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import schedule

sizes = st.integers(1, 512)


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
    assert played == pytest.approx(ideal * (1 + schedule.bubble_fraction(stages, micro_batches, chunks)))
    assert played == pytest.approx(schedule.pipeline_time(3.0, 3.0 * (stages - 1), micro_batches, chunks))


@pytest.mark.parametrize(("stages", "micro_batches"), [(1, 1), (2, 1), (4, 8), (5, 7)])
def test_gpipe_waits_as_long_as_1f1b(stages, micro_batches):
    assert play(stages, micro_batches, 1, gpipe=True) == pytest.approx(play(stages, micro_batches, 1))


@given(sizes, sizes, st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_zero_bubble_waits_less_than_1f1b(stages, micro_batches, forward, inputs, weights):
    waits = schedule.zero_bubble_fraction(stages, micro_batches, forward, inputs, weights)
    assert 0 <= waits <= schedule.bubble_fraction(stages, micro_batches)


def test_equal_passes_leave_no_bubble():
    assert schedule.zero_bubble_fraction(8, 16, 1, 1, 1) == 0.0


def test_the_slowest_of_many_is_as_simulated():
    from random import Random

    random = Random(7)
    for workers in (2, 16, 256):
        slowest = [max(random.gauss(1.0, 0.05) for _ in range(workers)) for _ in range(2000)]
        assert schedule.straggler_factor(workers, 0.05) == pytest.approx(sum(slowest) / len(slowest), rel=0.003)
    assert schedule.straggler_factor(1, 0.05) == pytest.approx(1.0)
    assert schedule.straggler_factor(1024, 0.0) == 1.0
