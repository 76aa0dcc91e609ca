"""The time of a training step, part by part: arithmetic, memory, messages, waiting."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import gcd
from typing import NamedTuple

from mlsysim.estimate import Estimate
from mlsysim.parallelism import Parallelism, micro_batches
from mlsysim.physics import roofline, training, training_traffic
from mlsysim.solvers import communication
from mlsysim.solvers.communication import Group, Rates
from mlsysim.solvers.training_job import Job, Layout, Work, layout, outer_stages


class Rounds(NamedTuple):
    """Time of kernels for one micro-batch, forward and backward: bound by arithmetic, bound by memory [s]; and what of
    both are gradients of weights, and what of both is the forward pass."""

    arithmetic: float
    memory: float
    weights: float
    forward: float

    @property
    def time(self) -> float:
        """All of it [s]."""
        return self.arithmetic + self.memory


NOTHING = Rounds(0.0, 0.0, 0.0, 0.0)


class Passes(NamedTuple):
    """All micro-batches through the slowest stage: how many, the time of one and of its forward pass, and the parts of
    the time of all [s]; and the parameters of a GPU on the first stage, whose gradients come last."""

    parameters: float
    micro_batches: int
    slowest: float
    forward: float
    arithmetic: float
    memory: float
    tensor: float
    context: float
    pipeline: float
    bubble: float


class Step(NamedTuple):
    """What a step's time is made of [s]; the parts sum to it."""

    arithmetic: float
    memory: float
    tensor: float
    context: float
    pipeline: float
    data: float
    bubble: float
    straggler: float

    @property
    def communication(self) -> float:
        """All messages that arithmetic does not hide [s]."""
        return self.tensor + self.context + self.pipeline + self.data

    @property
    def time(self) -> float:
        """The step [s]."""
        return sum(self)


class Clock:
    """Steps of one job at one set of rates; what plans share is computed once.

    `serial` adds where arithmetic and memory would overlap and hides no message.
    """

    def __init__(
        self, job: Job, rates: Rates, compute: float, attention: float, bandwidth: float, *, serial: bool
    ) -> None:
        machine = job.fabric.machine
        self.job, self.rates, self.serial = job, rates, serial
        self.rate = machine.rate(job.precision) * compute
        # Training in eight bits keeps attention in sixteen.
        self.attention_rate = machine.rate("bf16" if job.precision == "fp8" else job.precision) * attention
        self.bandwidth = machine.memory_bandwidth * bandwidth
        self.overlap = job.software.overlap and not serial
        self.layer = cache(self._layer)
        self.head = cache(self._head)
        self.tensor = cache(self._tensor)
        self.context = cache(self._context)
        self.send = cache(self._send)
        self.sync = cache(self._sync)

    def _rounds(self, works: Iterable[Work], recompute: str) -> Rounds:
        arithmetic = memory = weights = forward = 0.0
        for work in works:
            rate = self.attention_rate if work.scores else self.rate
            once = roofline.compute_time(work.forward, rate), work.forward_traffic / self.bandwidth
            back = roofline.compute_time(work.backward, rate), work.backward_traffic / self.bandwidth
            repeated = recompute == "full" or (recompute == "selective" and work.scores)
            runs = (once, once, back) if repeated else (once, back)
            for computing, moving in runs:
                arithmetic += computing if self.serial or computing >= moving else 0.0
                memory += moving if self.serial or computing < moving else 0.0
            joined = sum if self.serial else max
            forward += joined(once)
            weights += joined(back) / 2 if work.weighted else 0.0
        return Rounds(arithmetic, memory, weights, forward)

    def _layer(self, at: Layout, recompute: str) -> Rounds:
        return self._rounds(self.job.layer(at), recompute)

    def _head(self, at: Layout) -> Rounds:
        return self._rounds(self.job.head(at), "none")

    def collective(self, operation: str, message: float, group: Group) -> float:
        """The quickest way [s]."""
        return communication.quickest(operation, message, group, self.job.fabric, self.rates)[1]

    def group(self, ranks: int, stride: int) -> Group:
        """Ranks that are `stride` apart: how many share a node."""
        inside = gcd(ranks, max(1, self.job.fabric.gpus_per_node // stride))
        return Group(inside, ranks // inside)

    def _tensor(self, at: Layout, recompute: str) -> float:
        """A layer's messages within a tensor-parallel group for one micro-batch: two sums forward, two backward."""
        if at.tp == 1:
            return 0.0
        message = at.micro_batch * self.job.sequence / at.cp * self.job.model.hidden * self.job.element
        group, sums = self.group(at.tp, 1), 6 if recompute == "full" else 4
        if at.sequence_parallel:
            halves = (self.collective(each, message, group) for each in ("all-gather", "reduce-scatter"))
            return sums * sum(halves)
        return sums * self.collective("all-reduce", message, group)

    def _context(self, at: Layout, recompute: str) -> float:
        """A layer's keys and values passed around a context-parallel group, as far as attention does not hide them."""
        if at.cp == 1:
            return 0.0
        job, model = self.job, self.job.model
        message = at.micro_batch * job.sequence * 2 * model.kv_heads * model.head_dim / at.tp * job.element
        # Forward once, and backward once more with their gradients.
        rounds = 4 if recompute == "full" else 3
        passed = rounds * self.collective("all-gather", message, self.group(at.cp, at.tp))
        attention = self._rounds([work for work in job.layer(at) if work.scores], recompute).time
        return max(0.0, passed - attention) if self.overlap else passed

    def _send(self, at: Layout, stride: int) -> float:
        """A micro-batch's activations to the next stage, each GPU of a tensor-parallel group sending its share."""
        message = at.micro_batch * self.job.sequence / at.cp * self.job.model.hidden * self.job.element / at.tp
        return self.collective("point-to-point", message, self.group(2, stride))

    def _sync(self, size: float, operation: str, shards: int, stride: int) -> float:
        return self.collective(operation, size, self.group(shards, stride))

    def step(self, plan: Parallelism) -> Step:
        """All parts of one step."""
        return self.finish(plan, self.passes(plan))

    def passes(self, plan: Parallelism) -> Passes:
        """What all micro-batches take on their way through the pipeline; the ZeRO stage has no part in it."""
        job, at, pp, v = self.job, layout(plan), plan.pp, plan.interleave
        running = micro_batches(plan, job.global_batch)
        each, head = self.layer(at, plan.recompute), self.head(at)
        tensor, context = self.tensor(at, plan.recompute), self.context(at, plan.recompute)
        send = 0.0 if pp == 1 or self.overlap else 2 * v * self.send(at, plan.tp * plan.shards)
        stages = outer_stages(plan)
        layers = [job.layers_on(plan, stage) for stage in stages]
        per_layer = each.time + tensor + context
        times = [count * per_layer + send for count in layers]
        times[-1] += head.time
        slowest = max(times)
        here = times.index(slowest)
        counted = layers[here]
        last = head if here == len(times) - 1 else NOTHING
        forward = counted * each.forward + last.forward
        if plan.schedule == "zero-bubble" and pp > 1:
            weights = counted * each.weights + last.weights
            rest = slowest - forward - weights
            bubble = running * slowest * training.zero_bubble_fraction(pp, running, forward, rest, weights)
        else:
            others = sum(times) + max(0, pp - 3) * times[min(1, pp - 1)] - slowest
            bubble = training.pipeline_time(slowest, others, running, v) - running * slowest
        return Passes(
            job.stage_parameters(plan, 0),
            running,
            slowest,
            forward,
            running * (counted * each.arithmetic + last.arithmetic),
            running * (counted * each.memory + last.memory),
            running * counted * tensor,
            running * counted * context,
            running * send,
            bubble,
        )

    def finish(self, plan: Parallelism, passes: Passes) -> Step:
        """A step of these passes: then gradients are summed and weights updated."""
        job = self.job
        owned = passes.parameters / (plan.shards if plan.zero else 1)
        moved = training_traffic.optimizer_traffic(owned, job.element, job.gradient_bytes, job.optimizer.value)
        parts = (
            passes.arithmetic,
            passes.memory + roofline.memory_time(moved, self.bandwidth),
            passes.tensor,
            passes.context,
            passes.pipeline,
            self._data(plan, passes),
            passes.bubble,
        )
        late = training.straggler_factor(plan.shards, job.straggler) - 1 if plan.shards > 1 and job.straggler else 0.0
        return Step(*parts, late * sum(parts))

    def _data(self, plan: Parallelism, passes: Passes) -> float:
        """Gradients and sharded weights: the last micro-batch's backward pass can hide the gradients of a step, each
        micro-batch what is gathered for it."""
        job, shards = self.job, plan.shards
        if shards == 1:
            return 0.0
        parameters, stride, backward = passes.parameters, plan.tp, passes.slowest - passes.forward
        gradients, weights = parameters * job.gradient_bytes, parameters * job.element
        if plan.zero == 0:
            return self._hidden(self.sync(gradients, "all-reduce", shards, stride), backward)
        scatter = self.sync(gradients, "reduce-scatter", shards, stride)
        gather = self.sync(weights, "all-gather", shards, stride)
        if plan.zero == 1:
            return self._hidden(scatter, backward) + self._hidden(gather, passes.forward)
        if plan.zero == 2:
            return passes.micro_batches * self._hidden(scatter, backward) + self._hidden(gather, passes.forward)
        return passes.micro_batches * self._hidden(scatter + 2 * gather, passes.slowest)

    def _hidden(self, message: float, work: float) -> float:
        return max(0.0, message - work) if self.overlap else message


def clocks(job: Job, compute: Estimate, attention: Estimate, bandwidth: Estimate) -> tuple[Clock, Clock, Clock]:
    """At peak rates, as software reaches them, and at the least it reaches with nothing overlapped."""
    best, usual, worst = communication.rates(job.fabric)
    return (
        Clock(job, best, 1.0, 1.0, 1.0, serial=False),
        Clock(job, usual, compute.expected, attention.expected, bandwidth.expected, serial=False),
        Clock(job, worst, compute.lower, attention.lower, bandwidth.lower, serial=True),
    )


def estimate(plan: Parallelism, at: tuple[Clock, Clock, Clock]) -> tuple[Step, Estimate]:
    """The expected step, and its range: at least the largest of its parts at peak, at most all of them, one by one."""
    best, usual, worst = (clock.step(plan) for clock in at)
    least = max(best.arithmetic, best.memory, best.tensor, best.context, best.pipeline, best.data)
    return usual, Estimate(min(least, usual.time), usual.time, max(worst.time, usual.time), "s")
