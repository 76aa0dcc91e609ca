"""The inverse roofline: from a promise to the least machine that keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from mlsysim import registry
from mlsysim.check import quantity
from mlsysim.efficiency import Efficiency
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import roofline
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.phase import OVERHEAD
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingResult, solve
from mlsysim.solvers.workload import Workload, workload
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one machine keeps the promise: meets, fails, or uncertain where the promise lies within its range."""

    machine: HardwareNode
    verdict: str
    serving: ServingResult | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SynthesisResult:
    """The least machine for a promise, and which known machines are at least that.

    Each figure's lower end is the floor of physics, at peak rates and with everything overlapped. A machine with all
    expected figures keeps the promise as expected; one with all upper figures keeps it at the lowest efficiencies.
    """

    workload: Workload
    itl: float
    memory_bandwidth: Estimate | None
    peak: Estimate | None
    memory: Estimate
    machines: tuple[Verdict, ...]
    reasons: tuple[Reason, ...]

    @property
    def feasible(self) -> bool:
        """Whether any machine could keep the promise."""
        return not self.reasons

    def machine(self, end: str = "expected") -> HardwareNode:
        """The least machine, with the lower, expected or upper figures."""
        if self.memory_bandwidth is None or self.peak is None:
            raise ValueError(self.reasons[0].sentence())
        return HardwareNode(
            name=f"Least machine, {end}",
            peak={self.workload.precision: getattr(self.peak, end)},
            memory=getattr(self.memory, end),
            memory_bandwidth=getattr(self.memory_bandwidth, end),
        )

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        known = (each.serving.basis for each in self.machines if each.serving is not None)
        return next(known, ())

    def explain(self) -> str:
        """The whiteboard."""
        from mlsysim.explain import explain_synthesis

        return explain_synthesis(self)


class SynthesisSolver:
    """What is the least machine that keeps this promise?

    >>> answer = SynthesisSolver().solve(model="Llama3_8B", itl="40 ms")
    >>> [each.machine.name for each in answer.machines if each.verdict == "meets"][:4]
    ['A100', 'H100', 'MI300X', 'L40S']
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        itl: float | str,
        batch: int = 1,
        context: int = 1024,
        prompt: int | None = None,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
        machines: Iterable[HardwareNode | str] | None = None,
    ) -> SynthesisResult:
        """The least memory bandwidth, arithmetic and capacity for an inter-token latency of `itl` seconds.

        `machines` are judged against it, one's own among them; by default all that are known.
        """
        load = workload(model, batch, context, prompt, precision, weights, kv_precision)
        promise = quantity("itl", itl, "s", 'itl="40 ms"')
        eta = resolve_efficiency(efficiency, "gpu")
        starting = roofline.overhead_time(load.kernels, eta.launch.upper + eta.host.upper)
        asked = registry.Hardware if machines is None else map(registry.machine, machines)
        verdicts = tuple(_judge(load, machine, promise, efficiency) for machine in asked)
        memory = Estimate.exact(load.resident(load.batch), "B")
        if promise <= starting:
            return SynthesisResult(load, promise, None, None, memory, verdicts, (_no_time(load, promise, starting),))
        bandwidth, peak = _least(load, promise, eta)
        return SynthesisResult(load, promise, bandwidth, peak, memory, verdicts, ())


def _least(load: Workload, promise: float, eta: Efficiency) -> tuple[Estimate, Estimate]:
    operators = load.decode(None)
    traffic = sum(each.traffic for each in operators)
    operations = sum(each.flops for each in operators)

    def keeping_up(reach: float, compute: float, unpack: float, launch: float) -> tuple[float, float]:
        """The least bandwidth, and then as much arithmetic as lets no operator wait for it at that bandwidth."""
        working = promise - roofline.overhead_time(load.kernels, launch)
        work = [(roofline.unpacked_traffic(each.traffic, each.packed, unpack), each.flops) for each in operators]
        bandwidth = roofline.least_bandwidth(sum(fetched for fetched, _ in work), working, reach)
        return bandwidth, max(flops * bandwidth * reach / (fetched * compute) for fetched, flops in work)

    bandwidth, rate = keeping_up(eta.bandwidth.expected, eta.compute.expected, eta.unpack.expected, eta.launch.expected)
    most_bandwidth, most_rate = keeping_up(
        eta.bandwidth.lower, eta.compute.lower, eta.unpack.lower, eta.launch.upper + eta.host.upper
    )
    return (
        Estimate(roofline.least_bandwidth(traffic, promise), bandwidth, most_bandwidth, "B/s"),
        Estimate(operations / promise, rate, most_rate, "FLOP/s"),
    )


def _judge(load: Workload, machine: HardwareNode, promise: float, efficiency: float | str | Efficiency) -> Verdict:
    if load.precision not in machine.peak:
        return Verdict(machine, "fails", None, (_no_arithmetic(load, machine),))
    serving = solve(load, machine, efficiency)
    if serving.itl.lower > promise:
        return Verdict(machine, "fails", serving, (*serving.reasons, _too_slow(serving, promise)))
    if not serving.feasible:
        return Verdict(machine, "fails", serving, serving.reasons)
    if serving.itl.upper > promise:
        return Verdict(machine, "uncertain", serving, (_within_range(serving, promise),))
    return Verdict(machine, "meets", serving, ())


def _served(serving: ServingResult) -> str:
    load = serving.workload
    return f"{load.model.name} in {load.stored_as} on the {serving.hardware.name}"


def _promised(promise: float) -> str:
    return f"the promise is {write(promise, 's')}."


def _too_slow(serving: ServingResult, promise: float) -> Reason:
    least = serving.itl.lower
    fewer = "Fewer bits, a smaller batch" if serving.workload.batch > 1 else "Fewer bits"
    return _against(
        serving.decode.bound_by,
        promise,
        verdict="Too slow.",
        subject=f"{_served(serving)} takes {write_enough(least, 's')} a token at peak rates; {_promised(promise)}",
        value=least,
        mend=f"{fewer}, a machine at least {ceil(100 * least / promise) / 100:g} times as fast, "
        f"or a promise of {write_enough(least, 's')} or more would do.",
    )


def _within_range(serving: ServingResult, promise: float) -> Reason:
    itl = serving.itl
    return _against(
        serving.decode.bound_by,
        promise,
        verdict="Uncertain.",
        subject=f"{_served(serving)} takes about {itl.format(3)} a token, {itl.format_range(3)}; {_promised(promise)}",
        value=itl.upper,
        mend="Measure it, or leave room.",
    )


def _no_time(load: Workload, promise: float, starting: float) -> Reason:
    return _against(
        OVERHEAD,
        promise,
        verdict="Too fast to promise.",
        subject=f"One step of {load.model.name} can take {write_enough(starting, 's')} for starting its kernels alone; "
        + _promised(promise),
        value=starting,
        mend=f"Fewer layers, or a promise above {write_enough(starting, 's')} would mend it.",
    )


def _no_arithmetic(load: Workload, machine: HardwareNode) -> Reason:
    needed = load.batch * 2.0 * load.model.parameters
    return Reason(
        verdict="Cannot run.",
        subject=f"The {machine.name} computes in {', '.join(machine.peak)}, not in {load.precision}.",
        limit="compute throughput",
        wall=WALLS["compute throughput"].number,
        value=needed,
        maximum=0.0,
        unit="FLOP",
        mend=f"A machine that computes in {load.precision}, or another precision.",
    )


def _against(limit: str, promise: float, *, verdict: str, subject: str, value: float, mend: str) -> Reason:
    wall = WALLS.get(limit)
    return Reason(verdict, subject, limit, wall.number if wall else None, value, promise, "s", mend)
