"""Serving a transformer on one machine: prefill, decode, memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

from mlsysim import registry
from mlsysim.efficiency import Efficiency
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import roofline
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.basis import machine_inputs
from mlsysim.solvers.phase import Phase, run
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.workload import LARGEST_BATCH, Workload, workload
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class Memory:
    """What has to be in memory at once, and what there is [B]."""

    weights: float
    kv_cache: float
    activations: float
    capacity: float

    @property
    def total(self) -> float:
        """All of it [B]."""
        return self.weights + self.kv_cache + self.activations

    @property
    def bytes(self) -> dict[str, float]:
        """By what it is [B]."""
        return {"weights": self.weights, "kv_cache": self.kv_cache, "activations": self.activations}


@dataclass(frozen=True)
class ServingResult:
    """How a model is served on a machine: both phases, memory, and whether it fits at all. Each is computed once, when
    it is first asked for, hence no slots."""

    workload: Workload
    hardware: HardwareNode
    efficiency: Efficiency

    @cached_property
    def decode(self) -> Phase:
        """One token for every sequence."""
        return _decode(self.workload, self.hardware, self.efficiency)

    @cached_property
    def prefill(self) -> Phase:
        """All prompts, one after another."""
        load, machine = self.workload, self.hardware
        rate, started = machine.rate(load.precision), load.batch * load.kernels_of_prompt
        return run("prefill", load.prefill(machine.cache), started, rate, machine.memory_bandwidth, self.efficiency)

    @cached_property
    def memory(self) -> Memory:
        """What has to be held at once."""
        load = self.workload
        kept = load.batch * load.sequence_kv(load.context)
        return Memory(load.stored_weights(), kept, load.workspace(load.batch), self.hardware.memory)

    @property
    def itl(self) -> Estimate:
        """Inter-token latency: one decode step [s]."""
        return self.decode.time

    @property
    def ttft(self) -> Estimate:
        """Time to first token of the last prompt in the batch, when all arrive at once at an idle machine [s]."""
        return self.prefill.time

    @property
    def latency(self) -> Estimate:
        """A whole request at an idle machine: its prompt, which brings the first token, and the steps that bring the
        others until the context is full, each at the context halfway there [s]."""
        load = self.workload
        steps = max(0, load.context - load.prompt - 1)
        halfway = replace(load, context=load.prompt + ceil((steps + 1) / 2))
        writing = _decode(halfway, self.hardware, self.efficiency).time.scaled(steps, "s")
        return Estimate.total((self.ttft, writing), "s")

    @property
    def throughput(self) -> Estimate:
        """Tokens decoded per second, over all sequences [token/s]."""
        time, batch = self.decode.time, self.workload.batch
        return Estimate(batch / time.upper, batch / time.expected, batch / time.lower, "token/s")

    @property
    def max_batch(self) -> int:
        """Most sequences of this context that fit in memory; 0 where not even one does."""
        load, capacity = self.workload, self.memory.capacity
        free = capacity - load.resident(0)
        if free <= 0.0:
            return 0
        # Memory grows with the batch in two straight pieces; a bisection needs no case for each.
        fits, too_many = 0, 1 + int(free / load.sequence_kv(load.context))
        while too_many - fits > 1:
            middle = (fits + too_many) // 2
            if load.resident(middle) <= capacity:
                fits = middle
            else:
                too_many = middle
        return fits

    @property
    def crossover_batch(self) -> int | None:
        """Batch from which decode's expected compute term reaches its memory term; None where the KV cache, which
        grows with the batch as well, never lets it."""
        if self.workload.model.experts:
            return self._crossover_of_experts()
        # Both terms are straight lines in the batch; memory's turns once, where activations outgrow the cache.
        for batch in (1, LARGEST_BATCH // 2):
            once, twice = self._decode_at(batch), self._decode_at(2 * batch)
            traffic = (twice.fetched - once.fetched) / batch
            operations = once.operations / batch
            rate = once.rate * self.efficiency.compute.expected
            bandwidth = once.bandwidth * self.efficiency.bandwidth.expected
            if roofline.compute_time(operations, rate) <= roofline.memory_time(traffic, bandwidth):
                continue
            shared = once.fetched - batch * traffic
            crossing = ceil(roofline.crossover_batch(shared, traffic, operations, rate, bandwidth))
            for candidate in (crossing - 1, crossing, crossing + 1):
                if 0 < candidate <= LARGEST_BATCH:
                    phase = self._decode_at(candidate)
                    if phase.compute_time.expected >= phase.memory_time.expected:
                        return candidate
        return None

    def _crossover_of_experts(self) -> int | None:
        """The same where the weights read grow with the batch, until every expert is awake."""

        def computes_longer(batch: int) -> bool:
            phase = self._decode_at(batch)
            return phase.compute_time.expected >= phase.memory_time.expected

        batch = 1
        while not computes_longer(batch):
            batch *= 2
            if batch > LARGEST_BATCH:
                return None
        before = batch // 2
        while batch - before > 1:
            middle = (batch + before) // 2
            before, batch = (before, middle) if computes_longer(middle) else (middle, batch)
        return batch

    def _decode_at(self, batch: int) -> Phase:
        return _decode(replace(self.workload, batch=batch), self.hardware, self.efficiency)

    @property
    def feasible(self) -> bool:
        """Whether it fits."""
        return self.memory.total <= self.memory.capacity

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        return () if self.feasible else (_too_large(self),)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        load = self.workload
        return machine_inputs(self.hardware, load.precision, self.efficiency, load.model, load.packed)

    def explain(self, phase: str = "decode") -> str:
        """The whiteboard: numbers, then algebra, then where the inputs come from."""
        from mlsysim.explain import explain

        return explain(self, phase)

    def equation(self, phase: str = "decode") -> str:
        """The Iron Law with its numbers filled in."""
        from mlsysim.explain import equation, phase_of

        return equation(phase_of(self, phase))


class ServingModel:
    """How fast does this machine serve this model, and does it fit?

    >>> answer = ServingModel().solve(model="Llama3_8B", hardware="A100", batch=8)
    >>> answer.feasible, answer.decode.bound_by
    (True, 'memory bandwidth')
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        batch: int = 1,
        context: int = 1024,
        prompt: int | None = None,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> ServingResult:
        """Time, memory and limits at `batch` sequences of `context` tokens, `prompt` of which came in at once.

        `precision` is the arithmetic's; `weights` stores the layers' matrices in fewer bits; `kv_precision` the cache.
        """
        load = workload(model, batch, context, prompt, precision, weights, kv_precision)
        return solve(load, registry.machine(hardware), efficiency)


def solve(load: Workload, hardware: HardwareNode, efficiency: float | str | Efficiency = "auto") -> ServingResult:
    """A checked workload on one machine."""
    hardware.rate(load.precision)  # refuses what the machine does not compute in, before anything is asked
    return ServingResult(load, hardware, resolve_efficiency(efficiency, hardware.launch_class, cores=hardware.cores))


def _decode(load: Workload, machine: HardwareNode, eta: Efficiency) -> Phase:
    rate = machine.rate(load.precision)
    return run("decode", load.decode(machine.cache), load.kernels, rate, machine.memory_bandwidth, eta)


def _too_large(result: ServingResult) -> Reason:
    load, memory, machine = result.workload, result.memory, result.hardware
    what = f"{load.model.name} in {load.stored_as}"
    if memory.weights <= memory.capacity:
        what += f", batch {load.batch:,d} and context {load.context:,d},"
    more = ceil(memory.total / memory.capacity)
    machines = f"a second {machine.name}" if more == 2 else f"{more:,d} of the {machine.name}"
    fewer = "Fewer bits" if memory.weights > memory.capacity else _fewer_sequences(result)
    enough = write_enough(memory.total, "B")
    return Reason(
        verdict="Does not fit.",
        subject=f"{what} needs {enough}; the {machine.name} has {write(memory.capacity, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory.total,
        maximum=memory.capacity,
        unit="B",
        mend=f"{fewer}, {machines}, or a machine with {enough} or more would carry it.",
    )


def _fewer_sequences(result: ServingResult) -> str:
    most = result.max_batch
    return f"A batch of at most {most:,d}, a shorter context" if most else "Fewer bits, a shorter context"
