"""Training a transformer on a fleet: memory per GPU, time of a step, and what it is spent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import InvalidValue, count, number
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.fabrics import Fabric
from mlsysim.fabrics import fabric as find_fabric
from mlsysim.parallelism import Parallelism, fault, micro_batches
from mlsysim.parallelism import parallelism as find_plan
from mlsysim.physics import training
from mlsysim.records import Datum, Input, ModelSpec
from mlsysim.software import Software, optimizer_bytes, software
from mlsysim.solvers.basis import given, listed
from mlsysim.solvers.communication import LARGEST_FLEET, torus_inputs
from mlsysim.solvers.encoder_decoder import decoder_alone
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.training_job import Job, Memory
from mlsysim.solvers.training_step import Step, clocks, estimate, messages
from mlsysim.walls import WALLS

COMPUTE, MEMORY, COMMUNICATION, WAITING = (
    "compute throughput",
    "memory bandwidth",
    "communication",
    "synchronization",
)


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """One plan: what each GPU holds, how long a step takes and what it is spent on."""

    job: Job
    plan: Parallelism
    memory: Memory
    step: Step
    time: Estimate
    efficiency: tuple[Datum, Datum, Datum]

    @property
    def micro_batches(self) -> int:
        """Micro-batches that go through each pipeline in a step."""
        return micro_batches(self.plan, self.job.global_batch)

    @property
    def mfu(self) -> Estimate:
        """Model FLOPs utilization: what the model asks for, over what the GPUs could do."""
        return self._utilization(self.job.model_flops)

    @property
    def hfu(self) -> Estimate:
        """Hardware FLOPs utilization: what recomputation repeats counts as well."""
        return self._utilization(self.job.model_flops + self.job.repeated_flops(self.plan.recompute))

    def _utilization(self, operations: float) -> Estimate:
        rate = self.job.fabric.machine.rate(self.job.precision)
        worst, usual, best = (
            training.utilization(operations, self.job.gpus, rate, time)
            for time in (self.time.upper, self.time.expected, self.time.lower)
        )
        return Estimate(worst, usual, best, "1")

    @property
    def throughput(self) -> Estimate:
        """Tokens trained on per second, over the whole fleet [token/s]."""
        tokens, time = self.job.global_batch * self.job.sequence, self.time
        return Estimate(tokens / time.upper, tokens / time.expected, tokens / time.lower, "token/s")

    @property
    def bubble_fraction(self) -> float:
        """Share of the step in which the busiest pipeline stage waits for others."""
        return self.step.bubble / self.step.time

    @property
    def communication_fraction(self) -> float:
        """Share of the step that messages take and arithmetic does not hide."""
        return self.step.communication / self.step.time

    @property
    def messages(self) -> float:
        """Time of all messages of a step, those that arithmetic hides as well [s]."""
        return messages(self.job, self.plan, *(each.value for each in self.efficiency))

    @property
    def bound_by(self) -> str:
        """What takes most of the step. Messages count in full: hidden ones would bind as soon as nothing hid them."""
        step = self.step
        parts = {
            COMPUTE: step.arithmetic,
            MEMORY: step.memory,
            COMMUNICATION: max(step.communication, self.messages),
            WAITING: step.bubble + step.straggler,
        }
        return max(parts, key=parts.__getitem__)

    @property
    def feasible(self) -> bool:
        """Whether every GPU can hold its part."""
        return self.memory.total <= self.memory.capacity

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        return () if self.feasible else (_too_large(self),)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        job, machine = self.job, self.job.fabric.machine
        collectives = registry.constants("collectives")
        return (
            Input("R", f"peak dense rate in {job.precision}", machine.datum(f"peak.{job.precision}")),
            Input("BW", f"memory bandwidth of the {machine.full_name}", machine.datum("memory_bandwidth")),
            Input("M", "memory capacity", machine.datum("memory")),
            Input("B_i", f"link within the {job.fabric.name}, per direction", job.fabric.datum("link")),
            Input("B_o", "network port of one GPU, per direction", job.fabric.datum("nic")),
            Input("eta_R", "fraction of the peak rate that matrix products reach", self.efficiency[0]),
            Input("eta_A", "fraction of the peak rate that attention reaches", self.efficiency[1]),
            Input("eta_BW", "fraction of the memory bandwidth reached", self.efficiency[2]),
            Input("eta_i", "fraction of the link reached", collectives["link_efficiency"]),
            Input("eta_o", "fraction of the port reached", collectives["nic_efficiency"]),
            Input("b_o", "optimizer state of a parameter", job.optimizer),
            *torus_inputs(job.fabric),
        )

    def explain(self) -> str:
        """The whiteboard: memory, then time, then where the inputs come from."""
        job, plan, step, memory = self.job, self.plan, self.step, self.memory
        head = f"{job.model.name} on {job.gpus:,d} GPUs of the {job.fabric.name}: {plan.short()}"
        size = f"{job.global_batch:,d} sequences of {job.sequence:,d} tokens, {job.precision.upper()}"
        lines = [head, f"{size}, {self.micro_batches:,d} micro-batches, {job.software.name}", ""]
        lines += [f"{write(size, 'B'):<12}{name}" for name, size in memory.bytes.items() if size]
        capacity = write(memory.capacity, "B")
        lines += [f"{write(memory.total, 'B'):<12}on each GPU of stage {memory.stage + 1}, of {capacity}", ""]
        told = {
            "arithmetic": "matrix products and fused attention",
            "memory": "norms, residuals, scores, the optimizer",
            "tensor": "tensor-parallel messages",
            "context": "context-parallel messages",
            "expert": "tokens on their way to the experts of other GPUs and back",
            "pipeline": "messages between stages",
            "data": "gradients and sharded weights, as far as nothing hides them",
            "bubble": "waiting for other stages",
            "straggler": "waiting for the slowest replica",
        }
        lines += [f"{write(seconds, 's'):<12}{told[name]}" for name, seconds in step._asdict().items() if seconds > 0.0]
        wall = WALLS[self.bound_by]
        rate = write(job.fabric.machine.rate(job.precision), "FLOP/s")
        lines += [
            f"{write(step.time, 's'):<12}T, {self.time.format_range()}",
            "",
            f"MFU = O / (N R T) = {write(job.model_flops, 'FLOP')} / ({job.gpus:,d} x {rate} x "
            f"{write(step.time, 's')}) = {self.mfu.expected:.3f}; HFU = {self.hfu.expected:.3f}",
            f"Bound by {self.bound_by} (wall {wall.number}).",
            *(reason.sentence() for reason in self.reasons),
            "",
            *listed(self.basis),
        ]
        return "\n".join(lines)


class DistributedModel:
    """How long does a training step take on a fleet, what does each GPU hold, and what limits it?

    >>> plan = Parallelism(tp=8, pp=8, sequence_parallel=True, recompute="selective")
    >>> answer = DistributedModel().solve(
    ...     model="GPT-175B", fabric="DGX A100", gpus=64, global_batch=64, parallelism=plan, software="megatron-2022"
    ... )
    >>> answer.feasible, answer.bound_by
    (True, 'compute throughput')
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        fabric: Fabric | str,
        gpus: int,
        global_batch: int,
        parallelism: Parallelism | Mapping[str, Any],
        context: int = 2048,
        precision: str = "bf16",
        optimizer: str = "adam",
        gradient_bytes: float = 2,
        software: Software | str = "flash-2024",
        efficiency: float | str = "auto",
        straggler: float = 0.0,
    ) -> TrainingResult:
        """One step over `global_batch` sequences of `context` tokens.

        `straggler` is the standard deviation of a replica's step time over its mean; `efficiency` a fraction of the
        peak rate in place of the calibrated ones.
        """
        job = describe(
            model, fabric, gpus, global_batch, context, precision, optimizer, gradient_bytes, software, straggler
        )
        plan = find_plan(parallelism)
        wrong = refusal(plan, job)
        if wrong is not None:
            raise wrong
        reached = reach(job, efficiency)
        step, time = estimate(plan, clocks(job, *map(spread, reached)))
        return TrainingResult(job, plan, job.memory(plan), step, time, reached)


def describe(
    model: ModelSpec | str,
    fabric: Fabric | str,
    gpus: int,
    global_batch: int,
    context: int,
    precision: str,
    optimizer: str,
    gradient_bytes: float,
    vintage: Software | str,
    straggler: float,
) -> Job:
    """A training job, checked."""
    spec, joined = decoder_alone(registry.model(model)), find_fabric(fabric)
    sequence = count("context", context, "context=2048")
    if sequence > spec.max_context:
        rule = f"{spec.name} was trained for at most {spec.max_context} tokens"
        raise InvalidValue("context", context, rule, f"context={spec.max_context}")
    arithmetic = formats.resolve("precision", precision)
    if arithmetic not in ("fp32", "fp16", "bf16", "fp8"):
        raise InvalidValue("precision", precision, "training needs fp32, fp16, bf16 or fp8", 'precision="bf16"')
    joined.machine.rate(arithmetic)
    varies = (
        0.0
        if straggler == 0 and not isinstance(straggler, bool)
        else number("straggler", straggler, "straggler=0.02", at_most=1.0)
    )
    return Job(
        model=spec,
        fabric=joined,
        gpus=count("gpus", gpus, "gpus=64", at_most=LARGEST_FLEET),
        global_batch=count("global_batch", global_batch, "global_batch=1024", at_most=10**7),
        sequence=sequence,
        precision=arithmetic,
        optimizer=optimizer_bytes(optimizer),
        gradient_bytes=number("gradient_bytes", gradient_bytes, "gradient_bytes=4", at_most=8),
        software=software(vintage),
        straggler=varies,
    )


def reach(job: Job, efficiency: float | str) -> tuple[Datum, Datum, Datum]:
    """Fractions of the peak rate, by matrix products and by attention, and of the memory bandwidth that are reached."""
    machine, bandwidth = job.fabric.machine.name, registry.constants("efficiency")["bandwidth"]
    if efficiency == "auto":
        return job.software.compute(machine), job.software.attention(machine), bandwidth
    if isinstance(efficiency, str):
        raise InvalidValue("efficiency", efficiency, 'it must be "auto" or a fraction', "efficiency=0.7")
    fraction = number("efficiency", efficiency, "efficiency=0.7", at_most=1.0)
    stated = given("efficiency", fraction, "1")
    return stated, stated, bandwidth


def refusal(plan: Parallelism, job: Job) -> InvalidValue | None:
    """Why the plan makes no sense for this job, if it does not."""
    if plan.recompute == "selective" and job.software.fused_attention:
        rule = f"the fused attention of {job.software.name} keeps no scores that could be recomputed"
        return InvalidValue("recompute", plan.recompute, rule, 'recompute="full"')
    return fault(plan, job.model, job.gpus, job.global_batch, job.sequence)


def _too_large(result: TrainingResult) -> Reason:
    job, plan, memory = result.job, result.plan, result.memory
    enough = write_enough(memory.total, "B")
    return Reason(
        verdict="Does not fit.",
        subject=f"{job.model.name} as {plan.short()} needs {enough} on each GPU of stage {memory.stage + 1}; "
        f"the {job.fabric.machine.name} has {write(memory.capacity, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory.total,
        maximum=memory.capacity,
        unit="B",
        mend=_mend(result),
    )


def _mend(result: TrainingResult) -> str:
    """The first change to the plan that would make it fit, or what to change about the fleet."""
    job, plan, memory = result.job, result.plan, result.memory
    if plan.recompute != "full" and job.memory(replace(plan, recompute="full")).total <= memory.capacity:
        return "Full recomputation would make room."
    for stage in range(plan.zero + 1, 4):
        if job.memory(replace(plan, zero=stage)).total <= memory.capacity:
            return f"ZeRO-{stage} would make room."
    if memory.weights + memory.gradients + memory.optimizer > memory.capacity:
        return (
            "More tensor- or pipeline-parallel GPUs, or ZeRO over more replicas, would split the model states further."
        )
    return "A smaller micro-batch, recomputation or more GPUs for each sequence would keep fewer activations."
