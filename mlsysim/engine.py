"""The one-line answer: one phase of one model on one machine."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import UnknownName
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.phase import Phase
from mlsysim.solvers.reason import Reason
from mlsysim.solvers.serving import ServingModel, ServingResult


@dataclass(frozen=True, slots=True)
class Answer:
    """One phase, and whether it is feasible at all."""

    phase: Phase
    serving: ServingResult

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
        return self.serving.feasible

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        return self.serving.reasons

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return self.serving.basis

    def explain(self) -> str:
        """The whiteboard."""
        return self.serving.explain(self.phase.name)


class Engine:
    """How long does one pass take, and what limits it?"""

    @staticmethod
    def solve(
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        *,
        batch: int = 1,
        precision: str = "fp16",
        context: int = 1024,
        phase: str = "decode",
        weights: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> Answer:
        """One decode step, or the prefill of `context` tokens.

        >>> Engine.solve("Llama3_8B", "H100").time.format_range()
        'between 4.5 and 9.6 ms'
        """
        if phase not in ("decode", "prefill"):
            raise UnknownName("phase", str(phase), ("decode", "prefill"))
        serving = ServingModel().solve(
            model=model,
            hardware=hardware,
            batch=batch,
            context=context,
            precision=precision,
            weights=weights,
            efficiency=efficiency,
        )
        return Answer(serving.decode if phase == "decode" else serving.prefill, serving)
