import sys
from itertools import product
from math import inf
from time import process_time

import pytest

from mlsysim import DistributedModel, Fabric, Parallelism
from mlsysim.check import InvalidInput, InvalidValue
from mlsysim.parallelism import fault
from mlsysim.solvers.plans import ParallelismOptimizer

SMALL = {"model": "GPT-22B", "fabric": "DGX A100", "gpus": 16, "global_batch": 32}


def solve(**given):
    return ParallelismOptimizer().solve(**(SMALL | given))


@pytest.fixture(scope="module")
def llama():
    return solve(model="Llama-3.1-405B", fabric="DGX H100", gpus=16384, global_batch=2048, context=8192)


@pytest.mark.parametrize("software", ["flash-2024", "megatron-2022"])
def test_every_ranked_plan_is_what_the_distributed_model_says(software):
    answer = solve(software=software)
    times = [each.time for each in answer.ranked]
    assert times == sorted(times)
    assert len({each.plan for each in answer.ranked}) == len(answer.ranked) > 100
    for each in answer.ranked[::37]:
        alone = DistributedModel().solve(parallelism=each.plan, software=software, **SMALL)
        assert alone.feasible
        assert alone.time.expected == pytest.approx(each.time)
        assert alone.memory.total == each.memory
        assert alone.mfu.expected == pytest.approx(each.mfu)
    assert answer.best.time.expected == pytest.approx(times[0])
    assert answer.solved(1).plan == answer.ranked[1].plan


def brute_force(job):
    """Every combination of knobs, tried one by one."""
    schedules = [("1f1b", 1), ("gpipe", 1), ("zero-bubble", 1)]
    schedules += [("interleaved", chunks) for chunks in (2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 25, 48)]
    found = {}
    for tp, pp, cp, micro, zero, recompute, split, (schedule, chunks) in product(
        (1, 2, 4, 8), (1, 2, 4, 8), (1, 2), (1, 2, 8, 16), range(4), ("none", "full"), (False, True), schedules
    ):
        dp = 8 // (tp * pp * cp)
        if dp * tp * pp * cp != 8 or (split and tp == 1) or (schedule != "1f1b" and pp == 1) or (zero and dp * cp == 1):
            continue
        plan = Parallelism(
            tp=tp,
            pp=pp,
            dp=dp,
            cp=cp,
            sequence_parallel=split,
            zero=zero,
            recompute=recompute,
            schedule=schedule,
            interleave=chunks,
            micro_batch=micro,
        )
        if fault(plan, job.model, 8, job.global_batch, job.sequence) is None:
            memory = job.memory(plan)
            if memory.total <= memory.capacity:
                found[plan] = memory.total
    return found


def test_no_plan_is_missed():
    answer = solve(gpus=8, global_batch=16)
    ranked = {each.plan: each.memory for each in answer.ranked if each.plan.micro_batch != 4}
    assert len(ranked) > 100
    assert ranked == brute_force(answer.job)


def test_all_plans_of_405b_on_16384_gpus_in_under_a_second():
    # A tracer that counts lines would be what is timed.
    tries, quickest = 1 if sys.gettrace() else 5, inf
    while tries and quickest >= 1.0:
        start = process_time()
        answer = solve(model="Llama-3.1-405B", fabric="DGX H100", gpus=16384, global_batch=2048, context=8192)
        quickest, tries = min(quickest, process_time() - start), tries - 1
    assert answer.evaluated > 15_000
    assert quickest < 1.0 or sys.gettrace()


def test_it_finds_the_plan_that_llama_3_was_trained_with(llama):
    """Without what Llama 3 did not use: context parallelism for short sequences, zero bubbles and ZeRO-3."""
    plain = [each for each in llama.ranked if each.plan.cp == 1 and each.plan.zero < 3]
    plain = [each for each in plain if each.plan.schedule != "zero-bubble"]
    chosen = plain[0].plan
    assert (chosen.tp, chosen.pp, chosen.dp, chosen.zero) == (8, 16, 128, 2)
    assert (chosen.schedule, chosen.interleave, chosen.recompute) == ("interleaved", 8, "none")
    assert plain[0].mfu == pytest.approx(0.41, abs=0.02)
    assert llama.ranked[0].time < plain[0].time < 1.25 * llama.ranked[0].time


def test_rejected_plans_are_counted_by_reason(llama):
    limits = {each.limit: each for each in llama.rejected}
    assert set(limits) == {"memory capacity", "pp", "global_batch"}
    assert "128 stages" in limits["pp"].sentence
    assert llama.evaluated == len(llama.ranked) + sum(each.plans for each in llama.rejected)
    text = llama.explain(top=3)
    assert text.splitlines()[2].endswith(llama.ranked[0].plan.short())
    assert "rejected by memory capacity: the least that any plan needs is" in text


def test_where_nothing_fits_the_tightest_plan_says_why():
    answer = solve(model="GPT-175B", gpus=8)
    assert not answer.feasible
    assert answer.best is answer.tightest
    (reason,) = answer.reasons
    assert reason.limit == "memory capacity"
    assert reason.sentence() in answer.explain()
    with pytest.raises(InvalidValue, match="0 feasible plans"):
        answer.solved(0)


def test_where_everything_fits_nothing_is_rejected_for_memory():
    answer = solve(model="GPT-1.7B", gpus=8, global_batch=8, largest_micro_batch=1)
    assert answer.ranked
    assert "memory capacity" not in {each.limit for each in answer.rejected}


def test_70b_on_1024_gpus_has_a_good_plan():
    answer = solve(model="Llama-3-70B", fabric="DGX H100", gpus=1024, global_batch=1024, context=8192)
    assert 0.3 < answer.ranked[0].mfu < 0.55
    assert answer.best.feasible
    assert answer.reasons == ()


@pytest.mark.parametrize("schedule", ["1f1b", "gpipe", "interleaved", "zero-bubble"])
def test_schedules_can_be_chosen(schedule):
    found = {each.plan.schedule for each in solve(schedules=[schedule]).ranked if each.plan.pp > 1}
    assert found == {schedule}


def test_tensor_parallelism_stays_in_the_node():
    pair = Fabric(name="Pairs", machine="A100", gpus_per_node=2, link="300 GB/s", nic="25 GB/s")
    assert {each.plan.tp for each in solve(fabric=pair).ranked} == {1, 2}


def test_what_divides_nothing_is_refused():
    with pytest.raises(InvalidValue, match="no plan divides evenly"):
        solve(gpus=7919, global_batch=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "GPT-0"),
        ("fabric", "H100"),
        ("gpus", 0),
        ("global_batch", -1),
        ("largest_micro_batch", 0),
        ("largest_micro_batch", 2000),
        ("software", "new"),
        ("schedules", []),
        ("schedules", "1f1b"),
        ("schedules", ["2f2b"]),
        ("schedules", None),
        ("efficiency", 2),
        ("optimizer", "none"),
    ],
    ids=str,
)
def test_it_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        solve(**{field: value})
    assert field in str(caught.value)


@pytest.mark.parametrize("rank", [-1, 10**6, 1.5, True])
def test_a_rank_that_is_not_there_is_refused(rank):
    with pytest.raises(InvalidInput):
        solve().solved(rank)
