"""What a privacy promise costs a training run: noise, arithmetic, memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt

from mlsysim.check import InvalidValue, choice, count, number, quantity
from mlsysim.physics import privacy
from mlsysim.records import Input
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason, write
from mlsysim.walls import WALLS

ORDERS = (*range(2, 65), 80, 96, 128, 192, 256, 512)
LEAST_NOISE, MOST_NOISE = 0.1, 1e5
FP32 = 4.0


@dataclass(frozen=True, slots=True)
class NoiseResult:
    """Noise that makes one answer private: the least there is, and the classical bound where it holds."""

    sensitivity: float
    epsilon: float
    delta: float
    least: float
    classical: float | None

    def explain(self) -> str:
        """The whiteboard: the classical bound, then what is needed."""
        lines = []
        if self.classical is not None:
            lines.append(
                f"sigma = {self.sensitivity:g} x sqrt(2 ln(1.25 / {self.delta:g})) / {self.epsilon:g} "
                f"= {self.classical:.4g}    classical bound"
            )
        lines.append(f"sigma = {self.least:.4g}    least for ({self.epsilon:g}, {self.delta:g}), Balle & Wang 2018")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class PrivacyResult:
    """A private training run: what it promises, and what it takes.

    `epsilon` is a bound: the promise is at least this strong. `compute` is arithmetic over that of plain training, and
    `memory` what comes on top of it [B].
    """

    examples: int
    batch: int
    steps: int
    delta: float
    noise: float
    epsilon: float
    order: int
    clipping: str
    compute: float
    memory: float | None
    most_epsilon: float | None
    memory_free: float | None

    @property
    def rate(self) -> float:
        """Share of the examples in a batch."""
        return self.batch / self.examples

    @property
    def gradient_noise(self) -> float:
        """Noise on each coordinate of the mean gradient, over the clipping norm."""
        return privacy.gradient_noise(self.noise, 1.0, self.batch)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input of the bound, as it was given or found."""
        return (
            Input("q", "share of the examples in a batch", given("batch", self.rate, "1")),
            Input("T", "steps", given("epochs", self.steps, "1")),
            Input("sigma", "noise multiplier", given("noise", self.noise, "1")),
            Input("delta", "chance that the promise fails", given("delta", self.delta, "1")),
        )

    @property
    def feasible(self) -> bool:
        """Whether the promise is strong enough and the gradients fit."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        reasons = []
        if self.most_epsilon is not None and self.epsilon > self.most_epsilon:
            reasons.append(_too_weak(self, self.most_epsilon))
        if self.memory is not None and self.memory_free is not None and self.memory > self.memory_free:
            reasons.append(_too_large(self, self.memory, self.memory_free))
        return tuple(reasons)

    def explain(self) -> str:
        """The whiteboard: the promise, then its price."""
        lines = [
            f"q = {self.batch:,d} / {self.examples:,d} = {self.rate:.3g}, {self.steps:,d} steps, "
            f"sigma = {self.noise:.4g}",
            f"epsilon <= {self.epsilon:.3g} at delta = {self.delta:.3g}    Renyi order {self.order}",
            f"noise on the mean gradient: {self.gradient_noise:.3g} x the clipping norm a coordinate",
            f"compute x {self.compute:.3g}    {self.clipping} clipping",
        ]
        if self.memory is not None:
            lines.append(f"memory + {write(self.memory, 'B')}")
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class PrivacyModel:
    """What does it cost to train without remembering anyone?

    >>> run = PrivacyModel().solve(examples=60_000, batch=256, epochs=60, noise=1.1, delta=1e-5)
    >>> round(run.epsilon, 1)
    2.6
    """

    def solve(
        self,
        *,
        examples: int,
        batch: int,
        epochs: float,
        epsilon: float | None = None,
        noise: float | None = None,
        delta: float | None = None,
        clipping: str = "ghost",
        parameters: float | None = None,
        micro_batch: int = 32,
        most_epsilon: float | None = None,
        memory_free: float | str | None = None,
    ) -> PrivacyResult:
        """DP-SGD with a `noise` multiplier, or with the least noise that keeps `epsilon`.

        `delta` is one over the number of examples where it is not given. `clipping` is "ghost", with a second backward
        pass, or "per-example", with a gradient in FP32 for each example of a `micro_batch`.
        """
        people = count("examples", examples, "examples=60_000", at_most=10**13)
        size = count("batch", batch, "batch=256", at_most=10**9)
        if size > people:
            raise InvalidValue("batch", batch, f"there are {people:,d} examples", f"batch={people}")
        steps = ceil(number("epochs", epochs, "epochs=60", at_most=1e6) * people / size)
        chance = 1.0 / people if delta is None else _chance("delta", delta, "delta=1e-5")
        if not 0.0 < chance < 1.0:
            raise InvalidValue("delta", delta, "it must be given for a single example", "delta=1e-5")
        if (epsilon is None) is (noise is None):
            rule = "exactly one of epsilon and noise is needed"
            raise InvalidValue("epsilon", epsilon, rule, "epsilon=3.0")
        rate = size / people
        if noise is not None:
            sigma = number("noise", noise, "noise=1.1", at_most=MOST_NOISE)
            if sigma < LEAST_NOISE:
                raise InvalidValue("noise", noise, f"below {LEAST_NOISE:g} it protects nobody", "noise=1.1")
        else:
            wanted = number("epsilon", epsilon, "epsilon=3.0", at_most=1e4)
            sigma = _least(lambda each: _epsilon(rate, each, steps, chance)[0] <= wanted, "epsilon", wanted)
        loss, order = _epsilon(rate, sigma, steps, chance)
        how = choice("clipping", clipping, ("ghost", "per-example"))
        return PrivacyResult(
            people,
            size,
            steps,
            chance,
            sigma,
            loss,
            order,
            how,
            privacy.clipping_compute(2.0 if how == "ghost" else 1.0),
            _memory(how, parameters, min(size, count("micro_batch", micro_batch, "micro_batch=32"))),
            None if most_epsilon is None else number("most_epsilon", most_epsilon, "most_epsilon=3.0"),
            _free(memory_free),
        )

    def mechanism(self, *, epsilon: float, delta: float, sensitivity: float = 1.0) -> NoiseResult:
        """The noise for one answer that a person can change by at most `sensitivity`.

        >>> round(PrivacyModel().mechanism(epsilon=1.0, delta=1e-5).least, 2)
        3.73
        """
        most = number("sensitivity", sensitivity, "sensitivity=1.0", at_most=1e12)
        loss = number("epsilon", epsilon, "epsilon=1.0", at_most=100.0)
        chance = _chance("delta", delta, "delta=1e-5")
        least = most * _least(lambda sigma: privacy.gaussian_delta(sigma, 1.0, loss) <= chance, "epsilon", loss, 1e-3)
        return NoiseResult(
            most, loss, chance, least, privacy.gaussian_noise(most, loss, chance) if loss <= 1.0 else None
        )


def _epsilon(rate: float, noise: float, steps: int, delta: float) -> tuple[float, int]:
    """The best bound over all orders, and its order; never below zero."""
    best, at = min(
        (privacy.renyi_epsilon(steps * privacy.renyi_divergence(rate, noise, order), order, delta), order)
        for order in ORDERS
    )
    return max(0.0, best), at


def _least(enough: Callable[[float], bool], field: str, value: float, least: float = LEAST_NOISE) -> float:
    """The least noise that is enough, by bisection of its logarithm."""
    low, high = least, MOST_NOISE
    if not enough(high):
        rule = f"no noise multiplier up to {MOST_NOISE:g} keeps it"
        raise InvalidValue(field, value, rule, f"{field}={10 * value:g}")
    if enough(low):
        return low
    while high / low > 1.0 + 1e-6:
        middle = sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _chance(field: str, value: object, example: str) -> float:
    chance = number(field, value, example)
    if chance >= 1.0:
        raise InvalidValue(field, value, "it must be below one", example)
    return chance


def _memory(how: str, parameters: float | None, examples: int) -> float | None:
    if parameters is None:
        return None
    size = number("parameters", parameters, "parameters=8e9", at_most=1e15)
    return 0.0 if how == "ghost" else privacy.example_gradients(size, examples, FP32)


def _free(memory_free: float | str | None) -> float | None:
    return None if memory_free is None else quantity("memory_free", memory_free, "B", 'memory_free="40 GB"')


def _too_weak(result: PrivacyResult, most: float) -> Reason:
    return Reason(
        verdict="Too weak.",
        subject=f"Noise of {result.noise:.3g} over {result.steps:,d} steps promises epsilon {result.epsilon:.3g}; "
        f"{most:g} was the most.",
        limit="safety",
        wall=WALLS["safety"].number,
        value=result.epsilon,
        maximum=most,
        unit="1",
        mend=f"More noise (epsilon={most:g} finds how much), more examples, or fewer epochs would do.",
    )


def _too_large(result: PrivacyResult, memory: float, free: float) -> Reason:
    return Reason(
        verdict="Does not fit.",
        subject=f"A gradient for each example takes {write(memory, 'B')}; {write(free, 'B')} are free.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory,
        maximum=free,
        unit="B",
        mend="Ghost clipping, a smaller micro-batch, or fewer trainable parameters would do.",
    )
