"""Cases of microcontrollers: a network's inference on a core, with each of the runtimes that a case names."""

from __future__ import annotations

import re

from mlsysim.calibration import machines, models, stacks
from mlsysim.calibration.answers import Answer, Refused, unit
from mlsysim.calibration.cases import Case
from mlsysim.calibration.parameters import Reach
from mlsysim.layered import LayeredModel
from mlsysim.physics.tiny import core_time, inference_energy


def answer(case: Case, reach: Reach) -> Answer:
    """A microcontroller case."""
    wanted = unit(case.unit)
    machine = machines.machine(case.hardware, case.count).machine
    if machine.clock is None or machine.core not in machines.MULTIPLY_ADDS:
        raise Refused(f"the {machine.name} has no core whose kernels are known")
    model = models.network(case.model)
    values = []
    for kernels in _runtimes(case):
        time = core_time(1.0, cycles(model, machine.core, kernels, reach), machine.clock)
        if wanted.dimension == "energy":
            if machine.active_power is None:
                raise Refused(f"the {machine.name} has no sourced power while computing")
            value = inference_energy(machine.active_power, time)
        else:
            value = {"time": time, "examples": 1.0 / time, "cycles": time * machine.clock}.get(wanted.dimension, 0.0)
        if not value:
            raise Refused(f"an inference on a microcontroller is not answered in {case.unit}")
        values.append(value / wanted.factor)
    return Answer(tuple(values), "tiny")


def _runtimes(case: Case) -> list[str]:
    listed = re.sub(r".*?(?:latency|invoke\(\)|time|throughput)", "", case.metric)
    if re.search(r"\w\s*/\s*\w", listed):
        parts = [re.sub(r"^with\b(?!.*NN)", "ESP-NN", each.strip()) for each in listed.split("/")]
        # The version a list of runtimes gives holds for the metric too.
        return [_versioned(stacks.runtime(each), case.software) for each in parts]
    return [stacks.runtime(case.software)]


def _versioned(kernels: str, software: str) -> str:
    return (
        stacks.runtime("X-CUBE-AI 7.3")
        if kernels == "X-CUBE-AI" and re.search(r"cube-?ai\s*7", software.lower())
        else kernels
    )


def cycles(model: LayeredModel, core: str, kernels: str, reach: Reach) -> float:
    """Cycles of one inference: each layer at a share of the multiply-adds that the core can do, or at flash's pace."""
    execution = machines.EXECUTION.get(core, "")
    # Plain C does one multiply-add at a time, whatever the core has for several.
    plain = kernels == "TFLM"
    width = 1 if plain else machines.MULTIPLY_ADDS[core]
    apart = "" if plain and execution != "dual issue" else execution
    base = reach.of("core.compute", kernels, apart) * width
    depthwise = reach.of("core.depthwise", kernels)
    flash = reach.of("core.flash", apart)
    total = 0.0
    for layer in model.layers:
        if not layer.weights_read:
            continue
        each = layer.flops / 2 / base
        if layer.kind == "depthwise convolution":
            each /= depthwise
        # Weights are read from flash once; a matrix on one vector has no more work than that.
        total += max(each, layer.weights_read * flash)
    return total
