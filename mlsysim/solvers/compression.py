"""What fewer bits, fewer weights or a smaller model buy, in which regime, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import NamedTuple

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import InvalidValue, number, share
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import compression as physics
from mlsysim.physics.economics import fleet_size
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.accuracy import Accuracy, accuracy
from mlsysim.solvers.basis import known, listed
from mlsysim.solvers.encoder_decoder import decoder_alone
from mlsysim.solvers.phase import Operator, Phase, run
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import Memory, ServingResult, solve
from mlsysim.solvers.workload import workload
from mlsysim.walls import WALLS

STRUCTURED = "2:4"
MATRICES = ("projections", "feed-forward")


class FleetSizes(NamedTuple):
    """Machines for a demand, before and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class CompressionResult:
    """A model before and after, on one machine."""

    before: ServingResult
    decode: Phase
    prefill: Phase
    memory: Memory
    description: str
    bits: float
    stored: float
    accuracy: Accuracy | None
    most_loss: float | None
    basis: tuple[Input, ...]

    @property
    def itl(self) -> Estimate:
        """Inter-token latency after [s]."""
        return self.decode.time

    @property
    def ttft(self) -> Estimate:
        """Time to first token after [s]."""
        return self.prefill.time

    @property
    def speedup(self) -> Estimate:
        """How much faster decode is."""
        return _faster(self.before.decode, self.decode)

    @property
    def prefill_speedup(self) -> Estimate:
        """How much faster prefill is."""
        return _faster(self.before.prefill, self.prefill)

    @property
    def memory_ratio(self) -> float:
        """Weights before over weights after, in memory."""
        return self.before.memory.weights / self.memory.weights

    @property
    def machines(self) -> FleetSizes:
        """Machines whose memory together holds the model and its sequences."""
        capacity = self.memory.capacity
        return FleetSizes(ceil(self.before.memory.total / capacity), ceil(self.memory.total / capacity))

    def fleet(self, demand: float, *, before: float, after: float) -> FleetSizes:
        """Machines for a demand, when a replica of either kind serves that many requests a second."""
        asked = number("demand", demand, "demand=1000", at_most=1e12)
        rates = (number("before", before, "before=20"), number("after", after, "after=25"))
        return FleetSizes(*(fleet_size(asked, *each) for each in zip(rates, self.machines, strict=True)))

    @property
    def feasible(self) -> bool:
        """Whether it fits one machine and loses no more than it may."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        reasons = []
        if self.memory.total > self.memory.capacity:
            reasons.append(_too_large(self))
        if self.most_loss is not None and self.accuracy is not None:
            own = self.accuracy.own
            loss = self.accuracy.change.expected if own is None else own.change
            if loss > self.most_loss:
                reasons.append(_too_lossy(self, loss, self.most_loss))
        return tuple(reasons)

    def explain(self) -> str:
        """The whiteboard: bits, bytes, time, accuracy."""
        load, memory = self.before.workload, self.memory
        faster, filled = self.speedup, self.prefill_speedup
        lines = [
            f"{load.model.name} on the {self.before.hardware.full_name}, batch {load.batch:,d}: {self.description}",
            "",
            f"{self.bits:.4g} bits a weight of the layers; {write(self.stored, 'B')} on disk",
            f"M = {write(self.before.memory.weights, 'B')} -> {write(memory.weights, 'B')} of weights, "
            f"{self.machines.before} -> {self.machines.after} machines",
            f"decode: {self.before.itl.format(3)} -> {self.itl.format(3)}, {faster.expected:.2f}x "
            f"({faster.lower:.2f} to {faster.upper:.2f}), {self.before.decode.bound_by} bound before",
            f"prefill: {self.before.ttft.format(3)} -> {self.ttft.format(3)}, {filled.expected:.2f}x "
            f"({filled.lower:.2f} to {filled.upper:.2f}), {self.before.prefill.bound_by} bound before",
        ]
        if self.accuracy is not None:
            lines.append(self.accuracy.sentence())
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class CompressionModel:
    """Does compression pay here: in memory, in time, in accuracy?

    >>> alone = CompressionModel().solve(model="Llama3_8B", hardware="H100", weights="int4", method="awq")
    >>> crowd = CompressionModel().solve(model="Llama3_8B", hardware="H100", weights="int4", batch=512, context=128)
    >>> alone.speedup.expected > 2 > 1.2 > crowd.speedup.expected
    True
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        weights: str | None = None,
        arithmetic: str | None = None,
        sparsity: float | str | None = None,
        student: ModelSpec | str | None = None,
        method: str | None = None,
        most_loss: float | None = None,
        batch: int = 1,
        context: int = 1024,
        prompt: int | None = None,
        precision: str = "fp16",
        efficiency: float | str | Efficiency = "auto",
    ) -> CompressionResult:
        """One way to compress against the model in `precision`.

        `weights` stores the layers' matrices in fewer bits and computes as before; `arithmetic` computes in fewer bits
        as well; `sparsity` is "2:4", for which some machines have hardware, or a share of weights set to zero anywhere,
        which none has; `student` is a smaller model trained to do the same. `method` adds what published models lost,
        and `most_loss` how much perplexity may rise.
        """
        ways = {"weights": weights, "arithmetic": arithmetic, "sparsity": sparsity, "student": student}
        chosen = [name for name, value in ways.items() if value is not None]
        if len(chosen) != 1:
            rule = f"exactly one of {', '.join(ways)} is needed"
            raise InvalidValue("weights", " and ".join(chosen) or None, rule, 'weights="int4"')
        machine, load = registry.machine(hardware), workload(model, batch, context, prompt, precision)
        decoder_alone(load.model)
        before = solve(load, machine, efficiency)
        floor = None if most_loss is None else number("most_loss", most_loss, "most_loss=0.05", at_most=1e6)
        if floor is not None and method is None:
            raise InvalidValue("method", method, "most_loss needs a method whose effect is known", 'method="awq"')
        if sparsity is not None:
            return _sparse(before, sparsity, method, floor)
        if weights is not None:
            packed = workload(model, batch, context, prompt, precision, weights)
            if packed.weights == load.weights:
                raise InvalidValue("weights", weights, f"it is what the model has in {precision}", 'weights="int4"')
            told, form, load = f"weights in {packed.weights.upper()}", packed.weights, packed
        elif arithmetic is not None:
            load = workload(model, batch, context, prompt, arithmetic)
            told, form = f"weights and arithmetic in {load.precision.upper()}", load.precision
            if formats.BYTES[form] >= before.workload.element:
                raise InvalidValue("arithmetic", arithmetic, f"it must have fewer bits than {precision}", '"int8"')
        else:
            load = workload(student or "", batch, context, prompt, precision)
            told, form = f"distilled into {load.model.name}", "distilled"
            if load.model.parameters >= before.workload.model.parameters:
                rule = f"a student has fewer parameters than {before.workload.model.name}"
                raise InvalidValue("student", load.model.name, rule, 'student="Llama3_8B"')
        after = solve(load, machine, efficiency)
        effect = accuracy(form, method, before.workload.model.name)
        return CompressionResult(
            before,
            after.decode,
            after.prefill,
            after.memory,
            told,
            8.0 * load.weight_bytes,
            load.stored_weights(),
            effect,
            floor,
            (*dict.fromkeys((*before.basis, *after.basis)), *_sources(effect)),
        )


def _faster(before: Phase, after: Phase) -> Estimate:
    # Both run on the same machine with the same software: their ends belong together.
    at = [getattr(before.time, end) / getattr(after.time, end) for end in ("lower", "expected", "upper")]
    return Estimate(min(at), at[1], max(at), "1")


def _sparse(
    before: ServingResult, sparsity: float | str, method: str | None, most_loss: float | None
) -> CompressionResult:
    load, machine = before.workload, before.hardware
    dense_bits = 8.0 * load.element
    matrices = load.model.projection_parameters + load.model.feed_forward_parameters
    outside = before.memory.weights - matrices * load.element
    if not isinstance(sparsity, str):
        zero = share("sparsity", sparsity, 'sparsity=0.9 or sparsity="2:4"')
        effect = accuracy(f"{zero:.0%}", method, load.model.name)
        stored = outside + matrices * physics.bitmap_bits(dense_bits, zero) / 8.0
        told = f"{zero:.0%} of the weights zero anywhere, computed as if they were not"
        return CompressionResult(
            before,
            before.decode,
            before.prefill,
            before.memory,
            told,
            dense_bits,
            min(stored, before.memory.weights),
            effect,
            most_loss,
            (*before.basis, *_sources(effect)),
        )
    if sparsity.strip() != STRUCTURED:
        raise InvalidValue("sparsity", sparsity, "the one pattern with hardware is 2:4", 'sparsity="2:4"')
    if load.precision not in machine.sparse_peak:
        rule = f"the {machine.name} has no sparse rate in {load.precision}, and would compute it as dense"
        raise InvalidValue("sparsity", sparsity, rule, "sparsity=0.5")
    bits = physics.structured_bits(dense_bits, 2, 4)
    faster = known("compression", "sparse_speedup")
    effect = accuracy(STRUCTURED, method, load.model.name)
    smaller = outside + matrices * bits / 8.0
    decode, prefill = (
        _structured(phase, bits / dense_bits, faster.value, before) for phase in (before.decode, before.prefill)
    )
    return CompressionResult(
        before,
        decode,
        prefill,
        replace(before.memory, weights=smaller),
        "two of every four weights zero, in hardware for it",
        bits,
        smaller,
        effect,
        most_loss,
        (*before.basis, Input("s", "speed-up of a 2:4 matrix product, of at most 2", faster), *_sources(effect)),
    )


def _structured(phase: Phase, kept: float, faster: float, before: ServingResult) -> Phase:
    """The same phase with the layers' matrices stored and multiplied in 2:4."""

    def thinned(operator: Operator) -> Operator:
        if operator.name not in MATRICES:
            return operator
        flops, tile = operator.flops / faster, operator.tile / faster
        return operator._replace(weights=operator.weights * kept, flops=flops, tile=tile)

    operators = tuple(thinned(each) for each in phase.operators)
    return run(phase.name, operators, phase.kernels, phase.rate, phase.bandwidth, before.efficiency)


def _sources(effect: Accuracy | None) -> tuple[Input, ...]:
    if effect is None:
        return ()
    row = effect.own or effect.rows[0]
    return (
        Input("ppl", f"perplexity of {row.model} before", row.before),
        Input("ppl'", f"and after {effect.method}", row.after),
    )


def _too_large(result: CompressionResult) -> Reason:
    memory, machine = result.memory, result.before.hardware
    enough = write_enough(memory.total, "B")
    return Reason(
        verdict="Does not fit.",
        subject=f"{result.before.workload.model.name}, {result.description}, needs {enough}; "
        f"the {machine.name} has {write(memory.capacity, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory.total,
        maximum=memory.capacity,
        unit="B",
        mend=f"Fewer bits, {result.machines.after} machines, or one with {enough} or more would carry it.",
    )


def _too_lossy(result: CompressionResult, loss: float, most: float) -> Reason:
    method = "" if result.accuracy is None else result.accuracy.method
    return Reason(
        verdict="Too lossy.",
        subject=f"{method} raises perplexity by {loss:.1%}; {most:.1%} was the most.",
        limit="compression and quantization",
        wall=WALLS["compression and quantization"].number,
        value=loss,
        maximum=most,
        unit="1",
        mend="More bits, another method, or training after compression may do.",
    )
