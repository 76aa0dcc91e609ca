"""Cases of single kernels: matrix products, copies, one layer."""

from __future__ import annotations

import re

from mlsysim import precision as known_formats
from mlsysim.calibration import machines
from mlsysim.calibration.answers import Answer, Refused, unit
from mlsysim.calibration.cases import Case
from mlsysim.calibration.grammar import formats, product
from mlsysim.calibration.parameters import Reach
from mlsysim.physics.operators import matrix_product_elements, matrix_product_flops, tile_flops
from mlsysim.physics.roofline import busy_fraction, compute_time, memory_time


def asked(case: Case) -> bool:
    """Whether a case is about one kernel."""
    return (
        re.search(
            r"\bgemms?\b|matmul|matrix product|\bhbm\b|\bstream\b|copy bandwidth|memory bandwidth|attention kernel",
            case.text,
        )
        is not None
    )


def answer(case: Case, reach: Reach) -> Answer:
    """A matrix product's time or rate, or the bandwidth of a copy."""
    machine = machines.machine(case.hardware, case.count).machine
    wanted = unit(case.unit)
    if wanted.dimension == "bandwidth":
        return Answer((machine.memory_bandwidth * reach.of("product.bandwidth") / wanted.factor,), "kernels")
    name = next(iter(formats(case.precision)), "fp16")
    rate = machine.peak.get(name) or machine.peak.get("bf16" if name == "fp16" else "fp16")
    if rate is None:
        raise Refused(f"the {machine.name} has no peak rate in {case.precision or 'sixteen bits'}")
    narrow = {"fp8": "FP8", "int8": "FP8", "fp4": "FP4"}.get(name, "")
    compute = reach.of("product.compute", machines.generation(machine), narrow)
    shape = product(case.model)
    if shape is None:
        if wanted.dimension != "operations":
            raise Refused("a matrix product without a shape, such as m=1,n=k=8192, has no time")
        return Answer((rate * compute / wanted.factor,), "kernels")
    operations = matrix_product_flops(shape.m, shape.k, shape.n)
    element = known_formats.BYTES.get(name, 2.0)
    idle = reach.of("product.wave") * (machine.cores or 0.0)
    compute *= busy_fraction(operations, tile_flops(shape.m, shape.k, shape.n), idle)
    moved = matrix_product_elements(shape.m, shape.k, shape.n) * element
    bandwidth = machine.memory_bandwidth * reach.of("product.bandwidth")
    time = max(compute_time(operations, rate, compute), memory_time(moved, bandwidth)) + reach.of("product.launch")
    value = {"time": time, "operations": operations / time}.get(wanted.dimension)
    if value is None:
        raise Refused(f"a matrix product is not answered in {case.unit}")
    return Answer((value / wanted.factor,), "kernels")
