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
    """One kind of operator over all layers: bytes moved [B], by what they are, and operations [FLOP].

    `tile` sums one tile of each of its matrix products [FLOP]: how long cores can wait for the last one. `split` is the
    part of it whose inner dimension tensor parallelism divides; of the others it divides the columns. `packed` is what
    of the weights is unpacked as it arrives [B].
    """

    name: str
    weights: float
    kv_cache: float
    activations: float
    flops: float
    tile: float = 0.0
    split: float = 0.0
    packed: float = 0.0

    @property
    def traffic(self) -> float:
        """All bytes moved [B]."""
        return self.weights + self.kv_cache + self.activations

    def share(self, ranks: int, cached: int) -> Operator:
        """What one of so many GPUs does of it, where `cached` of them hold different heads of keys and values."""
        return Operator(
            self.name,
            self.weights / ranks,
            self.kv_cache / cached,
            self.activations / ranks,
            self.flops / ranks,
            self.tile - self.split * (1 - 1 / ranks),
            self.split / ranks,
            self.packed / ranks,
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase's operators and the terms of the Iron Law: memory, compute and overhead, with what the host takes and the
    tails of matrix products, in which cores wait for the last tiles."""

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
    tail_time: Estimate
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
    def packed(self) -> float:
        """What of them holds weights that are unpacked as they arrive [B]."""
        return sum(each.packed for each in self.operators)

    @property
    def fetched(self) -> float:
        """Plain bytes that would keep memory as busy as these are expected to [B]."""
        return roofline.unpacked_traffic(self.traffic, self.packed, self.efficiency.unpack.expected)

    @property
    def operations(self) -> float:
        """All operations [FLOP]."""
        return sum(each.flops for each in self.operators)

    def busy(self, operator: Operator | None = None) -> float:
        """Share of the cores that have work while one operator computes, or all operators do [-]."""
        several = self.operators if operator is None else (operator,)
        flops, tile = sum(each.flops for each in several), sum(each.tile for each in several)
        return roofline.busy_fraction(flops, tile, self.efficiency.idle.expected) if flops else 1.0

    @property
    def intensity(self) -> float:
        """Arithmetic intensity [FLOP/B]."""
        return roofline.arithmetic_intensity(self.operations, self.traffic)

    @property
    def ridge(self) -> float:
        """Ridge point of the machine at this precision [FLOP/B]."""
        return roofline.ridge_point(self.rate, self.bandwidth)

    @property
    def kernel_time(self) -> Estimate:
        """What kernels take whatever their size: their starts, and the cores that wait for their last tiles [s]."""
        return Estimate.total((self.overhead_time, self.tail_time), "s")

    @property
    def bound_by(self) -> str:
        """The largest of the expected terms; what the host takes is overhead, and so are tails."""
        memory, compute = self.memory_time.expected, self.compute_time.expected
        overhead = max(self.overhead_time.expected, self.host_time.expected, self.tail_time.expected)
        if overhead > max(memory, compute):
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
    nothing overlapped. Expected: each operator waits for the slower of its bytes and its arithmetic with its tail,
    kernels start one after another, and a host that asks for them one by one runs ahead for as long as it is quicker.
    """
    reached_bandwidth = bandwidth * efficiency.bandwidth.expected
    reached_rate = rate * efficiency.compute.expected
    idle, unpack = efficiency.idle, efficiency.unpack
    traffic = packed = operations = tiles = expected = 0.0
    for operator in operators:
        moved = operator.traffic
        traffic += moved
        packed += operator.packed
        operations += operator.flops
        tiles += operator.tile
        expected += max(
            roofline.memory_time(roofline.unpacked_traffic(moved, operator.packed, unpack.expected), reached_bandwidth),
            roofline.compute_time(operator.flops + idle.expected * operator.tile, reached_rate),
        )
    memory = Estimate(
        roofline.memory_time(traffic, bandwidth),
        roofline.memory_time(roofline.unpacked_traffic(traffic, packed, unpack.expected), reached_bandwidth),
        roofline.memory_time(
            roofline.unpacked_traffic(traffic, packed, unpack.lower), bandwidth, efficiency.bandwidth.lower
        ),
        "s",
    )
    compute = Estimate(
        roofline.compute_time(operations, rate),
        roofline.compute_time(operations, reached_rate),
        roofline.compute_time(operations, rate, efficiency.compute.lower),
        "s",
    )
    overhead, host = (each.scaled(kernels, "s") for each in (efficiency.launch, efficiency.host))
    tail = Estimate(
        0.0,
        roofline.compute_time(idle.expected * tiles, reached_rate),
        roofline.compute_time(idle.upper * tiles, rate, efficiency.compute.lower),
        "s",
    )
    time = Estimate(
        max(memory.lower, compute.lower, overhead.lower, host.lower),
        max(expected + overhead.expected, host.expected),
        memory.upper + compute.upper + overhead.upper + host.upper + tail.upper,
        "s",
    )
    return Phase(name, operators, kernels, rate, bandwidth, efficiency, memory, compute, overhead, host, tail, time)
