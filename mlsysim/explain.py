"""An answer as a person would write it on a whiteboard: numbers first, algebra second, sources last."""

from __future__ import annotations

from mlsysim.solvers.basis import listed
from mlsysim.solvers.forward import ForwardResult
from mlsysim.solvers.phase import Operator, Phase
from mlsysim.solvers.serving import ServingResult
from mlsysim.solvers.serving_fleet import ServingFleetResult
from mlsysim.solvers.synthesis import SynthesisResult
from mlsysim.units import format_quantity
from mlsysim.walls import WALLS

TOLD = 0.01
"""Least share of the time from which on tails of matrix products are told."""


def equation(run: Phase) -> str:
    """The Iron Law with its numbers filled in."""
    eta = run.efficiency
    rate = f"({_write(run.rate, 'FLOP/s')} x {eta.compute.expected:.2g})"
    moved, packed = _write(run.traffic, "B"), _slowed(run)
    if packed:
        moved = f"({_write(run.traffic - packed, 'B')} + {_write(packed, 'B')} / {eta.unpack.expected:.2g})"
    terms = [
        (
            "D/BW",
            f"{moved} / ({_write(run.bandwidth, 'B/s')} x {eta.bandwidth.expected:.2g})",
            run.memory_time.expected,
        ),
        ("O/R", f"{_write(run.operations, 'FLOP')} / {rate}", run.compute_time.expected),
        (
            "L",
            f"{run.kernels:,.0f} kernels x {format_quantity(eta.launch.expected, 's')}",
            run.overhead_time.expected,
        ),
    ]
    computing = "O/R"
    if run.tail_time.expected > TOLD * run.time.expected:
        tiles = _write(sum(each.tile for each in run.operators), "FLOP")
        waits = f"{eta.idle.expected:.3g} cores idle over tiles of {tiles} / {rate}"
        terms.insert(2, ("W", waits, run.tail_time.expected))
        computing = "O/R + W"
    formula = f"max(D/BW, {computing}) by operator + L"
    if run.host_time.expected:
        each = format_quantity(eta.host.expected, "s", 3)
        terms.append(("H", f"{run.kernels:,.0f} kernels x {each} of the host", run.host_time.expected))
        formula = f"max({formula}, H)"
    lines = [f"{symbol:<5}= {numbers} = {_write(seconds, 's')}" for symbol, numbers, seconds in terms]
    lines.append(f"T    = {formula} = {run.time.format(3)}, {run.time.format_range()}")
    return "\n".join(lines)


def explain(result: ServingResult, phase: str = "decode") -> str:
    """The whole derivation of one phase."""
    run = phase_of(result, phase)
    load, machine = result.workload, result.hardware
    size = f"batch {load.batch:,d}, " + (
        f"context {load.context:,d}" if run is result.decode else f"prompt {load.prompt:,d}"
    )
    lines = [f"{load.model.name} on the {machine.full_name}: {run.name}, {size}, {load.stored_as}", ""]
    met = ", with the experts that are met" if load.model.experts else ""
    often = "read once for " + ("the whole batch" if run is result.decode else "every prompt")
    eta, packed, plain = run.efficiency, _slowed(run), run.bytes
    moved = (
        (packed, eta.unpack.expected, f"{load.weights.upper()} weights{met}, {often}, unpacked as they arrive"),
        (
            plain["weights"] - packed,
            1.0,
            f"weights left in {load.precision.upper()}" if packed else f"weights{met}, {often}",
        ),
        (plain["kv_cache"], 1.0, "KV cache, read and written for every sequence"),
        (plain["activations"], 1.0, "activations, as far as they outgrow the cache"),
    )
    for part, unpack, told in moved:
        if part:
            seconds = part / (run.bandwidth * eta.bandwidth.expected * unpack)
            reached = f"{_write(run.bandwidth, 'B/s')} x {eta.bandwidth.expected:.2g}"
            reached += f" x {unpack:.2g}" if unpack < 1.0 else ""
            lines.append(f"{_write(part, 'B')} / ({reached}) = {_write(seconds, 's')}    {told}")
    for each in run.operators:
        if each.flops:
            seconds = each.flops / (run.rate * run.efficiency.compute.expected * run.busy(each))
            rate = f"({_write(run.rate, 'FLOP/s')} x {_reached(run, each)})"
            lines.append(f"{_write(each.flops, 'FLOP')} / {rate} = {_write(seconds, 's')}    {each.name}")
    lines += ["", equation(run), "", _bound(run), _fit(result), "", *listed(result.basis)]
    return "\n".join(lines)


def explain_forward(result: ForwardResult) -> str:
    """A pass layer by layer, alike layers together."""
    run, model, machine = result.phase, result.model, result.hardware
    lines = [
        f"{model.name} on the {machine.full_name}: {run.name}, batch {result.batch:,d}, {result.precision.upper()}",
        "",
        f"{'operator':<42}{'count':>6}{'bytes':>12}{'FLOP':>13}{'FLOP/B':>9}",
    ]
    for name in dict.fromkeys(each.name for each in run.operators):
        alike = [each for each in run.operators if each.name == name]
        traffic, flops = sum(each.traffic for each in alike), sum(each.flops for each in alike)
        intensity = _write(flops / traffic, "") if traffic else "-"
        moved, computed = _write(traffic, "B"), _write(flops, "FLOP")
        lines.append(f"{name:<42}{len(alike):>6}{moved:>12}{computed:>13}{intensity:>9}")
    fits = f"Fits: {_write(result.memory.total, 'B')} of {_write(result.memory.capacity, 'B')}."
    told = " ".join(reason.sentence() for reason in result.reasons) or fits
    lines += ["", equation(run), "", _bound(run), told, "", *listed(result.basis)]
    return "\n".join(lines)


def explain_synthesis(result: SynthesisResult) -> str:
    """The least machine, and how the known ones compare."""
    load = result.workload
    size = f"batch {load.batch:,d}, context {load.context:,d}"
    lines = [f"{load.model.name} in {load.stored_as}, {size}: a token every {_write(result.itl, 's')}", ""]
    if result.memory_bandwidth is not None and result.peak is not None:
        traffic = sum(each.traffic for each in load.decode(None))
        division = f"{_write(traffic, 'B')} / {_write(result.itl, 's')}"
        floor = _write(result.memory_bandwidth.lower, "B/s")
        lines += [
            f"BW >= D/T = {division} = {floor}    at peak, with nothing else in the way",
            f"BW = {result.memory_bandwidth.format(3)}    memory bandwidth as software reaches it",
            f"R  = {result.peak.format(3)}    peak rate that keeps pace",
        ]
    lines += [f"M  = {result.memory.format(3)}    memory capacity", ""]
    lines += [reason.sentence() for reason in result.reasons]
    for each in result.machines:
        time = "" if each.serving is None else each.serving.itl.format_range(3)
        lines.append(f"{each.machine.name:<16}{each.verdict:<11}{time}")
    return "\n".join(lines)


def explain_fleet(result: ServingFleetResult) -> str:
    """A fleet: a request's work, a replica's turns, the promises, wall by wall."""
    load, asked = result.full.workload, result.demand
    lines = [
        f"{load.model.name} in {load.stored_as}: {result.nodes:,d} nodes of {result.gpus_per_node} x "
        f"{result.hardware.full_name}, {result.full.gpus} to a replica of {result.batch:,d} places",
        fleet_floor(result, "arithmetic")[0],
        *fleet_turns(result),
        f"X = {result.capacity.expected:,.4g}/s, {result.left.expected:,.4g}/s without one node",
        f"ITL = T_d + (b - 1)/(L - 1) T_p = {result.itl.format(3)}, {result.itl.format_range(3)}",
    ]
    if result.ttft is not None:
        lines.append(
            f"TTFT = {result.ttft.format(3)}, {result.ttft.format_range(3)}, for {result.promises.percentile:.4g} of "
            "all"
        )
    lines += ["", f"{asked.rate:,.4g} requests a second take", *fleet_ladder(result)]
    lines += [reason.sentence() for reason in result.reasons]
    return "\n".join([*lines, "", *listed(result.basis)])


def fleet_turns(result: ServingFleetResult) -> tuple[str, ...]:
    """What a replica answers each second, a line each."""
    b, prompt, step, longer = result.batch, result.alone.ttft, result.full.itl, result.demand.output - 1
    return (
        f"T_p = {prompt.format(3)}    one prompt;  T_d = {step.format(3)}    one token for each of b = {b:,d}",
        f"T = b T_p + (L - 1) T_d = {b:,d} x {prompt.format(3)} + {longer:,d} x {step.format(3)} = "
        f"{result.held.format(3)} in a place",
        f"q = b / T = {result.replica_rate.expected:.3g}/s for each replica of {result.full.gpus}",
    )


def fleet_ladder(result: ServingFleetResult) -> tuple[str, ...]:
    """Accelerators after each wall, a line each, and what of their arithmetic the requests themselves ask for."""
    peak, _, device, together, *_ = result.walls.values()
    return (
        *(f"{size:>9,.1f}  {name}" for name, size in result.walls.items()),
        f"MFU = {peak:,.1f} / {device:,.1f} = {peak / device:.0%}    efficiency on one device",
        f"eta = {device:,.1f} / {together:,.1f} = {device / together:.0%}    communication",
    )


def fleet_floor(result: ServingFleetResult, floor: str) -> tuple[str, ...]:
    """How one floor of physics comes about, a line each."""
    load, step, asked = result.full.workload, result.full.decode.shard, result.demand
    size = f"= {result.floors[floor]:,.3g}    {floor}"
    if floor == "arithmetic":
        return (
            f"o = {_write(result.operations, 'FLOP')} for {asked.prompt:,d} tokens read and {asked.output:,d} written",
            f"N = {asked.rate:,g}/s x o / {_write(step.rate, 'FLOP/s')} {size}",
        )
    if floor == "room":
        return (f"N = {_write(load.stored_weights(), 'B')} of weights / {_write(result.hardware.memory, 'B')} {size}",)
    pace = result.promises.itl
    weights = step.bytes["weights"] * result.full.gpus
    fetched = "" if pace is None else f"{_write(weights, 'B')} of weights every {_write(pace, 's')}, and "
    past = f"{load.context:,d} positions x {_write(load.kv_bytes, 'B')} of the past"
    return (
        f"{fetched}{asked.rate:,g}/s x {asked.output - 1:,d} tokens x {past}",
        f"N = {'that' if pace is None else 'both'} / {_write(step.bandwidth, 'B/s')} {size}",
    )


def _reached(run: Phase, operator: Operator) -> str:
    """What an operator reaches of the peak rate, and the share of the cores that have work where some wait."""
    busy = run.busy(operator)
    return f"{run.efficiency.compute.expected:.2g}" + (f" x {busy:.2g}" if busy < 1 - TOLD else "")


def _slowed(run: Phase) -> float:
    """Bytes that arrive more slowly for being unpacked [B]."""
    return run.packed if run.efficiency.unpack.expected < 1.0 else 0.0


def _bound(run: Phase) -> str:
    wall = WALLS.get(run.bound_by)
    where = f" (wall {wall.number})" if wall else ""
    intensity, ridge = (_write(each, "FLOP/B") for each in (run.intensity, run.ridge))
    return f"Bound by {run.bound_by}{where}: {intensity} against a ridge at {ridge}."


def _fit(result: ServingResult) -> str:
    if result.reasons:
        return " ".join(reason.sentence() for reason in result.reasons)
    memory = result.memory
    return f"Fits: {_write(memory.total, 'B')} of {_write(memory.capacity, 'B')}."


def phase_of(result: ServingResult, name: str) -> Phase:
    """One of the two phases of a result by its name."""
    phases = {"decode": result.decode, "prefill": result.prefill}
    if name not in phases:
        from mlsysim.check import UnknownName

        raise UnknownName("phase", name, phases)
    return phases[name]


def _write(value: float, unit: str) -> str:
    return format_quantity(value, unit, 3)
