"""A mixture of experts served by many GPUs: each keeps its own sequences and a share of the experts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.architecture import Experts
from mlsysim.check import InvalidValue, count
from mlsysim.efficiency import Efficiency
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.estimate import Estimate
from mlsysim.fabrics import Fabric
from mlsysim.fabrics import fabric as find_fabric
from mlsysim.physics import expert_parallel, transformer
from mlsysim.physics.experts import distinct_experts
from mlsysim.records import Input, ModelSpec
from mlsysim.solvers import communication
from mlsysim.solvers.basis import given, listed, machine_inputs
from mlsysim.solvers.communication import LARGEST_FLEET, Group, Rates
from mlsysim.solvers.phase import Operator, run
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import Memory
from mlsysim.solvers.shared_phase import Shared, SharedPhase
from mlsysim.solvers.workload import Workload, workload
from mlsysim.walls import WALLS

BACK = 2.0
"""Bytes of a number that an expert sends back: sums are not made of eight bits."""


@dataclass(frozen=True, slots=True)
class ExpertParallelResult(Shared):
    """A mixture of experts over a fleet; `workload` is that of one GPU."""

    workload: Workload
    fabric: Fabric
    gpus: int
    efficiency: Efficiency

    @property
    def touched(self) -> float:
        """Experts of a layer that a decode step wakes up on one GPU [-]."""
        return _touched(self.workload, self.gpus, self.workload.batch)

    @property
    def busiest(self) -> float:
        """How much more the busiest GPU's experts have to do than the average, in decode [-]."""
        return _busiest(self.workload, self.gpus, self.workload.batch)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        return () if self.feasible else (_too_large(self),)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        load, known = self.workload, registry.constants("collectives")
        return (
            Input("n", "GPUs", given("gpus", self.gpus, "1")),
            Input("B_i", f"link within the {self.fabric.name}, per direction", self.fabric.datum("link")),
            Input("B_o", "network port of one GPU, per direction", self.fabric.datum("nic")),
            Input("eta_i", "fraction of the link reached", known["link_efficiency"]),
            Input("eta_o", "fraction of the port reached", known["nic_efficiency"]),
            Input("alpha", "time of a hop between nodes", known["nic_latency"]),
            *machine_inputs(self.fabric.machine, load.precision, self.efficiency, load.model, load.packed),
        )

    def explain(self) -> str:
        """The whiteboard."""
        load, decode = self.workload, self.decode
        lines = [
            f"{load.model.name} in {load.stored_as} on {self.gpus:,d} GPUs of the {self.fabric.name}: batch "
            f"{load.batch:,d} on each, context {load.context:,d}",
            "",
            f"{self.touched:.4g} experts of each layer awake on a GPU; the busiest GPU has {self.busiest:.3g} times "
            "the average to do",
            f"shard  {write(decode.shard.traffic, 'B')} a step: {write(decode.shard.time.expected, 's')}",
            f"comm   {load.model.expert_layers:,d} times to the experts and back: "
            f"{write(decode.communication.expected, 's')}{', behind the work' if decode.overlap else ''}",
            f"ITL  = {self.itl.format(3)}, {self.itl.format_range(3)}    bound by {decode.bound_by}",
            f"TTFT = {self.ttft.format(3)}, {self.ttft.format_range(3)}    bound by {self.prefill.bound_by}",
            f"memory {write(self.memory.total, 'B')} of {write(self.memory.capacity, 'B')} on each GPU",
            *(reason.sentence() for reason in self.reasons),
        ]
        return "\n".join([*lines, "", *listed(self.basis)])


class ExpertParallelModel:
    """How fast do many GPUs serve a mixture of experts, each with a share of them?

    >>> answer = ExpertParallelModel().solve(model="DeepSeek_V3", fabric="DGX H100", gpus=64, batch=64, precision="fp8")
    >>> answer.feasible, answer.decode.bound_by
    (True, 'memory bandwidth')
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        fabric: Fabric | str,
        gpus: int,
        batch: int = 1,
        context: int = 1024,
        prompt: int | None = None,
        precision: str = "fp8",
        weights: str | None = None,
        kv_precision: str | None = None,
        overlap: bool = False,
        efficiency: float | str | Efficiency = "auto",
    ) -> ExpertParallelResult:
        """`batch` sequences on each of `gpus`, which keep all of the model but the experts, and share those out evenly.

        `overlap` sends one half of a batch while the other half is computed.
        """
        load = workload(model, batch, context, prompt, precision, weights, kv_precision)
        joined = find_fabric(fabric)
        ranks = count("gpus", gpus, "gpus=64", at_most=LARGEST_FLEET)
        experts = load.model.experts
        if experts is None:
            rule = f"{load.model.name} has no experts; TensorParallelModel splits its matrices"
            raise InvalidValue("model", load.model.name, rule, 'model="DeepSeek_V3"')
        if experts.count % ranks:
            rule = f"it must divide the {experts.count} experts of {load.model.name}"
            raise InvalidValue("gpus", gpus, rule, f"gpus={experts.count}")
        if ranks > joined.gpus_per_node and ranks % joined.gpus_per_node:
            rule = f"beyond one node it must fill nodes of {joined.gpus_per_node}"
            raise InvalidValue("gpus", gpus, rule, f"gpus={joined.gpus_per_node}")
        if not isinstance(overlap, bool):
            raise InvalidValue("overlap", overlap, "it must be True or False", "overlap=True")
        machine = joined.machine
        eta, rate = (
            resolve_efficiency(efficiency, machine.launch_class, cores=machine.cores),
            machine.rate(load.precision),
        )
        inside = min(ranks, joined.gpus_per_node)
        group = communication.group(inside, ranks // inside, joined)

        def phase(name: str, operators: tuple[Operator, ...], passes: int, tokens: int) -> SharedPhase:
            mine = tuple(
                _share(each, load, ranks, passes, tokens) if each.name == "feed-forward" else each for each in operators
            )
            shard = run(name, mine, passes * load.kernels, rate, machine.memory_bandwidth, eta)
            low, middle, high = (
                passes * _messages(load, experts, tokens, group, each) for each in communication.rates(joined)
            )
            return SharedPhase(shard, Estimate(low, middle, high, "s"), overlap)

        asleep = (1 - 1 / ranks) * experts.count * load.model.expert_parameters * load.weight_bytes
        memory = Memory(
            load.stored_weights() - asleep,
            load.batch * load.sequence_kv(load.context),
            load.workspace(load.batch),
            machine.memory,
        )
        decode = phase("decode", load.decode(machine.cache), 1, load.batch)
        prefill = phase("prefill", load.prefill(machine.cache), load.batch, load.prompt)
        return ExpertParallelResult(decode, prefill, memory, ranks * load.batch, load, joined, ranks, eta)


def _touched(load: Workload, ranks: int, tokens: int) -> float:
    experts = load.model.experts or Experts(1, 1, 1)
    return distinct_experts(experts.count, experts.active, tokens * ranks) / ranks


def _busiest(load: Workload, ranks: int, tokens: int) -> float:
    active = load.model.experts.active if load.model.experts else 1
    return min(float(ranks), expert_parallel.busiest_factor(ranks, tokens * ranks * active))


def _share(operator: Operator, load: Workload, ranks: int, passes: int, tokens: int) -> Operator:
    """The feed-forward layers of the GPU that all others wait for: its experts, with tokens of every GPU."""
    model, experts = load.model, load.model.experts or Experts(1, 1, 1)
    read = model.feed_forward_parameters - (experts.count - _touched(load, ranks, tokens)) * model.expert_parameters
    sent = passes * transformer.linear_flops(experts.active * model.expert_parameters, tokens)
    more = (_busiest(load, ranks, tokens) - 1) * sent
    woken = passes * read
    return operator._replace(
        weights=woken * load.weight_bytes, packed=woken * load.packed_bytes, flops=operator.flops + more
    )


def _messages(load: Workload, experts: Experts, tokens: int, group: Group, rate: Rates) -> float:
    """All layers' tokens to their experts and back, each way the quicker of two: a copy for each expert, or one for
    each node that is copied on there [s]."""
    if group.ranks == 1:
        return 0.0
    # A token's choices are so many draws of a node each.
    nodes = distinct_experts(group.across, 1, experts.active)
    nodes = min(nodes, experts.most_nodes or nodes)
    latency = rate.link_latency if group.across == 1 else rate.nic_latency
    shape, link = (group.inside, group.across), rate.link * group.pairs

    def way(element: float) -> float:
        once, copies = (
            tokens * expert_parallel.dispatched_bytes(load.model.hidden, each, element) for each in (1, experts.active)
        )
        at_once = expert_parallel.dispatch_time_at_once(copies, *shape, link, rate.nic, latency)
        if group.across == 1:
            return at_once
        by_node = expert_parallel.dispatch_time_by_node(once, nodes, experts.active, *shape, link, rate.nic)
        return min(at_once, by_node + rate.start + latency)

    return load.model.expert_layers * (way(formats.BYTES[load.precision]) + way(max(BACK, load.element)))


def _too_large(result: ExpertParallelResult) -> Reason:
    load, memory = result.workload, result.memory
    smaller = replace(load, batch=1)
    alone = memory.weights + smaller.sequence_kv(load.context) + smaller.workspace(1)
    mend = "More GPUs, fewer bits" if alone > memory.capacity else "A smaller batch, a shorter context, more GPUs"
    return Reason(
        verdict="Does not fit.",
        subject=f"{load.model.name} in {load.stored_as}, batch {load.batch:,d} and context {load.context:,d}, needs "
        f"{write_enough(memory.total, 'B')} on each of {result.gpus:,d} GPUs; the {result.fabric.machine.name} has "
        f"{write(memory.capacity, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory.total,
        maximum=memory.capacity,
        unit="B",
        mend=f"{mend} or a machine with more memory.",
    )
