"""A fleet of replicas under promises: accelerators that a demand takes, wall by wall, and what a lost node leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from mlsysim import registry
from mlsysim.check import InvalidValue, amount, count, number, quantity
from mlsysim.efficiency import Efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics import batching, economics, reliability, roofline
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.basis import given
from mlsysim.solvers.batching import most_that
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.reliability import DAY
from mlsysim.solvers.tail_latency import MOST_SERVERS, TailLatencyModel, TailLatencyResult
from mlsysim.solvers.tensor_parallel import TensorParallelModel, TensorParallelResult
from mlsysim.walls import WALLS

MOST_PLACES = 4096
MOST_NODES = 10_000


class Demand(NamedTuple):
    """What is asked: requests a second, tokens in and out, and how many requests a second a lost node may leave."""

    rate: float
    prompt: int
    output: int
    after_loss: float


class Promises(NamedTuple):
    """What is promised: time to first token for a percentile of requests, over a distance, and the pace after it."""

    ttft: float | None
    itl: float | None
    percentile: float
    round_trip: float


@dataclass(frozen=True, slots=True)
class ServingFleetResult:
    """Nodes of one kind, each cut into replicas of the model; every place of a replica is taken in turn.

    `alone` reads one prompt, `full` is a replica in the middle of its answers, `longest` at their end.
    """

    demand: Demand
    promises: Promises
    alone: TensorParallelResult
    full: TensorParallelResult
    longest: TensorParallelResult
    nodes: int
    gpus_per_node: int

    @property
    def hardware(self) -> HardwareNode:
        """The accelerator."""
        return self.full.hardware

    @property
    def batch(self) -> int:
        """Places of a replica [-]."""
        return self.full.workload.batch

    @property
    def accelerators(self) -> int:
        """Accelerators of the fleet [-]."""
        return self.nodes * self.gpus_per_node

    @property
    def replicas(self) -> int:
        """Replicas of the fleet; those a node is too small for are none [-]."""
        return self.nodes * (self.gpus_per_node // self.full.gpus)

    @property
    def itl(self) -> Estimate:
        """Mean time between two tokens, with the prompts that are read in between [s]."""
        places, tokens = self.batch, self.demand.output
        return Estimate.of(
            lambda prompt, step: batching.continuous_token_time(places, prompt, step, tokens),
            "s",
            self.alone.ttft,
            self.full.itl,
        )

    @property
    def held(self) -> Estimate:
        """Time a request holds its place [s]."""
        return self._cycle(self.alone.ttft, self.full.itl)

    @property
    def replica_rate(self) -> Estimate:
        """Requests that a replica answers each second when every place is taken [1/s]."""
        return Estimate.exact(self.batch, "1").over(self.held, "1/s")

    @property
    def capacity(self) -> Estimate:
        """Requests that the fleet answers each second when every place is taken [1/s]."""
        return self.replica_rate.scaled(self.replicas, "1/s")

    @property
    def left(self) -> Estimate:
        """The same without one node [1/s]."""
        return self.capacity.scaled((self.nodes - 1) / self.nodes, "1/s")

    @property
    def load(self) -> float:
        """Share of the places that the demand keeps taken; 1 or more where it is more than they answer [-]."""
        return self.demand.rate / self.capacity.expected if self.replicas else float("inf")

    @property
    def spare(self) -> float:
        """Share of the capacity that the demand leaves free [-]."""
        return max(0.0, 1.0 - self.load)

    @property
    def line(self) -> TailLatencyResult:
        """The line for a place: one for the whole fleet, whose places are its servers."""
        return TailLatencyModel().solve(
            service_time=self.held.expected,
            rate=self.demand.rate,
            servers=min(MOST_SERVERS, max(1, self.replicas * self.batch)),
            percentile=self.promises.percentile,
        )

    @property
    def ttft(self) -> Estimate | None:
        """Way there and back, wait for a place, half of the step that runs, and one's own prompt [s]; upper: another
        prompt before it. None where the line has no end."""
        wait = self.line.wait
        if wait is None or not self.replicas:
            return None
        prompt, step, far = self.alone.ttft, self.full.itl, self.promises.round_trip
        return Estimate(
            far + wait.lower + prompt.lower,
            far + wait.expected + prompt.expected + step.expected / 2,
            far + wait.upper + 2 * prompt.upper + step.upper,
            "s",
        )

    @property
    def between_losses(self) -> float:
        """Mean time between two failures of a node, by those of Meta's RSC-1 [s]."""
        known = registry.constants("reliability")
        one = known["rsc1_node_days"].value * DAY / known["rsc1_node_failures"].value
        return reliability.mtbf_of_many(one, self.nodes)

    def one_missing_at_most(self, repair: float | str) -> float:
        """Share of the time in which no more than one node is missing, when mending one takes so long [-]."""
        down = quantity("repair", repair, "s", 'repair="24 h"')
        up = self.between_losses * self.nodes
        return reliability.enough_up(up / (up + down), self.nodes, self.nodes - 1)

    @property
    def operations(self) -> float:
        """Operations of one request [FLOP]."""
        return self._of_request(lambda phase: phase.shard.operations) * self.full.gpus

    @property
    def floors(self) -> dict[str, float]:
        """Accelerators that no software gets below, at the rates of the data sheet: for the arithmetic, for the bytes
        (weights once in the time promised for a token, each request's own past for each of its tokens), for the room
        that the weights take."""
        machine, step = self.hardware, self.full.decode.shard
        load = self.full.workload
        moved = self.demand.rate * (self.demand.output - 1) * load.sequence_kv(load.context)
        if self.promises.itl is not None:
            moved += step.bytes["weights"] * self.full.gpus / self.promises.itl
        return {
            "arithmetic": roofline.compute_time(self.demand.rate * self.operations, step.rate),
            "bytes": roofline.memory_time(moved, machine.memory_bandwidth),
            "room": load.stored_weights() / machine.memory,
        }

    @property
    def walls(self) -> dict[str, float]:
        """Accelerators that the demand takes after each wall in turn: arithmetic at the peak rate, as software reaches
        it, with the bytes and kernels that it waits for, with what replicas tell each other, in whole replicas and
        nodes, and with a node lost."""
        work = self.demand.rate * self.full.gpus
        return {
            "arithmetic at the peak rate": self.floors["arithmetic"],
            "as software reaches it": work * self._of_request(lambda phase: phase.shard.compute_time.expected),
            "bytes and kernels": work * self._of_request(lambda phase: phase.shard.time.expected),
            "all-reduces": work * self._of_request(lambda phase: phase.time.expected),
            "whole nodes": float(self.gpus_per_node * self._nodes_for(self.demand.rate)),
            "a node lost": float(self.gpus_per_node * self.least_nodes),
        }

    @property
    def least_nodes(self) -> int:
        """Least nodes that answer the demand, and what is to be left when one of them is lost [-]."""
        return max(self._nodes_for(self.demand.rate), self._nodes_for(self.demand.after_loss) + 1)

    @property
    def most_places(self) -> int:
        """Most places of a replica, under its memory and the pace promised; 0 where not even one keeps them."""
        return most_that(MOST_PLACES, lambda places: _kept(_with_places(self, places)))

    @property
    def bound_by(self) -> str:
        """What takes most of a replica's time: its phases' terms, with all-reduces for communication."""
        spent = {
            "compute throughput": self._of_request(lambda phase: phase.shard.compute_time.expected),
            "memory bandwidth": self._of_request(lambda phase: phase.shard.memory_time.expected),
            "communication": self._of_request(lambda phase: phase.communication.expected),
            "overhead": self._of_request(lambda phase: phase.shard.overhead_time.expected),
        }
        return max(spent, key=spent.__getitem__)

    @property
    def feasible(self) -> bool:
        """Whether the model fits, both promises are kept, and the demand is answered, also without one node."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into."""
        found = list(self.longest.reasons)
        if not self.replicas:
            return (*found, _too_small(self))
        if found:  # What does not fit has no pace, no start and no capacity.
            return tuple(found)
        if self.promises.itl is not None and self.itl.expected > self.promises.itl:
            found.append(_slow_pace(self, self.promises.itl))
        if self.load >= 1.0:
            found.append(_too_few(self))
        elif self.ttft is not None and self.promises.ttft is not None and self.ttft.expected > self.promises.ttft:
            found.append(_late(self, self.ttft, self.promises.ttft))
        if self.left.expected < self.demand.after_loss:
            found.append(_fragile(self))
        return tuple(found)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        known, asked = registry.constants("reliability"), self.demand
        return (
            Input("Q", "requests a second", given("rate", asked.rate, "1/s")),
            Input("s", "tokens of a prompt", given("prompt", asked.prompt, "1")),
            Input("L", "tokens of an answer", given("output", asked.output, "1")),
            *self.full.basis,
            Input("k", "failures of nodes in 1,000 node-days", known["rsc1_node_failures"]),
        )

    def explain(self) -> str:
        """The whiteboard: a request's work, a replica's rate, the fleet, wall by wall."""
        from mlsysim.explain import explain_fleet

        return explain_fleet(self)

    def _cycle(self, prompt: Estimate, step: Estimate) -> Estimate:
        places, tokens = self.batch, self.demand.output
        return Estimate.of(
            lambda read, written: batching.continuous_cycle_time(places, read, written, tokens), "s", prompt, step
        )

    def _of_request(self, part: Callable[..., float]) -> float:
        """What of both phases falls to one request on each of its replica's accelerators."""
        return batching.continuous_cycle_time(
            1, part(self.alone.prefill), part(self.full.decode) / self.batch, self.demand.output
        )

    def _nodes_for(self, rate: float) -> int:
        in_node = max(1, self.gpus_per_node // self.full.gpus)
        return economics.fleet_size(rate, in_node * self.replica_rate.expected, 1)


class ServingFleetModel:
    """How many accelerators does this demand take, and what is left when a node is lost?

    >>> fleet = ServingFleetModel().solve(
    ...     model="Llama3_70B", hardware="H100", gpus=4, rate=1000, prompt=256, output=128, itl="50 ms", after_loss=800
    ... )
    >>> fleet.left.expected >= 800, round(fleet.floors["arithmetic"])
    (True, 53)
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        rate: float,
        prompt: int,
        output: int,
        gpus: int = 1,
        batch: int | None = None,
        nodes: int | None = None,
        gpus_per_node: int = 8,
        after_loss: float = 0.0,
        ttft: float | str | None = None,
        itl: float | str | None = None,
        percentile: float = 0.99,
        round_trip: float | str = 0.0,
        link: float | str | None = None,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> ServingFleetResult:
        """`nodes` of which each holds as many replicas of `gpus` as it can, or the least that answer `rate` requests a
        second, and `after_loss` without one node. Each replica has `batch` places, or as many as memory and `itl`
        allow.
        """
        asked = Demand(
            number("rate", rate, "rate=1000", at_most=1e7),
            count("prompt", prompt, "prompt=256"),
            count("output", output, "output=128", at_least=2, at_most=10**7),
            amount("after_loss", after_loss, "after_loss=800", at_most=1e7),
        )
        if asked.after_loss > asked.rate:
            raise InvalidValue("after_loss", after_loss, f"it is part of the rate of {asked.rate:g}", "after_loss=800")
        promises = Promises(
            None if ttft is None else quantity("ttft", ttft, "s", 'ttft="300 ms"'),
            None if itl is None else quantity("itl", itl, "s", 'itl="50 ms"'),
            number("percentile", percentile, "percentile=0.99", at_most=0.999999),
            0.0 if round_trip == 0 else quantity("round_trip", round_trip, "s", 'round_trip="60 ms"'),
        )
        places = None if batch is None else count("batch", batch, "batch=64", at_most=MOST_PLACES)
        size = count("gpus_per_node", gpus_per_node, "gpus_per_node=8", at_most=1024)
        fleet = None if nodes is None else count("nodes", nodes, "nodes=10", at_most=MOST_NODES)

        def replica(places: int, context: int) -> TensorParallelResult:
            return TensorParallelModel().solve(
                model=model,
                hardware=hardware,
                gpus=gpus,
                link=link if gpus != 1 else link or 1e9,
                batch=places,
                context=context,
                prompt=asked.prompt,
                precision=precision,
                weights=weights,
                kv_precision=kv_precision,
                efficiency=efficiency,
            )

        once, tokens = places or 1, asked.prompt + asked.output
        found = ServingFleetResult(
            asked,
            promises,
            replica(1, tokens),
            replica(once, asked.prompt + asked.output // 2),
            replica(once, tokens),
            fleet or 1,
            size,
        )
        if places is None:
            found = _with_places(found, max(1, found.most_places))
        return found if fleet else replace(found, nodes=found.least_nodes)


def _with_places(fleet: ServingFleetResult, places: int) -> ServingFleetResult:
    """The fleet with so many places in each replica."""

    def again(one: TensorParallelResult) -> TensorParallelResult:
        load = one.workload
        return TensorParallelModel().solve(
            model=load.model,
            hardware=one.hardware,
            gpus=one.gpus,
            link=one.link,
            batch=places,
            context=load.context,
            prompt=load.prompt,
            precision=load.precision,
            weights=load.weights,
            kv_precision=load.kv_precision,
            efficiency=one.efficiency,
        )

    return replace(fleet, full=again(fleet.full), longest=again(fleet.longest))


def _kept(fleet: ServingFleetResult) -> bool:
    pace = fleet.promises.itl
    return fleet.longest.feasible and (pace is None or fleet.itl.expected <= pace)


def _too_small(fleet: ServingFleetResult) -> Reason:
    return Reason(
        verdict="No replica in a node.",
        subject=f"A replica takes {fleet.full.gpus} of the {fleet.hardware.name}, a node has {fleet.gpus_per_node}.",
        limit="communication",
        wall=WALLS["communication"].number,
        value=fleet.full.gpus,
        maximum=fleet.gpus_per_node,
        unit="1",
        mend="Smaller replicas, or larger nodes.",
    )


def _slow_pace(fleet: ServingFleetResult, promise: float) -> Reason:
    most = fleet.most_places
    fewer = f"At most {most:,d} places" if most else "More accelerators or fewer bits"
    return Reason(
        verdict="Too slow a pace.",
        subject=f"With {fleet.batch:,d} places in a replica of {fleet.full.gpus} x {fleet.hardware.name}, the time "
        f"between two tokens is about {write_enough(fleet.itl.expected, 's')}; the promise is {write(promise, 's')}.",
        limit="streaming",
        wall=WALLS["streaming"].number,
        value=fleet.itl.expected,
        maximum=promise,
        unit="s",
        mend=f"{fewer} for each replica would do.",
    )


def _too_few(fleet: ServingFleetResult) -> Reason:
    least = fleet._nodes_for(fleet.demand.rate)
    return Reason(
        verdict="Too few machines.",
        subject=f"{fleet.accelerators:,d} x {fleet.hardware.name} answer about {fleet.capacity.expected:,.0f} requests "
        f"a second with every place taken; {fleet.demand.rate:,.0f} are asked.",
        limit="batching",
        wall=WALLS["batching"].number,
        value=fleet.capacity.expected,
        maximum=fleet.demand.rate,
        unit="1/s",
        mend=f"{max(least, fleet.nodes + 1):,d} nodes, more places in a replica, fewer bits or faster machines.",
    )


def _late(fleet: ServingFleetResult, found: Estimate, promise: float) -> Reason:
    return Reason(
        verdict="Too late a start.",
        subject=f"At a load of {fleet.load:.0%}, {100 * fleet.promises.percentile:.4g} % of requests have their first "
        f"token after {write_enough(found.expected, 's')}; the promise is {write(promise, 's')}.",
        limit="tail latency",
        wall=WALLS["tail latency"].number,
        value=found.expected,
        maximum=promise,
        unit="s",
        mend=f"More than {fleet.nodes:,d} nodes, a shorter prompt, more accelerators in a replica, or a shorter way.",
    )


def _fragile(fleet: ServingFleetResult) -> Reason:
    return Reason(
        verdict="A lost node is missed.",
        subject=f"Without one of {fleet.nodes:,d} nodes, {fleet.left.expected:,.0f} requests a second are answered; "
        f"{fleet.demand.after_loss:,.0f} are to be left.",
        limit="reliability",
        wall=WALLS["reliability"].number,
        value=fleet.left.expected,
        maximum=fleet.demand.after_loss,
        unit="1/s",
        mend=f"{fleet.least_nodes:,d} nodes of this size, or as many accelerators in more and smaller nodes.",
    )
