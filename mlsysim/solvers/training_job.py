"""What is trained on what, counted: operations of a step, parameters of a stage, bytes on a GPU."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from mlsysim import precision as formats
from mlsysim.fabrics import Fabric
from mlsysim.parallelism import Parallelism, micro_batches, stage_layers
from mlsysim.physics import training, transformer
from mlsysim.records import Datum, ModelSpec
from mlsysim.software import Software
from mlsysim.solvers.training_layer import MASTER, Layout, TrainedLayer, Work, matrix


def layout(plan: Parallelism) -> Layout:
    """Of a plan."""
    return Layout(plan.tp, plan.cp, plan.sequence_parallel, plan.micro_batch, plan.ep)


@dataclass(frozen=True, slots=True)
class Memory:
    """What one GPU holds on the fullest pipeline stage, and what there is [B]."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    workspace: int
    capacity: float
    stage: int

    @property
    def total(self) -> int:
        """All of it [B]."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.workspace

    @property
    def bytes(self) -> dict[str, int]:
        """By what it is [B]."""
        return {
            "weights": self.weights,
            "gradients": self.gradients,
            "optimizer": self.optimizer,
            "activations": self.activations,
            "workspace": self.workspace,
        }


@dataclass(frozen=True, slots=True)
class Job:
    """A model, a fleet, a batch of sequences, and what they are computed with."""

    model: ModelSpec
    fabric: Fabric
    gpus: int
    global_batch: int
    sequence: int
    precision: str
    optimizer: Datum
    gradient_bytes: float
    software: Software
    straggler: float
    plain: TrainedLayer = field(init=False, repr=False, compare=False)
    mixed: TrainedLayer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("plain", "mixed"):
            layer = TrainedLayer(self.model, self.software, self.sequence, self.element, name == "mixed")
            object.__setattr__(self, name, layer)

    @property
    def element(self) -> float:
        """Bytes of a weight and of an activation [B]; arithmetic in eight bits keeps both in sixteen."""
        return max(2.0, formats.BYTES[self.precision])

    @property
    def state(self) -> float:
        """What the optimizer keeps beside each weight [B]; a weight in FP32 is its own master copy."""
        return self.optimizer.value - (MASTER if self.element >= MASTER else 0.0)

    @property
    def forward_flops(self) -> float:
        """Operations of one forward pass over the whole batch [FLOP]."""
        model = self.model
        matrices = model.projection_parameters + model.active_feed_forward_parameters + model.head_parameters
        return transformer.linear_flops(matrices, self.global_batch * self.sequence) + self._attended

    @property
    def _attended(self) -> float:
        """Those of attention [FLOP]."""
        return self.model.layers * self.global_batch * self.plain.attended

    @property
    def model_flops(self) -> float:
        """Operations of a step, nothing repeated [FLOP]."""
        return training.step_flops(self.forward_flops)

    def repeated_flops(self, recompute: str) -> float:
        """Operations that are done once more in the backward pass [FLOP]."""
        scores = self._attended
        head = transformer.linear_flops(self.model.head_parameters, self.global_batch * self.sequence)
        # A fused kernel's backward pass makes the scores again: one of its two products.
        always = scores / 2 if self.software.fused_attention else 0.0
        full = self.forward_flops - head
        if self.software.stops_early:
            last = (self.model.layers - self.model.expert_layers) * self.model.hidden * self.model.ffn
            full -= transformer.linear_flops(last, self.global_batch * self.sequence)
        return always + {"none": 0.0, "selective": scores, "full": full}[recompute]

    def head(self, at: Layout) -> tuple[Work, ...]:
        """The LM head and the loss for one micro-batch on one GPU of the last stage."""
        model, element = self.model, self.element
        tokens = at.micro_batch * self.sequence / at.cp
        logits = tokens * model.vocab / at.tp
        return (
            matrix("LM head", model.head_parameters / at.tp, tokens, tokens * model.hidden + logits, element),
            Work("loss", 0.0, logits * (element + MASTER), 0.0, logits * (MASTER + element)),
        )

    def stage_parameters(self, plan: Parallelism, stage: int) -> float:
        """Parameters on one GPU of a pipeline stage, experts apart."""
        model, tp, last = self.model, plan.tp, plan.pp - 1
        table = ceil(model.vocab / tp) * model.hidden
        plain, mixed = self.layers_on(plan, stage)
        found = plain * self.plain.parameters(tp) + (mixed * self.mixed.parameters(tp) if mixed else 0.0)
        if stage == 0:
            found += table + model.learned_positions * model.hidden
        if stage == last:
            found += model.hidden * (2 if model.layer_norm else 1)
            # A tied head on another stage than the embedding is a copy of it.
            found += 0 if model.tied and plan.pp == 1 else table
        return found

    def stage_experts(self, plan: Parallelism, stage: int) -> float:
        """Parameters of experts on one GPU of a pipeline stage."""
        if self.model.experts is None:
            return 0.0
        return self.layers_on(plan, stage)[1] * self.mixed.expert_parameters(plan.tp, plan.ep)

    def layers_on(self, plan: Parallelism, stage: int) -> tuple[int, int]:
        """Layers of a pipeline stage: without experts, and with them."""
        cut = stage_layers(self.model.layers, plan.pp, plan.interleave) or (0, 0, 0)
        layers = cut[0] if stage == 0 else cut[2] if stage == plan.pp - 1 else cut[1]
        experts = self.model.experts
        if experts is None:
            return layers, 0
        # Chunks go round the stages; the embedding may take a layer's place at the start of the first.
        chunk, table = cut[1] // plan.interleave, cut[1] - cut[0]
        starts = [(turn * plan.pp + stage) * chunk - table for turn in range(plan.interleave)]
        plain = sum(
            experts.plain_before(each + chunk, self.model.layers) - experts.plain_before(each, self.model.layers)
            for each in starts
        )
        return plain, layers - plain

    def stages(self, plan: Parallelism) -> tuple[tuple[int, int], ...]:
        """The stages that differ and how many are like each: the first, which holds most micro-batches, the second,
        which may have a layer more, and the last with the head; more where layers without experts reach further."""
        last = plan.pp - 1
        alike = min(1, last)
        if self.model.experts:
            kinds = [self.layers_on(plan, stage) for stage in range(plan.pp)]
            while alike < last and any(each != kinds[alike] for each in kinds[alike:last]):
                alike += 1
        between = ((alike, last - alike),) if alike < last else ()
        return (*((stage, 1) for stage in range(alike)), *between, (last, 1))

    def in_flight(self, plan: Parallelism, stage: int) -> float:
        """Micro-batches whose activations a stage holds at once."""
        running = micro_batches(plan, self.global_batch)
        behind, v = plan.pp - stage, plan.interleave
        if plan.schedule == "gpipe":
            return running
        if plan.schedule == "zero-bubble":
            return min(running, 2 * behind - 1)
        return min(running, behind if v == 1 else ((v - 1) * plan.pp + 2 * behind - 1) / v)

    def memory(self, plan: Parallelism) -> Memory:
        """The fullest stage: the first holds most micro-batches, the last the head, the second maybe a layer more."""
        return max((self.stage_memory(plan, stage) for stage, _ in self.stages(plan)), key=lambda each: each.total)

    def stage_memory(self, plan: Parallelism, stage: int) -> Memory:
        """One GPU of one stage, to the byte: shards are rounded up."""
        activations, workspace = self.held(plan, stage)
        states = self.states(plan, stage)
        return Memory(*states, activations, workspace + self.gathered(plan), self.fabric.machine.memory, stage)

    def states(self, plan: Parallelism, stage: int) -> tuple[int, int, int]:
        """Weights, gradients and optimizer state on one GPU of a stage [B]; replicas share what they all hold, and
        expert-parallel GPUs hold different experts."""
        held = (
            (self.stage_parameters(plan, stage), plan.shards),
            (self.stage_experts(plan, stage), plan.shards // plan.ep),
        )
        sizes = ((self.element, 0.0, 0.0), (0.0, self.gradient_bytes, 0.0), (0.0, 0.0, self.state))
        weights, gradients, optimizer = (
            sum(ceil(training.model_states(parameters, plan.zero, shards, *each)) for parameters, shards in held)
            for each in sizes
        )
        return weights, gradients, optimizer

    def gathered(self, plan: Parallelism) -> int:
        """Under ZeRO-3, the layer at work and the next, gathered [B]."""
        if plan.zero < 3 or plan.shards == 1:
            return 0
        layer = self.mixed if self.model.experts else self.plain
        return ceil(2 * (layer.parameters(plan.tp) + layer.expert_parameters(plan.tp, plan.ep)) * self.element)

    def held(self, plan: Parallelism, stage: int) -> tuple[int, int]:
        """Activations kept for the backward pass, and what recomputation makes again, on one GPU of a stage [B]."""
        at, model, element, running = layout(plan), self.model, self.element, self.in_flight(plan, stage)
        tokens = at.micro_batch * self.sequence / at.cp
        plain, mixed = self.layers_on(plan, stage)
        layer = self.mixed if mixed else self.plain
        kept = plain * self.plain.kept(at, plan.recompute) if plain else 0.0
        kept += mixed * self.mixed.kept(at, plan.recompute) if mixed else 0.0
        kept *= running
        if stage == 0:
            kept += running * tokens * model.hidden * self.software.mask / at.split
        if stage == plan.pp - 1:
            kept += tokens * (2 * model.hidden * element / at.split + MASTER * model.vocab / at.tp)
        again = 0.0
        if plan.recompute == "full":
            again = layer.working(at, layer.scores)
        elif plan.recompute == "selective":
            again = layer.scores / at.tp
        return ceil(kept), ceil(tokens * again)
