"""A stream of requests at one machine, simulated token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from mlsysim.check import InvalidValue, amount, choice, count, number, quantity
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.simulation.engine import Record, Request, serve_continuous, serve_static
from mlsysim.simulation.steps import StepTimes
from mlsysim.solvers.basis import given
from mlsysim.solvers.encoder_decoder import decoder_alone
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingModel, ServingResult
from mlsysim.solvers.two_moments import TwoMoments
from mlsysim.walls import WALLS

POLICIES = ("static", "continuous", "chunked")
MOST_REQUESTS = 1_000_000


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What each request met. Empty where not even one of them has room.

    Ranges are those of chance, at 95 %: another seed gives another figure. They leave out that neighbours in a line
    share their fate, and what `serving` says about its efficiencies.
    """

    serving: ServingResult
    policy: str
    slots: int
    room: float
    rate: float
    percentile: float
    ttft_promise: float | None
    itl_promise: float | None
    requests: Sequence[Request]
    record: Record

    @property
    def ttft(self) -> Estimate | None:
        """Percentile of the time to first token, time in line included [s]."""
        first = self.record.first
        return _quantile([(first[each] - self.requests[each].arrived, 1) for each in first], self.percentile)

    @property
    def itl(self) -> Estimate | None:
        """Percentile of the time between two tokens of a request, over all tokens [s]."""
        return _quantile(self.record.gaps, self.percentile)

    @property
    def mean_latency(self) -> float:
        """Mean time from arrival to last token [s]."""
        finished = self.record.finished
        return sum(finished[each] - self.requests[each].arrived for each in finished) / max(len(finished), 1)

    @property
    def duration(self) -> float:
        """From the start to the last token [s]."""
        return max(self.record.finished.values(), default=0.0)

    @property
    def throughput(self) -> float:
        """Tokens a second, over all requests [token/s]."""
        return self.record.tokens / self.duration if self.duration else 0.0

    @property
    def utilization(self) -> float:
        """Share of the time in which the machine does anything [-]."""
        return self.record.busy / self.duration if self.duration else 0.0

    @property
    def goodput(self) -> float:
        """Requests a second that met both promises: first token in time, and the others on average [1/s]."""
        good = sum(self._kept(each) for each in self.record.finished)
        return good / self.duration if self.duration else 0.0

    def timeline(self) -> list[tuple[float, int, int]]:
        """After each arrival, first and last token: when [s], how many wait, how many get tokens."""
        first, finished = self.record.first, self.record.finished
        events = [(self.requests[each].arrived, 1, 0) for each in first]
        events += [(when, -1, 1) for when in first.values()] + [(when, 0, -1) for when in finished.values()]
        waiting = running = 0
        seen = []
        for when, more, started in sorted(events, key=lambda event: event[0]):
            waiting, running = waiting + more, running + started
            seen.append((when, waiting, running))
        return seen

    @property
    def feasible(self) -> bool:
        """Whether every request has room and the percentiles keep the promises."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        if self.ttft is None:
            return (_no_room(self),)
        found = [
            _late(self, "serving", "a first token", self.ttft, self.ttft_promise),
            _late(self, "streaming", "the next token", self.itl, self.itl_promise),
        ]
        return tuple(reason for reason in found if reason is not None)

    @property
    def basis(self) -> tuple[Input, ...]:
        """What was given, and the inputs of the step times."""
        return (
            Input("lambda", "requests that arrive each second", given("rate", self.rate, "1/s")),
            Input("n", "requests simulated", given("requests", len(self.requests), "1")),
            *self.serving.basis,
        )

    def explain(self) -> str:
        """The whiteboard."""
        load = self.serving.workload
        lines = [
            f"{load.model.name} in {load.stored_as} on the {self.serving.hardware.full_name}: {self.policy} batching, "
            f"{self.slots:,d} places, {write(self.room, 'B')} for KV cache",
            f"{len(self.requests):,d} requests, {self.rate:.4g} a second, "
            f"{sum(each.output for each in self.requests):,d} tokens",
        ]
        if self.ttft is not None:
            part = f"{100 * self.percentile:.6g} %"
            lines += [
                f"TTFT = {self.ttft.format(3)}, {self.ttft.format_range(3)}    {part} of requests",
                f"ITL  = {self.itl.format(3)}, {self.itl.format_range(3)}    {part} of tokens" if self.itl else "",
                f"busy {self.utilization:.1%}, {self.throughput:,.0f} token/s, {self.goodput:.3g} good requests/s",
            ]
        return "\n".join([*filter(None, lines), *(reason.sentence() for reason in self.reasons)])

    def _kept(self, each: int) -> bool:
        request, first, last = self.requests[each], self.record.first[each], self.record.finished[each]
        in_time = self.ttft_promise is None or first - request.arrived <= self.ttft_promise
        pace = (last - first) / (request.output - 1) if request.output > 1 else 0.0
        return in_time and (self.itl_promise is None or pace <= self.itl_promise)


class StreamModel:
    """What do users meet, when they come as they please?

    >>> answer = StreamModel().solve(model="Llama3_8B", hardware="H100", rate=4, requests=100)
    >>> answer.feasible, answer.policy
    (True, 'continuous')
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        rate: float,
        requests: int = 1000,
        policy: str = "continuous",
        slots: int = 64,
        chunk: int = 512,
        prompt: int = 512,
        output: int = 128,
        prompt_variability: float = 0.0,
        output_variability: float = 1.0,
        percentile: float = 0.99,
        ttft: float | str | None = None,
        itl: float | str | None = None,
        seed: int = 0,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> StreamResult:
        """`requests` of them, Poisson, `rate` a second, with `prompt` tokens in and `output` tokens out on average.

        `policy` is static, continuous or chunked. `ttft` and `itl` are promises for a share `percentile` of requests
        and of tokens. Lengths spread by their squared coefficient of variation and end at the model's context.
        """
        arriving = number("rate", rate, "rate=4", at_most=1e9)
        number_of = count("requests", requests, "requests=1000", at_most=MOST_REQUESTS)
        how = choice("policy", policy, POLICIES)
        places = count("slots", slots, "slots=64", at_most=100_000)
        piece = count("chunk", chunk, "chunk=512", at_most=10**7)
        tokens_in, tokens_out = count("prompt", prompt, "prompt=512"), count("output", output, "output=128")
        spread_in = amount("prompt_variability", prompt_variability, "prompt_variability=0.5", at_most=100.0)
        spread_out = amount("output_variability", output_variability, "output_variability=1.0", at_most=100.0)
        part = number("percentile", percentile, "percentile=0.99", at_most=0.999999)
        first = None if ttft is None else quantity("ttft", ttft, "s", 'ttft="500 ms"')
        pace = None if itl is None else quantity("itl", itl, "s", 'itl="50 ms"')
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise InvalidValue("seed", seed, "it must be a whole number", "seed=0")
        serving = ServingModel().solve(
            model=model,
            hardware=hardware,
            batch=places,
            context=tokens_in + tokens_out,
            prompt=tokens_in,
            precision=precision,
            weights=weights,
            kv_precision=kv_precision,
            efficiency=efficiency,
        )
        load = serving.workload
        decoder_alone(load.model)
        chance = Random(seed)
        lengths = TwoMoments(tokens_in, spread_in), TwoMoments(tokens_out, spread_out)
        stream = _arrivals(arriving, number_of, lengths, load.model.max_context, chance)
        room = max(0.0, serving.hardware.memory - load.stored_weights() - load.workspace(places))
        record = Record()
        if load.sequence_kv(max(each.prompt + each.output for each in stream)) <= room:
            steps = StepTimes(load, serving.hardware, serving.efficiency)
            if how == "static":
                record = serve_static(stream, steps, places, room)
            else:
                record = serve_continuous(stream, steps, places, room, piece if how == "chunked" else None)
        return StreamResult(serving, how, places, room, arriving, part, first, pace, stream, record)


def _arrivals(
    rate: float, requests: int, lengths: tuple[TwoMoments, TwoMoments], longest: int, chance: Random
) -> list[Request]:
    now, found = 0.0, []
    for _ in range(requests):
        now += chance.expovariate(rate)
        prompt, output = (max(1, round(each.draw(chance))) for each in lengths)
        prompt = min(prompt, longest - 1)
        found.append(Request(now, prompt, min(output, longest - prompt)))
    return found


def _quantile(values: Sequence[tuple[float, int]], part: float) -> Estimate | None:
    """Of values that each occur so many times; lower and upper by the binomial spread of its rank."""
    total = sum(times for _, times in values)
    if not total:
        return None
    spread = 1.96 * sqrt(part * (1 - part) / total)
    ordered = sorted(values)
    low, middle, high = (_rank(ordered, min(1.0, max(0.0, part + each)) * total) for each in (-spread, 0.0, spread))
    return Estimate(low, middle, high, "s")


def _rank(ordered: Sequence[tuple[float, int]], rank: float) -> float:
    seen = 0
    for value, times in ordered:
        seen += times
        if seen >= rank - 1e-9 and times:
            return value
    return ordered[-1][0]


def _no_room(result: StreamResult) -> Reason:
    longest = max(each.prompt + each.output for each in result.requests)
    load, machine = result.serving.workload, result.serving.hardware
    needed = load.sequence_kv(longest)
    return Reason(
        verdict="KV cache exhausted.",
        subject=f"A request of {longest:,d} tokens needs {write_enough(needed, 'B')} of KV cache; "
        f"beside {load.model.name} in {load.stored_as}, the {machine.name} has {write(result.room, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=needed,
        maximum=result.room,
        unit="B",
        mend="Fewer bits, shorter requests, fewer places, or a machine with more memory.",
    )


def _late(result: StreamResult, wall: str, what: str, found: Estimate | None, promise: float | None) -> Reason | None:
    if found is None or promise is None or found.expected <= promise:
        return None
    fastest = "fewer places, or chunked prefill" if wall == "streaming" else "fewer requests a second, or more replicas"
    return Reason(
        verdict="Promise broken.",
        subject=f"{100 * result.percentile:.6g} % wait at most {write_enough(found.expected, 's')} for {what}; "
        f"the promise is {write(promise, 's')}.",
        limit=wall,
        wall=WALLS[wall].number,
        value=found.expected,
        maximum=promise,
        unit="s",
        mend=f"A faster machine, {fastest}.",
    )
