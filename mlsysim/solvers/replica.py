"""A fleet of replicas: how many requests one replica of several GPUs completes, and how many GPUs a demand takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from mlsysim.check import InvalidValue, count, number, quantity
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import batching
from mlsysim.physics.economics import fleet_size
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import Memory
from mlsysim.solvers.tensor_parallel import TensorParallelModel, TensorParallelResult
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class ReplicaResult:
    """One replica at full load, and the fleet of them.

    `reading` takes one prompt, `writing` gives every sequence a token halfway through its answer, `filled` is memory
    with all answers complete.
    """

    reading: TensorParallelResult
    writing: TensorParallelResult
    filled: TensorParallelResult
    output: int
    itl_promise: float | None

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return self.writing.gpus

    @property
    def prefill(self) -> Estimate:
        """One prompt [s]."""
        return self.reading.ttft

    @property
    def step(self) -> Estimate:
        """One token of every sequence [s]."""
        return self.writing.itl

    @property
    def itl(self) -> Estimate:
        """Mean time between two tokens of an answer, with the prompts that come in between [s]."""
        batch, output = self.writing.workload.batch, self.output
        return Estimate.of(
            lambda prefill, step: batching.continuous_token_time(batch, prefill, step, output),
            "s",
            self.prefill,
            self.step,
        )

    @property
    def rate(self) -> Estimate:
        """Requests that one replica completes [1/s]."""
        batch, output = self.writing.workload.batch, self.output
        return Estimate.of(
            lambda prefill, step: batch / batching.continuous_cycle_time(batch, prefill, step, output),
            "1/s",
            falling=(self.prefill, self.step),
        )

    @property
    def memory(self) -> Memory:
        """What each GPU holds when all answers are complete [B]."""
        return self.filled.memory

    def fleet(self, demand: float) -> int:
        """GPUs for so many requests a second, as expected."""
        return fleet_size(number("demand", demand, "demand=1000", at_most=1e12), self.rate.expected, self.gpus)

    def fleet_range(self, demand: float) -> tuple[int, int]:
        """GPUs for that demand at the better and at the worse end of the rate."""
        asked = number("demand", demand, "demand=1000", at_most=1e12)
        return fleet_size(asked, self.rate.upper, self.gpus), fleet_size(asked, self.rate.lower, self.gpus)

    @property
    def bound_by(self) -> str:
        """The largest term of the step."""
        return self.writing.decode.bound_by

    @property
    def feasible(self) -> bool:
        """Whether each GPU's share fits and the promise is kept."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        promise = self.itl_promise
        late = () if promise is None or self.itl.expected <= promise else (_late(self, promise),)
        return (*self.filled.reasons, *late)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        return (Input("L", "tokens of an answer", given("output", self.output, "1")), *self.writing.basis)

    def explain(self) -> str:
        """The whiteboard: a prompt, a step, a replica."""
        load = self.writing.workload
        lines = [
            f"{load.model.name} in {load.stored_as} on {self.gpus} x {self.writing.hardware.full_name}: "
            f"{load.batch:,d} requests at once, {load.prompt:,d} tokens in, {self.output:,d} out",
            f"T_p = {self.prefill.format(3)}   one prompt",
            f"T_d = {self.step.format(3)}   one token of each, bound by {self.bound_by}",
            f"r   = b / (b T_p + (L - 1) T_d) = {self.rate.expected:.3g} requests/s a replica",
            f"ITL = T_d + (b - 1)/(L - 1) T_p = {self.itl.format(3)}",
            f"M   = {write(self.memory.total, 'B')} of {write(self.memory.capacity, 'B')} on each GPU",
        ]
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class ReplicaModel:
    """How many requests does a replica complete, and how many GPUs does a demand take?

    >>> answer = ReplicaModel().solve(model="Llama2_70B", hardware="H100", gpus=2, batch=128, prompt=128, output=64)
    >>> answer.feasible, 80 < answer.fleet(1000) < 130
    (True, True)
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        gpus: int = 1,
        batch: int = 32,
        prompt: int = 512,
        output: int = 128,
        itl: float | str | None = None,
        link: float | str | None = None,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> ReplicaResult:
        """`gpus` of one node share a model and serve `batch` requests at once by continuous batching, at full load.

        `itl` is the promise for the time between two tokens; the rest is as for `TensorParallelModel`.
        """
        tokens, length = count("prompt", prompt, "prompt=512"), count("output", output, "output=128")
        if length < 2:
            raise InvalidValue("output", output, "an answer that is written has at least two tokens", "output=128")
        promise = None if itl is None else quantity("itl", itl, "s", 'itl="50 ms"')
        halfway, end = tokens + ceil(length / 2), tokens + length

        def sharded(batch: int, context: int) -> TensorParallelResult:
            return TensorParallelModel().solve(
                model=model,
                hardware=hardware,
                gpus=gpus,
                link=link,
                batch=batch,
                context=context,
                prompt=tokens,
                precision=precision,
                weights=weights,
                kv_precision=kv_precision,
                efficiency=efficiency,
            )

        return ReplicaResult(sharded(1, halfway), sharded(batch, halfway), sharded(batch, end), length, promise)


def _late(result: ReplicaResult, promise: float) -> Reason:
    enough = write_enough(result.itl.expected, "s")
    return Reason(
        verdict="Promise broken.",
        subject=f"With {result.writing.workload.batch:,d} requests at once the time between two tokens is about "
        f"{enough}; the promise is {write(promise, 's')}.",
        limit="streaming",
        wall=WALLS["streaming"].number,
        value=result.itl.expected,
        maximum=promise,
        unit="s",
        mend=f"Fewer requests at once, more GPUs in a replica, or a promise of {enough} would mend it.",
    )
