"""One model over the GPUs of a node: each holds a share of every matrix, and all agree twice in every layer."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim import registry
from mlsysim.check import InvalidValue, count, quantity
from mlsysim.efficiency import Efficiency, spread
from mlsysim.efficiency import resolve as resolve_efficiency
from mlsysim.estimate import Estimate
from mlsysim.physics.collectives import ring_allreduce_time
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.registry import constants
from mlsysim.solvers.basis import given, machine_inputs
from mlsysim.solvers.encoder_decoder import decoder_alone
from mlsysim.solvers.phase import Operator, run
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import Memory
from mlsysim.solvers.shared_phase import Shared, SharedPhase
from mlsysim.solvers.workload import Workload, workload
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class TensorParallelResult(Shared):
    """A model served by several GPUs of one kind."""

    workload: Workload
    hardware: HardwareNode
    gpus: int
    link: float
    efficiency: Efficiency

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limit was run into; empty where it is feasible."""
        return () if self.feasible else (_too_large(self),)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        load, known = self.workload, constants("tensor_parallel")
        return (
            Input("n", "GPUs", given("gpus", self.gpus, "1")),
            Input("B", "link bandwidth per direction", given("link", self.link, "B/s")),
            *machine_inputs(self.hardware, load.precision, self.efficiency, load.model, load.packed),
            Input("T_0", "time an all-reduce takes to start", known["all_reduce_start"]),
            Input("alpha", "latency of a hop", known["hop"]),
        )

    def explain(self) -> str:
        """The whiteboard."""
        load, decode = self.workload, self.decode
        message = load.batch * load.model.hidden * load.element
        each = load.model.all_reduces * load.model.layers
        lines = [
            f"{load.model.name} in {load.stored_as} on {self.gpus} x {self.hardware.full_name}: batch {load.batch:,d}, "
            f"context {load.context:,d}",
            f"shard  {write(decode.shard.traffic, 'B')} a step: {write(decode.shard.time.expected, 's')}",
        ]
        if self.gpus > 1:
            lines.append(
                f"comm   {each} all-reduces of {write(message, 'B')} at {write(self.link, 'B/s')} per direction: "
                f"{write(decode.communication.expected, 's')}"
            )
        lines += [
            f"ITL  = {self.itl.format(3)}, {self.itl.format_range(3)}    bound by {decode.bound_by}",
            f"TTFT = {self.ttft.format(3)}, {self.ttft.format_range(3)}    bound by {self.prefill.bound_by}",
            f"memory {write(self.memory.total, 'B')} of {write(self.memory.capacity, 'B')} on each GPU",
        ]
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class TensorParallelModel:
    """How fast do several GPUs serve what one cannot hold, or not fast enough?

    >>> answer = TensorParallelModel().solve(model="Llama3_70B", hardware="H100", gpus=4)
    >>> answer.feasible, answer.decode.bound_by
    (True, 'memory bandwidth')
    """

    def solve(
        self,
        *,
        model: ModelSpec | str,
        hardware: HardwareNode | str,
        gpus: int,
        link: float | str | None = None,
        batch: int = 1,
        context: int = 1024,
        prompt: int | None = None,
        precision: str = "fp16",
        weights: str | None = None,
        kv_precision: str | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> TensorParallelResult:
        """`gpus` of one node; `link` is the bandwidth between them per direction, by default the machine's own."""
        load = workload(model, batch, context, prompt, precision, weights, kv_precision)
        decoder_alone(load.model)
        machine = registry.machine(hardware)
        ranks = count("gpus", gpus, "gpus=8", at_most=1024)
        if load.model.heads % ranks:
            rule = f"it must divide the {load.model.heads} heads of {load.model.name}"
            raise InvalidValue("gpus", ranks, rule, "gpus=8")
        if link is not None:
            bandwidth = quantity("link", link, "B/s", 'link="450 GB/s"')
        elif machine.link is not None:
            bandwidth = machine.link
        else:
            raise InvalidValue("link", link, f"the {machine.name} has no figure for its own", 'link="450 GB/s"')
        eta = resolve_efficiency(efficiency, machine.launch_class, cores=machine.cores)
        # A KV head is not split: with more GPUs than KV heads, several keep a copy of one; of a latent cache, all do.
        cached = 1 if load.model.latent else min(ranks, load.model.kv_heads)
        rate = machine.rate(load.precision)

        def sharded(name: str, operators: tuple[Operator, ...], passes: int, tokens: int) -> SharedPhase:
            mine = tuple(each.share(ranks, cached) for each in operators)
            phase = run(name, mine, passes * load.kernels, rate, machine.memory_bandwidth, eta)
            return SharedPhase(phase, _all_reduces(load, ranks, bandwidth, passes, tokens))

        memory = Memory(
            load.stored_weights() / ranks,
            load.batch * load.sequence_kv(load.context) / cached,
            load.workspace(load.batch),
            machine.memory,
        )
        decode = sharded("decode", load.decode(machine.cache), 1, load.batch)
        prefill = sharded("prefill", load.prefill(machine.cache), load.batch, load.prompt)
        return TensorParallelResult(decode, prefill, memory, load.batch, load, machine, ranks, bandwidth, eta)


def _all_reduces(load: Workload, ranks: int, bandwidth: float, passes: int, tokens: int) -> Estimate:
    if ranks == 1:
        return Estimate.exact(0.0, "s")
    known = constants("tensor_parallel")
    start, hop = spread(known["all_reduce_start"]), spread(known["hop"])
    times = passes * load.model.all_reduces * load.model.layers
    message = tokens * load.model.hidden * load.element

    def total(start: float, hop: float) -> float:
        return times * (start + ring_allreduce_time(message, ranks, bandwidth, hop))

    return Estimate(total(0.0, hop.lower), total(start.expected, hop.expected), total(start.upper, hop.upper), "s")


def _too_large(result: TensorParallelResult) -> Reason:
    memory, load = result.memory, result.workload
    return Reason(
        verdict="Does not fit.",
        subject=f"{load.model.name} in {load.stored_as}, batch {load.batch:,d} and context {load.context:,d}, needs "
        f"{write_enough(memory.total, 'B')}{f' on each of {result.gpus} GPUs' * (result.gpus > 1)}; the "
        f"{result.hardware.name} has {write(memory.capacity, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=memory.total,
        maximum=memory.capacity,
        unit="B",
        mend="More GPUs, fewer bits, a smaller batch or a shorter context would mend it.",
    )
