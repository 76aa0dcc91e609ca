"""Closed forms against the tutorial's numbers, against a ring played step by step, and against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import collectives

messages, ranks = st.floats(1.0, 1e12), st.integers(1, 4096)
bandwidths, latencies = st.floats(1e6, 1e12), st.floats(0.0, 1e-3)


def test_the_numbers_of_the_tutorial():
    assert collectives.ring_allreduce_time(1e9, 8, 900e9) == pytest.approx(1.944e-3, rel=1e-3)
    assert collectives.ring_allreduce_time(14e9, 64, 50e9) == pytest.approx(0.55, rel=0.01)


def play_ring(ranks: int) -> tuple[int, list[int], list[list[int]]]:
    """Reduce-scatter, then all-gather, one step at a time: steps, shares each rank sent, what each ends with."""
    held = [[10**rank * (share + 1) for share in range(ranks)] for rank in range(ranks)]
    sent, steps = [0] * ranks, 0
    for phase in ("reduce", "gather"):
        for step in range(ranks - 1):
            first = 0 if phase == "reduce" else 1
            flying = [(rank, (rank + first - step) % ranks) for rank in range(ranks)]
            values = [held[rank][share] for rank, share in flying]
            for (rank, share), value in zip(flying, values, strict=True):
                there = (rank + 1) % ranks
                held[there][share] = held[there][share] + value if phase == "reduce" else value
                sent[rank] += 1
            steps += 1
    return steps, sent, held


@pytest.mark.parametrize("ranks", [1, 2, 3, 5, 8])
def test_a_ring_played_step_by_step_sums_everything_and_takes_as_long(ranks):
    steps, sent, held = play_ring(ranks)
    total = [sum(10**rank * (share + 1) for rank in range(ranks)) for share in range(ranks)]
    assert held == [total] * ranks
    message, bandwidth, latency = 1e9, 50e9, 5e-6
    share = message / ranks
    assert collectives.ring_traffic(message, ranks) == pytest.approx(sent[0] * share)
    played = sum(share / bandwidth + latency for _ in range(steps))
    assert collectives.ring_allreduce_time(message, ranks, bandwidth, latency) == pytest.approx(played)


@given(messages, ranks, bandwidths, latencies)
def test_a_ring_moves_its_share_and_its_phases_sum_to_it(message, ranks, bandwidth, latency):
    whole = collectives.ring_allreduce_time(message, ranks, bandwidth, latency)
    scattered = collectives.reduce_scatter_time(message, ranks, bandwidth, latency)
    gathered = collectives.all_gather_time(message, ranks, bandwidth, latency)
    assert whole == scattered + gathered
    assert collectives.ring_allreduce_time(message, ranks, bandwidth) * bandwidth == pytest.approx(
        2 * (ranks - 1) / ranks * message
    )
    assert collectives.ring_traffic(message, ranks) <= 2 * message


@given(messages, bandwidths, latencies)
def test_one_rank_costs_nothing(message, bandwidth, latency):
    for collective in (
        collectives.ring_allreduce_time,
        collectives.tree_allreduce_time,
        collectives.reduce_scatter_time,
        collectives.all_gather_time,
        collectives.all_to_all_time,
    ):
        assert collective(message, 1, bandwidth, latency) == 0.0
    assert collectives.hierarchical_allreduce_time(message, 1, 1, bandwidth, bandwidth, latency, latency) == 0.0
    assert collectives.ring_traffic(message, 1) == 0.0


@given(messages, st.integers(1, 64), st.integers(1, 512), bandwidths)
def test_on_equal_links_a_hierarchy_moves_what_a_ring_moves(message, inner, outer, bandwidth):
    hierarchical = collectives.hierarchical_allreduce_time(message, inner, outer, bandwidth, bandwidth)
    assert hierarchical == pytest.approx(collectives.ring_allreduce_time(message, inner * outer, bandwidth))


@given(messages, ranks, bandwidths, latencies)
def test_a_tree_never_waits_longer_than_a_ring(message, ranks, bandwidth, latency):
    tree = collectives.tree_allreduce_time(message, ranks, bandwidth, latency)
    assert tree <= collectives.ring_allreduce_time(message, ranks, bandwidth, latency) * (1 + 1e-12)


@pytest.mark.parametrize(("ranks", "depth"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (1024, 10), (1025, 11)])
def test_a_tree_is_as_deep_as_its_logarithm(ranks, depth):
    assert collectives.tree_allreduce_time(0.0, ranks, 1e9, 1.0) == 2 * depth


def test_at_scale_the_network_halves_a_ring():
    ring = collectives.ring_allreduce_time(1e9, 4096, 50e9)
    assert ring / collectives.in_network_allreduce_time(1e9, 3, 50e9) == pytest.approx(2, rel=1e-3)


@given(messages, st.integers(2, 512), bandwidths)
def test_everyone_to_everyone_is_as_much_as_a_gather_of_the_same_size(message, ranks, bandwidth):
    exchanged = collectives.all_to_all_time(message, ranks, bandwidth)
    assert exchanged == collectives.all_gather_time(message, ranks, bandwidth)


@pytest.mark.parametrize("ranks", [1, 2, 3, 5, 8])
def test_contributions_are_those_of_a_ring_that_is_played(ranks):
    """As sets of whose numbers a share holds: sums in which nobody counts twice."""
    held = [[{rank} for _ in range(ranks)] for rank in range(ranks)]
    for step in range(2 * (ranks - 1) + 1):
        assert collectives.ring_contributions(ranks, step) == [[len(whose) for whose in row] for row in held]
        flying = [(rank, (rank - step) % ranks, set(held[rank][(rank - step) % ranks])) for rank in range(ranks)]
        for rank, share, whose in flying:
            held[(rank + 1) % ranks][share] |= whose
    assert collectives.ring_contributions(ranks, 2 * (ranks - 1)) == [[ranks] * ranks] * ranks
