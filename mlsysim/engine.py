"""The one-line answer: one phase of one model on one machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.layered import LayeredModel
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.forward import PHASES, ForwardModel, ForwardResult
from mlsysim.solvers.phase import Phase
from mlsysim.solvers.reason import Reason
from mlsysim.solvers.serving import ServingModel, ServingResult

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from mlsysim.table import Table


@dataclass(frozen=True, slots=True)
class Answer:
    """One phase, and whether it is feasible at all."""

    phase: Phase
    result: ServingResult | ForwardResult

    @property
    def serving(self) -> ServingResult:
        """Both phases of a transformer that is served."""
        if not isinstance(self.result, ServingResult):
            raise AttributeError(f"{self.result.model.name} is not served token by token; see result")
        return self.result

    @property
    def time(self) -> Estimate:
        """Time of one pass [s]."""
        return self.phase.time

    @property
    def bound_by(self) -> str:
        """The largest term."""
        return self.phase.bound_by

    @property
    def feasible(self) -> bool:
        """Whether it fits."""
        return self.result.feasible

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        return self.result.reasons

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return self.result.basis

    def explain(self) -> str:
        """The whiteboard."""
        if isinstance(self.result, ForwardResult):
            return self.result.explain()
        return self.result.explain(self.phase.name)

    def equation(self) -> str:
        """The Iron Law with its numbers filled in."""
        from mlsysim.explain import equation

        return equation(self.phase)


class Engine:
    """How long does one pass take, and what limits it? And over a whole grid?"""

    @staticmethod
    def solve(
        model: ModelSpec | LayeredModel | str,
        hardware: HardwareNode | str,
        *,
        batch: int = 1,
        precision: str = "fp16",
        context: int = 1024,
        phase: str = "auto",
        weights: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> Answer:
        """Of a transformer one decode step, or the prefill of `context` tokens; of any other model a pass of
        `batch` examples in inference, or a training step.

        >>> Engine.solve("Llama3_8B", "H100").time.format_range()
        'between 4.5 and 9.6 ms'
        >>> Engine.solve("ResNet50", "H100", batch=256).bound_by
        'memory bandwidth'
        """
        spec = registry.any_model(model)
        phases = PHASES if isinstance(spec, LayeredModel) else ("decode", "prefill")
        chosen = phases[0] if phase == "auto" else phase
        if chosen not in phases:
            raise UnknownName("phase", str(phase), phases)
        if isinstance(spec, LayeredModel):
            if weights is not None:
                rule = f"{spec.name} is stored in the precision it computes in"
                raise InvalidValue("weights", weights, rule, f'precision="{weights}"')
            passed = ForwardModel().solve(
                model=spec,
                hardware=hardware,
                batch=batch,
                precision=precision,
                phase=chosen,
                efficiency=efficiency,
            )
            return Answer(passed.phase, passed)
        serving = ServingModel().solve(
            model=spec,
            hardware=hardware,
            batch=batch,
            context=context,
            precision=precision,
            weights=weights,
            efficiency=efficiency,
        )
        return Answer(serving.decode if chosen == "decode" else serving.prefill, serving)

    @staticmethod
    def sweep(
        model: ModelSpec | str | Iterable[ModelSpec | str],
        hardware: HardwareNode | str | Iterable[HardwareNode | str],
        *,
        batch: int | Iterable[int] = 1,
        context: int | Iterable[int] = 1024,
        precision: str | Iterable[str] = "fp16",
        weights: str | Iterable[str | None] | None = None,
        kv_precision: str | None = None,
        prompt: int | None = None,
        efficiency: float | str | Efficiency = "auto",
        executor: Executor | None = None,
    ) -> Table:
        """Every combination of whatever has several values, in columns; `executor` shares the work out.

        >>> Engine.sweep("Llama3_8B", ["A100", "H100"], batch=range(1, 65)).best(1, minimize="itl")["hardware"][0]
        'H100'
        """
        from mlsysim.sweep import sweep

        return sweep(
            model=model,
            hardware=hardware,
            batch=batch,
            context=context,
            precision=precision,
            weights=weights,
            kv_precision=kv_precision,
            prompt=prompt,
            efficiency=efficiency,
            executor=executor,
        )
