"""What thinking before answering does to a serving bill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from mlsysim import registry
from mlsysim.check import InvalidValue, count, number, share
from mlsysim.physics.economics import fleet_size
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.basis import listed
from mlsysim.solvers.economics import EconomicsModel, EconomicsResult, Owned, Rented
from mlsysim.solvers.reason import Reason, write
from mlsysim.solvers.serving import ServingResult, solve
from mlsysim.solvers.workload import workload


@dataclass(frozen=True, slots=True)
class Requests:
    """A stream of requests: how many a second, tokens in, tokens out."""

    rate: float
    prompt: int
    output: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines that serve a stream, and their bill for a year."""

    steps: int
    serving: ServingResult
    prefill: float
    decode: float
    machines: int
    bill: EconomicsResult

    @property
    def busy(self) -> float:
        """Machine time of one request [s]."""
        return self.prefill + self.decode


@dataclass(frozen=True, slots=True)
class ReasoningResult:
    """The same stream answered at once, and after some steps of thought."""

    requests: Requests
    utilization: float
    plain: Fleet
    thinking: Fleet

    @property
    def ratio(self) -> float:
        """Machine time of a request with thought over without: what the bill of a large fleet grows by."""
        return self.thinking.busy / self.plain.busy

    @property
    def feasible(self) -> bool:
        """Whether sequences fit at their longest."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        return self.thinking.serving.reasons

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return (*self.thinking.serving.basis, *self.thinking.bill.basis)

    def explain(self) -> str:
        """The whiteboard: one request's machine time, the fleet, the bill, twice."""
        asked = self.requests
        machine = self.plain.serving.hardware.name
        lines = [f"{asked.rate:g} requests a second, {asked.prompt:,d} tokens in, {asked.output:,d} out, on {machine}s"]
        for fleet in (self.plain, self.thinking):
            lines += [
                "",
                f"K = {fleet.steps}: {write(fleet.prefill, 's')} prefill + {write(fleet.decode, 's')} decode "
                f"= {write(fleet.busy, 's')} of a machine",
                f"N = {asked.rate:g}/s x {write(fleet.busy, 's')} / {self.utilization:g} "
                f"= {fleet.machines:,d} machines",
                f"{fleet.bill.total.format(3)} a year, {fleet.bill.total.format_range(3)}",
            ]
        lines += ["", f"{self.ratio:.3g} times the machine time for {self.thinking.steps} times the output"]
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class ReasoningModel:
    """What does a chain of thought do to the bill?

    >>> stream = Requests(rate=170, prompt=1024, output=256)
    >>> answer = ReasoningModel().solve(model="Llama3_8B", hardware="H100", requests=stream, steps=8)
    >>> 7.5 < answer.ratio < 7.8
    True
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        requests: Requests,
        steps: int = 8,
        batch: int = 16,
        utilization: float = 0.6,
        terms: str | Rented | Owned = "on-demand",
        precision: str = "fp16",
        weights: str | None = None,
    ) -> ReasoningResult:
        """The yearly bill of a stream whose answers grow `steps` times as long, against the same stream without.

        A prompt is prefilled on its own. A step of decode advances `batch` sequences, each halfway through its answer.
        Memory has to hold them at their longest.
        """
        if not isinstance(requests, Requests):
            raise InvalidValue(
                "requests", requests, "it must be a stream", "Requests(rate=100, prompt=512, output=256)"
            )
        stream = Requests(
            number("rate", requests.rate, "Requests(rate=100, ...)", at_most=1e9),
            count("prompt", requests.prompt, "Requests(prompt=512, ...)"),
            count("output", requests.output, "Requests(output=256, ...)"),
        )
        longer = count("steps", steps, "steps=8", at_most=10**4)
        busy = share("utilization", utilization, "utilization=0.6")
        if not busy:
            raise InvalidValue("utilization", utilization, "machines that never work serve nothing", "utilization=0.6")
        machine, spec = registry.machine(hardware), registry.model(model)

        def fleet(times: int) -> Fleet:
            written = times * stream.output
            load = workload(spec, batch, stream.prompt + written, stream.prompt, precision, weights)
            longest = solve(load, machine)
            halfway = solve(replace(load, context=stream.prompt + ceil(written / 2)), machine)
            alone = solve(replace(load, batch=1), machine)
            decode = written * halfway.itl.expected / batch
            prefill = alone.ttft.expected
            machines = fleet_size(stream.rate, busy / (prefill + decode), 1)
            bill = EconomicsModel().solve(
                hardware=machine, machines=machines, duration="1 y", terms=terms, utilization=busy
            )
            return Fleet(times, longest, prefill, decode, machines, bill)

        return ReasoningResult(stream, busy, fleet(1), fleet(longer))
