"""How to split a training budget between parameters and tokens, with and without the serving that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import InvalidValue, choice, count, number, quantity, share
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics import scaling
from mlsysim.records import Datum, HardwareNode, Input
from mlsysim.solvers.basis import chosen_share, known, listed
from mlsysim.solvers.reason import Reason, write
from mlsysim.walls import WALLS

FITS = ("besiroglu", "hoffmann")
LARGEST = 1e35


@dataclass(frozen=True, slots=True)
class Fit:
    """One published fit of L = E + A/N^alpha + B/D^beta."""

    name: str
    floor: float
    size: float
    data: float
    alpha: float
    beta: float

    def loss(self, parameters: float, tokens: float) -> float:
        """Loss of a model, in nats a token."""
        return scaling.loss(parameters, tokens, self.floor, self.size, self.data, self.alpha, self.beta)

    def optimal_parameters(self, compute: float) -> float:
        """The size that makes the most of a training budget."""
        return scaling.optimal_parameters(compute, self.size, self.data, self.alpha, self.beta)

    def optimal_tokens(self, parameters: float) -> float:
        """The tokens for which a size is the best use of its budget."""
        return scaling.optimal_tokens(parameters, self.size, self.data, self.alpha, self.beta)

    def tokens_for_loss(self, target: float, parameters: float) -> float:
        """The tokens that bring a size to a loss that it can reach."""
        return scaling.tokens_for_loss(target, parameters, self.floor, self.size, self.data, self.alpha, self.beta)

    def least_parameters(self, target: float) -> float:
        """The size that would need endless data for a loss."""
        return exp(log(self.size / (target - self.floor)) / self.alpha)


@dataclass(frozen=True, slots=True)
class ScalingResult:
    """A size and a number of tokens, the loss they reach, and what training and serving take.

    `range_parameters` and `range_tokens` span both published fits.
    """

    parameters: float
    tokens: float
    served: float
    loss: float
    range_parameters: Estimate
    range_tokens: Estimate
    optimal_parameters: float
    optimal_tokens: float
    tokens_available: float | None
    fit: Fit
    basis: tuple[Input, ...]

    @property
    def tokens_per_parameter(self) -> float:
        """Tokens trained on for each parameter."""
        return self.tokens / self.parameters

    @property
    def training(self) -> float:
        """Operations of training [FLOP]."""
        return scaling.training_flops(self.parameters, self.tokens)

    @property
    def serving(self) -> float:
        """Operations of all tokens served [FLOP]."""
        return scaling.inference_flops(self.parameters, self.served)

    @property
    def lifetime(self) -> float:
        """Operations of training and serving [FLOP]."""
        return self.training + self.serving

    @property
    def saved(self) -> float:
        """Share of the lifetime's operations saved against the same loss at the training optimum."""
        optimum = scaling.training_flops(self.optimal_parameters, self.optimal_tokens)
        optimum += scaling.inference_flops(self.optimal_parameters, self.served)
        return 1.0 - self.lifetime / optimum

    @property
    def feasible(self) -> bool:
        """Whether there are as many tokens."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        there = self.tokens_available
        return () if there is None or self.tokens <= there else (_too_few_tokens(self, there),)

    def explain(self) -> str:
        """The whiteboard: the split, the loss, the compute."""
        fit = self.fit
        lines = [
            f"N = {self.parameters:.3g}, D = {self.tokens:.3g}: {self.tokens_per_parameter:.3g} tokens a parameter",
            f"    N between {self.range_parameters.lower:.3g} and {self.range_parameters.upper:.3g}, "
            f"D between {self.range_tokens.lower:.3g} and {self.range_tokens.upper:.3g}, by fit",
            f"L = {fit.floor:g} + {fit.size:g}/N^{fit.alpha:g} + {fit.data:g}/D^{fit.beta:g} = {self.loss:.3f}",
            f"C = 6 N D = {self.training:.3g} FLOP",
        ]
        if self.served:
            lines.append(f"    + 2 N x {self.served:.3g} tokens served = {self.lifetime:.3g} FLOP over its life")
            lines.append(
                f"    {self.saved:.1%} less than with {self.optimal_parameters:.3g} parameters, best for training alone"
            )
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


@dataclass(frozen=True, slots=True)
class SelectionResult:
    """What choosing data takes, and what it saves [FLOP]."""

    scoring: float
    avoided: float

    @property
    def net(self) -> float:
        """Saved in all [FLOP]; negative where choosing takes more than it saves."""
        return self.avoided - self.scoring

    @property
    def feasible(self) -> bool:
        """Whether choosing pays."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        if self.net >= 0.0:
            return ()
        return (
            Reason(
                verdict="Does not pay.",
                subject=f"Scoring takes {write(self.scoring, 'FLOP')} and saves {write(self.avoided, 'FLOP')}.",
                limit="scaling laws",
                wall=WALLS["scaling laws"].number,
                value=self.scoring,
                maximum=self.avoided,
                unit="FLOP",
                mend=f"A scorer of {self.avoided / self.scoring:.0%} of that size, or keeping less, would do.",
            ),
        )


class ScalingModel:
    """How many parameters and tokens for this budget?

    >>> best = ScalingModel().solve(parameters=7e9)
    >>> round(best.tokens_per_parameter)
    21
    """

    def solve(
        self,
        *,
        compute: float | str | None = None,
        parameters: float | None = None,
        tokens: float | None = None,
        served: float = 0.0,
        fit: str = "besiroglu",
        tokens_available: float | None = None,
    ) -> ScalingResult:
        """The best split of `compute`, or what `parameters` and `tokens` lead to.

        With a size alone: the tokens for which it is optimal. With `served` tokens and a budget: the split that reaches
        the same loss for the least training and serving together. The range spans both published fits.
        """
        law = _fit(choice("fit", fit, FITS))
        demand = 0.0 if served == 0 and not isinstance(served, bool) else _amount("served", served, "served=1e12")
        there = None if tokens_available is None else _amount("tokens_available", tokens_available, "15e12")
        laws = [_fit(name) for name in FITS]
        if compute is not None:
            for name, value in (("parameters", parameters), ("tokens", tokens)):
                if value is not None:
                    raise InvalidValue(name, value, "it follows from compute, which was given as well", "compute=1e24")
            budget = _compute(compute)
            splits = [_split(each, budget, demand) for each in laws]
            size, data = _split(law, budget, demand)
            optimum = law.optimal_parameters(budget)
            trained = budget / (6.0 * optimum)
        elif parameters is not None:
            size = _amount("parameters", parameters, "parameters=7e9")
            if tokens is not None:
                data = _amount("tokens", tokens, "tokens=140e9")
                splits = [(size, data)]
            else:
                data = law.optimal_tokens(size)
                splits = [(size, each.optimal_tokens(size)) for each in laws]
            # The training optimum of the same loss is what the split is compared with.
            optimum, trained = _optimum_of_loss(law, law.loss(size, data))
        else:
            rule = "a budget is needed, or a size"
            raise InvalidValue("compute", None, rule, 'compute="1e24 FLOP" or parameters=7e9')
        return ScalingResult(
            size,
            data,
            demand,
            law.loss(size, data),
            _range(size, [each[0] for each in splits]),
            _range(data, [each[1] for each in splits]),
            optimum,
            trained,
            there,
            law,
            _basis(law.name),
        )

    def compute(
        self,
        *,
        hardware: HardwareNode | str,
        machines: int,
        duration: float | str,
        precision: str = "bf16",
        mfu: float | None = None,
    ) -> Estimate:
        """Operations that machines do in a time, as far as training software gets them to [FLOP].

        >>> ScalingModel().compute(hardware="H100", machines=1024, duration="30 d").expected
        1.05...e+24
        """
        machine = registry.machine(hardware)
        rate = machine.rate(formats.resolve("precision", precision))
        time = quantity("duration", duration, "s", 'duration="30 d"')
        reached = chosen_share("mfu", mfu, "mfu=0.4", known("scaling", "mfu"))
        fleet = count("machines", machines, "machines=1024", at_most=10**8)
        return spread(reached).scaled(fleet * rate * time, "FLOP")

    def selection(self, *, parameters: float, tokens: float, kept: float, scorer: float) -> SelectionResult:
        """What it saves to train on the `kept` share of the tokens, each scored once by a model of `scorer` parameters.

        >>> ScalingModel().selection(parameters=7e9, tokens=1e12, kept=0.5, scorer=1e9).feasible
        True
        """
        size, data = _amount("parameters", parameters, "parameters=7e9"), _amount("tokens", tokens, "tokens=1e12")
        scoring = _amount("scorer", scorer, "scorer=1e9")
        rest = share("kept", kept, "kept=0.5")
        takes = scaling.inference_flops(scoring, data)
        return SelectionResult(takes, scaling.selection_saving(size, data, rest, scoring) + takes)


def _fit(name: str) -> Fit:
    figures = registry.constants("scaling")
    return Fit(name, *(figures[f"{name}_{part}"].value for part in ("E", "A", "B", "alpha", "beta")))


def _basis(name: str) -> tuple[Input, ...]:
    meanings: dict[str, str] = {
        "E": "entropy of text",
        "A": "coefficient of size",
        "B": "coefficient of data",
        "alpha": "exponent of size",
        "beta": "exponent of data",
    }
    figures: dict[str, Datum] = dict(registry.constants("scaling"))
    return tuple(Input(part, meaning, figures[f"{name}_{part}"]) for part, meaning in meanings.items())


def _amount(field: str, value: object, example: str) -> float:
    return number(field, value, example, at_most=1e20)


def _compute(compute: float | str) -> float:
    if isinstance(compute, str):
        return quantity("compute", compute, "FLOP", 'compute="1e24 FLOP"')
    return number("compute", compute, "compute=1e24", at_most=LARGEST)


def _split(law: Fit, budget: float, served: float) -> tuple[float, float]:
    """Size and tokens for the loss that a budget reaches at its best, with least training and serving."""
    best = law.optimal_parameters(budget)
    trained = budget / (6.0 * best)
    if not served:
        return best, trained
    target = law.loss(best, trained)

    def lifetime(size: float) -> float:
        tokens = law.tokens_for_loss(target, exp(size))
        return scaling.training_flops(exp(size), tokens) + scaling.inference_flops(exp(size), served)

    size = exp(_lowest(lifetime, log(law.least_parameters(target)) + 1e-6, log(best)))
    return size, law.tokens_for_loss(target, size)


def _lowest(function: Callable[[float], float], left: float, right: float) -> float:
    """Where a function with one valley is lowest, by golden section."""
    step = 0.6180339887498949
    inner, outer = right - step * (right - left), left + step * (right - left)
    low, high = function(inner), function(outer)
    while right - left > 1e-7:
        if low < high:
            right, outer, high = outer, inner, low
            inner = right - step * (right - left)
            low = function(inner)
        else:
            left, inner, low = inner, outer, high
            outer = left + step * (right - left)
            high = function(outer)
    return (left + right) / 2.0


def _optimum_of_loss(law: Fit, target: float) -> tuple[float, float]:
    """Size and tokens that reach a loss for the least training: on the frontier, by bisection over the size."""
    left, right = 0.0, 60.0
    while right - left > 1e-12 * right:
        middle = (left + right) / 2.0
        size = exp(middle)
        if law.loss(size, law.optimal_tokens(size)) > target:
            left = middle
        else:
            right = middle
    size = exp(right)
    return size, law.optimal_tokens(size)


def _range(value: float, others: list[float]) -> Estimate:
    return Estimate(min(value, *others), value, max(value, *others), "1")


def _too_few_tokens(result: ScalingResult, there: float) -> Reason:
    return Reason(
        verdict="Out of data.",
        subject=f"This takes {result.tokens:.3g} tokens, each seen once; there are {there:.3g}.",
        limit="scaling laws",
        wall=WALLS["scaling laws"].number,
        value=result.tokens,
        maximum=there,
        unit="token",
        mend="A larger model on fewer tokens, or a smaller budget, would do.",
    )
