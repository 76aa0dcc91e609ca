"""How training is spread over GPUs, and which plans make no sense for a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from mlsysim.check import InvalidValue, UnknownName, count
from mlsysim.records import ModelSpec

SCHEDULES = ("1f1b", "gpipe", "interleaved", "zero-bubble")
MOST = 10**6
RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True, slots=True)
class Parallelism:
    """A plan: tensor, pipeline, data, expert and context parallel GPUs, and how each pipeline is run.

    `zero` is the ZeRO stage over the data- and context-parallel GPUs, `interleave` the model chunks on each stage and
    `micro_batch` the sequences that go through at once.

    >>> Parallelism(tp=8, pp=16, dp=128).gpus
    16384
    """

    tp: int = 1
    pp: int = 1
    dp: int = 1
    ep: int = 1
    cp: int = 1
    sequence_parallel: bool = False
    zero: int = 0
    recompute: str = "none"
    schedule: str = "1f1b"
    interleave: int = 1
    micro_batch: int = 1

    def __post_init__(self) -> None:
        put = object.__setattr__
        for key in ("tp", "pp", "dp", "ep", "cp", "interleave", "micro_batch"):
            given = getattr(self, key)
            # Searches make tens of thousands of plans of numbers that are in order.
            if type(given) is not int or not 0 < given <= MOST:
                put(self, key, count(key, given, f"{key}=8", at_most=MOST))
        if not isinstance(self.sequence_parallel, bool):
            rule = "it must be True or False"
            raise InvalidValue("sequence_parallel", self.sequence_parallel, rule, "sequence_parallel=True")
        if type(self.zero) is not int or not 0 <= self.zero <= 3:
            raise InvalidValue("zero", self.zero, "it must be a ZeRO stage, 0 to 3", "zero=1")
        for key, known in (("recompute", RECOMPUTE), ("schedule", SCHEDULES)):
            if getattr(self, key) not in known:
                raise UnknownName(key, str(getattr(self, key)), known)
        if self.interleave > 1 and self.schedule != "interleaved":
            rule = "only the interleaved schedule has more than one chunk on a stage"
            raise InvalidValue("interleave", self.interleave, rule, 'schedule="interleaved"')
        if self.schedule == "interleaved" and (self.interleave == 1 or self.pp == 1):
            rule = "an interleaved schedule needs two or more chunks on two or more stages"
            raise InvalidValue("interleave", self.interleave, rule, "pp=8, interleave=2")
        if self.sequence_parallel and self.tp == 1:
            rule = "there is no tensor-parallel group to split the sequence over; tp is 1"
            raise InvalidValue("sequence_parallel", True, rule, "tp=8, sequence_parallel=True")

    @property
    def gpus(self) -> int:
        """GPUs the plan fills; expert parallelism reuses those that hold the same layers, dp x cp."""
        return prod((self.tp, self.pp, self.dp, self.cp))

    @property
    def shards(self) -> int:
        """GPUs that hold the same part of the model and share its states under ZeRO."""
        return self.dp * self.cp

    def short(self) -> str:
        """The plan as people write it.

        >>> Parallelism(tp=8, pp=16, dp=128, zero=1).short()
        'TP8 PP16 DP128 ZeRO-1'
        """
        parts = [f"TP{self.tp}", f"PP{self.pp}", f"DP{self.dp}"]
        parts += [f"{name}{size}" for name, size in (("EP", self.ep), ("CP", self.cp)) if size > 1]
        parts += ["SP"] if self.sequence_parallel else []
        parts += [f"ZeRO-{self.zero}"] if self.zero else []
        parts += [f"interleaved {self.interleave}"] if self.schedule == "interleaved" else []
        parts += [self.schedule] if self.pp > 1 and self.schedule in ("gpipe", "zero-bubble") else []
        parts += [f"{self.recompute} recomputation"] if self.recompute != "none" else []
        parts += [f"micro-batch {self.micro_batch}"] if self.micro_batch > 1 else []
        return " ".join(parts)


def parallelism(given: Any) -> Parallelism:
    """A plan, or a mapping of its knobs."""
    if isinstance(given, Parallelism):
        return given
    if not isinstance(given, Mapping):
        raise InvalidValue("parallelism", given, "it must be a plan", "parallelism=Parallelism(tp=8, dp=8)")
    for key in given:
        if key not in Parallelism.__slots__:
            raise UnknownName("parallelism", str(key), Parallelism.__slots__)
    return Parallelism(**given)


def micro_batches(plan: Parallelism, global_batch: int) -> int:
    """Micro-batches that go through each pipeline in a step."""
    return global_batch // (plan.dp * plan.micro_batch)


def stage_layers(layers: int, stages: int, interleave: int) -> tuple[int, int, int] | None:
    """Layers on the first, a middle and the last stage; None where they cannot be cut evenly.

    Where the layers alone cannot, the embedding and the LM head count as one each, as for Llama 3's 126 layers, and the
    last stage may have one layer less, as for DeepSeek-V3's 61.

    >>> stage_layers(96, 8, 3), stage_layers(126, 16, 1), stage_layers(61, 16, 1), stage_layers(126, 16, 5)
    ((12, 12, 12), (7, 8, 7), (3, 4, 2), None)
    """
    if layers % stages == 0:
        each = layers // stages
        return (each, each, each) if each % interleave == 0 else None
    each = -(-(layers + 2) // stages)
    short = each * stages - layers - 2
    if short > 1 or each < 2 + short or each % interleave:
        return None
    return each - 1, each, each - 1 - short


def _split_by_tensors(model: ModelSpec) -> dict[str, int]:
    """What tensor parallelism cuts, by its name."""
    sizes = {"heads": model.heads, "ffn": model.ffn}
    if model.latent is None:
        sizes["kv_heads"] = model.kv_heads
    if model.experts:
        sizes["experts.inner"] = model.experts.inner
    return sizes


def fault(plan: Parallelism, model: ModelSpec, gpus: int, global_batch: int, sequence: int) -> InvalidValue | None:
    """Why the plan makes no sense for this model, if it does not."""
    tp, pp, dp, cp = plan.tp, plan.pp, plan.dp, plan.cp
    if plan.gpus != gpus:
        rule = f"tp x pp x dp x cp = {tp} x {pp} x {dp} x {cp} = {plan.gpus:,d} must be the {gpus:,d} GPUs"
        return InvalidValue("parallelism", plan.short(), rule, f"Parallelism(dp={gpus})")
    for field, size in _split_by_tensors(model).items():
        if size % tp:
            rule = f"it must divide the {size:,d} {field} of {model.name}"
            return InvalidValue("tp", tp, rule, "tp=1")
    if plan.ep > 1 and model.experts is None:
        return InvalidValue("ep", plan.ep, f"{model.name} is dense: it has no experts to spread", "ep=1")
    if model.experts and model.experts.count % plan.ep:
        rule = f"it must divide the {model.experts.count} experts of {model.name}"
        return InvalidValue("ep", plan.ep, rule, "ep=1")
    if plan.shards % plan.ep:
        rule = f"it must divide the dp x cp = {plan.shards:,d} GPUs that hold the same layers"
        return InvalidValue("ep", plan.ep, rule, "ep=1")
    if sequence % (2 * cp) and cp > 1:
        rule = f"twice of it must divide the {sequence:,d} tokens of a sequence, so that masked work is even"
        return InvalidValue("cp", cp, rule, "cp=2")
    if plan.sequence_parallel and sequence // cp % tp:
        rule = f"tp={tp} must divide the {sequence // cp:,d} tokens on each GPU"
        return InvalidValue("sequence_parallel", True, rule, "sequence_parallel=False")
    if global_batch % (dp * plan.micro_batch):
        rule = f"dp x micro_batch = {dp} x {plan.micro_batch} must divide it"
        return InvalidValue("global_batch", global_batch, rule, f"global_batch={dp * plan.micro_batch}")
    if stage_layers(model.layers, pp, plan.interleave) is None:
        rule = f"{pp} stages of {plan.interleave} chunks must cut the {model.layers} layers of {model.name} evenly"
        return InvalidValue("pp", pp, rule, "pp=1")
    if plan.schedule == "interleaved" and micro_batches(plan, global_batch) % pp:
        rule = (
            f"an interleaved schedule needs a multiple of {pp} micro-batches, not {micro_batches(plan, global_batch)}"
        )
        return InvalidValue("schedule", plan.schedule, rule, 'schedule="1f1b"')
    if plan.schedule == "zero-bubble" and micro_batches(plan, global_batch) < 2 * pp - 1:
        rule = f"a zero bubble needs {2 * pp - 1} micro-batches or more, not {micro_batches(plan, global_batch)}"
        return InvalidValue("schedule", plan.schedule, rule, 'schedule="1f1b"')
    return None
