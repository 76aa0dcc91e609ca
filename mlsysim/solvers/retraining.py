"""How often to retrain a model that drifts."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue, number, quantity
from mlsysim.estimate import Estimate
from mlsysim.physics import economics
from mlsysim.records import Input
from mlsysim.solvers.basis import given, listed
from mlsysim.solvers.reason import Reason, write
from mlsysim.walls import WALLS

DAY, YEAR = 86_400.0, 31_536_000.0


@dataclass(frozen=True, slots=True)
class RetrainingResult:
    """A cycle of retraining: the best one, the one that was asked about, and what each costs.

    `decay` is quality lost a day, and `most_loss` what may be lost before the next run; both None where none was given.
    """

    run: float
    drift: float
    interval: float
    best: float
    decay: float | None
    most_loss: float | None

    @property
    def yearly(self) -> Estimate:
        """Runs and drift of a year at this interval [USD]."""
        cost = economics.retraining_cost(self.run, self.drift / DAY, self.interval) * YEAR
        return Estimate.exact(cost, "USD")

    @property
    def least(self) -> Estimate:
        """Runs and drift of a year at the best interval [USD]."""
        return Estimate.exact(economics.retraining_cost(self.run, self.drift / DAY, self.best) * YEAR, "USD")

    @property
    def lost(self) -> float | None:
        """Quality lost by the end of a cycle."""
        return None if self.decay is None else self.decay * self.interval / DAY

    @property
    def feasible(self) -> bool:
        """Whether quality holds until the next run."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        if self.lost is None or self.most_loss is None or self.decay is None or self.lost <= self.most_loss:
            return ()
        return (
            Reason(
                verdict="Too stale.",
                subject=f"After {write(self.interval, 's')} quality is down by {self.lost:.1%}; "
                f"{self.most_loss:.1%} was the most.",
                limit="safety",
                wall=WALLS["safety"].number,
                value=self.lost,
                maximum=self.most_loss,
                unit="1",
                mend=f"A run every {write(self.most_loss / self.decay * DAY, 's')} or sooner would do.",
            ),
        )

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, as it was given."""
        return (
            Input("C", "cost of a run", given("run", self.run, "USD")),
            Input("c", "loss a day, for each day of age", given("drift", self.drift, "USD/s")),
        )

    def explain(self) -> str:
        """The whiteboard: the best cycle, then this one."""
        daily = self.drift * DAY
        lines = [
            f"T* = sqrt(2 C / c) = sqrt(2 x {self.run:,.0f} / {daily:,.0f}) = {write(self.best, 's')}",
            f"C/T* + c T*/2 = {self.least.format(3)} a year",
        ]
        if self.interval != self.best:
            lines.append(f"every {write(self.interval, 's')}: {self.yearly.format(3)} a year")
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class RetrainingModel:
    """When does drift cost more than a run?

    >>> cycle = RetrainingModel().solve(run="10 kUSD", drift="500 USD/d")
    >>> round(cycle.best / 86_400, 1)  # days
    6.3
    """

    def solve(
        self,
        *,
        run: float | str,
        drift: float | str,
        interval: float | str | None = None,
        decay: float | None = None,
        most_loss: float | None = None,
    ) -> RetrainingResult:
        """The interval at which runs and drift cost least together, or what a given `interval` costs.

        `drift` is what each day of age adds to the loss of a day. `decay` is quality lost a day, as a share, of which
        `most_loss` may be lost.
        """
        cost = quantity("run", run, "USD", 'run="10 kUSD"')
        growth = quantity("drift", drift, "USD/s", 'drift="500 USD/d"')
        best = economics.retraining_interval(cost, growth / DAY)
        cycle = best if interval is None else quantity("interval", interval, "s", 'interval="7 d"')
        fades = None if decay is None else number("decay", decay, "decay=0.005", at_most=1.0)
        most = None if most_loss is None else number("most_loss", most_loss, "most_loss=0.05", at_most=1.0)
        if most is not None and fades is None:
            raise InvalidValue("decay", decay, "most_loss needs the quality lost a day", "decay=0.005")
        return RetrainingResult(cost, growth, cycle, best, fades, most)
