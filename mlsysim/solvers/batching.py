"""How many sequences share a machine: static against continuous batching, pages, prefixes, promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mlsysim.check import InvalidValue, amount, count, number, quantity, share
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import batching
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.simulation.steps import BLOCK, StepTimes
from mlsysim.solvers.basis import given
from mlsysim.solvers.encoder_decoder import decoder_alone
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingModel, ServingResult, solve
from mlsysim.solvers.two_moments import TwoMoments
from mlsysim.walls import WALLS

MOST_SEQUENCES = 100_000
ENDS = ("lower", "expected", "upper")


@dataclass(frozen=True, slots=True)
class Prefix:
    """Tokens at the start of a share of all prompts that are the same, and kept."""

    tokens: int
    hits: float


@dataclass(frozen=True, slots=True)
class BatchingResult:
    """One machine at full load: every place taken, and a request waiting for each that becomes free.

    `serving` is in the middle of an answer. `batch` is 1 where not even one sequence fits or keeps the promises.
    """

    serving: ServingResult
    steps: StepTimes
    prompt: int
    output: TwoMoments
    prefix: Prefix
    block: int
    ttft_promise: float | None
    itl_promise: float | None
    batch: int

    @property
    def free(self) -> float:
        """Memory beside weights and activations [B]."""
        load = self.serving.workload
        return max(
            0.0, self.serving.hardware.memory - load.stored_weights() - load.workspace(self.serving.workload.batch)
        )

    @property
    def tokens(self) -> float:
        """Tokens of a request at its end, on average [-]."""
        return self.prompt + self.output.mean

    @property
    def reserved_concurrency(self) -> int:
        """Sequences that fit where each reserves room for the model's longest context."""
        load = self.serving.workload
        return self._most(load.sequence_kv(load.model.max_context), 0.0)

    @property
    def paged_concurrency(self) -> int:
        """Sequences that fit in blocks; a prefix in common is held once."""
        return self._most(self.own_kv, self.shared_kv)

    @property
    def own_kv(self) -> float:
        """Blocks of one sequence at its end, without those of the prefix that it shares [B]."""
        load, prefix = self.serving.workload, self.prefix
        shared = prefix.hits * load.shared_kv(prefix.tokens, self.tokens, self.block)
        return load.paged_kv(self.tokens, self.block) - shared

    @property
    def shared_kv(self) -> float:
        """Whole blocks of the prefix, held once [B]."""
        whole = batching.shared_tokens(self.prefix.tokens, self.block) if self.prefix.hits else 0
        return self.serving.workload.paged_kv(whole, self.block) if whole else 0.0

    @property
    def reserved_waste(self) -> float:
        """Share of the KV cache that a reservation of the longest context leaves empty [-]."""
        load = self.serving.workload
        return batching.wasted_fraction(load.sequence_kv(self.tokens), load.sequence_kv(load.model.max_context))

    @property
    def paged_waste(self) -> float:
        """Share of the KV cache that blocks leave empty [-]."""
        load = self.serving.workload
        return batching.wasted_fraction(load.sequence_kv(self.tokens), load.paged_kv(self.tokens, self.block))

    @property
    def prefill(self) -> Estimate:
        """One prompt, with the prefix as often in the cache as it is [s]."""
        whole = self.steps.prefill(self.prompt)
        rest = (
            self.steps.step(None, self.prompt - self.prefix.tokens, self.prefix.tokens) if self.prefix.hits else whole
        )
        saved = 1.0 - self.prefix.hits * (1.0 - rest / whole)
        alone = solve(replace(self.serving.workload, batch=1), self.serving.hardware, self.serving.efficiency).ttft
        return Estimate(saved * alone.lower, saved * alone.expected, saved * alone.upper, "s")

    @property
    def ttft(self) -> Estimate:
        """Continuous batching: a prompt that finds a place, and waits half a step; upper: another prompt [s]."""
        prefill, step = self.prefill, self._step(self.batch)
        return Estimate(prefill.lower, prefill.expected + step.expected / 2, 2 * prefill.upper + step.upper, "s")

    @property
    def itl(self) -> Estimate:
        """Continuous batching: mean time between two tokens, with the prompts that come in between [s]."""
        return self._itl(self.batch, self.prefill)

    @property
    def throughput(self) -> Estimate:
        """Continuous batching [token/s]."""
        return self._rate(batching.continuous_cycle_time, self.output.mean)

    @property
    def static_throughput(self) -> Estimate:
        """Static batching: everyone waits for the longest answer [token/s]."""
        return self._rate(batching.static_batch_time, self._longest)

    @property
    def static_itl(self) -> Estimate:
        """Static batching: no prompt comes in between [s]."""
        return self._step(self.batch)

    @property
    def static_ttft(self) -> Estimate:
        """Static batching: half of the batch that runs, on average, then all prompts of one's own [s]."""
        prefill, step, batch = self.prefill, self._step(self.batch), self.batch
        running = batching.static_batch_time(batch, prefill.expected, step.expected, self._longest)
        longest = batching.static_batch_time(batch, prefill.upper, step.upper, self._longest)
        most = longest + batch * prefill.upper
        return Estimate(batch * prefill.lower, running / 2 + batch * prefill.expected, most, "s")

    @property
    def static_utilization(self) -> float:
        """Share of the places' steps that give a token anyone waits for [-]."""
        return self.output.mean / self._longest

    @property
    def promised_concurrency(self) -> int | None:
        """Most sequences at which both promises are kept; None without a promise, 0 where not even one is."""
        if self.ttft_promise is None and self.itl_promise is None:
            return None
        prefill = self.prefill
        return most_that(MOST_SEQUENCES, lambda batch: self._keeps(batch, prefill))

    @property
    def concurrency(self) -> int:
        """Most sequences at once, under memory and promises."""
        promised = self.promised_concurrency
        return self.paged_concurrency if promised is None else min(promised, self.paged_concurrency)

    @property
    def bound_by(self) -> str:
        """What keeps the number of sequences from growing."""
        if self.promised_concurrency is None or self.paged_concurrency <= self.promised_concurrency:
            return "memory capacity"
        more = self.concurrency + 1
        return "streaming" if self._late_itl(more, self.prefill) else "serving"

    @property
    def feasible(self) -> bool:
        """Whether the batch fits, and the promises are kept."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        found = []
        if self.batch > self.paged_concurrency:
            found.append(_exhausted(self))
        for wall, what, estimate, promise in (
            ("serving", "time to first token", self.ttft, self.ttft_promise),
            ("streaming", "inter-token latency", self.itl, self.itl_promise),
        ):
            if promise is not None and estimate.expected > promise:
                found.append(_broken(self, wall, what, estimate, promise))
        return tuple(found)

    @property
    def basis(self) -> tuple[Input, ...]:
        """What was given, and the inputs of the step times."""
        return (
            Input("s", "tokens of a prompt", given("prompt", self.prompt, "1")),
            Input("L", "tokens of an answer", given("output", self.output.mean, "1")),
            Input("h", "share of prompts with the prefix", given("prefix_hits", self.prefix.hits, "1")),
            *self.serving.basis,
        )

    def explain(self) -> str:
        """The whiteboard."""
        load, step = self.serving.workload, self._step(self.batch)
        lines = [
            f"{load.model.name} in {load.stored_as} on the {self.serving.hardware.full_name}: "
            f"{self.batch:,d} sequences, {self.prompt:,d} tokens in, {self.output.mean:g} out",
            f"T_p = {self.prefill.format(3)} a prompt, T_d = {step.format(3)} a step",
            f"continuous  b / (b T_p + (L - 1) T_d) x L = {self.throughput.expected:,.0f} token/s, "
            f"ITL {self.itl.format(3)}, TTFT {self.ttft.format(3)}",
            f"static      b / (b T_p + ({self._longest:.4g} - 1) T_d) x L = {self.static_throughput.expected:,.0f} "
            f"token/s, ITL {self.static_itl.format(3)}, TTFT {self.static_ttft.format(3)}",
            f"{write(self.free, 'B')} for KV cache: {self.reserved_concurrency:,d} reserved "
            f"({self.reserved_waste:.0%} of each empty), {self.paged_concurrency:,d} in blocks of {self.block} "
            f"({self.paged_waste:.1%} empty)",
        ]
        if self.promised_concurrency is not None:
            lines.append(f"at most {self.concurrency:,d} sequences, bound by {self.bound_by}")
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])

    @property
    def _longest(self) -> float:
        return batching.expected_longest(self.output.fixed, self.output.mean - self.output.fixed, self.batch)

    def _step(self, batch: int) -> Estimate:
        return solve(replace(self.serving.workload, batch=batch), self.serving.hardware, self.serving.efficiency).itl

    def _itl(self, batch: int, prefill: Estimate) -> Estimate:
        step, output = self._step(batch), self.output.mean
        if output <= 1.0:
            return step
        low, middle, high = (
            batching.continuous_token_time(batch, getattr(prefill, end), getattr(step, end), output) for end in ENDS
        )
        return Estimate(low, middle, high, "s")

    def _rate(self, cycle: Callable[[float, float, float, float], float], length: float) -> Estimate:
        step, prefill, tokens = self._step(self.batch), self.prefill, self.batch * self.output.mean
        high, middle, low = (
            tokens / cycle(self.batch, getattr(prefill, end), getattr(step, end), length) for end in ENDS
        )
        return Estimate(low, middle, high, "token/s")

    def _late_itl(self, batch: int, prefill: Estimate) -> bool:
        return self.itl_promise is not None and self._itl(batch, prefill).expected > self.itl_promise

    def _keeps(self, batch: int, prefill: Estimate) -> bool:
        first = prefill.expected + self._step(batch).expected / 2
        return not self._late_itl(batch, prefill) and (self.ttft_promise is None or first <= self.ttft_promise)

    def _most(self, own: float, shared: float) -> int:
        """Sequences that fit, each with so many bytes of its own."""
        load, capacity = self.serving.workload, self.serving.hardware.memory
        free = capacity - load.stored_weights() - shared
        return most_that(MOST_SEQUENCES, lambda batch: batch * own + load.workspace(batch) <= free)


class BatchingModel:
    """How many users does one machine carry, and what does each batching policy make of them?

    >>> answer = BatchingModel().solve(model="Llama3_8B", hardware="H100", prompt=512, output=128, itl="25 ms")
    >>> answer.bound_by, answer.throughput.expected > 2 * answer.static_throughput.expected
    ('streaming', True)
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        prompt: int = 512,
        output: float = 128,
        batch: int | None = None,
        output_variability: float = 1.0,
        prefix: int = 0,
        prefix_hits: float = 1.0,
        block: int = BLOCK,
        ttft: float | str | None = None,
        itl: float | str | None = None,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> BatchingResult:
        """`batch` sequences at full load, or as many as memory and the promises `ttft` and `itl` allow.

        The first `prefix` tokens of a share `prefix_hits` of prompts are the same and cached. `block` is the size of a
        page. Lengths of answers spread by their squared coefficient of variation, at most 1 here.
        """
        tokens = count("prompt", prompt, "prompt=512")
        length = number("output", output, "output=128", at_most=1e7)
        if length < 1.0:
            raise InvalidValue("output", output, "an answer has at least one token", "output=128")
        spread = amount("output_variability", output_variability, "output_variability=1.0", at_most=1.0)
        asked = None if batch is None else count("batch", batch, "batch=32", at_most=MOST_SEQUENCES)
        shared = 0 if type(prefix) is int and prefix == 0 else count("prefix", prefix, "prefix=256")
        if shared >= tokens:
            raise InvalidValue("prefix", prefix, f"it is the start of a prompt of {tokens} tokens", "prefix=256")
        hits = share("prefix_hits", prefix_hits, "prefix_hits=0.8") if shared else 0.0
        first = None if ttft is None else quantity("ttft", ttft, "s", 'ttft="500 ms"')
        pace = None if itl is None else quantity("itl", itl, "s", 'itl="50 ms"')
        page = count("block", block, "block=16", at_most=65536)
        serving = ServingModel().solve(
            model=model,
            hardware=hardware,
            batch=asked or 1,
            context=tokens + max(1, round(length / 2)),
            prompt=tokens,
            precision=precision,
            weights=weights,
            kv_precision=kv_precision,
            efficiency=efficiency,
        )
        decoder_alone(serving.workload.model)
        if tokens + length > serving.workload.model.max_context:
            rule = f"prompt and answer are at most {serving.workload.model.max_context} tokens"
            raise InvalidValue("output", output, rule, "output=128")
        steps = StepTimes(serving.workload, serving.hardware, serving.efficiency)
        answer = TwoMoments(length, spread)
        found = BatchingResult(serving, steps, tokens, answer, Prefix(shared, hits), page, first, pace, asked or 1)
        return found if asked else replace(found, batch=max(1, found.concurrency))


def most_that(largest: int, holds: Callable[[int], bool]) -> int:
    """The largest number for which something still holds that holds no more from some number on."""
    low, high = 0, 1
    while high <= largest and holds(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _exhausted(result: BatchingResult) -> Reason:
    load = result.serving.workload
    needed = result.batch * result.own_kv + result.shared_kv
    return Reason(
        verdict="KV cache exhausted.",
        subject=f"{result.batch:,d} sequences of {result.tokens:,.0f} tokens need {write_enough(needed, 'B')}; beside "
        f"{load.model.name} in {load.stored_as}, the {result.serving.hardware.name} has {write(result.free, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=needed,
        maximum=result.free,
        unit="B",
        mend=f"At most {result.paged_concurrency:,d} sequences, fewer bits, shorter requests, a prefix in common, "
        "or more memory would mend it.",
    )


def _broken(result: BatchingResult, wall: str, what: str, found: Estimate, promise: float) -> Reason:
    most = result.promised_concurrency
    fewer = f"At most {most:,d} sequences" if most else "Fewer bits, a shorter prompt"
    return Reason(
        verdict="Promise broken.",
        subject=f"With {result.batch:,d} sequences the {what} is about {write_enough(found.expected, 's')}; "
        f"the promise is {write(promise, 's')}.",
        limit=wall,
        wall=WALLS[wall].number,
        value=found.expected,
        maximum=promise,
        unit="s",
        mend=f"{fewer}, a faster machine, or a promise of {write_enough(found.expected, 's')} would mend it.",
    )
