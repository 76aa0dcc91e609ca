"""A machine at full load on which a small model guesses ahead: what guessing makes of the number of users."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlsysim.check import count
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import batching
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.simulation.steps import BLOCK
from mlsysim.solvers.batching import ENDS, MOST_SEQUENCES, BatchingModel, BatchingResult, most_that
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.speculative import MOST_GUESSES, SpeculativeDecoding, SpeculativeResult
from mlsysim.walls import WALLS

Prompts = tuple[Estimate, Estimate]
"""One prompt read by the large model, and by both [s]."""


@dataclass(frozen=True, slots=True)
class SpeculativeBatchingResult:
    """Both models on one machine with every place taken: each reads every prompt and keeps a KV cache of its own.

    `target` and `draft` are the two models as if each had the machine to itself.
    """

    target: BatchingResult
    draft: BatchingResult
    acceptance: float
    guesses: int
    batch: int

    @property
    def guessing(self) -> SpeculativeResult:
        """Guesses and check at this batch, without prompts in between."""
        return self._guessing(self.batch)

    @property
    def prefill(self) -> Estimate:
        """One prompt, read by both models [s]."""
        return self._prompts[1]

    @property
    def ttft(self) -> Estimate:
        """A prompt that finds a place, after half of the guesses and check that run; upper: another prompt [s]."""
        return self._ttft(self.guessing, self._prompts)

    @property
    def itl(self) -> Estimate:
        """Mean time per token, with the prompts that come in between [s]."""
        return self._itl(self.guessing, self._prompts)

    @property
    def free(self) -> float:
        """Memory beside both models' weights and activations [B]."""
        return max(0.0, self.target.serving.hardware.memory - self._fixed(self.batch))

    @property
    def paged_concurrency(self) -> int:
        """Sequences that fit in blocks; a prefix in common is held once by each model."""
        memory = self.target.serving.hardware.memory
        return most_that(MOST_SEQUENCES, lambda batch: self._fixed(batch) + self._cached(batch) <= memory)

    @property
    def promised_concurrency(self) -> int | None:
        """Most sequences at which both promises are kept; None without a promise, 0 where not even one is."""
        if self.target.ttft_promise is None and self.target.itl_promise is None:
            return None
        prompts = self._prompts
        return most_that(MOST_SEQUENCES, lambda batch: not self._late(batch, prompts))

    @property
    def concurrency(self) -> int:
        """Most sequences at once, under memory and promises."""
        most, prompts = self.paged_concurrency, self._prompts
        return min(most, most_that(most, lambda batch: not self._late(batch, prompts)))

    @property
    def bound_by(self) -> str:
        """What keeps the number of sequences from growing."""
        more = self.concurrency + 1
        return "memory capacity" if more > self.paged_concurrency else self._late(more, self._prompts)[-1][0]

    @property
    def feasible(self) -> bool:
        """Whether the batch fits, and the promises are kept."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        found = [] if self.batch <= self.paged_concurrency else [_exhausted(self)]
        late = self._late(self.batch, self._prompts)
        most = self.promised_concurrency if late else None
        return (*found, *(_broken(self, wall, time, promise, most) for wall, time, promise in late))

    @property
    def basis(self) -> tuple[Input, ...]:
        """What was given, and the inputs of both models' times."""
        return self.guessing.basis

    def explain(self) -> str:
        """The whiteboard."""
        output, step = self.target.output.mean, self.guessing.itl
        lines = [
            self.guessing.explain().split("\n", maxsplit=1)[0],
            f"T_p = {self.target.prefill.format(3)} + {self.draft.prefill.format(3)} a prompt, read by both models",
            f"T_d = {step.format(3)} a token, with {self.guesses} guesses of which {self.acceptance:g} are accepted",
            f"ITL = T_d + ({self.batch:,d} - 1) / ({output:g} - 1) T_p = {self.itl.format(3)}, "
            f"{self.itl.format_range(3)}; TTFT {self.ttft.format(3)}",
            f"{write(self.free, 'B')} for both KV caches: room for {self.paged_concurrency:,d}",
        ]
        if self.promised_concurrency is not None:
            lines.append(f"at most {self.concurrency:,d} sequences, bound by {self.bound_by}")
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])

    @property
    def _prompts(self) -> Prompts:
        own = self.target.prefill
        return own, Estimate.total((own, self.draft.prefill), "s")

    def _guessing(self, batch: int) -> SpeculativeResult:
        large, small = self.target.serving, self.draft.serving
        return SpeculativeDecoding().solve(
            model=large.workload.model,
            draft=small.workload.model,
            hardware=large.hardware,
            acceptance=self.acceptance,
            guesses=self.guesses,
            batch=batch,
            context=large.workload.context,
            precision=large.workload.precision,
            weights=large.workload.weights,
            draft_weights=small.workload.weights,
            kv_precision=large.workload.kv_precision,
            efficiency=large.efficiency,
        )

    def _ttft(self, guessing: SpeculativeResult, prompts: Prompts) -> Estimate:
        cycle, (own, both) = guessing.itl.scaled(guessing.tokens, "s"), prompts
        return Estimate(own.lower, own.expected + cycle.expected / 2, own.upper + both.upper + cycle.upper, "s")

    def _itl(self, guessing: SpeculativeResult, prompts: Prompts) -> Estimate:
        step, output = guessing.itl, self.target.output.mean
        if output <= 1.0:
            return step
        batch = guessing.target.workload.batch
        low, middle, high = (
            batching.continuous_token_time(batch, getattr(prompts[1], end), getattr(step, end), output) for end in ENDS
        )
        return Estimate(low, middle, high, "s")

    def _late(self, batch: int, prompts: Prompts) -> list[tuple[str, Estimate, float]]:
        """Promises that so many sequences break: the wall, the time and the promise."""
        guessing, found = self._guessing(batch), []
        for wall, promise, time in (
            ("serving", self.target.ttft_promise, self._ttft),
            ("streaming", self.target.itl_promise, self._itl),
        ):
            if promise is not None and (estimate := time(guessing, prompts)).expected > promise:
                found.append((wall, estimate, promise))
        return found

    def _fixed(self, batch: int) -> float:
        loads = (self.target.serving.workload, self.draft.serving.workload)
        return sum(load.stored_weights() + load.workspace(batch) for load in loads)

    def _cached(self, batch: int) -> float:
        """Both KV caches [B]."""
        return sum(batch * each.own_kv + each.shared_kv for each in (self.target, self.draft))


class SpeculativeBatching:
    """How many users does one machine carry where a small model guesses ahead?

    >>> answer = SpeculativeBatching().solve(
    ...     model="Llama3_8B", draft="Llama3_2_1B", hardware="H100", acceptance=0.7, batch=8
    ... )
    >>> answer.feasible, answer.itl.expected < answer.target.itl.expected
    (True, True)
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        draft: ModelSpec | str,
        hardware: HardwareNode | str,
        acceptance: float,
        guesses: int = 4,
        prompt: int = 512,
        output: float = 128,
        batch: int | None = None,
        prefix: int = 0,
        prefix_hits: float = 1.0,
        block: int = BLOCK,
        ttft: float | str | None = None,
        itl: float | str | None = None,
        precision: str = "fp16",
        weights: str | None = None,
        draft_weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> SpeculativeBatchingResult:
        """As `BatchingModel`, with `draft` guessing `guesses` tokens before each check, as in `SpeculativeDecoding`."""
        asked = None if batch is None else count("batch", batch, "batch=32", at_most=MOST_SEQUENCES)
        ahead = count("guesses", guesses, "guesses=4", at_most=MOST_GUESSES)

        def alone(which: ModelSpec | str, stored: str | None) -> BatchingResult:
            return BatchingModel().solve(
                model=which,
                hardware=hardware,
                prompt=prompt,
                output=output,
                batch=asked or 1,
                prefix=prefix,
                prefix_hits=prefix_hits,
                block=block,
                ttft=ttft,
                itl=itl,
                precision=precision,
                weights=stored,
                kv_precision=kv_precision,
                efficiency=efficiency,
            )

        large, small = alone(model, weights), alone(draft, draft_weights)
        found = SpeculativeBatchingResult(large, small, acceptance, ahead, asked or 1)
        _ = found.guessing  # refuses an acceptance or a draft that cannot be
        return found if asked else replace(found, batch=max(1, found.concurrency))


def _exhausted(result: SpeculativeBatchingResult) -> Reason:
    large, small = result.target.serving, result.draft.serving
    needed = result._cached(result.batch)
    return Reason(
        verdict="KV cache exhausted.",
        subject=f"{result.batch:,d} sequences of {result.target.tokens:,.0f} tokens need {write_enough(needed, 'B')} "
        f"for two models; beside {large.workload.model.name} and {small.workload.model.name}, the "
        f"{large.hardware.name} has {write(result.free, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=needed,
        maximum=result.free,
        unit="B",
        mend=f"At most {result.paged_concurrency:,d} sequences, no guessing, a prefix in common, or more "
        "memory would mend it.",
    )


def _broken(result: SpeculativeBatchingResult, wall: str, found: Estimate, promise: float, most: int | None) -> Reason:
    what = {"serving": "time to first token", "streaming": "inter-token latency"}[wall]
    fewer = f"At most {most:,d} sequences" if most else "Fewer bits, a shorter prompt"
    return Reason(
        verdict="Promise broken.",
        subject=f"With {result.batch:,d} sequences and {result.guesses} guesses the {what} is about "
        f"{write_enough(found.expected, 's')}; the promise is {write(promise, 's')}.",
        limit=wall,
        wall=WALLS[wall].number,
        value=found.expected,
        maximum=promise,
        unit="s",
        mend=f"{fewer}, a faster machine, or a promise of {write_enough(found.expected, 's')} would mend it.",
    )
