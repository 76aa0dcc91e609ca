import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Checkpoints, DataModel
from mlsysim.check import InvalidInput
from mlsysim.solvers.data import TIERS
from tests.mlsysim.refusals import tells

# RN50T-MX-A100x1: images a second one A100 trains ResNet-50 on; JPEG rows: bytes of an ImageNet image.
RESNET50 = {"rate": 3410.52, "sample": "110 kB"}


def solve(**given):
    return DataModel().solve(**(RESNET50 | given))


def test_an_a100_on_one_disk_of_250_mb_a_second_works_two_thirds_of_the_time():
    fed = solve(storage="250 MB/s")
    assert fed.needed == pytest.approx(375.2e6, rel=1e-3)
    assert fed.utilization.upper == fed.utilization.expected == pytest.approx(250 / 375.16, rel=1e-4)
    assert fed.utilization.lower == pytest.approx(1 / (1 + 375.16 / 250), rel=1e-4)
    assert fed.bound_by == "storage bandwidth"
    assert solve(storage="HDD").utilization == fed.utilization


def test_50_tb_over_10_gbit_a_second_take_11_hours():
    time = DataModel().transfer(size="50 TB", network="10 Gbit/s")
    assert time.lower / 3600 == pytest.approx(11.1, abs=0.02)
    assert time.expected / 3600 == pytest.approx(11.7, abs=0.02)


def test_the_tutorial_s_40_percent_at_48_ms_a_step():
    """A batch of 128 every 48 ms is 2,667 images a second; eight cores at a measured 130 offer 1,040."""
    fed = DataModel().solve(sample="110 kB", batch=128, step="48 ms", workers=8, per_worker=130)
    assert fed.utilization.expected == pytest.approx(0.39, abs=0.005)
    assert fed.bound_by == "transformation"
    (reason,) = fed.reasons
    assert reason.wall == 9
    assert "2.57 times as much of it keeps up" in reason.sentence()
    assert DataModel().solve(sample="110 kB", batch=128, step="48 ms", workers=21, per_worker=130).feasible


def test_256_gpus_read_96_gb_a_second():
    assert solve(accelerators=256).needed == pytest.approx(96e9, rel=0.01)


@pytest.mark.parametrize(
    ("given", "wall", "name"),
    [
        ({"network": "1 Gbit/s"}, 8, "ingestion"),
        ({"workers": 2}, 9, "transformation"),
        ({"storage": "object storage"}, 10, "storage bandwidth"),
    ],
)
def test_three_walls_one_symptom(given, wall, name):
    fed = solve(**given)
    assert not fed.feasible
    assert fed.bound_by == name
    (reason,) = fed.reasons
    assert (reason.wall, reason.limit) == (wall, name)
    assert reason.sentence() in fed.explain()


def test_who_keeps_up_is_bound_by_the_accelerators():
    fed = solve(storage="NVMe Gen5", drives=2, workers=64, network="100 Gbit/s")
    assert fed.bound_by == "accelerators"
    assert fed.bottleneck is None
    assert fed.utilization.expected == 1.0
    assert fed.throughput.expected == pytest.approx(3410.52)
    assert fed.feasible


@given(
    st.floats(1.0, 1e5),
    st.floats(1e3, 1e9),
    st.integers(1, 1000),
    st.sampled_from(TIERS),
    st.integers(1, 64),
    st.integers(1, 512),
    st.floats(1e6, 1e11),
)
def test_utilization_is_a_share_and_more_of_anything_does_no_harm(rate, sample, fleet, tier, drives, workers, network):
    given = {"rate": rate, "sample": sample, "accelerators": fleet, "storage": tier}
    fed = DataModel().solve(**given, drives=drives, workers=workers, network=network)
    used = fed.utilization
    assert 0.0 < used.lower <= used.expected <= used.upper <= 1.0
    for more in (
        DataModel().solve(**given, drives=2 * drives, workers=workers, network=network),
        DataModel().solve(**given, drives=drives, workers=2 * workers, network=network),
        DataModel().solve(**given, drives=drives, workers=workers, network=2 * network),
    ):
        for end in ("lower", "expected", "upper"):
            assert getattr(more.utilization, end) >= getattr(used, end) * (1 - 1e-12)
    # No stage delivers more than it offers.
    for stage in fed.stages:
        assert fed.throughput.expected <= stage.offered.expected * (1 + 1e-9)


def test_a_simulated_pipeline_agrees():
    """Samples pass through two stages with room for many in between; the last finishes when the slowest is done."""
    feed, compute = 1 / 1000, 1 / 1500
    ready = done = 0.0
    for _ in range(20_000):
        ready += feed
        done = max(ready, done) + compute
    fed = DataModel().solve(rate=1500, sample=1e6, storage="1 GB/s")
    assert 20_000 * compute / done == pytest.approx(fed.utilization.expected, rel=1e-3)


def test_training_waits_for_a_checkpoint_or_reads_less():
    waiting = solve(checkpoints=Checkpoints("5.6 TB", "30 min"), drives=8)
    assert waiting.checkpoint.expected == pytest.approx(5.6e12 / (8 * 7e9 * 0.8))
    assert waiting.utilization.expected == pytest.approx(1800 / (1800 + 125.0))
    behind = solve(checkpoints=Checkpoints("5.6 TB", "30 min", asynchronous=True), drives=8)
    assert behind.utilization.expected == 1.0
    assert behind.stages[0].offered.expected == pytest.approx(8 * 7e9 / 110e3 * (1 - 125 / 1800))
    assert "in the background" in behind.explain()
    assert "training waits" in waiting.explain()


def test_a_synchronous_checkpoint_that_was_measured():
    """CKPT-7B-sync: 148.8 s for 84 GB, so that the path to storage gave 0.56 GB/s."""
    fed = solve(storage="0.56 GB/s", checkpoints=Checkpoints("84 GB"))
    assert fed.checkpoint.lower == pytest.approx(150, rel=0.02)


def test_checkpoints_can_starve_alone_and_can_never_be_done():
    slow = solve(storage="7 GB/s", checkpoints=Checkpoints("40 TB", "1 h"))
    assert {reason.verdict for reason in slow.reasons} == {"Never done.", "Starved."}
    starved = next(reason for reason in slow.reasons if reason.verdict == "Starved.")
    assert (starved.wall, starved.limit) == (10, "storage bandwidth")
    assert "Saving less often" in starved.mend
    behind = solve(storage="7 GB/s", checkpoints=Checkpoints("40 TB", "1 h", asynchronous=True))
    assert "Never done." in behind.explain()


def test_every_input_has_a_source():
    fed = solve(storage="object storage", drives=64, workers=16, network="25 Gbit/s", checkpoints=Checkpoints("84 GB"))
    assert [each.symbol for each in fed.basis] == ["B_s", "w", "B_n", "eta_n", "r_w"]
    assert all(each.datum.source for each in fed.basis)
    assert "docs.aws.amazon.com" in fed.explain()


NAN = float("nan")
REFUSED = [
    ("sample", 0),
    ("sample", "110 kb"),
    ("sample", "110 kB/s"),
    ("sample", None),
    ("rate", -1),
    ("rate", NAN),
    ("rate", "fast"),
    ("rate", True),
    ("accelerators", 0),
    ("accelerators", 1.5),
    ("storage", "tape"),
    ("storage", "250 MB"),
    ("storage", None),
    ("storage", 0),
    ("drives", 0),
    ("drives", "two"),
    ("network", "10 Gb/s"),
    ("network", -1),
    ("workers", 0),
    ("workers", 2.5),
    ("per_worker", 300),
    ("least", 1.5),
    ("least", -0.5),
    ("checkpoints", "84 GB"),
]


@pytest.mark.parametrize(("field", "value"), REFUSED, ids=str)
def test_the_pipeline_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**{field: value})
    tells(caught.value, field)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "batch"),
        ({"batch": 256}, "step"),
        ({"step": "48 ms"}, "batch"),
        ({"batch": 256, "step": 0}, "step"),
        ({"batch": 0, "step": "48 ms"}, "batch"),
        ({"rate": 100, "batch": 256}, "rate"),
        ({"rate": 100, "workers": 4, "per_worker": 0}, "per_worker"),
        ({"rate": 100, "checkpoints": Checkpoints("84 GB/s")}, "size"),
        ({"rate": 100, "checkpoints": Checkpoints("84 GB", 0)}, "every"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(given, field):
    with pytest.raises(InvalidInput) as caught:
        DataModel().solve(sample="110 kB", **given)
    tells(caught.value, field)


@pytest.mark.parametrize(("field", "value"), [("size", "50 Tb"), ("size", 0), ("network", "10 GB"), ("network", None)])
def test_a_transfer_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        DataModel().transfer(**({"size": "50 TB", "network": "10 Gbit/s"} | {field: value}))
    tells(caught.value, field)
