"""A small model guesses, a large one checks: what that buys, and when it stops buying anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import InvalidValue, count, share
from mlsysim.efficiency import Efficiency
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import speculative
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.basis import given
from mlsysim.solvers.encoder_decoder import decoder_alone
from mlsysim.solvers.phase import Phase, run
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingResult, solve
from mlsysim.solvers.workload import Workload, workload
from mlsysim.walls import WALLS

MOST_GUESSES = 64


@dataclass(frozen=True, slots=True)
class SpeculativeResult:
    """Both models on one machine, and the pass of the large one that checks all guesses."""

    target: ServingResult
    draft: ServingResult
    check: Phase
    acceptance: float
    guesses: int

    @property
    def tokens(self) -> float:
        """Tokens one check yields for each sequence, on average [-]."""
        return speculative.tokens_per_pass(self.acceptance, self.guesses)

    @property
    def itl(self) -> Estimate:
        """Mean time per token: guesses and check over the tokens they yield [s]."""
        return Estimate(self._itl("lower"), self._itl("expected"), self._itl("upper"), "s")

    @property
    def speedup(self) -> Estimate:
        """Against the large model alone, with the same efficiencies [-]."""
        low, middle, high = (getattr(self.target.itl, end) / self._itl(end) for end in ("lower", "expected", "upper"))
        return Estimate(min(low, middle, high), middle, max(low, middle, high), "")

    @property
    def cost(self) -> float:
        """Time of a guess over the time of a token of the large model [-]."""
        return self.draft.itl.expected / self.target.itl.expected

    @property
    def check_cost(self) -> float:
        """Time of the check over the time of a token of the large model [-]."""
        return self.check.time.expected / self.target.itl.expected

    @property
    def feasible(self) -> bool:
        """Whether both models fit side by side and guessing pays."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        found = []
        if self._memory > self.target.memory.capacity:
            found.append(_too_large(self, self._memory))
        if self.speedup.expected <= 1.0:
            found.append(_slower(self))
        return tuple(found)

    @property
    def basis(self) -> tuple[Input, ...]:
        """What was given, and the inputs of both models' times."""
        return (
            Input("alpha", "probability that a guess is accepted", given("acceptance", self.acceptance, "1")),
            Input("gamma", "tokens guessed before each check", given("guesses", self.guesses, "1")),
            *self.target.basis,
        )

    def explain(self) -> str:
        """The whiteboard."""
        target, draft = self.target.workload, self.draft.workload
        token, guess, check = (each.expected for each in (self.target.itl, self.draft.itl, self.check.time))
        cycle = f"({self.guesses} x {write(guess, 's')} + {write(check, 's')})"
        lines = [
            f"{draft.model.name} guesses for {target.model.name} on the {self.target.hardware.full_name}, "
            f"batch {target.batch:,d}, context {target.context:,d}",
            f"n   = 1 + {self.acceptance:g} + ... + {self.acceptance:g}^{self.guesses} = {self.tokens:.3g}    "
            "tokens a check yields",
            f"T   = {cycle} / {self.tokens:.3g} = {self.itl.format(3)}, {self.itl.format_range(3)}    a token",
            f"S   = {write(token, 's')} / {self.itl.format(3)} = {self.speedup.expected:.3g}    against no guessing",
            f"The check takes {self.check_cost:.3g} times as long as one token, and is bound by {self.check.bound_by}.",
        ]
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])

    @property
    def _memory(self) -> float:
        return self.target.memory.total + self.draft.memory.total

    def _itl(self, end: str) -> float:
        cycle = self.guesses * getattr(self.draft.itl, end) + getattr(self.check.time, end)
        return float(cycle / self.tokens)


class SpeculativeDecoding:
    """Does guessing ahead with a small model pay?

    >>> answer = SpeculativeDecoding().solve(
    ...     model="Llama3_70B", draft="Llama3_8B", hardware="MI300X", acceptance=0.8, guesses=4
    ... )
    >>> answer.feasible, round(answer.tokens, 2)
    (True, 3.36)
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        draft: ModelSpec | str,
        hardware: HardwareNode | str,
        acceptance: float,
        guesses: int | None = None,
        batch: int = 1,
        context: int = 1024,
        precision: str = "fp16",
        weights: str | None = None,
        draft_weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> SpeculativeResult:
        """`draft` guesses `guesses` tokens one by one, `model` checks them in one pass; None takes the best number.

        `acceptance` is the probability that a guess is accepted. It has to be measured: it depends on both models, on
        the text and on the sampling temperature.
        """
        machine = registry.machine(hardware)
        accepted = share("acceptance", acceptance, "acceptance=0.7")
        stored = None if draft_weights is None else formats.resolve("draft_weights", draft_weights)
        large = workload(model, batch, context, None, precision, weights, kv_precision)
        small = workload(draft, batch, context, None, precision, stored, kv_precision)
        decoder_alone(large.model), decoder_alone(small.model)
        if small.model.parameters >= large.model.parameters:
            rule = f"it must be smaller than {large.model.name}, for which it guesses"
            raise InvalidValue("draft", small.model.name, rule, 'draft="Llama3_8B"')
        eta = resolve_efficiency(efficiency, machine.launch_class, cores=machine.cores)
        slow, fast = solve(large, machine, eta), solve(small, machine, eta)

        def guessing(ahead: int) -> SpeculativeResult:
            return SpeculativeResult(slow, fast, _check(large, machine, eta, ahead), accepted, ahead)

        if guesses is not None:
            return guessing(count("guesses", guesses, "guesses=4", at_most=MOST_GUESSES))
        return min(map(guessing, range(1, MOST_GUESSES + 1)), key=lambda each: each.itl.expected)


def _check(load: Workload, machine: HardwareNode, eta: Efficiency, guesses: int) -> Phase:
    """One pass over the last token and all guesses of each sequence; its KV cache is read once for all of them."""
    tokens = guesses + 1
    operators = replace(load, batch=load.batch * tokens).decode(machine.cache)
    once = tuple(each._replace(kv_cache=each.kv_cache / tokens) for each in operators)
    return run("check", once, load.kernels, machine.rate(load.precision), machine.memory_bandwidth, eta)


def _too_large(result: SpeculativeResult, needed: float) -> Reason:
    machine = result.target.hardware
    return Reason(
        verdict="Does not fit.",
        subject=f"{result.target.workload.model.name} and {result.draft.workload.model.name} side by side need "
        f"{write_enough(needed, 'B')}; the {machine.name} has {write(machine.memory, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=needed,
        maximum=machine.memory,
        unit="B",
        mend=f"A smaller draft, fewer bits, or a machine with {write_enough(needed, 'B')} or more.",
    )


def _slower(result: SpeculativeResult) -> Reason:
    itl, alone = result.itl.expected, result.target.itl.expected
    least = "a smaller batch, whose checks cost no more than a token" if result.check_cost > 1.2 else "a smaller draft"
    return Reason(
        verdict="Guessing does not pay.",
        subject=f"With it a token takes {write_enough(itl, 's')}, without it {write(alone, 's')}: a check takes "
        f"{result.check_cost:.3g} times as long as a token and yields {result.tokens:.3g}.",
        limit="streaming",
        wall=WALLS["streaming"].number,
        value=itl,
        maximum=alone,
        unit="s",
        mend=f"Fewer guesses, a draft that is accepted more often, or {least}.",
    )
