"""Cases of serving a transformer: a decode step, a prompt, and what a loaded server gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mlsysim import precision as known_formats
from mlsysim.calibration import machines, models, stacks
from mlsysim.calibration.answers import Answer, Refused, unit
from mlsysim.calibration.cases import Case
from mlsysim.calibration.grammar import BLOCK_BITS, block_bits, formats, labelled, lengths, number, plan
from mlsysim.calibration.parameters import Reach
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics.collectives import ring_allreduce_time
from mlsysim.physics.speculative import speculative_speedup
from mlsysim.records import Datum, HardwareNode, ModelSpec
from mlsysim.registry import constants
from mlsysim.solvers.phase import Operator, Phase, run
from mlsysim.solvers.workload import Workload


class Request(NamedTuple):
    """Tokens in and out."""

    prompt: int
    output: int


_ASKED = 128
"""Tokens that come out where a case does not say."""
_FILLED = 0.9
"""Share of memory that servers fill by default with weights and cache (vLLM's gpu_memory_utilization)."""
_DATASETS = {
    # Mean tokens in and out of a request (MLPerf Inference's data sets).
    "openorca": Request(294, 294),
    "cnn": Request(900, 70),
    "mixed": Request(220, 145),
    "sharegpt": Request(160, 140),
    "alpaca": Request(20, 60),
}


_TOGETHER = 8192
"""Tokens of prompts that servers put into one pass (TensorRT-LLM's and vLLM's default largest)."""


@dataclass(frozen=True, slots=True)
class Load(Workload):
    """A workload whose prompts go through together."""

    def prompts(self, count: int, machine_cache: float | None) -> tuple[Operator, ...]:
        """So many prompts in one pass: weights are read once, each prompt attends to itself."""
        single = replace(self, batch=1).prefill(machine_cache)
        packed = replace(self, batch=1, prompt=count * self.prompt).prefill(machine_cache)
        return tuple(
            each._replace(flops=count * alone.flops) if each.name in ("attention", "LM head") else each
            for each, alone in zip(packed, single, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Blocks(Load):
    """A workload whose weights are stored in blocks of so many bytes a weight, all of them together."""

    stored: float = 2.0

    @property
    def weight_bytes(self) -> float:
        """Bytes of one weight of a layer's matrices, the LM head's own format counted in [B]."""
        model = self.model
        matrices = model.projection_parameters + model.feed_forward_parameters
        return float((self.stored - model.head_parameters * self.element) / matrices)

    def _operators(self, *given: Any) -> tuple[Operator, ...]:
        """Whatever is read of them is unpacked, the LM head too."""
        return tuple(each._replace(packed=each.weights) for each in Load._operators(self, *given))


@dataclass(frozen=True, slots=True)
class Grouped(Load):
    """Weights of four bits of which so many share a scale and a zero point of sixteen bits each."""

    group: int = 128

    @property
    def weight_bytes(self) -> float:
        """Bytes of one weight of a layer's matrices [B]."""
        return (4 + 32 / self.group) / 8


def file_bytes(spec: ModelSpec, name: str) -> float:
    """Size of a model in one of llama.cpp's formats [B]; the LM head of a 4- or 5-bit one is in 6 bits.

    >>> spec = models.transformer("Llama-2-7B", 6.74e9).spec
    >>> round(file_bytes(spec, "q4_0") / 2**30, 2)  # GiB
    3.56
    """
    bits = block_bits(name)
    if bits is None:
        raise Refused(f"the size of a weight in {name} is not known")
    head = spec.head_parameters if name in ("q4_0", "q4_1", "q5_0", "q5_1") else 0
    return ((spec.parameters - head) * bits + head * BLOCK_BITS["q6_k"]) / 8


class Server(NamedTuple):
    """A model on the devices that share it, and what they reach."""

    machine: HardwareNode
    ranks: int
    replicas: int
    base: Load
    eta: Efficiency
    start: float
    assumed: str
    readers: float = 1.0
    """Times that decode reads a key: once, or once for each query head of its group."""

    def at(self, batch: int, context: int, prompt: int) -> Load:
        """The workload at another size."""
        return replace(self.base, batch=max(1, batch), context=max(1, context), prompt=max(1, prompt))

    def step(self, batch: int, context: int) -> float:
        """Time of one decode step [s]."""
        load = self.at(batch, context, 1)
        made = load.decode(self.machine.cache)
        read = tuple(each._replace(kv_cache=each.kv_cache * self.readers) for each in made)
        return self._timed("decode", load, read, load.batch)

    def prefill(self, prompt: int, count: int = 1) -> float:
        """Time of so many prompts, as many together as servers take [s]."""
        together = max(1, min(count, _TOGETHER // prompt))
        load = self.at(1, prompt, prompt)
        once = self._timed("prefill", load, load.prompts(together, self.machine.cache), together * prompt)
        return once * count / together

    def layer(self, batch: int, tokens: int, decodes: bool) -> float:
        """Time of the operators of one layer, embedding and LM head left out [s]."""
        load = self.at(batch, tokens, 1 if decodes else tokens)
        made = load.decode(self.machine.cache) if decodes else load.prefill(self.machine.cache)
        inside = tuple(each for each in made if each.name not in ("embedding", "LM head"))
        return self._timed("layer", load, inside, batch if decodes else batch * tokens)

    def _timed(self, name: str, load: Workload, operators: tuple[Operator, ...], tokens: int) -> float:
        cached = 1 if load.model.latent else min(self.ranks, load.model.kv_heads)
        n = self.ranks
        mine = tuple(each.share(n, cached) for each in operators)
        phase: Phase = run(
            name, mine, load.kernels, self.machine.rate(load.precision), self.machine.memory_bandwidth, self.eta
        )
        return phase.time.expected + self._talk(load, tokens)

    def _talk(self, load: Workload, tokens: int) -> float:
        """All-reduces of one pass [s]."""
        if self.ranks == 1:
            return 0.0
        message = tokens * load.model.hidden * max(2.0, load.element)
        link = (self.machine.link or 16e9) * constants("collectives")["link_efficiency"].value
        hop = constants("tensor_parallel")["hop"].value
        each = self.start + ring_allreduce_time(message, self.ranks, link, hop)
        return load.model.all_reduces * load.model.layers * each

    def most(self, context: int) -> int:
        """Sequences that fit beside the weights."""
        free = self.machine.memory * _FILLED * self.ranks - self.base.stored_weights()
        if free <= 0.0:
            raise Refused(
                f"{self.base.model.name} in {self.base.stored_as} does not fit on {self.ranks} x {self.machine.name}"
            )
        return max(1, min(2048, int(free / self.base.sequence_kv(context))))


def answer(case: Case, reach: Reach) -> Answer:
    """A serving case."""
    metric = case.metric.lower()
    if unit(case.unit).dimension == "share":
        return _speculative(case, reach)
    asked = unit(case.unit)
    wanted = formats(case.precision)
    if not wanted and re.search(r"\d", re.sub(r"\(.*?\)|(?i:kv)", "", case.precision)):
        raise Refused(f"the format {case.precision!r} is not known")
    wanted = wanted or ("fp16",)
    several = len(wanted) > 1 and "/" in metric and asked.dimension == "tokens"
    values = []
    assumed = ""
    setups = [(case, each) for each in (wanted if several else wanted[:1])]
    if re.search(r"orig\w*\s*/\s*super", metric):
        setups.insert(0, (replace(case, hardware=re.sub(r"(?i)super", "", case.hardware)), wanted[0]))
    for setup, each in setups:
        server = _server(setup, reach, each)
        assumed = server.assumed
        values.append(_one(case, server, asked.dimension, asked.each) / asked.factor)
    return Answer(tuple(values), "prefill" if _is_prompt(metric) else "decode", assumed=assumed)


def _is_prompt(metric: str) -> bool:
    """Whether a prompt's time or rate is asked for."""
    return re.search(r"first token|ttft|prefill|prompt|pp\d", metric) is not None and "in notes" not in metric


def _one(case: Case, server: Server, dimension: str, each: bool) -> float:
    metric = case.metric.lower()
    given = _lengths(case)
    batch = labelled(case.batch, "concurrency", "batch[ _-]?size", "batch", "c", "bs") or number(case.batch)
    first, output = max(1, given.prompt), given.output or _ASKED
    middle = first + output // 2
    if re.search(r"one (?:\S+ )*layer|single layer", case.model.lower()) and dimension == "time":
        return server.layer(
            int(batch or 1), middle if output < first else first, "decode" in f"{case.domain} {case.case_id}"
        )
    if re.search(r"first token|ttft", metric) and "in notes" not in metric:
        return server.prefill(first, int(batch or 1))
    if re.search(r"prefill|prompt processing|\bpp\d+", metric) and "in notes" not in metric and dimension == "tokens":
        return first / server.prefill(first)
    one = re.search(r"concurrency|clients", case.batch.lower()) is not None
    size = int(batch or 1)
    each_token = re.search(r"tpot|itl\b|inter.token|per (?:output )?token|decode|next token", metric)
    if dimension == "time" and given.output and not each_token:
        return server.prefill(first, size) + given.output * server.step(size, middle)
    if dimension == "time" and (each_token or "latency" in metric):
        # While one sequence is answered, each of the others brings one prompt.
        return server.step(size, middle) + (size - 1) * server.prefill(first) / output
    user = re.search(r"per user|/\s*user|interactivity", f"{metric} {case.unit.lower()}")
    if dimension == "tokens" and user:
        return output / (output * server.step(size, middle) + (size - 1) * server.prefill(first))
    if dimension == "tokens" and re.search(r"decode rate|token-level|generation|tg\d|decode$|speed", metric):
        return (1 if one else size) / server.step(size, middle)
    if dimension not in ("tokens", "examples"):
        raise Refused(f"a serving case is not answered in {case.unit}")
    size = int(batch) if batch else server.most(first + output)
    size = min(size, max(1, server.most(first + output)) * server.replicas if not batch else size)
    # In a steady state as in one batch: prompts, then a step for each token.
    cycle = server.prefill(first, size) + output * server.step(size, middle)
    rate = size / cycle * server.replicas
    if each or "per gpu" in metric:
        rate /= server.ranks * server.replicas
    return rate * (output if dimension == "tokens" else 1)


def _lengths(case: Case) -> Request:
    """Tokens of a request: as the case says, or as its data set has them."""
    text = f"{case.seq_or_io} {case.model}".lower()
    inside = re.search(r"~?(\d+)\s*in\s*/\s*~?(\d+)\s*out", f"{case.seq_or_io} {case.model}")
    stated = Request(int(inside[1]), int(inside[2])) if inside else None
    if stated is None:
        given = lengths(case.seq_or_io)
        stated = Request(given.prompt, given.output) if given else None
    if stated is None:
        stated = next((size for name, size in _DATASETS.items() if name in text), Request(128, _ASKED))
    return stated


def _server(case: Case, reach: Reach, wanted: str) -> Server:
    site = machines.machine(case.hardware, case.count)
    guess = models.transformer(case.model, case.params)
    # A submission to MLPerf that names no server is most often TensorRT-LLM's.
    machine, stack = site.machine, stacks.stack(case.software).replace("MLPerf", "TensorRT-LLM")
    if stack == "llama.cpp" and machine.vendor == "Apple":
        stack = "llama.cpp Metal"  # whether or not a table says so
    load = _stored(guess, wanted, machine)
    group = re.search(r"\bg(?:roup)?(?:[\s_-]*size)?\s*[=:-]?\s*(\d{2,3})\b", case.precision, re.I)
    if group and load.weights == "int4":
        load = Grouped(load.model, 1, 1, 1, load.precision, load.weights, load.kv_precision, int(group[1]))
    narrow = {"fp8": "FP8", "int8": "FP8", "fp4": "FP4"}.get(load.precision, "")
    generation = machines.generation(machine)
    line = "GeForce" if re.match(r"(RTX|GTX)", machine.name) else ""
    dies = "two dies" if machine.name.endswith("Ultra") else ""
    bandwidth = reach.of("serving.bandwidth", stack, generation if machine.vendor == "Apple" else "", dies)
    nested = "blocks in blocks" if re.match(r"i?q\d_(k|xs)", wanted) else ""
    bits = "four bits" if load.weight_bytes < 0.8 else "eight bits"
    known = efficiency(
        bandwidth,
        reach.of("serving.compute", generation, narrow, "experts" if guess.spec.experts else ""),
        reach.of("serving.launch", stack, line),
        reach.of("product.wave") * (machine.cores or 0.0),
        reach.of("serving.unpack", bits, nested) if load.packed else 1.0,
    )
    wanted_plan = plan(case.parallelism)
    ranks = wanted_plan.tp or (
        site.count
        if wanted_plan.dp is None and not re.search(r"replica|continuous", case.parallelism + case.batch)
        else None
    )
    server = Server(
        machine,
        1,
        1,
        load,
        known,
        reach.of("serving.all_reduce"),
        "" if guess.known else "architecture assumed from its size",
        1.0 if stacks.shares_keys(case.software) or load.model.latent else load.model.heads / load.model.kv_heads,
    )
    if ranks is None:
        ranks = _quickest(server, site.count, _lengths(case))
    ranks = max(1, min(ranks, site.count if case.count else ranks))
    if load.stored_weights() > machine.memory * max(ranks, site.count):
        raise Refused(
            f"{guess.spec.name} in {load.stored_as} does not fit on {max(ranks, site.count)} x {machine.name}"
        )
    return server._replace(ranks=ranks, replicas=max(1, site.count // ranks))


def _quickest(server: Server, count: int, given: Request) -> int:
    """How many devices share a model where the rest hold copies: what gives most tokens a second altogether."""
    rates = {}
    for ranks in (1, 2, 4, 8):
        if ranks > count or server.base.model.heads % ranks:
            continue
        one = server._replace(ranks=ranks)
        try:
            size = one.most(given.prompt + given.output)
        except Refused:
            continue
        cycle = one.prefill(max(1, given.prompt), size) + given.output * one.step(
            size, given.prompt + given.output // 2
        )
        rates[ranks] = size / cycle / ranks
    return max(rates, key=rates.__getitem__) if rates else count


def efficiency(bandwidth: float, compute: float, launch: float, idle: float = 0.0, unpack: float = 1.0) -> Efficiency:
    """What was fitted, exactly."""

    def passport(value: float, unit: str) -> Datum:
        return Datum(value, unit, "calibration", "", "measured")

    return Efficiency(
        Estimate.exact(bandwidth, "1"),
        Estimate.exact(compute, "1"),
        Estimate.exact(launch, "s"),
        (passport(bandwidth, "1"), passport(compute, "1"), passport(launch, "s")),
        idle=Estimate.exact(idle, "1"),
        unpack=Estimate.exact(unpack, "1"),
    )


def _stored(guess: models.Guess, wanted: str, machine: HardwareNode) -> Load:
    """The workload in a format: what the machine cannot compute in is stored so and computed in sixteen bits."""
    spec = guess.spec
    wide = next((each for each in ("fp16", "bf16", "fp32", "int8") if each in machine.peak), None)
    if wide is None:
        raise Refused(f"the {machine.name} has no peak rate that a transformer is computed in")
    bits = block_bits(wanted)
    if bits is not None and wanted not in ("f16", "bf16"):
        return Blocks(spec, 1, 1, 1, wide, wide, wide, file_bytes(spec, wanted))
    name = {"f16": "fp16", "tf32": "fp32", "f32": "fp32"}.get(wanted, wanted)
    if name not in known_formats.BYTES:
        raise Refused(f"the format {wanted} is not known")
    if name in machine.peak and (name not in ("int8", "int4") or wide == "int8"):
        stored = name
        # Mixtures published in four bits keep attention wider and compute in it.
        return Load(spec, 1, 1, 1, name, stored, name if name != "fp4" else "fp8")
    if name in ("fp16", "bf16", "fp32"):
        return Load(spec, 1, 1, 1, wide, wide, wide)
    return Load(spec, 1, 1, 1, wide, name, wide)


def _speculative(case: Case, reach: Reach) -> Answer:
    """The theorem's speed-up, at the acceptance that was fitted, with a drafter cheaper as it is smaller."""
    if not re.search(r"specul|draft", case.text) or "+" not in case.model:
        raise Refused("a gain of one system over another is not predicted: the other's setup is not in the case")
    gamma = labelled(case.parallelism, "gamma", "k", "draft") or labelled(case.metric, "gamma") or 5
    target, draft = (part.strip() for part in case.model.split("+", 1))
    sizes = [models.transformer(target, case.params).spec.parameters, _draft(draft)]
    cost = (sizes[1] / sizes[0]) ** 0.8
    speed = speculative_speedup(reach.of("speculative.acceptance"), int(gamma), min(1.0, cost))
    return Answer((speed,), "speculative")


def _draft(name: str) -> float:
    sizes = {"small": 60e6, "base": 220e6, "large": 770e6, "xl": 3e9}
    found = next((size for key, size in sizes.items() if key in name.lower()), None)
    return found or float(models.transformer(name, None).spec.parameters)
