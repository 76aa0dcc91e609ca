"""The equations of serving over a grid: batch, context, precision, weights, machine and model, in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from math import nan, prod
from typing import Any, NamedTuple

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import InvalidValue, count
from mlsysim.efficiency import Efficiency
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.physics import roofline
from mlsysim.records import HardwareNode, ModelSpec
from mlsysim.solvers.phase import COMPUTE, MEMORY, OVERHEAD, Operator
from mlsysim.solvers.workload import LARGEST_BATCH, Workload, workload
from mlsysim.table import Table

LARGEST_SWEEP = 10**8
PIECE = 250_000
"""Configurations that one task of an executor computes [-]."""

UNSUPPORTED = "precision"
"""What binds where a machine does not compute in a precision."""


class Block(NamedTuple):
    """The part of a grid that differs in batch and context alone."""

    model: ModelSpec
    machine: HardwareNode
    precision: str
    weights: str | None
    kv_precision: str | None
    batches: tuple[int, ...]
    contexts: tuple[int, ...]
    prompt: int | None
    efficiency: float | str | Efficiency


def sweep(
    *,
    model: ModelSpec | str | Iterable[ModelSpec | str],
    hardware: HardwareNode | str | Iterable[HardwareNode | str],
    batch: int | Iterable[int] = 1,
    context: int | Iterable[int] = 1024,
    precision: str | Iterable[str] = "fp16",
    weights: str | Iterable[str | None] | None = None,
    kv_precision: str | None = None,
    prompt: int | None = None,
    efficiency: float | str | Efficiency = "auto",
    executor: Executor | None = None,
) -> Table:
    """Every combination, with the figures ServingModel gives for each, in columns.

    A machine that does not compute in a precision is not feasible there, and has no times. `executor` shares the work
    out: any of concurrent.futures' kind will do.

    >>> table = sweep(model="Llama3_8B", hardware=["A100", "H100"], batch=[1, 8, 64])
    >>> len(table), table.best(1, maximize="throughput")["hardware"][0]
    (6, 'H100')
    """
    models = [registry.model(each) for each in _axis("model", model)]
    machines = [registry.machine(each) for each in _axis("hardware", hardware)]
    batches = tuple(count("batch", each, "batch=[1, 8, 64]", at_most=LARGEST_BATCH) for each in _axis("batch", batch))
    contexts = tuple(count("context", each, "context=[1024, 4096]") for each in _axis("context", context))
    precisions = [formats.resolve("precision", each) for each in _axis("precision", precision)]
    stored = list(_axis("weights", weights))
    axes: tuple[Sequence[Any], ...] = (models, machines, batches, contexts, precisions, stored)
    size = prod(len(axis) for axis in axes)
    if size > LARGEST_SWEEP:
        raise InvalidValue(
            "sweep", size, f"it must have at most {LARGEST_SWEEP:,d} configurations", "batch=range(1, 65)"
        )
    if prompt is not None and count("prompt", prompt, "prompt=512") > min(contexts):
        rule = f"it is part of every context, the shortest of which has {min(contexts)} tokens"
        raise InvalidValue("prompt", prompt, rule, f"prompt={min(contexts)}")
    longest = max(contexts)
    for each in models:
        for name in precisions:
            for weight in stored:
                workload(each, 1, longest, prompt, name, weight, kv_precision)
    for machine in machines:
        resolve_efficiency(efficiency, machine.launch_class, cores=machine.cores)
    width = max(1, PIECE // len(contexts)) if executor else len(batches)
    blocks = [
        Block(each, machine, name, weight, kv_precision, batches[at : at + width], contexts, prompt, efficiency)
        for each in models
        for machine in machines
        for name in precisions
        for weight in stored
        for at in range(0, len(batches), width)
    ]
    if executor is None:
        return _joined(list(map(columns, blocks)))
    return _joined([each.result() for each in [executor.submit(columns, block) for block in blocks]])


def columns(block: Block) -> dict[str, Any]:
    """One block's columns: arrays where numpy is there, lists where it is not."""
    load = workload(
        block.model, 1, max(block.contexts), block.prompt, block.precision, block.weights, block.kv_precision
    )
    named = {
        "model": block.model.name,
        "hardware": block.machine.name,
        "precision": load.precision,
        "weights": load.weights,
    }
    try:
        import numpy
    except ImportError:
        return _in_lists(block, load, named)
    return _in_arrays(block, load, named, numpy)


FIGURES = ("itl_lower", "itl", "itl_upper", "ttft_lower", "ttft", "ttft_upper", "throughput", "memory")


def _in_lists(block: Block, load: Workload, named: dict[str, str]) -> dict[str, Any]:
    grid = [(batch, context) for batch in block.batches for context in block.contexts]
    prompts = {context: _prefill(block, load, max, context) for context in block.contexts}
    rows: list[tuple[Any, ...]] = []
    for batch, context in grid:
        low, middle, high, throughput, needed, memory, compute, overhead = _decode(block, load, max, batch, context)
        first = (batch * each for each in prompts[context])
        bound = OVERHEAD if overhead > max(memory, compute) else COMPUTE if compute >= memory else MEMORY
        if _supported(block):
            rows.append((low, middle, high, *first, throughput, needed, bound))
        else:
            rows.append((nan, nan, nan, nan, nan, nan, nan, needed, UNSUPPORTED))
    found = [list(column) for column in zip(*rows, strict=True)]
    result: dict[str, Any] = {name: [value] * len(grid) for name, value in named.items()}
    result["batch"], result["context"] = ([pair[axis] for pair in grid] for axis in (0, 1))
    result.update(zip(FIGURES, found, strict=False))
    capacity = block.machine.memory if _supported(block) else -1.0
    result["feasible"] = [needed <= capacity for needed in result["memory"]]
    result["bound_by"] = found[-1]
    return result


def _in_arrays(block: Block, load: Workload, named: dict[str, str], numpy: Any) -> dict[str, Any]:
    shape = len(block.batches), len(block.contexts)
    # Batches down, contexts across: what depends on one of them alone is computed once for each of its values.
    batch = numpy.array(block.batches, dtype=float)[:, None]
    context = numpy.array(block.contexts, dtype=float)[None, :]

    larger = numpy.maximum

    def full(values: Any) -> Any:
        return numpy.broadcast_to(values, shape).ravel()

    low, middle, high, throughput, needed, memory, compute, overhead = _decode(block, load, larger, batch, context)
    first = (batch * each for each in _prefill(block, load, larger, context))

    def same(value: str) -> Any:
        return numpy.broadcast_to(numpy.array([value], dtype=object), shape[0] * shape[1])

    result = {name: same(value) for name, value in named.items()}
    result["batch"], result["context"] = full(batch.astype(int)), full(context.astype(int))
    result.update(zip(FIGURES, map(full, (low, middle, high, *first, throughput, needed)), strict=True))
    capacity = block.machine.memory if _supported(block) else -1.0
    result["feasible"] = result["memory"] <= capacity
    if _supported(block):
        names = numpy.array([MEMORY, COMPUTE, OVERHEAD], dtype=object)
        bound = numpy.where(overhead > numpy.maximum(memory, compute), 2, (compute >= memory).astype(int))
        result["bound_by"] = names[full(bound)]
    else:
        result["bound_by"] = same(UNSUPPORTED)
    return result


def _supported(block: Block) -> bool:
    return block.precision in block.machine.peak


def _decode(block: Block, load: Workload, larger: Callable[..., Any], batch: Any, context: Any) -> tuple[Any, ...]:
    """Time of a step, throughput, memory and the three expected terms, for numbers or arrays."""
    machine, eta, rate = _machine(block)
    here = replace(load, batch=batch, context=context, prompt=context if block.prompt is None else block.prompt)
    step = _times(here.decode(machine.cache), here.kernels, rate, machine.memory_bandwidth, eta, larger)
    return (*step[:3], batch / step[1], here.resident(batch), *step[3:])


def _prefill(block: Block, load: Workload, larger: Callable[..., Any], context: Any) -> tuple[Any, ...]:
    """Time of one prompt. Prompts are read one after another: a batch takes as many times as long."""
    machine, eta, rate = _machine(block)
    here = replace(load, batch=1, context=context, prompt=context if block.prompt is None else block.prompt)
    return _times(here.prefill(machine.cache), here.kernels_of_prompt, rate, machine.memory_bandwidth, eta, larger)[:3]


def _machine(block: Block) -> tuple[HardwareNode, Efficiency, float]:
    machine = block.machine
    eta = resolve_efficiency(block.efficiency, machine.launch_class, cores=machine.cores)
    return machine, eta, machine.peak.get(block.precision, nan)


def _times(
    operators: Sequence[Operator],
    kernels: Any,
    rate: float,
    bandwidth: float,
    eta: Efficiency,
    larger: Callable[..., Any],
) -> tuple[Any, ...]:
    """The time of a phase, its ends and its expected terms: what phase.run says, for arrays as well."""
    reached_bandwidth, reached_rate = bandwidth * eta.bandwidth.expected, rate * eta.compute.expected
    idle = eta.idle.expected
    traffic = packed = operations = tiles = expected = 0.0
    for each in operators:
        moved = each.traffic
        traffic = traffic + moved
        packed = packed + each.packed
        operations = operations + each.flops
        tiles = tiles + each.tile
        expected = expected + larger(
            roofline.memory_time(roofline.unpacked_traffic(moved, each.packed, eta.unpack.expected), reached_bandwidth),
            roofline.compute_time(each.flops + idle * each.tile, reached_rate),
        )
    started = roofline.overhead_time(kernels, eta.launch.expected)
    floor = larger(roofline.memory_time(traffic, bandwidth), roofline.compute_time(operations, rate))
    fetched, most = (roofline.unpacked_traffic(traffic, packed, u) for u in (eta.unpack.expected, eta.unpack.lower))
    slowest = roofline.memory_time(most, bandwidth, eta.bandwidth.lower) + roofline.compute_time(
        operations + eta.idle.upper * tiles, rate, eta.compute.lower
    )
    asked = roofline.overhead_time(kernels, eta.host.expected)
    return (
        larger(floor, roofline.overhead_time(kernels, max(eta.launch.lower, eta.host.lower))),
        larger(expected + started, asked),
        slowest + roofline.overhead_time(kernels, eta.launch.upper + eta.host.upper),
        roofline.memory_time(fetched, reached_bandwidth),
        roofline.compute_time(operations, reached_rate),
        larger(max(started, asked), roofline.compute_time(idle * tiles, reached_rate)),
    )


def _axis(field: str, given: Any) -> Sequence[Any]:
    """One value, or several."""
    if (
        given is None
        or isinstance(given, (str, int, float, HardwareNode, ModelSpec))
        or not isinstance(given, Iterable)
    ):
        return (given,)
    values = tuple(given)
    if not values:
        raise InvalidValue(field, given, "it must have at least one value", f"{field}=[...]")
    return values


def _joined(parts: list[dict[str, Any]]) -> Table:
    if len(parts) == 1:
        return Table(parts[0])
    if isinstance(parts[0]["batch"], list):
        return Table({name: [value for part in parts for value in part[name]] for name in parts[0]})
    import numpy

    return Table({name: numpy.concatenate([part[name] for part in parts]) for name in parts[0]})
