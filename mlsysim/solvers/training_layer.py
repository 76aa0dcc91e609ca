"""One layer under training, counted on one GPU: its kernels, its parameters, what it keeps for the backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from mlsysim.physics import expert_parallel, latent, training, training_traffic, transformer, window
from mlsysim.physics.experts import distinct_experts
from mlsysim.records import ModelSpec
from mlsysim.software import Software

MASTER = 4.0
"""Bytes of an FP32 number: a softmax's sum, a router's score, a loss."""


class Work(NamedTuple):
    """One kernel of a layer on one GPU: operations and traffic, forward and backward, and whether selective
    recomputation repeats it; full recomputation repeats `again` of it. A matrix product spends half of its backward
    pass on the gradient of its weights."""

    name: str
    forward: float
    forward_traffic: float
    backward: float
    backward_traffic: float
    scores: bool = False
    weighted: bool = False
    again: float = 1.0


class Layout(NamedTuple):
    """What a layer's cost on one GPU depends on."""

    tp: int
    cp: int
    sequence_parallel: bool
    micro_batch: int
    ep: int = 1

    @property
    def split(self) -> int:
        """GPUs that split the sequence outside the matrices."""
        return self.tp if self.sequence_parallel else 1


@dataclass(frozen=True, eq=False)
class TrainedLayer:
    """A layer of a model, with a mixture of experts or without. Windowed and other layers differ in their attention
    alone and alternate, so a layer has the mean of theirs.

    What all plans share is computed once, hence no slots.
    """

    model: ModelSpec
    software: Software
    sequence: int
    element: float
    mixed: bool

    @cached_property
    def attended(self) -> float:
        """Operations of attention over one sequence [FLOP]."""
        model, part = self.model, self.model.latent
        if not self.software.fused_attention:
            pairs = training.full_pairs(self.sequence)
        else:
            far = transformer.causal_pairs(self.sequence)
            near = window.windowed_pairs(self.sequence, model.window)
            pairs = far + model.windowed_layers / model.layers * (near - far)
        if part:
            return latent.expanded_attention_flops(model.heads, part.content, part.position, part.value, pairs)
        return transformer.attention_flops(1, model.heads, model.head_dim, pairs)

    @cached_property
    def _width(self) -> int:
        """Feed-forward width that one token passes through."""
        experts = self.model.experts
        return experts.width if experts and self.mixed else self.model.ffn

    @cached_property
    def _heads(self) -> float:
        """Numbers of one token's queries, keys, values and attention's output."""
        model, part = self.model, self.model.latent
        if part:
            return model.heads * (2 * (part.content + part.position) + 2 * part.value)
        return model.head_dim * (2 * model.heads + 2 * model.kv_heads)

    @cached_property
    def _down(self) -> float:
        """Weights that compress queries, keys and values, which tensor parallelism does not split."""
        model, part = self.model, self.model.latent
        return model.hidden * (part.query_rank + part.kv_rank + part.position) if part else 0

    @cached_property
    def _projected(self) -> float:
        """Weights of the projections that it does."""
        return self.model.projection_parameters / self.model.layers - self._down

    @property
    def keys_and_values(self) -> float:
        """Numbers of one token's keys and values, as context parallelism passes them around."""
        model, part = self.model, self.model.latent
        return part.cached if part else 2 * model.kv_heads * model.head_dim

    @cached_property
    def _expert(self) -> float:
        """Weights of one expert."""
        model = self.model
        inner = model.experts.inner if model.experts else 0
        return transformer.feed_forward_parameters(model.hidden, inner, model.matrices)

    @cached_property
    def _plain(self) -> float:
        """Weights of the feed-forward matrices that every token passes through."""
        model, experts = self.model, self.model.experts
        inner = experts.shared * experts.shared_inner if experts and self.mixed else model.ffn
        return transformer.feed_forward_parameters(model.hidden, inner, model.matrices)

    def works(self, at: Layout) -> tuple[Work, ...]:
        """The kernels of the layer for one micro-batch."""
        model, element, mask, experts = self.model, self.element, self.software.mask, self.model.experts
        tokens = at.micro_batch * self.sequence / at.cp
        shared, split = tokens / at.split, tokens / at.tp
        around = tokens * 2 * model.hidden
        heads = split * self._heads
        attention = at.micro_batch * self.attended / (at.tp * at.cp)
        again = attention / 2 if self.software.fused_attention else 0.0
        found = [
            matrix("projections", self._projected / at.tp, tokens, around + heads, element),
            Work("attention", attention, heads * element, 2 * attention + again, 2 * heads * element, scores=True),
        ]
        if self._down:
            down = self._down / model.hidden
            found.append(matrix("down-projections", self._down, shared, shared * (model.hidden + down), element))
        if plain := self._plain:
            inner = plain / model.hidden
            fed = matrix("feed-forward", plain / at.tp, tokens, around + split * inner, element)
            # What experts bring forth is weighted once more, and the weights' gradients need it.
            ends = self.software.stops_early and not self.mixed
            found.append(fed._replace(again=1.0 - 1.0 / model.matrices) if ends else fed)
        if experts and self.mixed:
            copies, expert = tokens * experts.active, self._expert
            # All tokens of the expert-parallel GPUs meet at the experts; each GPU reads its own.
            met = distinct_experts(experts.count, experts.active, tokens * at.ep) / at.ep
            passing = copies * (2 * model.hidden + model.matrices * experts.inner / at.tp)
            products = transformer.linear_flops(expert / at.tp, copies)
            traffic = (met * expert / at.tp + passing) * element
            sorts = 2 if at.ep > 1 else 0
            choosing = model.hidden * experts.count
            found += [
                matrix("router", choosing, shared, shared * (model.hidden + experts.count), element),
                Work("experts", products, traffic, 2 * products, 2 * traffic, weighted=True),
                Work(
                    "dispatch",
                    0.0,
                    shared * expert_parallel.dispatch_traffic_forward(model.hidden, experts.active, element, sorts),
                    0.0,
                    shared * expert_parallel.dispatch_traffic_backward(model.hidden, experts.active, element, sorts),
                ),
            ]
        found += [
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
                split * training_traffic.function_traffic_forward(self._width, model.matrices, element),
                0.0,
                split * training_traffic.function_traffic_backward(self._width, model.matrices, element),
            ),
        ]
        if not self.software.fused_attention:
            found.append(
                Work(
                    "scores",
                    0.0,
                    split * training_traffic.score_traffic_forward(model.heads, self.sequence, element, mask),
                    0.0,
                    split * training_traffic.score_traffic_backward(model.heads, self.sequence, element, mask),
                    scores=True,
                )
            )
        return tuple(found)

    def parameters(self, tp: int) -> float:
        """Parameters on one GPU, experts apart: matrices and the biases along their split side are split."""
        model, experts = self.model, self.model.experts
        whole = self._down + self._vectors
        if experts and self.mixed:
            whole += model.hidden * experts.count + (experts.count if model.bias else 0)
        elif model.bias:
            whole += model.hidden
        return (self._projected + self._plain + self._split_biases) / tp + whole

    def expert_parameters(self, tp: int, ep: int) -> float:
        """Parameters of the experts on one GPU."""
        model, experts = self.model, self.model.experts
        if experts is None or not self.mixed:
            return 0.0
        biases = (model.matrices - 1) * experts.inner / tp + model.hidden if model.bias else 0
        return experts.count / ep * (self._expert / tp + biases)

    @cached_property
    def _split_biases(self) -> float:
        model = self.model
        found = model.head_dim * (model.heads + 2 * model.kv_heads) if model.bias or model.qkv_bias else 0
        return found + ((model.matrices - 1) * model.ffn if model.bias and not self.mixed else 0)

    @cached_property
    def _vectors(self) -> float:
        """Norms, and biases that are not split, those of the feed-forward part apart."""
        model, part = self.model, self.model.latent
        found = model.norms * model.hidden * (2 if model.layer_norm else 1)
        found += 2 * model.head_dim if model.qk_norm else 0
        found += model.heads if model.sinks else 0
        found += part.query_rank + part.kv_rank if part else 0
        return found + (model.hidden if model.bias else 0)

    def kept(self, at: Layout, recompute: str) -> float:
        """What one micro-batch keeps of the layer for the backward pass [B]."""
        tokens = at.micro_batch * self.sequence / at.cp
        if recompute == "full":
            return tokens * self.model.hidden * self.element / at.split
        return tokens * self.working(at, 0.0 if recompute == "selective" else self.scores)

    def working(self, at: Layout, scores: float) -> float:
        """What one token keeps where nothing but `scores` may be left out [B]."""
        model, element, part, experts = self.model, self.element, self.model.latent, self.model.experts
        shared = training.shared_activations(model.hidden, element, self.software.mask)
        if part:
            shared += latent.latent_kept(part.query_rank, part.kv_rank, part.position, element)
        copies = 0.0
        if experts and self.mixed:
            # The experts' inputs on each tensor-parallel GPU, their outputs where the sequence is.
            copies = expert_parallel.dispatched_bytes(model.hidden, experts.active, element)
            shared += MASTER * experts.count + copies
        split = training.split_activations(self._heads, self._width, model.matrices, element)
        return training.layer_activations(shared, split, scores, at.tp, at.split) + copies

    @cached_property
    def scores(self) -> float:
        """What one token keeps of its attention scores [B]."""
        if self.software.fused_attention:
            return MASTER * self.model.heads  # the softmax's sum of each row
        return training.score_activations(self.model.heads, self.sequence, self.element, self.software.mask)


def matrix(name: str, parameters: float, tokens: float, passing: float, element: float) -> Work:
    """A matrix product of so many tokens, with the numbers that pass it."""
    operations = transformer.linear_flops(parameters, tokens)
    traffic = (parameters + passing) * element
    return Work(name, operations, traffic, 2 * operations, 2 * traffic, weighted=True)
