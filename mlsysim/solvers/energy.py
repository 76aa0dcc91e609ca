"""Where the joules of a served model go: arithmetic, memory, and waiting."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue, quantity
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics import energy
from mlsysim.records import Datum, Input
from mlsysim.solvers.basis import known, listed
from mlsysim.solvers.phase import Phase
from mlsysim.solvers.power import rated_power
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingResult
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class PhaseEnergy:
    """The energy of one pass by activity, all of it on the device [J]."""

    phase: Phase
    tokens: int
    arithmetic: Estimate
    memory: Estimate
    idle: Estimate

    @property
    def total(self) -> Estimate:
        """Energy of one pass [J]."""
        return Estimate.total((self.arithmetic, self.memory, self.idle), "J")

    @property
    def per_token(self) -> Estimate:
        """Energy of one token [J]."""
        return self.total.scaled(1.0 / self.tokens, "J")

    @property
    def power(self) -> float:
        """Average power over one pass as expected [W]."""
        return self.total.expected / self.phase.time.expected


@dataclass(frozen=True, slots=True)
class EnergyResult:
    """Device energy of both phases, against the power the machine is rated for."""

    serving: ServingResult
    decode: PhaseEnergy
    prefill: PhaseEnergy
    rated: Datum
    limit: float
    basis: tuple[Input, ...]

    @property
    def feasible(self) -> bool:
        """Whether the model fits, and both phases run within the power limit."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        hot = (each for each in (self.decode, self.prefill) if each.power > self.limit * (1.0 + 1e-9))
        return (*self.serving.reasons, *(_too_hot(self, each) for each in hot))

    def explain(self) -> str:
        """The whiteboard, one phase after the other."""
        lines = [f"{self.serving.workload.model.name} on the {self.serving.hardware.full_name}: energy of the device"]
        for run in (self.decode, self.prefill):
            lines += ["", f"{run.phase.name}: {run.tokens:,d} tokens in {run.phase.time.format(3)}"]
            for name, part in (("arithmetic", run.arithmetic), ("memory", run.memory), ("idle", run.idle)):
                lines.append(f"{part.format(3):<10}{name}, {part.expected / run.total.expected:.0%}")
            lines.append(f"E = {run.per_token.format(3)} a token, {run.per_token.format_range(3)}")
            lines.append(f"P = {write(run.power, 'W')} of {write(self.limit, 'W')}")
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class EnergyModel:
    """What does a token cost in joules, and is it arithmetic or memory that takes them?

    >>> from mlsysim import ServingModel
    >>> serving = ServingModel().solve(model="Llama3_8B", hardware="H100")
    >>> used = EnergyModel().solve(serving=serving)
    >>> used.decode.memory.expected > 100 * used.decode.arithmetic.expected
    True
    """

    def solve(self, *, serving: ServingResult, power_limit: float | str | None = None) -> EnergyResult:
        """The device's energy by activity for a serving question that was answered.

        An operation takes what the rated power leaves for it when arithmetic and memory both run as fast as software
        gets them; at least, both at peak; at most, arithmetic alone at the lowest efficiency. Server and facility come
        on top. `power_limit` caps the device below its rating.
        """
        if not isinstance(serving, ServingResult):
            example = 'serving=ServingModel().solve(model="Llama3_8B", hardware="H100")'
            raise InvalidValue("serving", serving, "it must be the answer of a serving question", example)
        machine, precision = serving.hardware, serving.workload.precision
        rated = rated_power(machine)
        cap = rated.value if power_limit is None else quantity("power_limit", power_limit, "W", 'power_limit="400 W"')
        per_byte, idle = known("energy", "per_byte"), known("energy", "idle")
        waiting = spread(idle).scaled(rated.value, "W")
        rate, reached, memory = machine.rate(precision), serving.efficiency.compute, serving.efficiency.bandwidth
        moved, bandwidth = spread(per_byte), machine.memory_bandwidth
        ends = (
            (waiting.upper, moved.upper, bandwidth, rate),
            (waiting.expected, moved.expected, bandwidth * memory.expected, rate * reached.expected),
            (waiting.lower, 0.0, 0.0, rate * reached.lower),
        )
        least, expected, most = (max(0.0, energy.energy_per_operation(rated.value, *each)) for each in ends)
        per_operation = Estimate(least, expected, most, "J/FLOP")
        load = serving.workload

        def spent(phase: Phase, tokens: int) -> PhaseEnergy:
            return PhaseEnergy(
                phase,
                tokens,
                per_operation.scaled(phase.operations, "J"),
                moved.scaled(phase.traffic, "J"),
                waiting.times(phase.time, "J"),
            )

        basis = (
            Input("P", f"rated power of the {machine.full_name}", rated),
            Input("i", "share of it drawn idle", idle),
            Input("e_D", "energy of a byte", per_byte),
            Input("eta_R", "fraction of the peak rate reached", serving.efficiency.passports[1]),
        )
        prompts = load.batch * load.prompt
        return EnergyResult(
            serving, spent(serving.decode, load.batch), spent(serving.prefill, prompts), rated, cap, basis
        )


def _too_hot(result: EnergyResult, run: PhaseEnergy) -> Reason:
    machine, limit = result.serving.hardware, result.limit
    return Reason(
        verdict="Too hot.",
        subject=f"At its expected rate, {run.phase.name} draws {write(run.power, 'W')}; "
        f"the limit of the {machine.name} is {write(limit, 'W')}.",
        limit="energy",
        wall=WALLS["energy"].number,
        value=run.power,
        maximum=limit,
        unit="W",
        mend=f"It will slow down to fit, or needs {write_enough(run.power, 'W')}.",
    )
