"""What a collective costs on a fabric, and which algorithm is quickest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, count, quantity
from mlsysim.estimate import Estimate
from mlsysim.fabrics import Fabric
from mlsysim.fabrics import fabric as find_fabric
from mlsysim.physics import collectives, torus
from mlsysim.records import Input
from mlsysim.solvers.reason import write

ALGORITHMS = {
    "all-reduce": ("ring", "tree", "hierarchical", "in-network"),
    "reduce-scatter": ("ring", "hierarchical"),
    "all-gather": ("ring", "hierarchical"),
    "all-to-all": ("pairwise",),
    "point-to-point": ("direct",),
}
LARGEST_FLEET = 10**6


class Rates(NamedTuple):
    """What one GPU's links carry per direction [B/s], and what hops and collectives cost before the first byte [s]."""

    link: float
    nic: float
    link_latency: float
    nic_latency: float
    start: float


class Group(NamedTuple):
    """Ranks of a collective: so many in each node, in so many nodes; the share of their chips' links that lead from one
    to another, how many of them a message passes, and the share of one ring's steps that rings side by side take."""

    inside: int
    across: int
    links: float = 1.0
    hops: float = 1.0
    steps: float = 1.0

    @property
    def ranks(self) -> int:
        """All of them."""
        return self.inside * self.across

    @property
    def pairs(self) -> float:
        """Share of a chip's links at which it exchanges with any other: what it passes on for others takes the rest."""
        return self.links / self.hops


def group(inside: int, across: int, fabric: Fabric) -> Group:
    """Ranks on a fabric: a switch gives each all of its links, a torus those of the axes that its group lies along."""
    chips, axes = fabric.gpus_per_node, fabric.machine.torus
    if axes is None or inside == 1:
        return Group(inside, across)
    share, hops = torus.link_share(inside, chips, axes), torus.mean_hops(inside, chips, axes)
    return Group(inside, across, share, hops, torus.ring_steps(inside, chips, axes) / (inside - 1))


def torus_inputs(fabric: Fabric) -> tuple[Input, ...]:
    """The axes of a torus, with their source; nothing of a switch."""
    machine = fabric.machine
    if machine.torus is None:
        return ()
    return (Input("D", "axes of the torus that a chip's links lie along", machine.datum("torus")),)


@cache
def rates(fabric: Fabric) -> tuple[Rates, Rates, Rates]:
    """At the wire's speed, as libraries reach it, and as the least of them do."""
    known = registry.constants("collectives")
    link, nic = known["link_efficiency"], known["nic_efficiency"]
    hop, wire, start = known["link_latency"], known["nic_latency"], known["start"]
    return (
        Rates(fabric.link, fabric.nic, hop.lower or 0.0, wire.lower or 0.0, start.lower or 0.0),
        Rates(fabric.link * link.value, fabric.nic * nic.value, hop.value, wire.value, start.value),
        Rates(
            fabric.link * (link.lower or link.value),
            fabric.nic * (nic.lower or nic.value),
            hop.upper or hop.value,
            wire.upper or wire.value,
            start.upper or start.value,
        ),
    )


def possible(operation: str, group: Group, fabric: Fabric) -> tuple[str, ...]:
    """The algorithms that this group can run on this fabric."""
    return tuple(
        name
        for name in ALGORITHMS[operation]
        if (name != "tree" or fabric.machine.torus is None)
        and (name != "hierarchical" or min(group.inside, group.across) > 1)
        and (name != "in-network" or (fabric.in_network and group.across == 1))
    )


def phases(operation: str, algorithm: str, message: float, group: Group, rate: Rates) -> dict[str, float]:
    """Time of each phase [s]; nothing for a group of one."""
    inside, across, ranks = group.inside, group.across, group.ranks
    if ranks == 1:
        return {}
    link = rate.link * group.links
    # All of a node's ranks own a port each, and a flat ring spreads over them.
    bandwidth = link if across == 1 else min(link, inside * rate.nic)
    hop = rate.link_latency * group.steps
    latency = hop if across == 1 else rate.nic_latency
    start = {"start": rate.start}
    if operation == "point-to-point":
        pair = link if across == 1 else rate.nic
        return start | {"send": collectives.point_to_point_time(message, pair, latency)}
    if operation == "all-to-all":
        near = collectives.all_to_all_time(message * inside / ranks, inside, rate.link * group.pairs, rate.link_latency)
        far_message = message * (ranks - inside) / ranks
        far = far_message / rate.nic + (ranks - inside) * rate.nic_latency
        return start | {"within nodes": near, "between nodes": far}
    if algorithm == "tree":
        return start | {"up and down": collectives.tree_allreduce_time(message, ranks, bandwidth, latency)}
    if algorithm == "in-network":
        return start | {"through the switch": collectives.in_network_allreduce_time(message, 1, bandwidth, latency)}
    scatters, gathers = operation != "all-gather", operation != "reduce-scatter"
    found = dict(start)
    if algorithm == "ring":
        if scatters:
            found["reduce-scatter"] = collectives.reduce_scatter_time(message, ranks, bandwidth, latency)
        if gathers:
            found["all-gather"] = collectives.all_gather_time(message, ranks, bandwidth, latency)
        return found
    share = message / inside
    if scatters:
        found["reduce-scatter within nodes"] = collectives.reduce_scatter_time(message, inside, link, hop)
        found["reduce-scatter between nodes"] = collectives.reduce_scatter_time(
            share, across, rate.nic, rate.nic_latency
        )
    if gathers:
        found["all-gather between nodes"] = collectives.all_gather_time(share, across, rate.nic, rate.nic_latency)
        found["all-gather within nodes"] = collectives.all_gather_time(message, inside, link, hop)
    return found


def quickest(operation: str, message: float, group: Group, fabric: Fabric, rate: Rates) -> tuple[str, float]:
    """The algorithm that takes least, and its time [s]."""
    if group.ranks == 1:
        return "none", 0.0
    times = {
        name: sum(phases(operation, name, message, group, rate).values()) for name in possible(operation, group, fabric)
    }
    best = min(times, key=times.__getitem__)
    return best, times[best]


@dataclass(frozen=True, slots=True)
class CommunicationResult:
    """One collective: which algorithm, how long, and what the others would have taken."""

    operation: str
    message: float
    gpus: int
    fabric: Fabric
    algorithm: str
    time: Estimate
    phases: dict[str, float]
    alternatives: dict[str, float]

    @property
    def bus_bandwidth(self) -> float:
        """What a ring's busiest link would have carried in this time [B/s]; 0 for one GPU, which sends nothing."""
        if self.gpus == 1:
            return 0.0
        n = self.gpus
        moved = collectives.ring_traffic(self.message, n) if self.operation == "all-reduce" else self.message
        if self.operation not in ("all-reduce", "point-to-point"):
            moved *= (n - 1) / n
        return moved / self.time.expected

    @property
    def bound_by(self) -> str:
        """Latency where starting and hopping takes most of the time, otherwise bandwidth."""
        rate = rates(self.fabric)[1]
        still = Rates(float("inf"), float("inf"), rate.link_latency, rate.nic_latency, rate.start)
        waiting = sum(phases(self.operation, self.algorithm, self.message, self._group, still).values())
        return "latency" if 2 * waiting >= self.time.expected else "bandwidth"

    @property
    def _group(self) -> Group:
        return _layout(self.gpus, self.fabric)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        known = registry.constants("collectives")
        return (
            Input("B_i", f"link within the {self.fabric.name}, per direction", self.fabric.datum("link")),
            Input("B_o", "network port of one GPU, per direction", self.fabric.datum("nic")),
            Input("eta_i", "fraction of the link reached", known["link_efficiency"]),
            Input("eta_o", "fraction of the port reached", known["nic_efficiency"]),
            Input("alpha_i", "time of a hop within a node", known["link_latency"]),
            Input("alpha_o", "time of a hop between nodes", known["nic_latency"]),
            Input("s", "time a collective takes to start", known["start"]),
            *torus_inputs(self.fabric),
        )

    def explain(self) -> str:
        """The whiteboard."""
        head = f"{self.operation} of {write(self.message, 'B')} over {self.gpus:,d} GPUs of the {self.fabric.name}"
        lines = [f"{head}: {self.algorithm}", ""]
        lines += [f"{write(seconds, 's'):<12}{name}" for name, seconds in self.phases.items()]
        lines.append(f"T = {self.time.format(3)}, {self.time.format_range()}, bound by {self.bound_by}")
        if self._group.links < 1.0:
            share = self._group.links
            along = f"{share * (self.fabric.machine.torus or 1.0):.2g} axes of the torus"
            lines.append(f"The group lies along {along}: {write(share * self.fabric.link, 'B/s')} of a chip's links.")
        others = [f"{name} {write(seconds, 's')}" for name, seconds in self.alternatives.items()]
        if others:
            lines.append(f"Instead: {', '.join(others)}.")
        lines += ["", "Inputs"]
        lines += [
            f"{symbol:<9}{write(datum.value, '' if datum.unit == '1' else datum.unit):<13}{meaning}: "
            f"{datum.tier}, {datum.source}"
            for symbol, meaning, datum in self.basis
        ]
        return "\n".join(lines)


class CommunicationModel:
    """How long do GPUs take to agree, and which algorithm is quickest?

    >>> answer = CommunicationModel().solve(operation="all-reduce", message="1 GB", fabric="DGX A100", gpus=64)
    >>> answer.algorithm, answer.bound_by
    ('tree', 'bandwidth')
    """

    def solve(
        self,
        *,
        message: float | str,
        fabric: Fabric | str,
        gpus: int,
        operation: str = "all-reduce",
        algorithm: str = "auto",
    ) -> CommunicationResult:
        """One collective over `gpus`, which fill whole nodes; "auto" takes the quickest algorithm.

        `message` is each rank's whole buffer, of an all-gather what each ends with.
        """
        joined = find_fabric(fabric)
        size = quantity("message", message, "B", 'message="1 GB"')
        if not isinstance(operation, str) or operation not in ALGORITHMS:
            raise UnknownName("operation", str(operation), ALGORITHMS)
        ranks = count("gpus", gpus, "gpus=64", at_most=LARGEST_FLEET)
        if operation == "point-to-point" and ranks > 2:
            raise InvalidValue("gpus", gpus, "a point-to-point message has two ends", "gpus=2")
        group = _layout(ranks, joined)
        best, _ = quickest(operation, size, group, joined, rates(joined)[1])
        chosen = best
        if algorithm != "auto":
            known = possible(operation, group, joined)
            if not isinstance(algorithm, str) or algorithm not in ALGORITHMS[operation]:
                raise UnknownName("algorithm", str(algorithm), ("auto", *ALGORITHMS[operation]))
            if algorithm not in known:
                rule = f"{ranks:,d} GPUs of the {joined.name} can do {operation} by {', '.join(known)}"
                raise InvalidValue("algorithm", algorithm, rule, f'algorithm="{known[0]}"')
            chosen = algorithm if ranks > 1 else best
        lower, expected, upper = (sum(phases(operation, chosen, size, group, rate).values()) for rate in rates(joined))
        others = (
            {}
            if ranks == 1
            else {
                name: sum(phases(operation, name, size, group, rates(joined)[1]).values())
                for name in possible(operation, group, joined)
                if name != chosen
            }
        )
        return CommunicationResult(
            operation,
            size,
            ranks,
            joined,
            chosen,
            Estimate(lower, expected, upper, "s"),
            phases(operation, chosen, size, group, rates(joined)[1]),
            others,
        )


def _layout(ranks: int, fabric: Fabric) -> Group:
    size = fabric.gpus_per_node
    if ranks <= size:
        return group(ranks, 1, fabric)
    if ranks % size:
        rule = f"beyond one node it must fill nodes of {size}"
        raise InvalidValue("gpus", ranks, rule, f"gpus={(ranks // size + 1) * size}")
    return group(size, ranks // size, fabric)
