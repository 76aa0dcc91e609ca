"""What classifiers before and after a model cost: latency until the first and the last token, and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlsysim.check import InvalidValue, amount, count, number, quantity, share
from mlsysim.estimate import Estimate
from mlsysim.physics import guardrail
from mlsysim.records import Input
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingResult
from mlsysim.solvers.two_moments import TwoMoments
from mlsysim.walls import WALLS

MOST_CHECKS = 64


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """Checks of the question and of the answer around a model that serves."""

    serving: ServingResult
    before: tuple[TwoMoments, ...]
    after: tuple[TwoMoments, ...]
    side_by_side: bool
    percentile: float
    output: int
    held: int
    false_alarm: float
    promise: float | None

    @property
    def mean(self) -> float:
        """All checks of one request, one after another, on average [s]."""
        return sum(each.mean for each in (*self.before, *self.after))

    @property
    def added(self) -> float:
        """What the checks add until the first token, for a share `percentile` of requests at most [s]."""
        if not self.side_by_side:
            return _percentile((*self.before, *self.after), self.percentile, False)
        return sum(_percentile(each, self.percentile, True) for each in (self.before, self.after))

    @property
    def waited(self) -> Estimate:
        """What is written before anything may be shown, beyond its first token [s]."""
        itl, tokens = self.serving.itl, self.held - 1
        return Estimate(tokens * itl.lower, tokens * itl.expected, tokens * itl.upper, "s")

    @property
    def ttft(self) -> Estimate:
        """Time to first token behind the checks; upper and lower are those of the serving machine [s]."""
        first, waited = self.serving.ttft, self.waited
        low, middle, high = (
            getattr(first, end) + getattr(waited, end) + self.added for end in ("lower", "expected", "upper")
        )
        return Estimate(low, middle, high, "s")

    @property
    def refused(self) -> float:
        """Good requests that at least one check refuses [-]."""
        return guardrail.any_alarm([self.false_alarm] * (len(self.before) + len(self.after)))

    @property
    def feasible(self) -> bool:
        """Whether the promised time to first token is kept."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        if self.promise is None or self.ttft.expected <= self.promise:
            return ()
        return (_late(self, self.promise),)

    @property
    def basis(self) -> tuple[Input, ...]:
        """What was given, and the inputs of the serving times."""
        checks = [("before", each) for each in self.before] + [("after", each) for each in self.after]
        return (
            *(Input("m", f"mean time of a check {where} the answer", given(where, c.mean, "s")) for where, c in checks),
            Input("f", "good requests that one check refuses", given("false_alarm", self.false_alarm, "1")),
            *self.serving.basis,
        )

    def explain(self) -> str:
        """The whiteboard."""
        how = "side by side" if self.side_by_side else "one after another"
        lines = [
            f"{len(self.before)} checks before and {len(self.after)} after {self.serving.workload.model.name}, {how}",
            f"mean  {write(self.mean, 's')} of checks for each request",
            f"T_p   {write(self.added, 's')} at the {100 * self.percentile:.6g}th percentile",
            f"held  {self.held:,d} of {self.output:,d} tokens: {self.waited.format(3)} before the first is shown",
            f"TTFT  {self.serving.ttft.format(3)} + {self.waited.format(3)} + {write(self.added, 's')} = "
            f"{self.ttft.format(3)}, {self.ttft.format_range(3)}",
            f"f = 1 - (1 - {self.false_alarm:.3g})^{len(self.before) + len(self.after)} = {self.refused:.3g} of good "
            "requests refused",
        ]
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class GuardrailModel:
    """Who pays for the guardrail: what do checks before and after an answer add?

    >>> served = __import__("mlsysim").ServingModel().solve(model="Llama3_8B", hardware="H100")
    >>> answer = GuardrailModel().solve(serving=served, before=["20 ms"] * 3)
    >>> round(answer.added * 1e3), round(answer.refused, 3)
    (168, 0.03)
    """

    def solve(
        self,
        *,
        serving: ServingResult,
        before: Sequence[float | str] = (),
        after: Sequence[float | str] = (),
        variability: float = 1.0,
        side_by_side: bool = False,
        percentile: float = 0.99,
        output: int = 128,
        held: int | None = None,
        false_alarm: float = 0.01,
        ttft: float | str | None = None,
    ) -> GuardrailResult:
        """`before` and `after` are the mean times of checks of the question and of the answer; their squared
        coefficient of variation is `variability`, at most 1.

        Checks of the answer hold `held` of its `output` tokens back, by default all; `ttft` is a promise.
        """
        if not isinstance(serving, ServingResult):
            example = 'serving=ServingModel().solve(model="Llama3_8B", hardware="H100")'
            raise InvalidValue("serving", serving, "it must be an answer of ServingModel", example)
        spread = amount("variability", variability, "variability=1.0", at_most=1.0)
        questions, answers = (_checks(name, each, spread) for name, each in (("before", before), ("after", after)))
        if not questions and not answers:
            raise InvalidValue("before", before, "there must be a check, before or after", 'before=["20 ms"]')
        if not isinstance(side_by_side, bool):
            raise InvalidValue("side_by_side", side_by_side, "it must be True or False", "side_by_side=True")
        tokens = count("output", output, "output=128", at_most=10**7)
        shown = tokens if held is None else count("held", held, "held=32")
        if shown > tokens:
            raise InvalidValue("held", held, f"it is part of an answer of {tokens} tokens", f"held={tokens}")
        part = number("percentile", percentile, "percentile=0.99", at_most=0.999999)
        if part < 0.5:
            raise InvalidValue("percentile", percentile, "it must be at least one half", "percentile=0.99")
        return GuardrailResult(
            serving,
            questions,
            answers,
            side_by_side,
            part,
            tokens,
            shown if answers else 1,
            share("false_alarm", false_alarm, "false_alarm=0.01"),
            None if ttft is None else quantity("ttft", ttft, "s", 'ttft="500 ms"'),
        )


def _checks(field: str, times: Any, spread: float) -> tuple[TwoMoments, ...]:
    example = f'{field}=["20 ms", "35 ms"]'
    if isinstance(times, str) or not isinstance(times, Sequence) or len(times) > MOST_CHECKS:
        raise InvalidValue(field, times, f"it must list the times of at most {MOST_CHECKS} checks", example)
    return tuple(TwoMoments(quantity(field, each, "s", example), spread) for each in times)


def _percentile(checks: Sequence[TwoMoments], part: float, side_by_side: bool) -> float:
    """Time that a share of all requests does not exceed [s], found by halving."""
    fixed, means = [each.fixed for each in checks], [each.mean - each.fixed for each in checks]
    probability = guardrail.parallel_probability if side_by_side else guardrail.serial_probability
    low = max(fixed, default=0.0) if side_by_side else sum(fixed)
    if not any(means):
        return low
    high = low + sum(means)
    while probability(high, fixed, means) < part:
        high += sum(means)
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if probability(middle, fixed, means) >= part else (middle, high)
    return high


def _late(result: GuardrailResult, promise: float) -> Reason:
    found = result.ttft.expected
    cheaper = "checks side by side, " if not result.side_by_side and len(result.before) + len(result.after) > 1 else ""
    sooner = "fewer tokens held back, " if result.held > 1 else ""
    return Reason(
        verdict="Promise broken.",
        subject=f"Behind its checks the first token takes about {write_enough(found, 's')}; the promise is "
        f"{write(promise, 's')}.",
        limit="safety",
        wall=WALLS["safety"].number,
        value=found,
        maximum=promise,
        unit="s",
        mend=f"Quicker or fewer checks, {cheaper}{sooner}or a promise of {write_enough(found, 's')}.",
    )
