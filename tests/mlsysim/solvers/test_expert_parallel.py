import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import ExpertParallelModel, Fabric, Models, ServingModel
from mlsysim.check import InvalidValue, UnknownName
from mlsysim.physics import expert_parallel, experts
from mlsysim.solvers.communication import rates

H800 = Fabric(name="H800", machine="H100", gpus_per_node=8, link="200 GB/s", nic="50 GB/s")
MIXED = [each for each in Models if each.experts]


def solve(**given):
    return ExpertParallelModel().solve(**({"model": "DeepSeek_V3", "fabric": H800, "gpus": 64, "batch": 64} | given))


@pytest.mark.parametrize("model", MIXED, ids=lambda each: each.name)
def test_one_gpu_is_the_serving_model(model):
    given = {"model": model, "batch": 16, "context": 512, "precision": "fp8"}
    alone, served = solve(**given, gpus=1), ServingModel().solve(**given, hardware="H100")
    assert alone.itl.expected == pytest.approx(served.itl.expected, rel=1e-12)
    assert alone.memory.total == pytest.approx(served.memory.total, rel=1e-12)
    assert alone.decode.communication.upper == 0.0


@given(st.sampled_from(MIXED), st.sampled_from([2, 4, 8]), st.integers(1, 256))
@settings(max_examples=60)
def test_no_expert_is_lost_or_held_twice(model, gpus, batch):
    answer, alone = (solve(model=model, gpus=each, batch=batch, context=64, precision="fp8") for each in (gpus, 1))
    held = model.experts.count * model.expert_parameters
    assert gpus * (answer.memory.weights - alone.memory.weights + held) == pytest.approx(held, rel=1e-9)
    assert answer.touched <= model.experts.count / gpus * (1 + 1e-12)
    assert 1 <= answer.busiest <= gpus
    assert answer.itl.lower <= answer.itl.expected <= answer.itl.upper
    assert answer.decode.shard.traffic <= alone.decode.shard.traffic * (1 + 1e-12)


def test_more_gpus_read_fewer_experts_each_and_talk_more():
    answers = [solve(gpus=gpus, context=256) for gpus in (8, 32, 128)]
    assert [each.decode.shard.traffic for each in answers] == sorted(
        (each.decode.shard.traffic for each in answers), reverse=True
    )
    assert [each.decode.communication.expected for each in answers] == sorted(
        each.decode.communication.expected for each in answers
    )
    assert [each.memory.total for each in answers] == sorted((each.memory.total for each in answers), reverse=True)


@pytest.mark.parametrize(
    ("gpus", "dispatch", "combine"),
    [(16, 118, 195), (32, 155, 273), (64, 173, 314), (128, 192, 369), (256, 194, 360)],
)
def test_deepep_s_low_latency_kernels(gpus, dispatch, combine):
    """Measured on H800 with 128 tokens of DeepSeek-V3 (deepseek-ai/DeepEP, docs/legacy.md), none of it fitted."""
    copies = 128 * expert_parallel.dispatched_bytes(7168, 8, 1)
    for message, measured in ((copies, dispatch), (2 * copies, combine)):
        low, expected, high = (
            expert_parallel.dispatch_time_at_once(message, 8, gpus / 8, each.link, each.nic, each.nic_latency)
            for each in rates(H800)
        )
        assert low < measured * 1e-6 < high
        assert expected == pytest.approx(measured * 1e-6, rel=0.27)


def test_deepseek_s_own_service():
    """20 to 22 tokens a second for a user and 14,800 on a node, with 4,989 positions and two experts on each GPU of
    H800 (deepseek-ai/open-infra-index, day 6): 88 users on a GPU. With their overlap it would be faster on paper."""
    answer = solve(gpus=128, batch=88, context=4989, kv_precision="bf16")
    assert answer.feasible
    assert answer.itl.lower < 1 / 21 < answer.itl.upper
    assert answer.itl.expected == pytest.approx(1 / 21, rel=0.3)
    assert answer.throughput.lower < 14_800 / 8 * 128 < answer.throughput.upper


def test_overlap_hides_the_shorter_of_the_two():
    plain, hidden = solve(gpus=128), solve(gpus=128, overlap=True)
    work, talk = plain.decode.shard.time.expected, plain.decode.communication.expected
    assert plain.itl.expected == pytest.approx(work + talk)
    assert hidden.itl.expected == pytest.approx(max(work, talk))
    assert ", behind the work" in hidden.explain()


def test_a_prompt_goes_once_to_each_node():
    """Many tokens are worth the forwarding that few are not."""
    link = Fabric(name="Fast", machine="H100", gpus_per_node=8, link="450 GB/s", nic="12.5 GB/s")
    few, many = (solve(fabric=link, batch=1, prompt=each, context=4096).prefill.communication for each in (8, 4096))
    assert many.expected < 512 * few.expected / 1.5


def test_slow_networks_bind():
    slow = Fabric(name="Ethernet", machine="H100", gpus_per_node=8, link="450 GB/s", nic="10 Gbit/s")
    assert solve(fabric=slow).decode.bound_by == "communication"
    told = solve(fabric=slow).explain()
    assert "experts of each layer awake" in told and "alpha" in told


@pytest.mark.parametrize(("ranks", "tokens"), [(8, 64), (64, 16)])
def test_the_busiest_gpu_is_as_drawn(ranks, tokens):
    chance, factor = random.Random(5), []
    for _ in range(300):
        load = [0] * ranks
        for _ in range(tokens * ranks):
            for expert in chance.sample(range(256), 8):
                load[expert * ranks // 256] += 1
        factor.append(max(load) * ranks / sum(load))
    assert expert_parallel.busiest_factor(ranks, tokens * ranks * 8) == pytest.approx(sum(factor) / 300, rel=0.03)


@pytest.mark.parametrize(("nodes", "active"), [(2, 2), (8, 8), (16, 4)])
def test_groups_are_reached_as_drawn(nodes, active):
    chance = random.Random(3)
    seen = [len({each * nodes // 256 for each in chance.sample(range(256), active)}) for _ in range(20_000)]
    reached = experts.distinct_experts(nodes, 1, active)
    assert reached == pytest.approx(sum(seen) / len(seen), rel=0.02)
    assert reached <= min(nodes, active)


def test_what_does_not_fit_is_told():
    (reason,) = solve(gpus=8).reasons
    assert (reason.wall, reason.verdict) == (2, "Does not fit.")
    assert reason.mend.startswith("More GPUs")
    (longer,) = solve(gpus=64, batch=4096, context=8192).reasons
    assert longer.mend.startswith("A smaller batch")
    assert longer.sentence() in solve(gpus=64, batch=4096, context=8192).explain()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "Llama3_8B"),
        ("gpus", 0),
        ("gpus", 3),
        ("gpus", 2.5),
        ("gpus", 512),
        ("batch", 0),
        ("overlap", "yes"),
        ("context", 10**9),
        ("prompt", 4096),
        ("precision", "int3"),
        ("precision", "int4"),
        ("fabric", "DGX Z9"),
        ("efficiency", 1.5),
    ],
)
def test_it_refuses(field, value):
    with pytest.raises((InvalidValue, UnknownName)) as caught:
        solve(**{field: value})
    assert str(caught.value)


def test_nodes_are_filled():
    with pytest.raises(InvalidValue, match="fill nodes of 6"):
        solve(fabric=Fabric(name="Six", machine="H100", gpus_per_node=6, link="450 GB/s", nic="50 GB/s"), gpus=64)
