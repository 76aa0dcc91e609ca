import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Hardware
from mlsysim.check import InvalidInput
from mlsysim.fabrics import Fabric, Fabrics
from mlsysim.solvers.communication import ALGORITHMS, CommunicationModel, group, phases, rates

FABRICS = list(Fabrics)
fabrics, operations = st.sampled_from(FABRICS), st.sampled_from(sorted(set(ALGORITHMS) - {"point-to-point"}))
sizes = st.sampled_from([1, 2, 3, 8, 16, 256, 16384])


def solve(**given):
    return CommunicationModel().solve(**({"message": "1 GB", "fabric": "DGX A100", "gpus": 8} | given))


@given(operations, fabrics, sizes, st.floats(1.0, 1e11))
def test_phases_sum_to_the_quickest_time(operation, fabric, size, message):
    # Beyond one node, whole nodes.
    gpus = size if size <= fabric.gpus_per_node else size // 8 * fabric.gpus_per_node
    answer = solve(operation=operation, fabric=fabric, gpus=gpus, message=message)
    assert sum(answer.phases.values()) == answer.time.expected
    assert all(answer.time.expected <= other for other in answer.alternatives.values())
    assert 0 <= answer.time.lower <= answer.time.expected <= answer.time.upper
    if gpus == 1:
        assert answer.time.upper == 0.0
        assert answer.algorithm == "none"
        assert answer.bus_bandwidth == 0.0


# Rows of the project's table: NCCL and torch benchmarks over nodes of 8. The error is that of three figures for all.
@pytest.mark.parametrize(
    ("given", "measured", "accepted"),
    [
        ({"gpus": 8, "message": 8192}, 21.27e-6, 0.05),
        ({"gpus": 8, "message": 8388608}, 128.0e-6, 0.35),
        ({"gpus": 8, "message": 536870912}, 4225.9e-6, 0.05),
        ({"gpus": 2, "message": 536870912}, 2781.1e-6, 0.15),
        ({"gpus": 8, "message": 536870912, "operation": "all-gather"}, 2288.0e-6, 0.10),
        ({"gpus": 4, "message": 536870912, "fabric": "DGX H100", "algorithm": "ring"}, 2299.7e-6, 0.10),
        ({"gpus": 8, "message": 1048576, "fabric": "DGX H100"}, 25.4e-6, 0.25),
        ({"gpus": 8, "message": 67108864, "fabric": "DGX H100"}, 324.53e-6, 0.35),
        ({"gpus": 8, "message": 536870912, "fabric": "DGX H100", "operation": "reduce-scatter"}, 1399.36e-6, 0.05),
    ],
    ids=str,
)
def test_published_times(given, measured, accepted):
    assert abs(solve(**given).time.expected / measured - 1) <= accepted


def test_three_nodes_with_half_the_ports_reach_what_was_measured():
    half = Fabric(name="4x HDR", machine="A100", gpus_per_node=8, link="300 GB/s", nic="12.5 GB/s")
    answer = solve(fabric=half, gpus=24, message=128 * 2**20)
    assert answer.bus_bandwidth == pytest.approx(96e9, rel=0.12)  # 85 as an average over the sweep


@pytest.mark.parametrize("operation", ["all-reduce", "all-gather", "reduce-scatter"])
def test_large_messages_fill_the_link_whatever_they_are(operation):
    answer = solve(operation=operation, message="100 GB", algorithm="ring")
    assert answer.bus_bandwidth == pytest.approx(0.74 * 300e9, rel=1e-3)


def test_small_messages_take_a_tree_and_wait_for_latency():
    answer = solve(gpus=1024, message="10 kB")
    assert (answer.algorithm, answer.bound_by) == ("tree", "latency")
    assert answer.alternatives["ring"] > 10 * answer.time.expected


def test_a_switch_that_adds_is_used_where_there_is_one():
    assert solve(fabric="DGX H100").algorithm == "in-network"
    assert "in-network" not in solve().alternatives
    assert "in-network" not in solve(fabric="DGX H100", gpus=16).alternatives


def test_an_algorithm_can_be_asked_for():
    answer = solve(gpus=64, algorithm="hierarchical")
    assert answer.algorithm == "hierarchical"
    assert set(answer.phases) == {
        "start",
        "reduce-scatter within nodes",
        "reduce-scatter between nodes",
        "all-gather between nodes",
        "all-gather within nodes",
    }
    assert set(answer.alternatives) == {"ring", "tree"}
    assert solve(gpus=1, algorithm="ring").algorithm == "none"


def test_between_nodes_a_message_takes_the_port():
    near, far = (solve(operation="point-to-point", gpus=2, fabric=each) for each in ("DGX A100", LONELY))
    assert far.time.expected / near.time.expected == pytest.approx(300 * 0.74 / (25 * 0.9), rel=0.01)
    assert far.bus_bandwidth == pytest.approx(25e9 * 0.9, rel=0.01)


LONELY = Fabric(name="Lonely", machine="A100", gpus_per_node=1, link="300 GB/s", nic="25 GB/s")


def test_the_whiteboard_has_every_phase_and_every_source():
    answer = solve(gpus=64)
    text = answer.explain()
    assert text.startswith("all-reduce of 1 GB over 64 GPUs of the DGX A100: tree")
    assert "Instead: ring" in text
    for each in answer.basis:
        assert each.datum.source in text
    assert "Instead" not in solve(gpus=1).explain()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message", 0),
        ("message", "1 GB/s"),
        ("message", float("nan")),
        ("message", None),
        ("fabric", "DGX Z100"),
        ("fabric", "H100"),
        ("fabric", 8),
        ("fabric", ""),
        ("gpus", 0),
        ("gpus", 12),
        ("gpus", 2.5),
        ("gpus", True),
        ("gpus", 10**7),
        ("operation", "all-reduse"),
        ("operation", None),
        ("algorithm", "rings"),
        ("algorithm", 3),
        ("algorithm", "in-network"),
        ("algorithm", "hierarchical"),
    ],
    ids=str,
)
def test_it_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**{field: value})
    assert field in str(caught.value)


def test_a_message_between_two_has_two_ends():
    with pytest.raises(InvalidInput, match="two ends"):
        solve(operation="point-to-point", gpus=8)


V4 = Hardware.Cloud.TPUv4
TORUS = Fabric(name="Torus", machine=V4, gpus_per_node=4096, link=V4.link, nic="3.3 GB/s")
SWITCHED = Fabric(name="Switched", machine="H100", gpus_per_node=4096, link=V4.link, nic="3.3 GB/s")
ways = st.sampled_from(["all-reduce", "reduce-scatter", "all-gather", "all-to-all"])


def over(fabric, ranks, operation, message=1e12):
    at_once = rates(fabric)[0]._replace(link_latency=0.0)
    return sum(phases(operation, "ring", message, group(ranks, 1, fabric), at_once).values())


@pytest.mark.parametrize(("ranks", "links"), [(16, 2), (256, 4), (4096, 6)])
def test_a_group_on_some_axes_of_a_torus_has_their_links(ranks, links):
    assert over(TORUS, ranks, "all-reduce") == pytest.approx(over(SWITCHED, ranks, "all-reduce") * 6 / links, rel=1e-3)


@given(ways, st.integers(1, 4096))
def test_a_torus_is_no_quicker_than_a_switch_with_as_many_links(operation, ranks):
    assert over(TORUS, ranks, operation) >= over(SWITCHED, ranks, operation)


def test_messages_between_all_chips_of_a_torus_are_passed_on():
    whole = over(TORUS, 4096, "all-to-all") / over(SWITCHED, 4096, "all-to-all")
    assert whole == pytest.approx(3 * 16 / 4, rel=1e-3)


def test_the_whiteboard_says_which_links_a_group_has():
    told = CommunicationModel().solve(message="1 GB", gpus=256, fabric=TORUS)
    assert "The group lies along 2 axes of the torus: 200 GB/s of a chip's links." in told.explain()
    assert told.basis[-1].datum.source.startswith("https://docs.cloud.google.com")
    assert "torus" not in solve().explain()


def test_rings_along_axes_take_fewer_steps_than_one_through_all():
    told = CommunicationModel().solve(message="1 kB", gpus=4096, fabric=TORUS)
    hop = rates(TORUS)[1].link_latency
    assert told.algorithm == "ring"
    assert "tree" not in told.alternatives
    assert told.time.expected == pytest.approx(told.phases["start"] + 2 * 3 * 15 * hop, rel=0.01)
