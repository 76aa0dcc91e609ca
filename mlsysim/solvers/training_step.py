"""The time of a training step, part by part: arithmetic, memory, messages, waiting."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import gcd
from typing import NamedTuple

from mlsysim.architecture import Experts
from mlsysim.estimate import Estimate
from mlsysim.parallelism import Parallelism, micro_batches
from mlsysim.physics import expert_parallel, roofline, schedule, training_traffic
from mlsysim.physics.experts import distinct_experts
from mlsysim.solvers import communication
from mlsysim.solvers.communication import Group, Rates
from mlsysim.solvers.training_job import Job, layout
from mlsysim.solvers.training_layer import Layout, TrainedLayer, Work


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
    the time of all [s]; and the parameters of a GPU on the stage whose gradients come last, experts apart."""

    parameters: float
    experts: float
    micro_batches: int
    slowest: float
    forward: float
    arithmetic: float
    memory: float
    tensor: float
    context: float
    expert: float
    pipeline: float
    bubble: float


class Step(NamedTuple):
    """What a step's time is made of [s]; the parts sum to it."""

    arithmetic: float
    memory: float
    tensor: float
    context: float
    expert: float
    pipeline: float
    data: float
    bubble: float
    straggler: float

    @property
    def communication(self) -> float:
        """All messages that arithmetic does not hide [s]."""
        return self.tensor + self.context + self.expert + self.pipeline + self.data

    @property
    def time(self) -> float:
        """The step [s]."""
        return sum(self)


class Clock:
    """Steps of one job at one set of rates; what plans share is computed once.

    `apart` counts arithmetic and memory in full where the longer of the two would hide the other, and nothing for what
    hidden messages slow; `serial` hides no message.
    """

    def __init__(
        self,
        job: Job,
        rates: Rates,
        compute: float,
        attention: float,
        bandwidth: float,
        *,
        apart: bool,
        serial: bool,
    ) -> None:
        machine = job.fabric.machine
        self.job, self.rates = job, rates
        self.exposed = 1.0 if apart else job.software.exposed
        self.contention = 0.0 if apart else job.software.contention
        self.rate = machine.rate(job.precision) * compute
        # Training in eight bits keeps attention in sixteen.
        self.attention_rate = machine.rate("bf16" if job.precision == "fp8" else job.precision) * attention
        self.bandwidth = machine.memory_bandwidth * bandwidth
        self.overlap = job.software.overlap and not serial
        self.overlap_experts = job.software.overlap_experts and not serial
        self.layer = cache(self._layer)
        self.head = cache(self._head)
        self.tensor = cache(self._tensor)
        self.context = cache(self._context)
        self.expert = cache(self._expert)
        self.send = cache(self._send)
        self.sync = cache(self._sync)

    def _rounds(self, works: Iterable[Work], recompute: str) -> Rounds:
        arithmetic = memory = weights = forward = 0.0
        for work in works:
            rate = self.attention_rate if work.scores else self.rate
            once = roofline.compute_time(work.forward, rate), work.forward_traffic / self.bandwidth
            back = roofline.compute_time(work.backward, rate), work.backward_traffic / self.bandwidth
            again = work.again if recompute == "full" else float(recompute == "selective" and work.scores)
            for runs, (computing, moving) in ((1.0 + again, once), (1.0, back)):
                arithmetic += runs * computing * (1.0 if computing >= moving else self.exposed)
                memory += runs * moving * (1.0 if computing < moving else self.exposed)
            forward += max(once) + self.exposed * min(once)
            weights += (max(back) + self.exposed * min(back)) / 2 if work.weighted else 0.0
        return Rounds(arithmetic, memory, weights, forward)

    def _layer(self, at: Layout, recompute: str, mixed: bool) -> Rounds:
        return self._rounds(self._kind(mixed).works(at), recompute)

    def _kind(self, mixed: bool) -> TrainedLayer:
        return self.job.mixed if mixed else self.job.plain

    def _head(self, at: Layout) -> Rounds:
        return self._rounds(self.job.head(at), "none")

    def collective(self, operation: str, message: float, group: Group) -> float:
        """The quickest way [s]."""
        return communication.quickest(operation, message, group, self.job.fabric, self.rates)[1]

    def group(self, ranks: int, stride: int) -> Group:
        """Ranks that are `stride` apart: how many share a node."""
        inside = gcd(ranks, max(1, self.job.fabric.gpus_per_node // stride))
        return communication.group(inside, ranks // inside, self.job.fabric)

    def _tensor(self, at: Layout, recompute: str, mixed: bool) -> float:
        """A layer's messages within a tensor-parallel group for one micro-batch: after attention and after the
        feed-forward part or of both at once, forward and backward; experts are sent a copy of a token each."""
        if at.tp == 1:
            return 0.0
        experts = self.job.model.experts
        message = at.micro_batch * self.job.sequence / at.cp * self.job.model.hidden * self.job.element
        group = self.group(at.tp, 1)
        sums = [message] * (self.job.model.all_reduces - 1)
        sums += [message * experts.active if experts and mixed else message]
        parts = ("all-gather", "reduce-scatter") if at.sequence_parallel else ("all-reduce",)
        times = [self.collective(each, size, group) for size in sums for each in parts]
        again = times[:-1] if self.job.software.stops_early and not mixed else times
        return 2 * sum(times) + (sum(again) if recompute == "full" else 0.0)

    def _expert(self, at: Layout, recompute: str) -> float:
        """A layer's tokens to the experts of other GPUs and back for one micro-batch, as far as nothing hides it."""
        job, experts = self.job, self.job.model.experts
        if at.ep == 1 or experts is None:
            return 0.0
        tokens = at.micro_batch * job.sequence / (at.cp * at.tp)
        group = self.group(at.ep, at.tp)
        # On their way there in eight bits, perhaps; what comes back is summed and stays wider.
        narrow = 1.0 if job.software.narrow_tokens and job.precision == "fp8" else job.element
        there, back = (
            self._dispatch(tokens * expert_parallel.dispatched_bytes(job.model.hidden, 1, each), experts, group)
            for each in (narrow, job.element)
        )
        sent = (3 if recompute == "full" else 2) * (there + back)
        # One micro-batch's messages go out while another one is computed.
        return self._behind(sent, self.layer(at, recompute, True).time) if self.overlap_experts else sent

    def _dispatch(self, once: float, experts: Experts, group: Group) -> float:
        """Tokens, of which `once` is one copy, to their experts, or back [s]."""
        if not self.job.software.overlap_experts or group.across == 1:
            return self.collective("all-to-all", once * experts.active, group)
        # A token's choices are so many draws of a node each.
        reached = distinct_experts(group.across, 1, experts.active)
        reached = min(reached, experts.most_nodes or reached)
        rates = self.rates
        return rates.start + expert_parallel.dispatch_time_by_node(
            once,
            reached,
            experts.active,
            group.inside,
            group.across,
            rates.link * group.pairs,
            rates.nic,
        )

    def _context(self, at: Layout, recompute: str) -> float:
        """A layer's keys and values passed around a context-parallel group, as far as attention does not hide them."""
        if at.cp == 1:
            return 0.0
        job = self.job
        split = 1 if job.model.latent else at.tp
        message = at.micro_batch * job.sequence * job.plain.keys_and_values / split * job.element
        # Forward once, and backward once more with their gradients.
        rounds = 4 if recompute == "full" else 3
        passed = rounds * self.collective("all-gather", message, self.group(at.cp, at.tp))
        attention = self._rounds([work for work in job.plain.works(at) if work.scores], recompute).time
        return self._hidden(passed, attention)

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
        recompute, experts = plan.recompute, job.model.experts
        each, mixed = self.layer(at, recompute, False), self.layer(at, recompute, True) if experts else NOTHING
        tensor, tensor_mixed = self.tensor(at, recompute, False), self.tensor(at, recompute, True) if experts else 0.0
        head, context, expert = self.head(at), self.context(at, recompute), self.expert(at, recompute)
        send = 0.0 if pp == 1 or self.overlap else 2 * v * self.send(at, plan.tp * plan.shards)
        stages = job.stages(plan)
        layers = [job.layers_on(plan, stage) for stage, _ in stages]
        per_layer, per_mixed = each.time + tensor + context, mixed.time + tensor_mixed + context + expert
        times = [plain * per_layer + with_experts * per_mixed + send for plain, with_experts in layers]
        times[-1] += head.time
        slowest = max(times)
        here = times.index(slowest)
        plain, with_experts = layers[here]
        last = head if here == len(times) - 1 else NOTHING
        arithmetic, memory, weights, forward = (
            plain * one + with_experts * other + end for one, other, end in zip(each, mixed, last, strict=True)
        )
        if plan.schedule == "zero-bubble" and pp > 1:
            rest = slowest - forward - weights
            bubble = running * slowest * schedule.zero_bubble_fraction(pp, running, forward, rest, weights)
        else:
            others = sum(alike * time for (_, alike), time in zip(stages, times, strict=True)) - slowest
            bubble = schedule.pipeline_time(slowest, others, running, v) - running * slowest
        # Gradients of the first stage come last; experts make later stages so much larger that theirs do.
        latest = max((stage for stage, _ in stages), key=lambda stage: job.stage_experts(plan, stage))
        return Passes(
            job.stage_parameters(plan, latest),
            job.stage_experts(plan, latest),
            running,
            slowest,
            forward,
            running * arithmetic,
            running * memory,
            running * (plain * tensor + with_experts * tensor_mixed),
            running * (plain + with_experts) * context,
            running * with_experts * expert,
            running * send,
            bubble,
        )

    def finish(self, plan: Parallelism, passes: Passes) -> Step:
        """A step of these passes: then gradients are summed and weights updated."""
        job = self.job
        owned = passes.parameters / (plan.shards if plan.zero else 1)
        owned += passes.experts / (plan.shards // plan.ep if plan.zero else 1)
        moved = training_traffic.optimizer_traffic(owned, job.element, job.gradient_bytes, job.state)
        parts = (
            passes.arithmetic,
            passes.memory + roofline.memory_time(moved, self.bandwidth),
            passes.tensor,
            passes.context,
            passes.expert,
            passes.pipeline,
            self._data(plan, passes),
            passes.bubble,
        )
        late = schedule.straggler_factor(plan.shards, job.straggler) - 1 if plan.shards > 1 and job.straggler else 0.0
        return Step(*parts, late * sum(parts))

    def _data(self, plan: Parallelism, passes: Passes) -> float:
        """Gradients and sharded weights: the last micro-batch's backward pass can hide the gradients of a step, each
        micro-batch what is gathered for it."""
        job, backward = self.job, passes.slowest - passes.forward
        if plan.shards == 1:
            return 0.0

        def agree(operation: str, element: float) -> float:
            rest = self.sync(passes.parameters * element, operation, plan.shards, plan.tp)
            if not passes.experts:
                return rest
            return rest + self.sync(passes.experts * element, operation, plan.shards // plan.ep, plan.tp * plan.ep)

        if plan.zero == 0:
            return self._hidden(agree("all-reduce", job.gradient_bytes), backward)
        scatter, gather = agree("reduce-scatter", job.gradient_bytes), agree("all-gather", job.element)
        if plan.zero == 1:
            return self._hidden(scatter, backward) + self._hidden(gather, passes.forward)
        if plan.zero == 2:
            return passes.micro_batches * self._hidden(scatter, backward) + self._hidden(gather, passes.forward)
        return passes.micro_batches * self._hidden(scatter + 2 * gather, passes.slowest)

    def _hidden(self, message: float, work: float) -> float:
        return self._behind(message, work) if self.overlap else message

    def _behind(self, message: float, work: float) -> float:
        """What is seen of a message that goes out while others compute: what is longer, and what it slows them."""
        return max(0.0, message - work) + self.contention * min(message, work)


def clocks(job: Job, compute: Estimate, attention: Estimate, bandwidth: Estimate) -> tuple[Clock, Clock, Clock]:
    """At peak rates, as software reaches them, and at the least it reaches with nothing overlapped."""
    best, usual, worst = communication.rates(job.fabric)
    return (
        Clock(job, best, 1.0, 1.0, 1.0, apart=True, serial=False),
        Clock(job, usual, compute.expected, attention.expected, bandwidth.expected, apart=False, serial=False),
        Clock(job, worst, compute.lower, attention.lower, bandwidth.lower, apart=True, serial=True),
    )


def messages(job: Job, plan: Parallelism, compute: float, attention: float, bandwidth: float) -> float:
    """Time of all messages of a step, those that arithmetic hides as well, at the rates that software reaches [s]."""
    _, usual, _ = communication.rates(job.fabric)
    return Clock(job, usual, compute, attention, bandwidth, apart=False, serial=True).step(plan).communication


def estimate(plan: Parallelism, at: tuple[Clock, Clock, Clock]) -> tuple[Step, Estimate]:
    """The expected step, and its range: at least the largest of its parts at peak, at most all of them, one by one."""
    best, usual, worst = (clock.step(plan) for clock in at)
    least = max(best.arithmetic, best.memory, best.tensor, best.context, best.expert, best.pipeline, best.data)
    return usual, Estimate(min(least, usual.time), usual.time, max(worst.time, usual.time), "s")
