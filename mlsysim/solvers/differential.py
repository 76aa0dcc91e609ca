"""Why did the upgrade not help: two answers, term by term."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from mlsysim.check import InvalidValue, UnknownName, number, share
from mlsysim.engine import Answer
from mlsysim.physics.speedup import amdahl_speedup
from mlsysim.records import Input
from mlsysim.solvers.phase import COMPUTE, MEMORY, OVERHEAD, Phase
from mlsysim.solvers.reason import Reason, write
from mlsysim.solvers.serving import ServingResult


class Term(NamedTuple):
    """One term of the Iron Law before and after [s], how much its resource grew and its work with it [-]."""

    name: str
    before: float
    after: float
    resource: float
    work: float


@dataclass(frozen=True, slots=True)
class DifferentialResult:
    """Two runs of one phase."""

    before: ServingResult
    after: ServingResult
    old: Phase
    new: Phase

    @property
    def speedup(self) -> float:
        """How many times as fast one pass is [-]."""
        return self.old.time.expected / self.new.time.expected

    @property
    def terms(self) -> tuple[Term, ...]:
        """Memory, compute and overhead."""
        old, new = self.old, self.new
        return (
            Term(
                MEMORY,
                old.memory_time.expected,
                new.memory_time.expected,
                new.bandwidth / old.bandwidth,
                new.traffic / old.traffic,
            ),
            Term(
                COMPUTE,
                old.compute_time.expected,
                new.compute_time.expected,
                new.rate / old.rate,
                new.operations / old.operations,
            ),
            Term(
                OVERHEAD,
                old.overhead_time.expected,
                new.overhead_time.expected,
                old.efficiency.launch.expected / new.efficiency.launch.expected,
                new.kernels / old.kernels,
            ),
        )

    @property
    def regime_shift(self) -> bool:
        """Whether another term binds than before."""
        return self.old.bound_by != self.new.bound_by

    @property
    def promised(self) -> Term:
        """The resource that grew most: what the upgrade is advertised with."""
        return max(self.terms, key=lambda term: term.resource)

    def most(self, name: str) -> float:
        """Speed-up of the run before if one term had taken no time at all: Amdahl's limit, the part that it takes
        alone being the part that is made faster [-]."""
        old = self.old
        memory, compute, overhead = (each.before for each in self.terms)
        total = old.time.expected
        left = {MEMORY: compute + overhead, COMPUTE: memory + overhead, OVERHEAD: total - overhead}
        if name not in left:
            raise UnknownName("term", str(name), left)
        return amdahl_speedup(1 - left[name] / total, inf)

    @property
    def feasible(self) -> bool:
        """Whether both runs are."""
        return self.before.feasible and self.after.feasible

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those of both runs."""
        return (*self.before.reasons, *self.after.reasons)

    @property
    def basis(self) -> tuple[Input, ...]:
        """The inputs of both runs."""
        return (*self.before.basis, *self.after.basis)

    def explain(self) -> str:
        """The whiteboard, and in words which term bound before, which binds now, and what could have been hoped for."""
        lines = [f"{_name(self.before)} -> {_name(self.after)}, {self.old.name}: {_times(self.speedup)}"]
        for name, before, after, resource, work in self.terms:
            lines.append(
                f"{name:<19}{write(before, 's')} -> {write(after, 's')}    resource x {resource:.3g}, work x {work:.3g}"
            )
        lines += ["", self._regime()]
        promised = self.promised
        if promised.resource > 1.05 and self.speedup < 0.9 * promised.resource:
            lines.append(self._disappointed(promised))
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])

    def _regime(self) -> str:
        old, new = self.old.bound_by, self.new.bound_by
        if self.regime_shift:
            return (
                f"Regime shift: {old} bound before, {new} binds now. What was bought beyond the point where the two "
                "are equal buys nothing."
            )
        return f"No regime shift: {new} binds, as before."

    def _disappointed(self, promised: Term) -> str:
        name, limit = promised.name, _times(self.most(promised.name))
        grown = f"{name.capitalize()} is {promised.resource:.3g} times as large, the run is {_times(self.speedup)}"
        if name != self.old.bound_by:
            return f"{grown}: that term did not bind; without it altogether the run would have been {limit}."
        return f"{grown}: it takes more than that term; without it altogether the run would have been {limit}."


class DifferentialExplainer:
    """Why did the upgrade not help?

    >>> from mlsysim.solvers.serving import ServingModel
    >>> a100, h100 = (ServingModel().solve(model="Llama3_8B", hardware=each) for each in ("A100", "H100"))
    >>> answer = DifferentialExplainer().solve(a100, h100)
    >>> answer.regime_shift, answer.promised.name
    (False, 'compute throughput')
    """

    def solve(
        self, before: ServingResult | Answer, after: ServingResult | Answer, *, phase: str | None = None
    ) -> DifferentialResult:
        """Two answers of ServingModel or Engine; `phase` is decode or prefill, by default that of the answers."""
        first, second = _serving("before", before), _serving("after", after)
        names = [each.phase.name for each in (before, after) if isinstance(each, Answer)]
        if phase is None and len(set(names)) > 1:
            raise InvalidValue(
                "after", names[1], f"it must be of the same phase as before, {names[0]}", 'phase="decode"'
            )
        chosen = phase or (names[0] if names else "decode")
        if chosen not in ("decode", "prefill"):
            raise UnknownName("phase", str(chosen), ("decode", "prefill"))
        old, new = (each.decode if chosen == "decode" else each.prefill for each in (first, second))
        return DifferentialResult(first, second, old, new)

    def whole(self, *, fraction: float, factor: float) -> float:
        """Speed-up of a whole job of which a part, this `fraction` of its time, is made `factor` times as fast.

        >>> round(DifferentialExplainer().whole(fraction=0.55, factor=10), 2)
        1.98
        """
        part = share("fraction", fraction, "fraction=0.55")
        return amdahl_speedup(part, number("factor", factor, "factor=10", at_most=1e12))


def _serving(field: str, given: object) -> ServingResult:
    if isinstance(given, Answer):
        return given.serving
    if not isinstance(given, ServingResult):
        rule = "it must be an answer of ServingModel or Engine"
        raise InvalidValue(field, given, rule, 'ServingModel().solve(model="Llama3_8B", hardware="H100")')
    return given


def _name(result: ServingResult) -> str:
    load = result.workload
    return f"{load.model.name} in {load.stored_as} on the {result.hardware.name}, batch {load.batch:,d}"


def _times(speedup: float) -> str:
    return f"{speedup:.3g} times as fast"
