"""Prompts read on one machine, answers written on another: no prompt stops a stream, but its KV cache has to travel."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim import registry
from mlsysim.check import InvalidValue, count, quantity
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import batching
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.basis import given
from mlsysim.solvers.batching import BatchingModel, BatchingResult
from mlsysim.solvers.reason import Reason, write
from mlsysim.solvers.serving import ServingModel, ServingResult
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class DisaggregatedResult:
    """A pool that reads prompts and a pool that writes answers."""

    reading: ServingResult
    writing: ServingResult
    together: BatchingResult
    output: int
    link: float
    latency: float

    @property
    def cache(self) -> float:
        """One prompt's keys and values, as far as the answer still sees them [B]."""
        load = self.reading.workload
        return load.sequence_kv(load.prompt)

    @property
    def transfer(self) -> float:
        """One prompt's keys and values over the link [s]."""
        return batching.kv_transfer_time(self.cache, self.link, self.latency)

    @property
    def ttft(self) -> Estimate:
        """Time to the first token, which the reading machine gives [s]."""
        return self.reading.ttft

    @property
    def second_token(self) -> Estimate:
        """Time to the second token, which needs the cache to have arrived; lower: sent layer by layer [s]."""
        first, step, sent = self.reading.ttft, self.writing.itl, self.transfer
        return Estimate(
            max(first.lower, sent) + step.lower,
            first.expected + sent + step.expected,
            first.upper + sent + step.upper,
            "s",
        )

    @property
    def itl(self) -> Estimate:
        """Time between two tokens; no prompt comes in between [s]."""
        return self.writing.itl

    @property
    def itl_together(self) -> Estimate:
        """Time between two tokens where the writing machine reads the prompts as well [s]."""
        return self.together.itl

    @property
    def readers_per_writer(self) -> float:
        """Reading machines that keep one writing machine busy [-]."""
        arriving = self.writing.throughput.expected / max(1, self.output - 1)
        return arriving * self.reading.ttft.expected

    @property
    def link_share(self) -> float:
        """Share of the time in which the link into one writing machine carries a cache [-]."""
        return self.writing.throughput.expected / max(1, self.output - 1) * self.transfer

    @property
    def feasible(self) -> bool:
        """Whether both machines hold their part and the link keeps up."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        found = [*self.reading.reasons, *self.writing.reasons]
        if self.link_share > 1.0:
            found.append(_choked(self))
        return tuple(found)

    @property
    def basis(self) -> tuple[Input, ...]:
        """What was given, and the inputs of both machines' times."""
        return (
            Input("B", "link bandwidth per direction", given("link", self.link, "B/s")),
            Input("alpha", "latency", given("latency", self.latency, "s")),
            *self.reading.basis,
            *self.writing.basis,
        )

    def explain(self) -> str:
        """The whiteboard."""
        load = self.reading.workload
        lines = [
            f"{load.model.name}: prompts of {load.prompt:,d} on the {self.reading.hardware.full_name}, "
            f"{self.writing.workload.batch:,d} answers at once on the {self.writing.hardware.full_name}",
            f"TTFT     = {self.ttft.format(3)}",
            f"transfer = {write(self.cache, 'B')} / {write(self.link, 'B/s')} = {write(self.transfer, 's')}",
            f"second   = {self.second_token.format(3)}, {self.second_token.format_range(3)}",
            f"ITL      = {self.itl.format(3)} against {self.itl_together.format(3)} with prompts in between",
            f"{self.readers_per_writer:.3g} reading machines for each that writes; its link is busy "
            f"{self.link_share:.1%} of the time",
        ]
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class DisaggregatedModel:
    """What does it buy to read prompts elsewhere?

    >>> answer = DisaggregatedModel().solve(model="Llama3_8B", reading="H100", writing="A100", batch=64, link="50 GB/s")
    >>> answer.itl.expected < answer.itl_together.expected
    True
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        reading: HardwareNode | str,
        writing: HardwareNode | str,
        link: float | str,
        latency: float | str = "10 us",
        prompt: int = 1024,
        output: int = 128,
        batch: int = 32,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> DisaggregatedResult:
        """Prompts one at a time on `reading`, `batch` answers at once on `writing`, at full load.

        `link` is the bandwidth between the two per direction.
        """
        tokens, length = count("prompt", prompt, "prompt=1024"), count("output", output, "output=128")
        bandwidth = quantity("link", link, "B/s", 'link="50 GB/s"')
        delay = quantity("latency", latency, "s", 'latency="10 us"')
        machine = registry.machine(writing)
        spec = registry.model(model)
        if tokens + length > spec.max_context:
            raise InvalidValue(
                "output", output, f"prompt and answer are at most {spec.max_context} tokens", "output=128"
            )
        reader = ServingModel().solve(
            model=spec,
            hardware=registry.machine(reading),
            context=tokens,
            prompt=tokens,
            precision=precision,
            weights=weights,
            kv_precision=kv_precision,
            efficiency=efficiency,
        )
        together = BatchingModel().solve(
            model=spec,
            hardware=machine,
            prompt=tokens,
            output=length,
            batch=batch,
            precision=precision,
            weights=weights,
            kv_precision=kv_precision,
            efficiency=efficiency,
        )
        return DisaggregatedResult(reader, together.serving, together, length, bandwidth, delay)


def _choked(result: DisaggregatedResult) -> Reason:
    least = result.link * result.link_share
    return Reason(
        verdict="The link is too slow.",
        subject=f"The caches of one writing machine's prompts keep it busy {result.link_share:.3g} times over.",
        limit="communication",
        wall=WALLS["communication"].number,
        value=least,
        maximum=result.link,
        unit="B/s",
        mend=f"A link of {write(least, 'B/s')} or more, fewer KV heads or bits, or shorter prompts.",
    )
