"""One pass of a batch through a model that is counted layer by layer: inference, or a training step."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import UnknownName, count
from mlsysim.efficiency import Efficiency
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.estimate import Estimate
from mlsysim.layered import LayeredModel
from mlsysim.layers import Layer
from mlsysim.physics import roofline
from mlsysim.records import HardwareNode, Input
from mlsysim.solvers.basis import machine_inputs
from mlsysim.solvers.phase import Operator, Phase, run
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.walls import WALLS

LARGEST_BATCH = 10**6
PHASES = ("inference", "training")
MOMENTS, MASTER = 8.0, 4.0
"""Bytes of Adam's two moments, and of the FP32 copy of a weight in fewer bits [B] (ZeRO, arXiv 1910.02054)."""


@dataclass(frozen=True, slots=True)
class ForwardMemory:
    """What has to be in memory at once, and what there is [B]."""

    weights: float
    training: float
    activations: float
    capacity: float

    @property
    def total(self) -> float:
        """All of it [B]."""
        return self.weights + self.training + self.activations


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """How long a pass takes, what limits it, and whether it fits."""

    model: LayeredModel
    hardware: HardwareNode
    batch: int
    precision: str
    phase: Phase
    memory: ForwardMemory

    @property
    def efficiency(self) -> Efficiency:
        """The efficiencies assumed."""
        return self.phase.efficiency

    @property
    def time(self) -> Estimate:
        """Time of one pass [s]."""
        return self.phase.time

    @property
    def throughput(self) -> Estimate:
        """Examples per second [1/s]."""
        time = self.phase.time
        return Estimate(self.batch / time.upper, self.batch / time.expected, self.batch / time.lower, "1/s")

    @property
    def bound_by(self) -> str:
        """The largest term."""
        return self.phase.bound_by

    @property
    def feasible(self) -> bool:
        """Whether it fits."""
        return self.memory.total <= self.memory.capacity

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        return () if self.feasible else (_too_large(self),)

    @property
    def max_batch(self) -> int:
        """Most examples that fit in memory; 0 where not even one does."""
        beside = self.memory.weights + self.memory.training
        return max(0, int((self.memory.capacity - beside) / (self.memory.activations / self.batch)))

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return machine_inputs(self.hardware, self.precision, self.efficiency, self.model)

    def explain(self) -> str:
        """The whiteboard: numbers, then algebra, then where the inputs come from."""
        from mlsysim.explain import explain_forward

        return explain_forward(self)


class ForwardModel:
    """How long does one pass through this network take, layer by layer?

    >>> answer = ForwardModel().solve(model="ResNet50", hardware="A100", batch=256)
    >>> answer.bound_by, answer.feasible
    ('compute throughput', True)
    """

    def solve(
        self,
        *,
        model: LayeredModel | str,
        hardware: HardwareNode | str,
        batch: int = 1,
        precision: str = "fp16",
        phase: str = "inference",
        efficiency: float | str | Efficiency = "auto",
    ) -> ForwardResult:
        """A forward pass, or a training step: the pass, its gradient with respect to activations and to weights, and
        an Adam update, with all activations kept."""
        spec, machine = registry.layered(model), registry.machine(hardware)
        examples = count("batch", batch, "batch=8", at_most=LARGEST_BATCH)
        arithmetic = formats.resolve("precision", precision)
        if phase not in PHASES:
            raise UnknownName("phase", str(phase), PHASES)
        rate, element = machine.rate(arithmetic), formats.BYTES[arithmetic]
        eta = resolve_efficiency(efficiency, machine.launch_class, spec.kernel_class, machine.cores)
        training = phase == "training"
        operators = tuple(forward_operator(each, examples, element, machine.cache, training) for each in spec.layers)
        kernels = float(sum(training or each.kind != "add" for each in spec.layers))
        weights = spec.parameters * element
        states = alive = 0.0
        if training:
            operators += tuple(_backward(each, examples, element) for each in spec.layers)
            states = spec.parameters * (element + MOMENTS + (MASTER if element < MASTER else 0.0))
            # Gradients and states are read and written once, the weights written.
            operators += (Operator("optimizer", 2 * states + weights, 0.0, 0.0, 10.0 * spec.parameters),)
            kernels = 3 * kernels + 1
            alive = examples * spec.activations * element
        else:
            alive = examples * spec.peak * element
        ran = run(phase, operators, kernels, rate, machine.memory_bandwidth, eta)
        return ForwardResult(
            spec, machine, examples, arithmetic, ran, ForwardMemory(weights, states, alive, machine.memory)
        )


def forward_operator(layer: Layer, batch: int, element: float, cache: float | None, kept: bool) -> Operator:
    """A layer over the batch: weights once, activations as far as they outgrow the cache, or all that is kept."""
    # A sum is done where the layer before it writes: only the shortcut is read again.
    passed = batch * (layer.reads / 2 if layer.kind == "add" and not kept else layer.reads + layer.writes) * element
    spilled = passed * (0.0 if cache is None else roofline.spilled_fraction(passed, cache))
    if kept:
        spilled = max(spilled, batch * layer.writes * element)
    # Of a table, each example reads its own rows.
    shared = layer.weights_read if layer.touched is None or not layer.weights else batch * layer.touched
    moved = (shared + layer.vectors) * element
    return Operator(layer.name, moved, 0.0, spilled, batch * layer.flops, layer.tile(batch))


def _backward(layer: Layer, batch: int, element: float) -> Operator:
    """Both gradients: twice the arithmetic, weights read and their gradients written, activations and theirs passed."""
    traffic = batch * 2 * (layer.reads + layer.writes) * element
    name, read = f"{layer.name}, backward", 2 * layer.parameters * element
    return Operator(name, read, 0.0, traffic, 2 * batch * layer.flops, 2 * layer.tile(batch))


def _too_large(result: ForwardResult) -> Reason:
    memory, machine = result.memory, result.hardware
    enough = write_enough(memory.total, "B")
    most = result.max_batch
    fewer = f"A batch of at most {most:,d}" if most else "Fewer bits, a smaller model"
    more = ceil(memory.total / memory.capacity)
    return Reason(
        verdict="Does not fit.",
        subject=f"{result.phase.name.capitalize()} of {result.model.name} in {result.precision.upper()}, batch "
        f"{result.batch:,d}, needs {enough}; the {machine.name} has {write(memory.capacity, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory.total,
        maximum=memory.capacity,
        unit="B",
        mend=f"{fewer}, {more:,d} of the {machine.name}, or a machine with {enough} or more would carry it.",
    )
