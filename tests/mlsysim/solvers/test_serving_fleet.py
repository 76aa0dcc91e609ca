from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import HardwareNode, Models, ServingFleetModel, TensorParallelModel
from mlsysim.check import InvalidValue
from mlsysim.explain import fleet_floor, fleet_ladder
from mlsysim.physics import batching

H100 = {"model": "Llama3_70B", "hardware": "H100", "gpus": 4, "rate": 1000, "prompt": 256, "output": 128}


def fleet(**given):
    return ServingFleetModel().solve(**(H100 | given))


def test_the_floor_of_arithmetic_is_operations_over_rate():
    spec = Models.Llama3_70B
    layers = spec.projection_parameters + spec.feed_forward_parameters
    reading = 2 * 256 * layers + 2 * spec.head_parameters
    writing = 127 * 2 * (layers + spec.head_parameters)
    attention = 4 * spec.layers * spec.heads * spec.head_dim
    attended = attention * (256 * 257 / 2 + 127 * (256 + 64))
    found = fleet(batch=64)
    assert found.operations == pytest.approx(reading + writing + attended)
    assert found.floors["arithmetic"] == pytest.approx(1000 * found.operations / 989.4e12)


def test_the_other_floors_are_bytes_over_bandwidth_and_weights_over_memory():
    found, spec = fleet(batch=64, itl="50 ms"), Models.Llama3_70B
    weights = spec.parameters * 2
    past = 2 * 2 * spec.layers * spec.kv_heads * spec.head_dim * (256 + 64)
    read = weights - 2 * spec.vocab * spec.hidden  # of the embedding only the rows of the tokens at hand
    assert found.floors["room"] == pytest.approx(weights / 80e9)
    assert found.floors["bytes"] == pytest.approx((read / 0.050 + 1000 * 127 * past) / 3.35e12, rel=1e-3)
    assert fleet(batch=64).floors["bytes"] == pytest.approx(1000 * 127 * past / 3.35e12)


def test_a_replica_answers_its_places_in_a_cycle():
    found = fleet(batch=64, nodes=10)
    step = (
        TensorParallelModel()
        .solve(model="Llama3_70B", hardware="H100", gpus=4, batch=64, context=320, prompt=256)
        .itl.expected
    )
    prompt = TensorParallelModel().solve(model="Llama3_70B", hardware="H100", gpus=4, context=384, prompt=256)
    cycle = batching.continuous_cycle_time(64, prompt.ttft.expected, step, 128)
    assert found.replica_rate.expected == pytest.approx(64 / cycle)
    assert found.capacity.expected == pytest.approx(20 * 64 / cycle)
    assert found.left.expected == pytest.approx(18 * 64 / cycle)
    assert found.itl.expected == pytest.approx(batching.continuous_token_time(64, prompt.ttft.expected, step, 128))
    assert found.itl.lower < found.itl.expected < found.itl.upper


@given(
    st.sampled_from(["A100", "H100", "MI300X", "B200"]),
    st.sampled_from([1, 2, 4, 8]),
    st.integers(1, 256),
    st.integers(1, 2000),
    st.integers(2, 1000),
)
def test_each_wall_takes_its_share(hardware, gpus, batch, prompt, output):
    found = fleet(hardware=hardware, gpus=gpus, batch=batch, prompt=prompt, output=output, after_loss=800)
    walls = list(found.walls.values())
    assert all(before <= after * (1 + 1e-9) for before, after in pairwise(walls))
    assert max(found.floors["arithmetic"], 1e-9) == pytest.approx(walls[0])
    assert walls[-1] == found.accelerators


@given(st.floats(1, 5000), st.floats(0, 1), st.sampled_from([1, 2, 4, 8]))
def test_the_least_nodes_answer_the_demand_and_survive_and_one_less_does_not(rate, kept, gpus):
    found = fleet(rate=rate, after_loss=kept * rate, gpus=gpus, batch=48, hardware="MI300X")
    assert found.capacity.expected >= rate * (1 - 1e-9) and found.left.expected >= kept * rate * (1 - 1e-9)
    if found.nodes > 1:
        fewer = fleet(rate=rate, after_loss=kept * rate, gpus=gpus, batch=48, hardware="MI300X", nodes=found.nodes - 1)
        assert not fewer.feasible


def test_many_small_nodes_survive_for_nothing_and_few_large_ones_do_not():
    small = fleet(itl="50 ms", after_loss=800)
    large = fleet(itl="50 ms", after_loss=800, gpus_per_node=256)
    assert small.walls["a node lost"] == small.walls["whole nodes"]
    assert large.walls["a node lost"] > large.walls["whole nodes"]


def test_the_most_places_are_under_memory_and_pace():
    found = fleet(itl="50 ms")
    assert found.batch == found.most_places and found.itl.expected <= 0.050
    assert fleet(itl="50 ms", batch=found.batch + 1).itl.expected > 0.050
    held = fleet()
    assert held.longest.feasible and not fleet(batch=held.batch + 1).longest.feasible


def test_every_limit_is_named_with_its_value_and_what_would_mend_it():
    def limits(**given):
        return {reason.limit: reason for reason in fleet(**given).reasons}

    assert set(limits(gpus=1, batch=1, nodes=999)) == {"memory capacity"}
    assert set(limits(gpus=16, batch=1, nodes=1)) == {"communication"}
    pace = limits(batch=400, itl="50 ms", nodes=40)["streaming"]
    assert pace.value > pace.maximum == 0.050 and f"{fleet(itl='50 ms').batch} places" in pace.mend
    few = limits(batch=128, nodes=6)["batching"]
    enough = int(few.mend.split()[0])
    assert few.value < few.maximum == 1000 and "batching" not in limits(batch=128, nodes=enough)
    assert "batching" in limits(batch=128, nodes=enough - 1)
    late = limits(batch=128, nodes=enough, ttft="60 ms", round_trip="63 ms")["tail latency"]
    assert late.value > late.maximum == 0.060
    lost = limits(batch=128, nodes=enough, after_loss=999)["reliability"]
    assert lost.value < lost.maximum == 999
    assert all(any(sign.isdigit() for sign in each.sentence()) for each in (pace, few, late, lost))


def test_the_first_token_waits_for_the_way_a_place_half_a_step_and_its_prompt():
    near, far = (fleet(batch=64, nodes=60, round_trip=way) for way in (0, "64 ms"))
    assert far.ttft.expected - near.ttft.expected == pytest.approx(0.064)
    idle = near.alone.ttft.expected + near.full.itl.expected / 2
    assert near.line.wait.expected == pytest.approx(0, abs=1e-9) and near.ttft.expected == pytest.approx(idle)
    busy = fleet(batch=64, nodes=near.least_nodes)
    assert busy.load > 0.97 and busy.ttft.expected > near.ttft.expected
    assert fleet(batch=64, nodes=5).ttft is None


def test_nodes_are_lost_as_often_as_those_of_rsc_1():
    found = fleet(batch=64, nodes=20)
    assert found.between_losses / 86400 == pytest.approx(1000 / 6.5 / 20)
    up = 1 / (1 + 2 * 6.5 / 1000)
    assert found.one_missing_at_most("48 h") == pytest.approx(up**20 + 20 * up**19 * (1 - up))
    assert fleet(batch=64, nodes=1).one_missing_at_most("48 h") == pytest.approx(1.0)


def test_a_machine_without_a_link_serves_alone():
    mine = HardwareNode(name="Mine", peak={"fp16": "1 PFLOP/s"}, memory="256 GB", memory_bandwidth="4 TB/s")
    assert fleet(hardware=mine, gpus=1, batch=8).feasible
    with pytest.raises(InvalidValue, match="link"):
        fleet(hardware=mine, gpus=2, batch=8)


def test_whole_replicas_to_a_node():
    assert fleet(gpus=2, gpus_per_node=5, batch=8, nodes=3).replicas == 6
    found = fleet(gpus=2, gpus_per_node=5, batch=8)
    assert found.nodes == ceil(1000 / (2 * found.replica_rate.expected))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rate": 0}, "rate"),
        ({"output": 1}, "output"),
        ({"after_loss": 2000}, "part of the rate"),
        ({"nodes": 0}, "nodes"),
        ({"batch": 0}, "batch"),
        ({"percentile": 1.0}, "percentile"),
        ({"round_trip": "64 km"}, "round_trip"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(given, told):
    with pytest.raises(InvalidValue, match=told):
        fleet(**given)


def test_the_whiteboard_says_what_binds():
    found = fleet(itl="50 ms", ttft="300 ms", after_loss=800)
    assert f"{found.accelerators:.1f}  a node lost" in found.explain() and "ITL" in found.explain()
    assert found.feasible and found.bound_by in ("memory bandwidth", "compute throughput", "communication")
    assert {each.symbol for each in found.basis} >= {"Q", "s", "L", "BW", "R", "k"}
    assert 0 < found.spare < 1 and found.load + found.spare == pytest.approx(1)


def test_the_whiteboard_says_how_each_floor_comes_about():
    found = fleet(batch=64, itl="50 ms")
    for name, size in found.floors.items():
        assert fleet_floor(found, name)[-1].endswith(f"= {size:.3g}    {name}")
    weights, of = fleet_floor(found, "bytes")
    assert "of weights every 50 ms, and 1,000/s x 127 tokens" in weights and of.startswith("N = both / 3.35 TB/s")
    assert fleet_floor(fleet(batch=64), "bytes")[-1].startswith("N = that / ")
    walls = found.walls
    mfu = walls["arithmetic at the peak rate"] / walls["bytes and kernels"]
    assert f"= {mfu:.0%}    efficiency on one device" in fleet_ladder(found)[-2]


def test_what_does_not_fit_is_told_alone():
    assert [reason.limit for reason in fleet(gpus=1, batch=64, nodes=1, itl="50 ms").reasons] == ["memory capacity"]
