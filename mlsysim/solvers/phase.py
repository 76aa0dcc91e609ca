"""One phase of inference on one machine: what it moves and computes, and how long that takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mlsysim.check import UnknownName
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import roofline

MEMORY, COMPUTE, OVERHEAD = "memory bandwidth", "compute throughput", "overhead"


class Operator(NamedTuple):
    """One kind of operator over all layers: bytes moved [B], by what they are, and operations [FLOP]."""

    name: str
    weights: float
    kv_cache: float
    activations: float
    flops: float

    @property
    def traffic(self) -> float:
        """All bytes moved [B]."""
        return self.weights + self.kv_cache + self.activations


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase's operators and the three terms of the Iron Law."""

    name: str
    operators: tuple[Operator, ...]
    kernels: float
    rate: float
    bandwidth: float
    efficiency: Efficiency
    memory_time: Estimate
    compute_time: Estimate
    overhead_time: Estimate
    host_time: Estimate
    time: Estimate

    @property
    def bytes(self) -> dict[str, float]:
        """Bytes moved between memory and chip, by what they are [B]."""
        return {
            "weights": sum(each.weights for each in self.operators),
            "kv_cache": sum(each.kv_cache for each in self.operators),
            "activations": sum(each.activations for each in self.operators),
        }

    @property
    def flops(self) -> dict[str, float]:
        """Operations by operator [FLOP]."""
        return {each.name: each.flops for each in self.operators if each.flops}

    @property
    def traffic(self) -> float:
        """All bytes moved [B]."""
        return sum(each.traffic for each in self.operators)

    @property
    def operations(self) -> float:
        """All operations [FLOP]."""
        return sum(each.flops for each in self.operators)

    @property
    def intensity(self) -> float:
        """Arithmetic intensity [FLOP/B]."""
        return roofline.arithmetic_intensity(self.operations, self.traffic)

    @property
    def ridge(self) -> float:
        """Ridge point of the machine at this precision [FLOP/B]."""
        return roofline.ridge_point(self.rate, self.bandwidth)

    @property
    def bound_by(self) -> str:
        """The largest of the expected terms; what the host takes is overhead."""
        memory, compute = self.memory_time.expected, self.compute_time.expected
        if max(self.overhead_time.expected, self.host_time.expected) > max(memory, compute):
            return OVERHEAD
        return COMPUTE if compute >= memory else MEMORY

    def share(self, term: str) -> float:
        """Fraction of the expected time in which a term is busy; terms overlap, so shares need not add up to one."""
        memory, compute = self.memory_time, self.compute_time
        terms = {"memory": memory, "compute": compute, OVERHEAD: self.overhead_time, MEMORY: memory, COMPUTE: compute}
        if term not in terms:
            raise UnknownName("term", term, terms)
        return terms[term].expected / self.time.expected


def run(
    name: str,
    operators: tuple[Operator, ...],
    kernels: float,
    rate: float,
    bandwidth: float,
    efficiency: Efficiency,
) -> Phase:
    """The time operators take, one after another.

    Least: the largest of all terms at peak rates, everything overlapped. Most: their sum at the lowest efficiencies,
    nothing overlapped. Expected: each operator waits for the slower of its own two terms, kernels start one after
    another, and a host that asks for them one by one runs ahead for as long as it is the quicker.
    """
    reached_bandwidth = bandwidth * efficiency.bandwidth.expected
    reached_rate = rate * efficiency.compute.expected
    traffic = operations = expected = 0.0
    for operator in operators:
        moved = operator.traffic
        traffic += moved
        operations += operator.flops
        expected += max(
            roofline.memory_time(moved, reached_bandwidth), roofline.compute_time(operator.flops, reached_rate)
        )
    memory = Estimate(
        roofline.memory_time(traffic, bandwidth),
        roofline.memory_time(traffic, reached_bandwidth),
        roofline.memory_time(traffic, bandwidth, efficiency.bandwidth.lower),
        "s",
    )
    compute = Estimate(
        roofline.compute_time(operations, rate),
        roofline.compute_time(operations, reached_rate),
        roofline.compute_time(operations, rate, efficiency.compute.lower),
        "s",
    )
    overhead = Estimate(
        roofline.overhead_time(kernels, efficiency.launch.lower),
        roofline.overhead_time(kernels, efficiency.launch.expected),
        roofline.overhead_time(kernels, efficiency.launch.upper),
        "s",
    )
    host = Estimate(
        roofline.overhead_time(kernels, efficiency.host.lower),
        roofline.overhead_time(kernels, efficiency.host.expected),
        roofline.overhead_time(kernels, efficiency.host.upper),
        "s",
    )
    time = Estimate(
        max(memory.lower, compute.lower, overhead.lower, host.lower),
        max(expected + overhead.expected, host.expected),
        memory.upper + compute.upper + overhead.upper + host.upper,
        "s",
    )
    return Phase(name, operators, kernels, rate, bandwidth, efficiency, memory, compute, overhead, host, time)
