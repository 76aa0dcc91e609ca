"""What is still seen of the gradients' exchange when it is cut into buckets and starts before the work is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mlsysim.check import InvalidValue, count
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics.overlap import visible_time
from mlsysim.records import Input
from mlsysim.solvers.communication import CommunicationModel, CommunicationResult
from mlsysim.solvers.reason import write
from mlsysim.solvers.training import TrainingResult
from mlsysim.solvers.training_step import clocks


class Sending(NamedTuple):
    """A bucket's way over the network, counted from the start of the last backward pass [s]."""

    known: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class OverlapResult:
    """A training step whose gradients leave in buckets."""

    step: TrainingResult
    bucket: CommunicationResult
    buckets: int
    work: Estimate
    backward: float
    visible: Estimate

    @property
    def time(self) -> Estimate:
        """The step: its work, and what of the exchange outlasts it [s]."""
        return Estimate.total((self.work, self.visible), "s")

    @property
    def exchange(self) -> float:
        """Time of all buckets' messages, seen or not [s]."""
        return self.buckets * self.bucket.time.expected

    @property
    def fraction(self) -> float:
        """Share of the step in which nothing is done but sending [-]."""
        return self.visible.expected / self.time.expected

    @property
    def sendings(self) -> tuple[Sending, ...]:
        """When each bucket is known, sent and summed."""
        found: list[Sending] = []
        for place in range(1, self.buckets + 1):
            known = place / self.buckets * self.backward
            start = max(known, found[-1].end) if found else known
            found.append(Sending(known, start, start + self.bucket.time.expected))
        return tuple(found)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return self.step.basis

    def explain(self) -> str:
        """The whiteboard."""
        k, t, back = self.buckets, self.bucket.time, self.backward
        size = write(self.bucket.message, "B")
        return "\n".join(
            (
                f"t = {t.format(3)}   a bucket of {size} over {self.bucket.gpus:,d} GPUs, {self.bucket.algorithm}",
                f"k t = {k:,d} x {t.format(3)} = {write(self.exchange, 's')}   all of them",
                f"T_b = {write(back, 's')}   the last micro-batch's backward pass",
                f"V = max(t, k t - (k - 1)/k T_b) = {self.visible.format(3)}, {self.visible.format_range(3)}",
                f"T = {self.work.format(3)} of work + V = {self.time.format(3)}, {self.time.format_range()}",
                f"Seen: {self.fraction:.1%} of the step.",
            )
        )


class OverlapModel:
    """How much of the gradients' exchange is still seen when it is cut into buckets?

    >>> from mlsysim import DistributedModel, Parallelism
    >>> step = DistributedModel().solve(
    ...     model="Llama3_2_3B", fabric="DGX H100", gpus=64, global_batch=64, parallelism=Parallelism(dp=64)
    ... )
    >>> whole, cut = (OverlapModel().solve(step, buckets=k) for k in (1, 25))
    >>> whole.visible.format(), cut.visible.format()
    ('38 ms', '1.6 ms')
    """

    def solve(self, step: TrainingResult, *, buckets: int) -> OverlapResult:
        """The gradients of one step, an answer of DistributedModel for plain data parallelism, in so many pieces.

        They are summed over the replicas once a step, from the last micro-batch's backward pass on. The upper end has
        no overlap, as libraries without it.
        """
        if not isinstance(step, TrainingResult):
            example = 'DistributedModel().solve(model="Llama3_2_3B", fabric="DGX H100", ...)'
            raise InvalidValue("step", step, "it must be an answer of DistributedModel", example)
        plan, job = step.plan, step.job
        if plan.dp == 1 or plan.dp < plan.gpus or plan.zero or plan.ep > 1 or job.straggler:
            rule = "buckets are those of plain data parallelism, two or more whole replicas that run alike"
            raise InvalidValue("step", plan.short(), rule, f"Parallelism(dp={max(2, job.gpus)})")
        pieces = count("buckets", buckets, "buckets=25", at_most=10**5)
        at = clocks(job, *map(spread, step.efficiency))
        best, usual, worst = (clock.step(plan) for clock in at)
        fast, passes, _ = (clock.passes(plan) for clock in at)
        size = (passes.parameters + passes.experts) * job.gradient_bytes / pieces
        bucket = CommunicationModel().solve(message=size, fabric=job.fabric, gpus=job.gpus)
        each, backward = bucket.time, passes.slowest - passes.forward
        least = visible_time(pieces, each.lower, fast.slowest - fast.forward)
        seen = visible_time(pieces, each.expected, backward)
        work = usual.arithmetic + usual.memory
        return OverlapResult(
            step=step,
            bucket=bucket,
            buckets=pieces,
            work=Estimate(max(best.arithmetic, best.memory), work, worst.arithmetic + worst.memory, "s"),
            backward=backward,
            visible=Estimate(min(least, seen), seen, max(pieces * each.upper, seen), "s"),
        )
