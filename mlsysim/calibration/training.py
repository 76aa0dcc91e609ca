"""Cases of training a transformer: a step, what it makes of a GPU, and what a run takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import gcd
from typing import NamedTuple

from mlsysim.calibration import machines, models, stacks
from mlsysim.calibration.answers import Answer, Refused, unit
from mlsysim.calibration.cases import Case
from mlsysim.calibration.grammar import Plan, formats, labelled, lengths, number, plan
from mlsysim.calibration.parameters import Reach
from mlsysim.estimate import Estimate
from mlsysim.fabrics import Fabric
from mlsysim.parallelism import Parallelism, stage_layers
from mlsysim.records import Datum, HardwareNode, ModelSpec
from mlsysim.registry import constants
from mlsysim.software import Software
from mlsysim.solvers.training import DistributedModel, TrainingResult, describe
from mlsysim.solvers.training_job import Job
from mlsysim.solvers.training_step import Passes, clocks


@dataclass(frozen=True, slots=True)
class Stack(Software):
    """A vintage whose efficiencies are given."""

    products: float = 0.6
    scores: float = 0.5

    def compute(self, machine: str) -> Datum:
        """Of the peak rate, for matrix products [-]."""
        return _given(self.products)

    def attention(self, machine: str) -> Datum:
        """Of the peak rate, for attention [-]."""
        return _given(self.scores if self.fused_attention else self.products)


def _given(share: float) -> Datum:
    return Datum(share, "1", "calibration", "", "measured")


class Habits(NamedTuple):
    """What a stack does where a table does not say."""

    fused: bool
    overlap: bool
    recompute: str
    sequence_parallel: bool
    interleaves: bool
    zero: int
    ports: float = 1.0
    """Share of a node's network ports that its collectives keep busy."""
    stops_early: bool = False
    """Whether recomputation ends before what no gradient needs, as PyTorch's own does."""


_HABITS = {
    "Megatron-LM 2021": Habits(False, False, "full", False, False, 0),
    "Megatron-DeepSpeed": Habits(False, False, "full", False, False, 0),
    "DeepSpeed": Habits(False, False, "full", False, False, 3, 1 / 8),
    "Megatron-LM 2022": Habits(False, False, "selective", True, False, 0),
    "Megatron-LM 2023": Habits(True, False, "none", True, True, 1),
    "MegaScale": Habits(True, True, "none", True, True, 1),
    "Composer": Habits(True, True, "none", False, False, 3, stops_early=True),
    "torchtitan": Habits(True, True, "none", False, True, 3, stops_early=True),
    "PyTorch": Habits(True, True, "none", False, True, 3, stops_early=True),
    "Megatron-Core": Habits(True, True, "none", True, True, 1),
}
_UNSAID = Plan(None, None, None, None, None, None, None, False, None)
_USUAL = Habits(True, True, "none", False, True, 3)
_PORT = {"Volta": 12.5e9, "Ampere": 25e9, "Hopper": 50e9, "Blackwell": 50e9, "CDNA": 50e9, "TPU": 3.1e9}
"""Network bandwidth of one accelerator where the text gives none [B/s]: what clusters of its generation have."""
_ENGINES = ("TPU", "Gaudi")
"""Where engines of their own send, messages take nothing from the cores that compute."""
_TOKENS_A_BATCH = 4e6
"""Tokens in a step where the text gives none: what LLaMA's runs took (arXiv 2302.13971, section 2.2)."""


class Setup(NamedTuple):
    """A training job as read from a case."""

    site: machines.Site
    spec: ModelSpec
    known: bool
    sequence: int
    batch: int
    way: Parallelism
    precision: str
    software: Stack
    ports: float
    assumed: str


def answer(case: Case, reach: Reach) -> Answer:
    """A training case."""
    if "lora" in case.text or "fine-tun" in case.text:
        return _tuned(case, reach)
    asked = unit(case.unit)
    if "activation memory" in case.metric.lower() or asked.dimension == "bytes":
        return activations(case, reach)
    setup = _setup(case, reach)
    if _single(case):
        return _one_layer(setup, asked.factor)
    step = _step(setup)
    return _told(case, setup, step, reach, 1.0)


def _tuned(case: Case, reach: Reach) -> Answer:
    """Low-rank adapters: the backward pass makes no gradient of the frozen weights, 4 of 6 operations stay."""
    setup = _setup(case, reach)
    return _told(case, setup, _step(setup), reach, 4.0 / 6.0)


def _told(case: Case, setup: Setup, step: TrainingResult, reach: Reach, share: float) -> Answer:
    asked = unit(case.unit)
    time = step.time.expected * share
    tokens = setup.batch * setup.sequence / time
    metric = case.metric.lower()
    run = reach.of("training.run") if asked.dimension == "device time" else 1.0
    if asked.dimension == "tokens":
        value = tokens / (setup.site.count if asked.each or "per gpu" in metric else 1)
    elif asked.dimension == "examples":
        value = setup.batch / time / (setup.site.count if asked.each else 1)
    elif asked.dimension == "time":
        if re.search(r"to train|time to|total|training time", metric) and _run_tokens(case):
            value = (_run_tokens(case) or 0.0) / tokens
        else:
            value = time
    elif asked.dimension in ("operations", "share"):
        job = step.job
        counted = job.model_flops
        if "hfu" in metric or (step.plan.recompute == "full" and asked.dimension == "operations"):
            counted += job.repeated_flops(step.plan.recompute)
        value = counted / time / setup.site.count
        if asked.dimension == "share":
            value /= setup.site.machine.rate(setup.precision)
        elif re.search(r"aggregate|cluster|total", metric):
            value *= setup.site.count
    elif asked.dimension == "device time":
        total = _run_tokens(case)
        if total is None:
            raise Refused("device time of a run needs its tokens, such as batch '1.0T tokens'")
        value = total / (tokens / setup.site.count) / run
    else:
        raise Refused(f"a training case is not answered in {case.unit}")
    return Answer((value / asked.factor,), "training", assumed=setup.assumed)


def _run_tokens(case: Case) -> float | None:
    found = re.search(
        r"(\d+(?:\.\d+)?)\s*([TBM])\s*(?:training\s*)?tok", f"{case.batch} {case.seq_or_io} {case.metric}"
    )
    return float(found[1]) * {"T": 1e12, "B": 1e9, "M": 1e6}[found[2]] if found else None


def _step(setup: Setup) -> TrainingResult:
    site = setup.site
    return DistributedModel().solve(
        model=setup.spec,
        fabric=_fabric(site, setup.ports),
        gpus=site.count,
        global_batch=setup.batch,
        parallelism=setup.way,
        context=setup.sequence,
        precision=setup.precision,
        software=setup.software,
    )


def _fabric(site: machines.Site, ports: float = 1.0) -> Fabric:
    machine = site.machine
    generation = machines.generation(machine)
    widest = site.per_node or machines.domain(machine)
    # Jobs fill nodes: the widest that divides the job.
    per_node = max(size for size in range(1, widest + 1) if site.count % size == 0)
    port = site.port or _PORT.get(generation, 25e9)
    return Fabric(
        name=machine.name, machine=machine, gpus_per_node=per_node, link=machine.link or port, nic=port * ports,
        in_network=generation in ("Hopper", "Blackwell"),
    )  # fmt: skip


def _precision(case: Case, machine: HardwareNode) -> tuple[str, str]:
    """The arithmetic that is counted with, and the class it is fitted in."""
    wanted = next(iter(formats(case.precision)), "bf16")
    narrow = "FP4" if wanted == "fp4" else "FP8" if wanted == "fp8" else ""
    # Training in four bits is counted as in eight: attention, gradients and most of the traffic stay wider.
    counted = "fp8" if narrow else wanted
    for each in (counted, "bf16", "fp16"):
        if each in machine.peak:
            return each, narrow if each == "fp8" else ""
    raise Refused(f"the {machine.name} has no peak rate for training in {case.precision}")


def _setup(case: Case, reach: Reach) -> Setup:
    site = machines.machine(case.hardware, case.count)
    guess = models.transformer(case.model, case.params)
    spec = guess.spec
    stack = stacks.stack(case.software)
    habits = _HABITS.get(stack, _USUAL)
    precision, narrow = _precision(case, site.machine)
    given = lengths(case.seq_or_io)
    sequence = given.prompt if given and given.prompt else _usual_sequence(case, spec)
    wanted = plan(case.parallelism)
    if not case.parallelism and site.machine.torus:
        # Where all axes are alike, everything is sharded over all of them, without stages (MaxText).
        wanted = wanted._replace(zero=3)
    # What a metric leaves out, a case's own name often says.
    told = f"{case.metric} {case.case_id}".lower()
    said = re.search(r"full[\s-]*recomp|selective|recomp", told)
    single = _single(case)
    recompute = wanted.recompute or ("none" if single else habits.recompute)
    if said:
        recompute = "selective" if "selective" in said[0] else "full" if "full" in said[0] else recompute
    if recompute == "selective" and habits.fused:
        recompute = "none"
    count = site.count
    if not case.count or number(case.count) is None:
        count = _made(wanted) or 1024
        site = replace(site, count=count)
    batch, micro = _batch(case, sequence, count, wanted)
    parallel = habits.sequence_parallel and recompute != "full" and not single
    parallel = parallel or re.search(r"seq(?:uence)?[\s-]*par", told) is not None
    way = _way(wanted, habits, spec, count, batch, micro, sequence, recompute, parallel, stack)
    if wanted.tp and spec.kv_heads % wanted.tp and spec.heads % wanted.tp == 0 and spec.latent is None:
        # A head of keys and values is not split: more GPUs keep a copy of it each.
        spec = replace(spec, kv_heads=wanted.tp)
    groups = (stack, machines.generation(site.machine), narrow, "experts" if spec.experts else "")
    scores = reach.of("training.attention", machines.generation(site.machine)) if habits.fused else 0.5
    contends = habits.overlap and machines.generation(site.machine) not in _ENGINES
    software = Stack(
        name=stack or "unnamed", fused_attention=habits.fused, dropout=not habits.fused, overlap=habits.overlap,
        stops_early=habits.stops_early, exposed=reach.of("training.exposed"),
        contention=reach.of("training.contention") if contends else 0.0,
        products=reach.of("training.compute", *groups), scores=scores,
    )  # fmt: skip
    batch = max(batch, way.dp * way.micro_batch)
    batch -= batch % (way.dp * way.micro_batch)
    assumed = "" if guess.known else f"architecture assumed from {spec.parameters / 1e9:.3g} B parameters"
    return Setup(site, spec, guess.known, sequence, batch, way, precision, software, habits.ports, assumed)


def _single(case: Case) -> bool:
    """Whether one layer is meant."""
    return re.search(r"one layer|single layer|fwd|one gpt", case.text) is not None


def _usual_sequence(case: Case, spec: ModelSpec) -> int:
    text = case.model.lower()
    if "llama" in text and "3" in text.split("llama", 1)[1][:3]:
        return 8192
    return 4096 if re.search(r"llama[\s_-]*2", text) else 2048


def _made(wanted: Plan) -> int | None:
    sizes = [each for each in (wanted.tp, wanted.pp, wanted.dp, wanted.cp) if each]
    made = 1
    for each in sizes:
        made *= each
    return made if sizes else None


def _batch(case: Case, sequence: int, count: int, wanted: Plan) -> tuple[int, int]:
    """Sequences in a step, and in a micro-batch."""
    # In a pipeline, what is local to a GPU goes through it in micro-batches.
    local = () if (wanted.pp or 1) > 1 else ("local batch", "per-GPU batch")
    micro = int(labelled(case.batch, "micro", "MBS", *local) or 1)
    stated = labelled(case.batch, "GBS", "global batch")
    if stated is None and re.search(r"tok", case.batch):
        # A batch of 16M tokens is one of 16 x 2^20.
        tokens = (number(case.batch) or _TOKENS_A_BATCH) * 1.048576
        stated = (_TOKENS_A_BATCH if tokens > 1e9 else tokens) / sequence
    if stated is None and "local" in case.batch:
        stated = micro * (wanted.dp or count)
    if stated is None:
        stated = number(case.batch)
    if stated is None and _single(case):
        stated = micro * (wanted.dp or 1)
    return max(1, int(stated or _TOKENS_A_BATCH / sequence)), micro


def _way(
    wanted: Plan,
    habits: Habits,
    spec: ModelSpec,
    count: int,
    batch: int,
    micro: int,
    sequence: int,
    recompute: str,
    parallel: bool,
    stack: str,
) -> Parallelism:
    tp, pp, cp = wanted.tp or 1, wanted.pp or 1, wanted.cp or 1
    if wanted == _UNSAID and spec.parameters > 1e11:
        # Nothing is said: as large models are usually spread.
        tp, pp = min(8, gcd(count, 8)), 8 if count % 64 == 0 and spec.layers % 8 == 0 else 1
    if count % (tp * pp * cp):
        raise Refused(f"TP{tp} PP{pp} CP{cp} does not divide {count:,d} devices")
    dp = count // (tp * pp * cp)
    while dp * micro > batch and micro > 1:
        micro -= 1
    while micro > 1 and batch % (dp * micro):
        micro -= 1
    chunks = wanted.interleave or 1
    running = batch // (dp * micro) if dp * micro <= batch else 1
    if pp > 1 and wanted.interleave is None and habits.interleaves:
        chunks = _chunks(spec.layers, pp)
    if chunks > 1 and (pp == 1 or running % pp or stage_layers(spec.layers, pp, chunks) is None):
        chunks = 1
    # With a pipeline, sharded weights are gathered once a step and kept (Llama 3, arXiv 2407.21783, section 3.3.2).
    stated = 1 if wanted.zero == 3 and pp > 1 else wanted.zero
    zero = stated if stated is not None else (habits.zero if tp * pp * cp == 1 or habits.zero < 3 else 1)
    ep = wanted.ep if spec.experts and wanted.ep and dp % wanted.ep == 0 else 1
    return Parallelism(
        tp=tp, pp=pp, dp=dp, cp=cp, ep=ep, interleave=chunks, schedule="interleaved" if chunks > 1 else "1f1b",
        zero=zero if dp * cp > 1 else 0, recompute=recompute, micro_batch=micro,
        sequence_parallel=parallel and tp > 1 and sequence // cp % tp == 0,
    )  # fmt: skip


def _chunks(layers: int, stages: int) -> int:
    """Chunks of two layers on each stage, or of one, where that cuts them evenly."""
    cut = stage_layers(layers, stages, 1)
    if cut is None:
        return 1
    for size in (2, 1):
        if cut[1] % size == 0 and stage_layers(layers, stages, cut[1] // size) is not None:
            return cut[1] // size
    return 1


def _one_layer(setup: Setup, factor: float) -> Answer:
    """Forward and backward pass of one layer for one micro-batch: what a second layer adds."""
    once, twice = (_passes(setup, layers) for layers in (1, 2))
    total = twice.slowest - once.slowest
    sums = (twice.tensor - once.tensor) / once.micro_batches
    # Two sums on the way forward; recomputation repeats them.
    forward = twice.forward - once.forward + sums / (3 if setup.way.recompute == "full" else 2)
    return Answer((forward / factor, (total - forward) / factor), "training", assumed=setup.assumed)


def _passes(setup: Setup, layers: int) -> Passes:
    job = _job(setup, replace(setup.spec, layers=layers), setup.site.count, setup.batch, setup.software)
    reached = (setup.software.products, setup.software.scores, constants("efficiency")["bandwidth"].value)
    return clocks(job, *(Estimate.exact(each, "1") for each in reached))[1].passes(setup.way)


def _job(setup: Setup, spec: ModelSpec, gpus: int, batch: int, software: Software) -> Job:
    fabric = _fabric(setup.site, setup.ports)
    return describe(spec, fabric, gpus, batch, setup.sequence, setup.precision, "adam", 2, software, 0.0)


def activations(case: Case, reach: Reach) -> Answer:
    """Memory of what is kept for the backward pass on one GPU of the first stage, in each of the ways a metric names.

    However many stages there are, the first holds all layers' worth: as many micro-batches more as it has layers fewer.
    """
    setup = _setup(case, reach)
    asked, wanted = unit(case.unit), plan(case.parallelism)
    tp, chunks, stages = wanted.tp or min(8, setup.site.count), wanted.interleave or 1, wanted.pp or 1
    more = 1.0 + (stages - 1) / (stages * chunks) if chunks > 1 else 1.0
    micro = int(labelled(case.batch, "micro", "MBS", "b") or number(case.batch) or 1)
    software = replace(setup.software, fused_attention=False, dropout=True)
    values = []
    for word in _ways(case.metric):
        recompute = "full" if "full" in word else "selective" if "sel" in word else "none"
        way = Parallelism(
            tp=tp, recompute=recompute, sequence_parallel="seq" in word and tp > 1, micro_batch=micro
        )  # fmt: skip
        once, twice = (
            _job(setup, replace(setup.spec, layers=layers), tp, micro, software).held(way, 0)[0] for layers in (1, 2)
        )
        values.append((twice - once) * setup.spec.layers * more / asked.factor)
    return Answer(tuple(values), "memory", exact=True, assumed=setup.assumed)


def _ways(metric: str) -> list[str]:
    text = re.sub(r".*memory", "", metric.lower()).strip()
    return [each.strip() for each in text.split("/")] if text else ["none"]
