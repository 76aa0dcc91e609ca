"""Whether a sample of requests sees a failure that nobody reports."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue, number, quantity, share
from mlsysim.physics import audit
from mlsysim.records import Input
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class AuditResult:
    """A sample over a window, the chance that it sees a failure, and what is served until it does."""

    rate: float
    sample: float
    window: float
    failing: float
    noticed: float
    least: float

    @property
    def observed(self) -> float:
        """Requests looked at within the window."""
        return self.rate * self.sample * self.window

    @property
    def chance(self) -> float:
        """Chance that one request that is looked at fails, and that this is noticed."""
        return self.failing * self.noticed

    @property
    def detection(self) -> float:
        """Chance that the window's sample holds at least one failure that is noticed."""
        return audit.sighting_probability(self.observed, self.chance)

    @property
    def sightings(self) -> float:
        """Failures noticed within the window, on average."""
        return self.observed * self.chance

    @property
    def time_to_detect(self) -> float:
        """Time until a failure has been seen with the chance that was asked for [s]."""
        return audit.observations_needed(self.least, self.chance) / (self.rate * self.sample)

    @property
    def exposure(self) -> float:
        """Failed requests among all that are served in that time."""
        return self.rate * self.failing * self.time_to_detect

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, as it was given."""
        return (
            Input("r", "requests a second", given("rate", self.rate, "1")),
            Input("s", "share that is looked at", given("sample", self.sample, "1")),
            Input("t", "window", given("window", self.window, "s")),
            Input("f", "share that fails", given("failing", self.failing, "1")),
            Input("c", "share of those that is noticed", given("noticed", self.noticed, "1")),
        )

    @property
    def feasible(self) -> bool:
        """Whether the window is long enough."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        return () if self.detection >= self.least else (_unseen(self),)

    def explain(self) -> str:
        """The whiteboard: the sample, the chance, the wait."""
        lines = [
            f"n = {self.rate:g}/s x {self.sample:.3g} x {write(self.window, 's')} = {self.observed:,.4g} requests",
            f"f = {self.failing:.3g} failing x {self.noticed:.3g} noticed = {self.chance:.3g}",
            f"P = 1 - (1 - f)^n = {self.detection:.3g}, {self.sightings:.3g} sightings on average",
            f"{self.least:.0%} after {write(self.time_to_detect, 's')}, with {self.exposure:,.0f} failures served",
        ]
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class AuditModel:
    """Does this canary see a silent failure in time?

    >>> canary = AuditModel().solve(rate=100, sample=0.01, window="1 h", failing=1e-3, noticed=0.1)
    >>> round(canary.detection, 3)
    0.302
    """

    def solve(
        self,
        *,
        rate: float,
        failing: float,
        sample: float = 0.01,
        window: float | str = "1 h",
        noticed: float = 1.0,
        least: float = 0.95,
    ) -> AuditResult:
        """Of `rate` requests a second a share `sample` is looked at; `failing` of them go wrong, and a check notices
        `noticed` of those. The failure has to be seen within the `window` with a chance of `least`."""
        wanted = number("least", least, "least=0.95", at_most=1.0)
        if wanted == 1.0:
            raise InvalidValue("least", least, "no sample is certain: it must be below one", "least=0.95")
        wrong = number("failing", failing, "failing=1e-3", at_most=1.0)
        caught = number("noticed", noticed, "noticed=0.1", at_most=1.0)
        if wrong * caught == 1.0:
            raise InvalidValue("failing", failing, "where everything fails the first look tells", "failing=1e-3")
        return AuditResult(
            number("rate", rate, "rate=100", at_most=1e12),
            number("sample", sample, "sample=0.01", at_most=1.0),
            quantity("window", window, "s", 'window="1 h"'),
            wrong,
            caught,
            wanted,
        )

    def samples_to_tell(self, *, before: float, after: float, false_alarm: float = 0.05, miss: float = 0.20) -> int:
        """Labelled requests in the canary, and as many outside, that tell a drop in quality from chance.

        >>> AuditModel().samples_to_tell(before=0.90, after=0.88)
        3024
        """
        was, now = share("before", before, "before=0.90"), share("after", after, "after=0.88")
        if was == now:
            raise InvalidValue("after", after, "it must differ from before", "after=0.88")
        alarm, missed = (_open(name, value) for name, value in (("false_alarm", false_alarm), ("miss", miss)))
        return audit.samples_to_tell(was, now, alarm, missed)


def _open(field: str, value: float) -> float:
    chance = number(field, value, f"{field}=0.05", at_most=1.0)
    if chance < 1e-12:
        raise InvalidValue(field, value, "it must be at least 1e-12", f"{field}=0.05")
    if chance >= 0.5:
        raise InvalidValue(field, value, "a coin would do as well: it must be below one half", f"{field}=0.05")
    return chance


def _unseen(result: AuditResult) -> Reason:
    more = result.time_to_detect / result.window * result.sample
    larger = f"A sample of {more:.2%}, or" if more <= 1.0 else "No sample is large enough:"
    return Reason(
        verdict="Unseen.",
        subject=f"Within {write(result.window, 's')} the failure is seen with a chance of {result.detection:.1%}; "
        f"{result.least:.0%} was asked for.",
        limit="safety",
        wall=WALLS["safety"].number,
        value=result.detection,
        maximum=result.least,
        unit="1",
        mend=f"{larger} a window of {write_enough(result.time_to_detect, 's')}, or a sharper check, would do.",
    )
