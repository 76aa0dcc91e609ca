"""Cases of networks counted layer by layer: convolutional ones and encoders, inference and training."""

from __future__ import annotations

import re

from mlsysim.calibration import machines, models, stacks
from mlsysim.calibration.answers import Answer, Refused, unit
from mlsysim.calibration.cases import Case
from mlsysim.calibration.grammar import formats, labelled, number
from mlsysim.calibration.parameters import Reach
from mlsysim.calibration.serving import efficiency
from mlsysim.layered import LayeredModel
from mlsysim.layers import Layer, layer_norm, matrix_product
from mlsysim.physics import transformer
from mlsysim.records import HardwareNode
from mlsysim.solvers.forward import ForwardModel

_OFFLINE = 128
"""Examples at once where a server may choose."""
_MEAN_TOKENS = {"squad": 178}
"""Mean tokens of an example, where a case gives the most (MLPerf Inference, bert)."""
_IMAGES = 1_281_167
"""Training images of ImageNet."""
_EPOCHS = 36
"""Epochs to the target at a batch of a few thousand; each doubling of the devices beyond 64 adds one
(MLPerf Training's reference convergence points)."""
_TF32 = ("Ampere", "Ada", "Hopper", "Blackwell")


def answer(case: Case, reach: Reach) -> Answer:
    """A vision or encoder case."""
    wanted = unit(case.unit)
    site = machines.machine(case.hardware, case.count)
    stack = stacks.stack(case.software)
    models = _models(case)
    if _on_chip(site.machine):
        values = [_streamed(model, host, site.machine, stack, reach) for model in models for host in _hosts(case)]
        return Answer(tuple(_per(wanted.dimension, each) / wanted.factor for each in values), "vision")
    values = []
    for model in models:
        rate, batch = rate_of(case, model, site, stack, reach)
        if wanted.dimension == "examples":
            value = rate * (1 if wanted.each else site.count)
        elif wanted.dimension == "time" and re.search(r"time to|top-1|converge", case.metric.lower()):
            value = _to_target(rate, site.count, reach)
        elif wanted.dimension == "time":
            value = batch / rate + _after(model, site.machine, reach)
        else:
            raise Refused(f"a network is not answered in {case.unit}")
        values.append(value / wanted.factor)
    return Answer(tuple(values), "vision training" if _trains(case) else "vision")


def _on_chip(machine: HardwareNode) -> bool:
    """Whether a machine has no more memory than what its chip holds, less than a usual network."""
    return machine.memory < 16e6 and not machine.core


def _trains(case: Case) -> bool:
    return re.search(r"training|pretrain|phase|top-1|dali|dle", f"{case.domain} {case.text}") is not None


def _per(dimension: str, time: float) -> float:
    return 1.0 / time if dimension == "examples" else time


def _models(case: Case) -> list[LayeredModel]:
    if "bert" in case.text:
        return [_encoder(case)]
    parts = case.model.split(" / ") if re.search(r"\w+/\w+", case.metric) else [case.model]
    if len(parts) > 1:
        stem = parts[0].rsplit(" ", 1)[0]
        parts = [parts[0], *(each if len(each.split()) > 2 else f"{stem} {each}" for each in parts[1:])]
    return [models.network(each) for each in parts]


def _encoder(case: Case) -> LayeredModel:
    """BERT on the tokens of a case."""
    distilled = "distil" in case.model.lower()
    large = "base" not in case.model.lower() and not distilled
    length = labelled(case.model, "seq") or number(case.seq_or_io) or 128
    tokens = next(
        (mean for name, mean in _MEAN_TOKENS.items() if name in case.text and "var" in case.seq_or_io), length
    )
    width, heads, layers = (1024, 16, 24) if large else (768, 12, 12)
    rows = int(tokens)
    flops = transformer.attention_flops(1, heads, width // heads, rows * rows)
    layer = (
        layer_norm(rows, width),
        matrix_product(rows, width, 3 * width),
        Layer("attention", "attention", 3 * rows * width, rows * width, flops=flops),
        matrix_product(rows, width, width),
        layer_norm(rows, width),
        matrix_product(rows, width, 4 * width),
        matrix_product(rows, 4 * width, width),
    )
    # DistilBERT is BERT-base with every other layer (arXiv 1910.01108).
    return LayeredModel("BERT", layer * (layers // 2 if distilled else layers))


def _precision(case: Case, machine: HardwareNode) -> tuple[HardwareNode, str]:
    wanted = next(iter(formats(case.precision)), "fp16")
    hopper = re.search(r"\(fp8 on h", case.precision.lower())
    if hopper and "fp8" in machine.peak:
        wanted = "fp8"
    sixteen = machine.peak.get("fp16") or machine.peak.get("bf16")
    if wanted == "tf32":
        if machines.generation(machine) not in _TF32 or sixteen is None:
            raise Refused(f"the {machine.name} has no TF32")
        # A TF32 product has half the rate of one in sixteen bits and moves numbers of four bytes.
        return machines.changed(machine, peak={**machine.peak, "fp32": sixteen / 2}), "fp32"
    if wanted in machine.peak:
        return machine, wanted
    for each in ("bf16", "fp16", "int8", "fp32"):
        if each in machine.peak and wanted != "fp32":
            return machine, each
    raise Refused(f"the {machine.name} has no peak rate in {case.precision or wanted}")


def rate_of(case: Case, model: LayeredModel, site: machines.Site, stack: str, reach: Reach) -> tuple[float, int]:
    """Examples a second of one device, and how many at once."""
    machine, precision = _precision(case, site.machine)
    trains = _trains(case)
    tensor = "tf32" in case.precision.lower()
    narrow = "INT8" if precision in ("int8", "fp8") else "TF32" if tensor else "FP32" if precision == "fp32" else ""
    kind = "vision" if model.kernel_class == "convolution" else "encoder"
    generation = machines.generation(machine)
    groups = (stack, "" if generation == machine.name else generation, narrow) if kind == "vision" else ()
    known = efficiency(
        reach.of("vision.bandwidth"),
        reach.of(f"{kind}.compute", *groups),
        reach.of("vision.launch", stack),
    )
    stated = labelled(case.batch, "batch", "BS", "b") or number(case.batch)
    batch = int(stated or (_OFFLINE if "offline" in case.batch.lower() or trains else 1))
    shown = min(batch, 64) if kind == "encoder" and trains else batch
    result = ForwardModel().solve(
        model=model, hardware=machine, batch=shown, precision=precision, phase="training" if trains else "inference",
        efficiency=known,
    )  # fmt: skip
    several = reach.of("vision.several") if site.count > 1 and trains else 1.0
    swapped = 0.0
    if machine.launch_class == "core" and machine.link and model.parameters > machine.memory:
        # A chip without other memory loads a network that it cannot hold part by part, for each batch.
        swapped = model.parameters / (machine.link * reach.of("vision.bandwidth"))
    return shown / (result.time.expected + swapped) * several, shown


def _to_target(rate: float, count: int, reach: Reach) -> float:
    """Time to the target accuracy: epochs at this rate, and what every run spends beside them."""
    from math import log2

    epochs = _EPOCHS + max(0.0, log2(count / 64))
    return _IMAGES * epochs / (rate * count) + reach.of("vision.beside")


def _hosts(case: Case) -> list[str]:
    return (
        [each.strip() for each in case.metric.lower().removeprefix("latency").split("/")]
        if "usb" in case.metric.lower()
        else ["dev board" if "dev" in case.hardware.lower() and "/" not in case.hardware else "usb"]
    )


def _streamed(model: LayeredModel, host: str, machine: HardwareNode, stack: str, reach: Reach) -> float:
    """A chip without memory of its own: weights beyond what it holds come over the host's bus in every pass [s]."""
    group = "dev board" if "dev" in host else "USB"
    held = 0.85 * machine.memory
    compute = model.flops / (machine.peak["int8"] * reach.of("vision.compute", stack))
    beyond = max(0.0, model.parameters - held) / reach.of("vision.stream", group)
    return compute + beyond + reach.of("vision.fixed", group) + _after(model, machine, reach)


def _after(model: LayeredModel, machine: HardwareNode, reach: Reach) -> float:
    """Boxes are sorted out on the host's own cores [s]."""
    return reach.of("vision.boxes") if model.name.startswith("SSD") and machine.launch_class == "core" else 0.0
