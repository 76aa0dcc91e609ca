import pytest

from mlsysim import CommunicationModel, DistributedModel, Fabric, OverlapModel, Parallelism
from mlsysim.check import InvalidValue

PORT = Fabric(name="one port", machine="MI300X", gpus_per_node=8, link="448 GB/s", nic="1.5625 GB/s")


def step(**given):
    asked = {"model": "Llama3_2_3B", "fabric": PORT, "gpus": 64, "global_batch": 128, "context": 4096}
    return DistributedModel().solve(**(asked | {"parallelism": Parallelism(dp=64, micro_batch=2)} | given))


def test_in_one_piece_all_of_it_is_seen_after_the_work():
    whole = OverlapModel().solve(step(), buckets=1)
    plain = CommunicationModel().solve(message=2 * step().job.model.parameters, fabric=PORT, gpus=64)
    assert whole.visible.expected == plain.time.expected == whole.exchange
    assert whole.visible.upper == plain.time.upper
    assert whole.time.expected == pytest.approx(sum(whole.step.step) - whole.step.step.data + plain.time.expected)


def test_in_small_pieces_what_the_backward_pass_cannot_hide_is_seen():
    """As DistributedModel has it, which cuts as finely as one likes and pays for no start."""
    cut = OverlapModel().solve(step(), buckets=100)
    assert cut.visible.expected == pytest.approx(cut.step.step.data, rel=0.04)
    assert cut.visible.expected > cut.step.step.data


def test_a_longer_backward_pass_hides_more_of_the_same_bytes():
    short, long = (
        OverlapModel().solve(step(global_batch=512, parallelism=Parallelism(dp=64, micro_batch=n)), buckets=64)
        for n in (1, 8)
    )
    assert short.exchange == long.exchange
    assert short.work.expected == pytest.approx(long.work.expected, rel=0.01)
    assert short.visible.expected > 20 * long.visible.expected


def test_buckets_can_be_too_many():
    seen = {k: OverlapModel().solve(step(), buckets=k).visible.expected for k in (1, 64, 4096)}
    assert seen[64] < seen[1] < seen[4096]


def test_the_sendings_are_what_the_formula_sums():
    for k in (1, 7, 64):
        answer = OverlapModel().solve(step(), buckets=k)
        *_, last = answer.sendings
        assert len(answer.sendings) == k and last.known == answer.backward
        assert last.end - answer.backward == pytest.approx(answer.visible.expected)
        assert 0 < answer.fraction < 1


@pytest.mark.parametrize("fabric", ["DGX A100", "DGX H100", "8x MI300X", PORT])
@pytest.mark.parametrize("buckets", [1, 16, 1024])
def test_the_range_holds_the_figure(fabric, buckets):
    answer = OverlapModel().solve(step(fabric=fabric), buckets=buckets)
    for figure in (answer.work, answer.visible, answer.time):
        assert 0 < figure.lower <= figure.expected <= figure.upper
    assert f"{answer.fraction:.1%} of the step" in answer.explain()
    assert answer.basis == answer.step.basis


@pytest.mark.parametrize("buckets", [0, -1, 1.5, True, "many", 10**6])
def test_it_refuses_what_is_no_number_of_buckets(buckets):
    with pytest.raises(InvalidValue, match="buckets"):
        OverlapModel().solve(step(), buckets=buckets)


@pytest.mark.parametrize(
    "given",
    [
        {"parallelism": Parallelism(dp=64, zero=1)},
        {"parallelism": Parallelism(tp=8, dp=8)},
        {"gpus": 1, "parallelism": Parallelism()},
        {"straggler": 0.02},
    ],
    ids=str,
)
def test_it_refuses_what_is_not_plain_data_parallelism(given):
    with pytest.raises(InvalidValue, match="plain data parallelism"):
        OverlapModel().solve(step(**given), buckets=8)
    with pytest.raises(InvalidValue, match="an answer of DistributedModel"):
        OverlapModel().solve("a step", buckets=8)
