"""Which figure of the machine is worth paying for: elasticities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log
from types import MappingProxyType
from typing import Any, Protocol

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, number
from mlsysim.estimate import Estimate
from mlsysim.records import HardwareNode, Input
from mlsysim.solvers.reason import Reason, write
from mlsysim.solvers.serving import ServingModel

FIGURES = ("memory_bandwidth", "peak", "link", "cache", "memory")
STEP = 1e-4
"""Relative change of a figure up and down: small against what bends the answer, large against rounding."""


class Solver(Protocol):
    """Anything that answers a question about a machine."""

    def solve(self, *, hardware: Any, **given: Any) -> Any:
        """The answer."""


@dataclass(frozen=True, slots=True)
class SensitivityResult:
    """By how many percent the answer changes for each percent of a figure; negative is faster."""

    answer: Any
    metric: str
    hardware: HardwareNode
    value: Estimate
    elasticities: Mapping[str, float]

    @property
    def most(self) -> str:
        """The figure that moves the answer most."""
        return max(self.elasticities, key=lambda name: abs(self.elasticities[name]))

    def gain(self, figure: str, factor: float) -> float:
        """How many times as fast with `factor` times the figure, as long as the same term binds [-]."""
        if figure not in self.elasticities:
            raise UnknownName("figure", figure, self.elasticities)
        return float(number("factor", factor, "factor=2") ** -self.elasticities[figure])

    @property
    def feasible(self) -> bool:
        """Whether the answer asked about is."""
        return bool(self.answer.feasible)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those of the answer asked about."""
        return tuple(self.answer.reasons)

    @property
    def basis(self) -> tuple[Input, ...]:
        """The inputs of the answer asked about."""
        return tuple(self.answer.basis)

    def explain(self) -> str:
        """The whiteboard."""
        lines = [f"{self.metric} on the {self.hardware.full_name} = {write(self.value.expected, self.value.unit)}"]
        for name, elasticity in sorted(self.elasticities.items(), key=lambda item: -abs(item[1])):
            change = 100 * (1.1**elasticity - 1)
            what = name.replace("_", " ")
            lines.append(f"dlnT/dln({what}) = {elasticity:+.3f}    10 % more {what}: {change:+.1f} %")
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class SensitivitySolver:
    """Should I buy more FLOPS or more bandwidth?

    >>> answer = SensitivitySolver().solve(model="Llama3_8B", hardware="H100")
    >>> {name: round(value, 2) for name, value in answer.elasticities.items() if name in ("memory_bandwidth", "peak")}
    {'memory_bandwidth': -0.92, 'peak': 0.0}
    """

    def solve(
        self, *, hardware: HardwareNode | str, solver: Solver | None = None, metric: str = "itl", **given: Any
    ) -> SensitivityResult:
        """Elasticity of one figure of `solver`'s answer, by default ServingModel's, to each figure of the machine.

        `metric` names it, with dots where it lies deeper: itl, ttft, prefill.compute_time. The rest is
        for the solver.
        """
        machine, asked = registry.machine(hardware), solver or ServingModel()
        if not callable(getattr(asked, "solve", None)):
            raise InvalidValue("solver", solver, "it must have a method solve(hardware=...)", "solver=ServingModel()")
        answer = asked.solve(hardware=machine, **given)
        value = _read(answer, metric)
        if value.expected <= 0.0:
            raise InvalidValue("metric", metric, "it is zero here, and has no percentages", 'metric="itl"')

        def changed(figure: str, factor: float) -> float:
            return _read(asked.solve(hardware=_scaled(machine, figure, factor), **given), metric).expected

        width = log(1 + STEP) - log(1 - STEP)
        elasticities = {
            figure: log(changed(figure, 1 + STEP) / changed(figure, 1 - STEP)) / width
            for figure in FIGURES
            if getattr(machine, figure) is not None
        }
        return SensitivityResult(answer, metric, machine, value, MappingProxyType(elasticities))


def _scaled(machine: HardwareNode, figure: str, factor: float) -> HardwareNode:
    value = getattr(machine, figure)
    scaled = {key: rate * factor for key, rate in value.items()} if figure == "peak" else value * factor
    changed: Any = {figure: scaled}
    return replace(machine, **changed)


def _read(answer: Any, metric: str) -> Estimate:
    if not isinstance(metric, str) or not metric:
        raise InvalidValue("metric", metric, "it must name a figure of the answer", 'metric="itl"')
    found = answer
    for name in metric.split("."):
        if name.startswith("_") or not hasattr(found, name):
            raise UnknownName("metric", name, [each for each in dir(found) if not each.startswith("_")])
        found = getattr(found, name)
    if isinstance(found, Estimate):
        return found
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise InvalidValue("metric", metric, "it must be an estimate or a number", 'metric="itl"')
    return Estimate.exact(float(found), "")
