"""Every way to spread a training job over a fleet, the quickest first, and why the others will not do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import gcd
from typing import NamedTuple

from mlsysim.check import InvalidValue, UnknownName, count
from mlsysim.efficiency import spread
from mlsysim.fabrics import Fabric
from mlsysim.parallelism import SCHEDULES, Parallelism, fault, micro_batches, stage_layers
from mlsysim.physics import training
from mlsysim.records import Datum, ModelSpec
from mlsysim.software import Software
from mlsysim.solvers.reason import Reason, write
from mlsysim.solvers.training import TrainingResult, describe, reach
from mlsysim.solvers.training_job import Job
from mlsysim.solvers.training_step import clocks, estimate


class Ranked(NamedTuple):
    """A feasible plan: expected time of a step [s], memory on its fullest GPU [B], model FLOPs utilization [-]."""

    plan: Parallelism
    time: float
    memory: int
    mfu: float


class Rejected(NamedTuple):
    """Plans that will not do for the same reason: how many, and one of them with the sentence it was refused with."""

    limit: str
    plans: int
    example: Parallelism
    sentence: str


@dataclass(frozen=True, slots=True)
class PlansResult:
    """All plans of a job: the feasible ones, quickest first, and the rejected ones by reason."""

    job: Job
    ranked: tuple[Ranked, ...]
    rejected: tuple[Rejected, ...]
    tightest: TrainingResult
    efficiency: tuple[Datum, Datum, Datum]

    @property
    def feasible(self) -> bool:
        """Whether any plan fits."""
        return bool(self.ranked)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Where no plan fits, what the one with the smallest memory ran into."""
        return () if self.feasible else self.tightest.reasons

    @property
    def evaluated(self) -> int:
        """Plans looked at."""
        return len(self.ranked) + sum(each.plans for each in self.rejected)

    @property
    def best(self) -> TrainingResult:
        """The quickest plan that fits, in full; where none does, the one that needs least memory."""
        return self.solved(0) if self.ranked else self.tightest

    def solved(self, rank: int) -> TrainingResult:
        """A ranked plan in full, counted from 0."""
        place = 0 if rank == 0 and not isinstance(rank, bool) else count("rank", rank, "rank=0")
        if place >= len(self.ranked):
            raise InvalidValue("rank", rank, f"there are {len(self.ranked):,d} feasible plans", "rank=0")
        return _solve(self.job, self.ranked[place].plan, self.efficiency)

    def explain(self, top: int = 10) -> str:
        """The quickest plans, then what was rejected."""
        job = self.job
        lines = [
            f"{job.model.name} on {job.gpus:,d} GPUs of the {job.fabric.name}, {job.global_batch:,d} sequences of "
            f"{job.sequence:,d} tokens: {self.evaluated:,d} plans, {len(self.ranked):,d} fit",
            "",
        ]
        lines += [
            f"{write(each.time, 's'):<10}{write(each.memory, 'B'):<10}MFU {each.mfu:.3f}  {each.plan.short()}"
            for each in self.ranked[: count("top", top, "top=10")]
        ]
        if not self.ranked:
            lines += [reason.sentence() for reason in self.reasons]
        lines.append("")
        lines += [f"{each.plans:,d} rejected by {each.limit}: {each.sentence}" for each in self.rejected]
        return "\n".join(lines)


class ParallelismOptimizer:
    """Which plan trains this model on these GPUs in the least time?

    >>> answer = ParallelismOptimizer().solve(model="Llama3_8B", fabric="DGX H100", gpus=8, global_batch=64)
    >>> answer.best.plan.tp * answer.best.plan.pp * answer.best.plan.shards
    8
    >>> answer.best.feasible
    True
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        fabric: Fabric | str,
        gpus: int,
        global_batch: int,
        context: int = 2048,
        precision: str = "bf16",
        optimizer: str = "adam",
        gradient_bytes: float = 2,
        software: Software | str = "flash-2024",
        efficiency: float | str = "auto",
        straggler: float = 0.0,
        largest_micro_batch: int = 16,
        schedules: Sequence[str] = SCHEDULES,
        progress: Callable[[int, int], None] | None = None,
    ) -> PlansResult:
        """All plans whose pipelines run by one of `schedules`, with micro-batches of a power of two up to
        `largest_micro_batch`, tensor parallelism within a node and at least 1,024 tokens of a sequence on each
        context-parallel GPU.

        `progress` is told how many of all splits of the GPUs have been looked at.
        """
        job = describe(
            model, fabric, gpus, global_batch, context, precision, optimizer, gradient_bytes, software, straggler
        )
        most = count("largest_micro_batch", largest_micro_batch, "largest_micro_batch=16", at_most=1024)
        allowed = _allowed(schedules)
        reached = reach(job, efficiency)
        clock = clocks(job, *map(spread, reached))[1]
        ranked: list[Ranked] = []
        limits: Counter[str] = Counter()
        examples: dict[str, tuple[Parallelism, str]] = {}
        tightest: tuple[int, Parallelism] | None = None
        room, rate, asked = job.fabric.machine.memory, job.fabric.machine.rate(job.precision), job.model_flops
        shapes = list(_shapes(job, most))
        for looked, shape in enumerate(shapes):
            if progress is not None:
                progress(looked, len(shapes))
            wrong = fault(shape, job.model, job.gpus, job.global_batch, job.sequence)
            if wrong is not None:
                limits[wrong.field] += 1
                examples.setdefault(wrong.field, (shape, str(wrong)))
                continue
            states = _states(job, shape)
            for run in _runs(job, shape, allowed):
                held = [sum(job.held(run, stage)) for stage, _ in job.stages(run)]
                passes = None
                for plan_states, zero in states:
                    memory = max(map(int.__add__, held, plan_states))
                    if tightest is None or memory < tightest[0]:
                        tightest = memory, replace(run, zero=zero)
                    if memory > room:
                        limits["memory capacity"] += 1
                        continue
                    passes = passes or clock.passes(run)
                    plan = run if zero == 0 else replace(run, zero=zero)
                    time = clock.finish(plan, passes).time
                    ranked.append(Ranked(plan, time, memory, training.utilization(asked, job.gpus, rate, time)))
        if tightest is None:
            shape, sentence = next(iter(examples.values()))
            rule = f"no plan divides evenly; {shape.short()}, for one: {sentence.partition('. For example')[0]}"
            raise InvalidValue("gpus", gpus, rule, f"gpus={job.fabric.gpus_per_node}")
        ranked.sort(key=lambda each: (each.time, each.memory))
        closest = _solve(job, tightest[1], reached)
        if limits["memory capacity"]:
            examples["memory capacity"] = closest.plan, _full(closest)
        rejected = tuple(Rejected(name, number, *examples[name]) for name, number in limits.most_common())
        return PlansResult(job, tuple(ranked), rejected, closest, reached)


def _solve(job: Job, plan: Parallelism, reached: tuple[Datum, Datum, Datum]) -> TrainingResult:
    step, time = estimate(plan, clocks(job, *map(spread, reached)))
    return TrainingResult(job, plan, job.memory(plan), step, time, reached)


def _full(closest: TrainingResult) -> str:
    least = write(closest.memory.total, "B")
    return f"the least that any plan needs is {least} of {write(closest.memory.capacity, 'B')}, {closest.plan.short()}"


def _shapes(job: Job, most: int) -> Iterator[Parallelism]:
    """Every split of the GPUs into tensor, context, pipeline and data parallel ones, and of these into expert-parallel
    groups, at every micro-batch."""
    experts = job.model.experts.count if job.model.experts else 1
    micros = [2**power for power in range(most.bit_length()) if 2**power <= most]
    for tp in _divisors(job.gpus, min(job.fabric.gpus_per_node, job.model.heads)):
        for cp in _divisors(job.gpus // tp, max(1, job.sequence // 1024)):
            for pp in _divisors(job.gpus // (tp * cp), job.model.layers + 2):
                dp = job.gpus // (tp * cp * pp)
                for ep in _divisors(gcd(dp * cp, experts), experts):
                    for micro in micros:
                        yield Parallelism(tp=tp, pp=pp, dp=dp, ep=ep, cp=cp, micro_batch=micro)
                        if dp * micro > job.global_batch:
                            break


def _divisors(number: int, most: int) -> list[int]:
    return [each for each in range(1, min(number, most) + 1) if number % each == 0]


def _allowed(schedules: Sequence[str]) -> frozenset[str]:
    if isinstance(schedules, str) or not isinstance(schedules, Sequence) or not schedules:
        raise InvalidValue("schedules", schedules, "it must list one schedule or more", 'schedules=["1f1b"]')
    for each in schedules:
        if each not in SCHEDULES:
            raise UnknownName("schedules", str(each), SCHEDULES)
    return frozenset(schedules)


def _runs(job: Job, shape: Parallelism, allowed: frozenset[str]) -> Iterator[Parallelism]:
    """Every way to run a shape: sequence parallelism, recomputation, schedule and interleaving."""
    running, pp = micro_batches(shape, job.global_batch), shape.pp
    if pp == 1:
        schedules = [("1f1b", 1)]
    else:
        schedules = [(each, 1) for each in ("1f1b", "gpipe") if each in allowed]
        if "zero-bubble" in allowed and running >= 2 * pp - 1:
            schedules.append(("zero-bubble", 1))
        if "interleaved" in allowed and running % pp == 0:
            schedules += [
                ("interleaved", chunks)
                for chunks in range(2, (job.model.layers + 2) // pp + 1)
                if stage_layers(job.model.layers, pp, chunks)
            ]
    kept = ("none", "full") if job.software.fused_attention else ("none", "selective", "full")
    split = (False, True) if shape.tp > 1 and job.sequence // shape.cp % shape.tp == 0 else (False,)
    for schedule, interleave in schedules:
        for recompute in kept:
            for sequence_parallel in split:
                yield replace(
                    shape,
                    recompute=recompute,
                    sequence_parallel=sequence_parallel,
                    schedule=schedule,
                    interleave=interleave,
                )


def _states(job: Job, shape: Parallelism) -> list[tuple[list[int], int]]:
    """Model states by stage of the pipeline, for every ZeRO stage that shares something."""
    zeros = range(4) if shape.shards > 1 else range(1)
    plans = [replace(shape, zero=zero) for zero in zeros]
    return [
        ([sum(job.states(plan, stage)) + job.gathered(plan) for stage, _ in job.stages(plan)], plan.zero)
        for plan in plans
    ]
