"""A whole training run: from tokens to days, GPU hours and dollars."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue, number
from mlsysim.estimate import Estimate
from mlsysim.physics import schedule
from mlsysim.records import Input
from mlsysim.solvers.basis import given, listed
from mlsysim.solvers.economics import EconomicsModel, EconomicsResult, Owned, Rented
from mlsysim.solvers.reason import Reason, write
from mlsysim.solvers.reliability import ReliabilityModel, ReliabilityResult, duration
from mlsysim.solvers.training import TrainingResult

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class TrainingRunResult:
    """So many tokens at one plan's speed, on a fleet that fails, paid for."""

    tokens: float
    training: TrainingResult
    reliability: ReliabilityResult
    bill: EconomicsResult

    @property
    def useful(self) -> Estimate:
        """Share of the time that trains: what failures, and a landlord's interruptions, leave [-]."""
        return self.reliability.goodput.times(self.bill.useful, "1")

    @property
    def time(self) -> Estimate:
        """From the first step to the last [s]."""
        speed, useful = self.training.throughput, self.useful
        low, middle, high = (
            schedule.run_time(self.tokens, getattr(speed, end), getattr(useful, end))
            for end in ("upper", "expected", "lower")
        )
        return Estimate(low, middle, high, "s")

    @property
    def gpu_hours(self) -> Estimate:
        """Hours of all GPUs together [h]."""
        return self.time.scaled(self.training.job.gpus / HOUR, "h")

    @property
    def cost(self) -> Estimate:
        """All of it [USD]."""
        return self.bill.rate.times(self.time, "USD").scaled(self.training.job.gpus, "USD")

    @property
    def feasible(self) -> bool:
        """Whether every GPU can hold its part and the fleet gets anything done."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those of the plan and of the fleet."""
        return (*self.training.reasons, *self.reliability.reasons)

    @property
    def basis(self) -> tuple[Input, ...]:
        """The inputs of the step, of the failures and of the bill."""
        asked = Input("D", "tokens trained on", given("tokens", self.tokens, "1"))
        return (asked, *self.training.basis, *self.reliability.basis, *self.bill.basis)

    def explain(self) -> str:
        """The whiteboard."""
        speed, job, hours = self.training.throughput, self.training.job, self.gpu_hours
        lines = [
            f"{self.tokens:.4g} tokens of {job.model.name} on {job.gpus:,d} GPUs of the {job.fabric.name}: "
            f"{self.training.plan.short()}",
            "",
            f"T = D / (r g) = {self.tokens:.4g} / ({speed.format(3)} x {self.useful.expected:.3f}) = "
            f"{duration(self.time.expected)}, {duration(self.time.lower)} to {duration(self.time.upper)}",
            f"{hours.expected:,.4g} GPU hours, {hours.lower:,.3g} to {hours.upper:,.3g}",
            f"K = {write(self.bill.rate.expected, 'USD/s')} x {hours.expected:,.4g} h = {self.cost.format(3)}, "
            f"{self.cost.format_range(3)}    {self.bill.terms}",
            *(reason.sentence() for reason in self.reasons),
        ]
        return "\n".join([*lines, "", *listed(self.basis)])


class TrainingRunModel:
    """How long does a training run take, and what does it cost?

    >>> import mlsysim as ms
    >>> step = ms.DistributedModel().solve(
    ...     model="Llama3_8B", fabric="DGX H100", gpus=64, global_batch=512, parallelism=ms.Parallelism(dp=64, zero=3)
    ... )
    >>> run = TrainingRunModel().solve(step, tokens=2e11)
    >>> round(run.time.expected / 86400), run.cost.format(2)
    (3, '16,944 USD')
    """

    def solve(
        self,
        step: TrainingResult,
        *,
        tokens: float,
        terms: str | Rented | Owned = "on-demand",
        write: float | str = "2 min",
        restart: float | str = "10 min",
        failures: str = "llama-3",
    ) -> TrainingRunResult:
        """`tokens` at the speed of one step, an answer of DistributedModel, on GPUs that fail as a published fleet did.

        A checkpoint stops the work for `write`, a failure for `restart`; `terms` are those of EconomicsModel.
        """
        if not isinstance(step, TrainingResult):
            example = 'DistributedModel().solve(model="Llama3_8B", fabric="DGX H100", ...)'
            raise InvalidValue("step", step, "it must be an answer of DistributedModel", example)
        asked = number("tokens", tokens, "tokens=15e12", at_most=1e18)
        job = step.job
        kept = ReliabilityModel().solve(gpus=job.gpus, write=write, restart=restart, failures=failures)
        bill = EconomicsModel().solve(hardware=job.fabric.machine, machines=job.gpus, duration="1 d", terms=terms)
        return TrainingRunResult(asked, step, kept, bill)
