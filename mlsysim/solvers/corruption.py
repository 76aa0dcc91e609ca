"""Wrong results that nobody reports: how often a fleet makes them, and what it costs to look."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from mlsysim import registry
from mlsysim.check import count, quantity
from mlsysim.estimate import Estimate
from mlsysim.physics import corruption, reliability
from mlsysim.records import Datum, Input
from mlsysim.solvers.basis import given, listed
from mlsysim.solvers.communication import LARGEST_FLEET
from mlsysim.solvers.reason import Reason
from mlsysim.solvers.reliability import DAY, duration
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class CorruptionResult:
    """A run on a fleet that now and then computes something wrong."""

    gpus: int
    time: float
    mtbf: Estimate
    write: float
    verify: float
    restart: float
    interval: float
    inputs: tuple[Input, ...]

    @property
    def chance(self) -> Estimate:
        """Chance that an unchecked run is corrupted at least once [-]."""
        low, middle, high = (
            corruption.corruption_probability(self.time, each)
            for each in (self.mtbf.upper, self.mtbf.expected, self.mtbf.lower)
        )
        return Estimate(low, middle, high, "1")

    @property
    def expected(self) -> float:
        """Corruptions in the run, on average [-]."""
        return self.time / self.mtbf.expected

    @property
    def waste(self) -> Estimate:
        """What checking and repeating cost, over the work's own time [-]."""
        low, middle, high = (
            corruption.verified_waste(self.interval, self.write, self.verify, self.restart, each)
            for each in (self.mtbf.upper, self.mtbf.expected, self.mtbf.lower)
        )
        return Estimate(low, middle, high, "1")

    @property
    def checked_time(self) -> Estimate:
        """The run with its checks [s]."""
        waste = self.waste
        low, middle, high = (self.time * (1 + each) for each in (waste.lower, waste.expected, waste.upper))
        return Estimate(low, middle, high, "s")

    @property
    def feasible(self) -> bool:
        """Whether less than half of the work's time is spent on checking and repeating."""
        return self.waste.expected < 0.5

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        if self.feasible:
            return ()
        return (
            Reason(
                verdict="Too little work done.",
                subject=f"{self.gpus:,d} GPUs are wrong every {duration(self.mtbf.expected)}; checking every "
                f"{duration(self.interval)} and repeating take {self.waste.expected:.0%} of the work's own time.",
                limit="reliability",
                wall=WALLS["reliability"].number,
                value=self.waste.expected,
                maximum=0.5,
                unit="1",
                mend="A cheaper check, quicker checkpoints, or GPUs that are screened before the run would help.",
            ),
        )

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return (
            *self.inputs,
            Input("V", "time to verify the work since the last checkpoint", given("verify", self.verify, "s")),
            Input("delta", "time to write a checkpoint", given("write", self.write, "s")),
            Input("R", "time to go back to one", given("restart", self.restart, "s")),
        )

    def explain(self) -> str:
        """The whiteboard."""
        lines = [
            f"{self.gpus:,d} GPUs for {duration(self.time)}",
            f"M = {duration(self.mtbf.expected)} between silent corruptions, {duration(self.mtbf.lower)} to "
            f"{duration(self.mtbf.upper)}: {self.expected:.3g} in the run",
            f"P = 1 - exp(-t/M) = {self.chance.expected:.3g} that it is corrupted unseen",
            f"tau = {duration(self.interval)} between verified checkpoints",
            f"w = (delta + V)/tau + (tau + delta + V + R)/M = {self.waste.expected:.2%} of the work's own time",
            *(reason.sentence() for reason in self.reasons),
        ]
        return "\n".join([*lines, "", *listed(self.basis)])


class SilentCorruptionModel:
    """How likely is a training run to be wrong without anyone noticing, and what does it cost to notice?

    >>> answer = SilentCorruptionModel().solve(gpus=16384, time="54 d", verify="4 min", write="1 min")
    >>> round(answer.expected), round(answer.waste.expected, 3)
    (6, 0.04)
    """

    def solve(
        self,
        *,
        gpus: int,
        time: float | str,
        verify: float | str,
        write: float | str = "1 min",
        restart: float | str = "10 min",
        interval: float | str | None = None,
        gpu_mtbf: float | str | None = None,
    ) -> CorruptionResult:
        """`gpus` that are silently wrong as often as those of Llama 3's run were found to be, or every `gpu_mtbf` each.

        Every `interval`, by default the best, the work is verified, which takes `verify` and finds every corruption.
        """
        fleet = count("gpus", gpus, "gpus=16384", at_most=LARGEST_FLEET)
        mtbf, inputs = _found(fleet) if gpu_mtbf is None else _stated(fleet, gpu_mtbf)
        stop = quantity("write", write, "s", 'write="1 min"')
        check = quantity("verify", verify, "s", 'verify="4 min"')
        best = corruption.verified_interval(stop, check, mtbf.expected)
        return CorruptionResult(
            fleet,
            quantity("time", time, "s", 'time="54 d"'),
            mtbf,
            stop,
            check,
            quantity("restart", restart, "s", 'restart="10 min"'),
            best if interval is None else quantity("interval", interval, "s", 'interval="4 h"'),
            inputs,
        )


def _found(gpus: int) -> tuple[Estimate, tuple[Input, ...]]:
    """By what one run found, and by what so small a count may have been."""
    known = registry.constants("reliability")
    fleet, days, found = (known[f"llama3_{key}"] for key in ("gpus", "days", "cause_silent_data_corruption"))
    mtbf = reliability.mtbf_of_many(fleet.value * days.value * DAY / found.value, gpus)
    off = 2 / sqrt(found.value)
    inputs = (
        Input("N_0", "GPUs of the run that was counted", fleet),
        Input("t_0", "days counted", days),
        Input("k", "silent corruptions that were found", found),
    )
    return Estimate(mtbf / (1 + off), mtbf, mtbf / (1 - off), "s"), inputs


def _stated(gpus: int, gpu_mtbf: float | str) -> tuple[Estimate, tuple[Input, ...]]:
    each: Datum = given("gpu_mtbf", quantity("gpu_mtbf", gpu_mtbf, "s", 'gpu_mtbf="1e6 h"'), "s")
    inputs = (Input("M_1", "time between silent corruptions of one GPU", each),)
    return Estimate.exact(reliability.mtbf_of_many(each.value, gpus), "s"), inputs
