"""What is trained on what, counted: operators of a layer, parameters of a stage, bytes on a GPU."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from mlsysim import precision as formats
from mlsysim.fabrics import Fabric
from mlsysim.parallelism import Parallelism, micro_batches, stage_layers
from mlsysim.physics import training, training_traffic, transformer
from mlsysim.records import Datum, ModelSpec
from mlsysim.software import Software

MASTER = 4.0
"""Bytes of an FP32 number, in which a loss is computed."""


class Work(NamedTuple):
    """One kernel of a layer on one GPU: operations and traffic, forward and backward, and whether selective
    recomputation repeats it. A matrix product spends half of its backward pass on the gradient of its weights."""

    name: str
    forward: float
    forward_traffic: float
    backward: float
    backward_traffic: float
    scores: bool = False
    weighted: bool = False


class Layout(NamedTuple):
    """What a layer's cost on one GPU depends on."""

    tp: int
    cp: int
    sequence_parallel: bool
    micro_batch: int

    @property
    def split(self) -> int:
        """GPUs that split the sequence outside the matrices."""
        return self.tp if self.sequence_parallel else 1


def layout(plan: Parallelism) -> Layout:
    """Of a plan."""
    return Layout(plan.tp, plan.cp, plan.sequence_parallel, plan.micro_batch)


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

    @property
    def element(self) -> float:
        """Bytes of a weight and of an activation [B]; arithmetic in eight bits keeps both in sixteen."""
        return max(2.0, formats.BYTES[self.precision])

    @property
    def pairs(self) -> float:
        """Pairs of a query with a key that the kernels compute, in one sequence."""
        counted = transformer.causal_pairs if self.software.fused_attention else training.full_pairs
        return counted(self.sequence)

    @property
    def forward_flops(self) -> float:
        """Operations of one forward pass over the whole batch [FLOP]."""
        model = self.model
        matrices = model.projection_parameters + model.feed_forward_parameters + model.head_parameters
        linear = transformer.linear_flops(matrices, self.global_batch * self.sequence)
        pairs = self.global_batch * self.pairs
        return linear + transformer.attention_flops(model.layers, model.heads, model.head_dim, pairs)

    @property
    def model_flops(self) -> float:
        """Operations of a step, nothing repeated [FLOP]."""
        return training.step_flops(self.forward_flops)

    def repeated_flops(self, recompute: str) -> float:
        """Operations that are done once more in the backward pass [FLOP]."""
        model = self.model
        scores = transformer.attention_flops(model.layers, model.heads, model.head_dim, self.global_batch * self.pairs)
        head = transformer.linear_flops(model.head_parameters, self.global_batch * self.sequence)
        # A fused kernel's backward pass makes the scores again: one of its two products.
        always = scores / 2 if self.software.fused_attention else 0.0
        return always + {"none": 0.0, "selective": scores, "full": self.forward_flops - head}[recompute]

    def layer(self, at: Layout) -> tuple[Work, ...]:
        """The kernels of one layer for one micro-batch on one GPU."""
        model, element, mask = self.model, self.element, self.software.mask
        tokens = at.micro_batch * self.sequence / at.cp
        heads, kv, wide = model.heads, model.kv_heads, model.head_dim
        projection, fed = model.projection_parameters / model.layers, model.feed_forward_parameters / model.layers
        around = tokens * 2 * model.hidden
        attended = tokens * wide * (2 * heads + 2 * kv) / at.tp
        attention = transformer.attention_flops(1, heads, wide, at.micro_batch * self.pairs) / (at.tp * at.cp)
        again = attention / 2 if self.software.fused_attention else 0.0
        inner, matrices, shared = model.ffn, model.matrices, tokens / at.split
        found = [
            _matrix("projections", projection / at.tp, tokens, around + attended, element),
            Work(
                "attention", attention, attended * element, 2 * attention + again, 2 * attended * element, scores=True
            ),
            _matrix("feed-forward", fed / at.tp, tokens, around + tokens * matrices * inner / at.tp, element),
            Work(
                "norms and residuals",
                0.0,
                shared * training_traffic.shared_traffic_forward(model.hidden, element, mask),
                0.0,
                shared * training_traffic.shared_traffic_backward(model.hidden, element, mask),
            ),
            Work(
                "activation function",
                0.0,
                tokens / at.tp * training_traffic.function_traffic_forward(inner, matrices, element),
                0.0,
                tokens / at.tp * training_traffic.function_traffic_backward(inner, matrices, element),
            ),
        ]
        if not self.software.fused_attention:
            seen = tokens / at.tp
            found.append(
                Work(
                    "scores",
                    0.0,
                    seen * training_traffic.score_traffic_forward(heads, self.sequence, element, mask),
                    0.0,
                    seen * training_traffic.score_traffic_backward(heads, self.sequence, element, mask),
                    scores=True,
                )
            )
        return tuple(found)

    def head(self, at: Layout) -> tuple[Work, ...]:
        """The LM head and the loss for one micro-batch on one GPU of the last stage."""
        model, element = self.model, self.element
        tokens = at.micro_batch * self.sequence / at.cp
        logits = tokens * model.vocab / at.tp
        return (
            _matrix("LM head", model.head_parameters / at.tp, tokens, tokens * model.hidden + logits, element),
            Work("loss", 0.0, logits * (element + MASTER), 0.0, logits * (MASTER + element)),
        )

    def layer_parameters(self, tp: int) -> float:
        """Parameters of one layer on one GPU: matrices and the biases along their split side are split, others not."""
        model = self.model
        matrices = (model.projection_parameters + model.feed_forward_parameters) / model.layers
        last = model.hidden * (2 if model.layer_norm else 1)
        vectors = (model.vector_parameters - last - model.learned_positions * model.hidden) / model.layers
        beside = model.head_dim * (model.heads + 2 * model.kv_heads) + (model.matrices - 1) * model.ffn
        split = beside if model.bias else 0
        return (matrices + split) / tp + vectors - split

    def stage_parameters(self, plan: Parallelism, stage: int) -> float:
        """Parameters on one GPU of a pipeline stage."""
        model, tp, last = self.model, plan.tp, plan.pp - 1
        table = ceil(model.vocab / tp) * model.hidden
        found = self.layers_on(plan, stage) * self.layer_parameters(tp)
        if stage == 0:
            found += table + model.learned_positions * model.hidden
        if stage == last:
            found += model.hidden * (2 if model.layer_norm else 1)
            # A tied head on another stage than the embedding is a copy of it.
            found += 0 if model.tied and plan.pp == 1 else table
        return found

    def layers_on(self, plan: Parallelism, stage: int) -> int:
        """Layers of a pipeline stage."""
        first, middle, last = stage_layers(self.model.layers, plan.pp, plan.interleave) or (0, 0, 0)
        return first if stage == 0 else last if stage == plan.pp - 1 else middle

    def kept(self, at: Layout, recompute: str) -> float:
        """What one micro-batch keeps of one layer for the backward pass on one GPU [B]."""
        model, element = self.model, self.element
        tokens = at.micro_batch * self.sequence / at.cp
        if recompute == "full":
            return tokens * model.hidden * element / at.split
        return tokens * self._working(at, 0.0 if recompute == "selective" else self._scores())

    def _working(self, at: Layout, scores: float) -> float:
        model, element, mask = self.model, self.element, self.software.mask
        shared = training.shared_activations(model.hidden, element, mask)
        split = training.split_activations(
            model.heads, model.kv_heads, model.head_dim, model.ffn, model.matrices, element
        )
        return training.layer_activations(shared, split, scores, at.tp, at.split)

    def _scores(self) -> float:
        if self.software.fused_attention:
            return MASTER * self.model.heads  # the softmax's sum of each row
        return training.score_activations(self.model.heads, self.sequence, self.element, self.software.mask)

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
        return max((self.stage_memory(plan, stage) for stage in outer_stages(plan)), key=lambda each: each.total)

    def stage_memory(self, plan: Parallelism, stage: int) -> Memory:
        """One GPU of one stage, to the byte: shards are rounded up."""
        activations, workspace = self.held(plan, stage)
        states = self.states(plan, stage)
        return Memory(*states, activations, workspace + self.gathered(plan), self.fabric.machine.memory, stage)

    def states(self, plan: Parallelism, stage: int) -> tuple[int, int, int]:
        """Weights, gradients and optimizer state on one GPU of a stage [B]."""
        parameters = self.stage_parameters(plan, stage)
        sizes = ((self.element, 0.0, 0.0), (0.0, self.gradient_bytes, 0.0), (0.0, 0.0, self.optimizer.value))
        weights, gradients, optimizer = (
            ceil(training.model_states(parameters, plan.zero, plan.shards, *each)) for each in sizes
        )
        return weights, gradients, optimizer

    def gathered(self, plan: Parallelism) -> int:
        """Under ZeRO-3, the layer at work and the next, gathered [B]."""
        if plan.zero < 3 or plan.shards == 1:
            return 0
        return ceil(2 * self.layer_parameters(plan.tp) * self.element)

    def held(self, plan: Parallelism, stage: int) -> tuple[int, int]:
        """Activations kept for the backward pass, and what recomputation makes again, on one GPU of a stage [B]."""
        at, model, element, running = layout(plan), self.model, self.element, self.in_flight(plan, stage)
        tokens = at.micro_batch * self.sequence / at.cp
        kept = running * self.layers_on(plan, stage) * self.kept(at, plan.recompute)
        if stage == 0:
            kept += running * tokens * model.hidden * self.software.mask / at.split
        if stage == plan.pp - 1:
            kept += tokens * (2 * model.hidden * element / at.split + MASTER * model.vocab / at.tp)
        again = 0.0
        if plan.recompute == "full":
            again = self._working(at, self._scores())
        elif plan.recompute == "selective":
            again = self._scores() / at.tp
        return ceil(kept), ceil(tokens * again)


def outer_stages(plan: Parallelism) -> tuple[int, ...]:
    """The stages that differ: the first, the second where it is not the last, and the last."""
    return (0,) if plan.pp == 1 else (0, 1) if plan.pp == 2 else (0, 1, plan.pp - 1)


def _matrix(name: str, parameters: float, tokens: float, passing: float, element: float) -> Work:
    operations = transformer.linear_flops(parameters, tokens)
    traffic = (parameters + passing) * element
    return Work(name, operations, traffic, 2 * operations, 2 * traffic, weighted=True)
