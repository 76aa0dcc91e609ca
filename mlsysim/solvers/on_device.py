"""Running or adapting a network on a device one carries: does it fit, and what share of the battery does it take?"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import choice, count, quantity, share
from mlsysim.efficiency import Efficiency
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.estimate import Estimate
from mlsysim.layered import LayeredModel
from mlsysim.layers import Layer
from mlsysim.physics import adaptation, tiny
from mlsysim.records import Datum, HardwareNode, Input
from mlsysim.solvers.basis import given, listed, machine_inputs
from mlsysim.solvers.forward import LARGEST_BATCH, forward_operator
from mlsysim.solvers.phase import Operator, Phase, run
from mlsysim.solvers.power import rated_power
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.walls import WALLS

METHODS = ("inference", "last", "lora", "full")
MOMENTS = 8.0
"""Bytes of Adam's two moments for each trained parameter [B]."""
MASTER = 4.0
"""Bytes of its copy in FP32, where it is stored in fewer bits [B]."""


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """What has to be in memory at once, and what there is [B]."""

    weights: float
    gradients: float
    optimizer: float
    activations: float
    capacity: float

    @property
    def bytes(self) -> dict[str, float]:
        """By what it is [B]."""
        return {
            "weights": self.weights,
            "gradients": self.gradients,
            "optimizer state": self.optimizer,
            "activations": self.activations,
        }

    @property
    def total(self) -> float:
        """All of it [B]."""
        return sum(self.bytes.values())


@dataclass(frozen=True, slots=True)
class OnDeviceResult:
    """Time, energy and memory of running or adapting a network, and what others would have to be sent of it."""

    model: LayeredModel
    hardware: HardwareNode
    method: str
    batch: int
    steps: int
    precision: str
    trained: float
    phase: Phase
    memory: DeviceMemory
    power: Datum
    battery: Datum | None
    most: float | None

    @property
    def time(self) -> Estimate:
        """Time of all steps [s]."""
        return self.phase.time.scaled(self.steps, "s")

    @property
    def energy(self) -> Estimate:
        """Energy of all steps at the power stated [J]."""
        return Estimate.of(lambda time: tiny.inference_energy(self.power.value, time), "J", self.time)

    @property
    def battery_share(self) -> Estimate | None:
        """Share of the battery that it takes; None without one."""
        return None if self.battery is None else self.energy.scaled(1.0 / self.battery.value, "1")

    @property
    def update(self) -> float:
        """What has changed and would be sent in a round of federated learning, one way [B]."""
        return self.trained * formats.BYTES[self.precision]

    @property
    def bound_by(self) -> str:
        """The largest term of a step."""
        return self.phase.bound_by

    @property
    def feasible(self) -> bool:
        """Whether it fits, and leaves enough of the battery."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        found = [_too_large(self)] if self.memory.total > self.memory.capacity else []
        taken = self.battery_share
        if taken is not None and self.most is not None and taken.expected > self.most:
            found.append(_drained(self, taken.expected, self.most))
        return tuple(found)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        inputs = [*machine_inputs(self.hardware, self.precision, self.phase.efficiency, self.model)]
        inputs.append(Input("P", "power drawn meanwhile", self.power))
        if self.battery is not None:
            inputs.append(Input("E", "energy in the battery", self.battery))
        return tuple(inputs)

    def explain(self) -> str:
        """The whiteboard."""
        parts = ", ".join(f"{write(size, 'B')} {name}" for name, size in self.memory.bytes.items() if size)
        each = self.phase.time
        lines = [
            f"{self.model.name} in {self.precision.upper()} on the {self.hardware.full_name}: {self.method}, "
            f"batch {self.batch:,d}",
            "",
            f"trained = {self.trained:,.0f} of {self.model.parameters:,d} parameters",
            f"O = {write(self.phase.operations, 'FLOP')} a step",
            f"T = {self.steps:,d} x {write(each.expected, 's')} = {self.time.format(3)}, {self.time.format_range(3)}",
            f"E = P T = {write(self.power.value, 'W')} x {self.time.format(3)} = {self.energy.format(3)}",
            f"memory = {write(self.memory.total, 'B')} of {write(self.memory.capacity, 'B')}: {parts}",
            *(reason.sentence() for reason in self.reasons),
            "",
            *listed(self.basis),
        ]
        return "\n".join(lines)


class OnDeviceModel:
    """What does it take of a phone's memory and battery to run a network, or to adapt it to its owner?

    >>> given = {"model": "BERT_Base", "hardware": "Snapdragon8Gen3", "precision": "fp32", "batch": 8}
    >>> full, lora = (OnDeviceModel().solve(**given, method=method) for method in ("full", "lora"))
    >>> round(lora.trained / full.trained, 3), round(lora.phase.operations / full.phase.operations, 2)
    (0.011, 0.68)
    """

    def solve(
        self,
        *,
        model: LayeredModel | str,
        hardware: HardwareNode | str,
        method: str = "full",
        rank: int = 8,
        batch: int = 1,
        examples: int | None = None,
        precision: str = "fp16",
        power: float | str | None = None,
        battery: float | str | None = None,
        memory: float | str | None = None,
        most: float | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> OnDeviceResult:
        """Steps over `examples` in batches: a pass alone ("inference"), or an Adam update of the "last" layer, of
        adapters of a `rank` beside every matrix ("lora"), or of all ("full").

        Activations are kept down to the lowest layer that is trained.

        `power` is drawn meanwhile, the rated power unless stated; `memory` is what the system leaves of the device's;
        above a share of `most` of the `battery` the answer is no.
        """
        spec, machine = registry.layered(model), registry.machine(hardware)
        how = choice("method", method, METHODS)
        size = count("batch", batch, "batch=8", at_most=LARGEST_BATCH)
        many = size if examples is None else count("examples", examples, "examples=1000", at_most=10**12)
        arithmetic = formats.resolve("precision", precision)
        element, rate = formats.BYTES[arithmetic], machine.rate(arithmetic)
        eta = resolve_efficiency(efficiency, machine.launch_class, spec.kernel_class)
        adapters = _adapters(spec, count("rank", rank, "rank=8", at_most=10**6)) if how == "lora" else {}
        lowest, learning = _learning(spec, how, adapters)
        trained = sum(learning.values())
        operators, kernels = _operators(spec, size, element, machine.cache, adapters, lowest, learning)
        states = trained * (MOMENTS + (MASTER if element < MASTER else 0.0))
        if trained:
            moved = 2 * (trained * element + states) + trained * element
            operators, kernels = (*operators, Operator("optimizer", moved, 0.0, 0.0, 10.0 * trained)), kernels + 1
        kept = spec.activations if how in ("lora", "full") else spec.peak
        room = machine.memory if memory is None else quantity("memory", memory, "B", 'memory="4 GB"')
        return OnDeviceResult(
            spec,
            machine,
            how,
            size,
            ceil(many / size),
            arithmetic,
            trained,
            run(how, operators, kernels, rate, machine.memory_bandwidth, eta),
            DeviceMemory(
                (spec.parameters + sum(adapters.values())) * element,
                trained * element,
                states,
                size * kept * element,
                min(room, machine.memory),
            ),
            rated_power(machine)
            if power is None
            else given("power", quantity("power", power, "W", 'power="3 W"'), "W"),
            None if battery is None else given("battery", quantity("battery", battery, "J", 'battery="15 Wh"'), "J"),
            None if most is None else share("most", most, "most=0.02"),
        )


def _adapters(spec: LayeredModel, rank: int) -> dict[int, float]:
    """Parameters of the adapter beside each matrix, by the layer's place."""
    found = {}
    for place, each in enumerate(spec.layers):
        if each.kind == "matrix product":
            rows = sqrt(each.reads * each.writes / each.weights)
            found[place] = adaptation.adapter_parameters(rank, each.reads / rows, each.writes / rows)
    return found


def _learning(spec: LayeredModel, method: str, adapters: dict[int, float]) -> tuple[int, dict[int, float]]:
    """The lowest layer that is trained, and how many parameters each one trains."""
    owned = {place: each.parameters for place, each in enumerate(spec.layers) if each.parameters}
    last = max(place for place, each in enumerate(spec.layers) if each.weights)
    learning = {"inference": {}, "last": {last: owned[last]}, "lora": adapters, "full": owned}[method]
    return min(learning, default=len(spec.layers)), learning


def _operators(
    spec: LayeredModel,
    batch: int,
    element: float,
    cache: float | None,
    adapters: dict[int, float],
    lowest: int,
    learning: dict[int, float],
) -> tuple[tuple[Operator, ...], float]:
    """A step's operators, and how many kernels they are."""
    forward, backward, kernels = [], [], 0
    for place, each in enumerate(spec.layers):
        kept = place >= lowest
        forward.append(forward_operator(each, batch, element, cache, kept))
        kernels += kept or each.kind != "add"
        beside = adapters.get(place, 0.0)
        # Each of an adapter's parameters takes part once for each row, as a matrix's do.
        adapted = each.flops * beside / each.weights if beside else 0.0
        if beside:
            forward.append(Operator("adapter", beside * element, 0.0, 0.0, batch * adapted))
            kernels += 2
        if kept:
            operator, count_ = _backward(
                each, batch, element, place > lowest, learning.get(place, 0.0), beside, adapted
            )
            backward.append(operator)
            kernels += count_
    return (*forward, *backward), float(kernels)


def _backward(
    layer: Layer, batch: int, element: float, onward: bool, trained: float, beside: float, adapted: float
) -> tuple[Operator, int]:
    """Gradients of a layer: with respect to what it reads where a lower layer is trained, and to what it trains."""
    own = layer.flops if trained and not beside else 0.0
    # Layers without weights pass the gradient on at twice their own work: both of their inputs change.
    through = layer.flops * (2 if not layer.parameters and onward else 1) if onward else 0.0
    work = adaptation.adaptation_flops(0.0, through + (adapted if onward else 0.0), own + adapted)
    moved = layer.parameters * onward + beside * onward + trained
    passes = onward + bool(trained or (onward and not layer.parameters))
    traffic = batch * passes * (layer.reads + layer.writes) * element
    return Operator(f"{layer.name}, backward", moved * element, 0.0, traffic, batch * work), passes


def _too_large(result: OnDeviceResult) -> Reason:
    memory, machine = result.memory, result.hardware
    enough = write_enough(memory.total, "B")
    return Reason(
        verdict="Does not fit.",
        subject=f"{result.model.name}, {result.method}, batch {result.batch:,d} in {result.precision.upper()}, needs "
        f"{enough}; the {machine.name} has {write(memory.capacity, 'B')} to give.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory.total,
        maximum=memory.capacity,
        unit="B",
        mend="A smaller batch, fewer trained parameters, or fewer bits would mend it.",
    )


def _drained(result: OnDeviceResult, taken: float, most: float) -> Reason:
    return Reason(
        verdict="Drains the battery.",
        subject=f"{result.steps:,d} steps take {result.energy.format(3)}, {taken:.2%} of the battery; "
        f"{most:.2%} are allowed.",
        limit="energy",
        wall=WALLS["energy"].number,
        value=taken,
        maximum=most,
        unit="1",
        mend="Fewer examples, a method that repeats less, or less power would mend it.",
    )
