"""Cases of collectives: their time, their bus bandwidth, and what many devices lose to them."""

from __future__ import annotations

import re
from dataclasses import replace
from math import sqrt

from mlsysim.calibration import machines, models, stacks, vision
from mlsysim.calibration.answers import Answer, Refused, unit
from mlsysim.calibration.cases import Case
from mlsysim.calibration.grammar import formats, number, size
from mlsysim.calibration.parameters import Reach
from mlsysim.physics.collectives import in_network_allreduce_time, ring_traffic

_LARGE = 4e9
"""A message that is only said to be large [B]."""


def answer(case: Case, reach: Reach) -> Answer:
    """A collective."""
    wanted = unit(case.unit)
    site = machines.machine(case.hardware, case.count)
    if wanted.dimension == "share":
        return _scaling(case, site, reach)
    if wanted.dimension == "examples":
        return vision.answer(case, reach)
    operation = _operation(case)
    message = size(case.seq_or_io) or _LARGE
    time = _time(case, site, operation, message, reach)
    if wanted.dimension == "time":
        return Answer((time / wanted.factor,), "collectives")
    if wanted.dimension != "bandwidth":
        raise Refused(f"a collective is not answered in {case.unit}")
    moved = _moved(operation, message, site.count)
    if "algbw" in case.metric.lower():
        moved = message
    return Answer((moved / time / wanted.factor,), "collectives")


def _operation(case: Case) -> str:
    text = f"{case.model} {case.metric}".lower()
    if "copy engine" in case.seq_or_io.lower() or (
        re.search(r"\bp2p\b|point.to.point|send", text) and "reduce" not in text
    ):
        return "copy"
    for pattern, name in (
        (r"reduce[_\s-]*scatter", "reduce-scatter"),
        (r"all[_\s-]*gather", "all-gather"),
        (r"all[_\s-]*to[_\s-]*all", "all-to-all"),
        (r"broadcast", "all-gather"),
        (r"all[_\s-]*reduce", "all-reduce"),
    ):
        if re.search(pattern, text):
            return name
    if "reduce" in case.domain.lower():
        return "all-reduce"
    raise Refused("no collective is named, such as all_reduce or all_gather")


def _moved(operation: str, message: float, ranks: int) -> float:
    """What a ring's busiest link carries [B]."""
    if operation == "copy":
        return message
    moved = ring_traffic(message, ranks)
    return moved if operation == "all-reduce" else moved / 2


def _time(case: Case, site: machines.Site, operation: str, message: float, reach: Reach) -> float:
    n, machine = site.count, site.machine
    per_node = site.per_node or machines.domain(machine)
    if n < 2:
        raise Refused("a collective of one device sends nothing")
    generation = machines.generation(machine)
    link = machine.link
    if link is None:
        raise Refused(f"the {machine.name} has no figure for its link")
    moved = _moved(operation, message, n)
    if operation == "copy":
        return message / (link * reach.of("link.copy"))
    several = "node" in case.hardware.lower() and "single" not in case.parallelism.lower()
    if n > per_node or several:
        port = site.port or {"Ampere": 25e9, "Hopper": 50e9, "Blackwell": 50e9}.get(generation, 25e9)
        rate = min(link * reach.of("link.ring", generation), min(per_node, n) * port * reach.of("link.port"))
        return _ramped(moved / rate, reach.of("link.far_start"), reach)
    start = reach.of("link.start", generation)
    hosted = link < 100e9
    if hosted:
        # Without a switch, messages between more than two devices pass the host, and its sockets.
        rate = link * reach.of("link.ring", "PCIe") * (2.0 / n) ** (2.0 - reach.of("link.host"))
        return _ramped(moved / rate, start, reach)
    whole = not any(each in ("int8", "fp8") for each in formats(case.precision))
    if operation == "all-reduce" and n >= 8 and generation in ("Hopper", "Blackwell") and whole:
        bytes_time = in_network_allreduce_time(message, 1, link * reach.of("link.switch"))
        return _ramped(bytes_time, start, reach)
    pair = "pair" if n == 2 else ""
    return _ramped(moved / (link * reach.of("link.ring", generation, pair)), start, reach)


def _ramped(flowing: float, start: float, reach: Reach) -> float:
    """Start, flow, and between them the pipeline that fills: chunks as long as both ask for."""
    return start + flowing + reach.of("link.ramp") * sqrt(start * flowing)


def _scaling(case: Case, site: machines.Site, reach: Reach) -> Answer:
    """Share of the devices' own rate that is left when each step ends in an all-reduce of all gradients."""
    model = models.network(case.model)
    per_node = site.per_node or 8
    batch = number(case.batch) or 64
    rate, _ = vision.rate_of(case, model, replace(site, count=1), stacks.stack(case.software), reach)
    port = site.port or 12.5e9
    message = 4.0 * model.parameters
    sent = ring_traffic(message, site.count) / (per_node * port * reach.of("link.port"))
    step = batch / rate
    exposed = sent * (1.0 - reach.of("link.hidden"))
    return Answer((step / (step + exposed) / unit(case.unit).factor,), "collectives")
