"""What is served, counted: bytes and operations of a transformer's decode step and prefill, operator by operator."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import InvalidValue, count
from mlsysim.physics import roofline, transformer
from mlsysim.records import ModelSpec
from mlsysim.solvers.phase import Operator

LARGEST_BATCH = 10**6


@dataclass(frozen=True, slots=True)
class Workload:
    """What is served: a model, how its numbers are stored, how many sequences and how long they are."""

    model: ModelSpec
    batch: int
    context: int
    prompt: int
    precision: str
    weights: str
    kv_precision: str

    @property
    def stored_as(self) -> str:
        """The number formats in words: FP16, or FP16 with INT4 weights."""
        arithmetic, stored = self.precision.upper(), self.weights.upper()
        return arithmetic if stored == arithmetic else f"{arithmetic} with {stored} weights"

    @property
    def element(self) -> float:
        """Bytes of one number in arithmetic [B]."""
        return formats.BYTES[self.precision]

    @property
    def weight_bytes(self) -> float:
        """Bytes of one weight of a layer's matrices as stored [B]."""
        return self.element if self.weights == self.precision else formats.stored_bytes(self.weights)

    @property
    def kv_bytes(self) -> float:
        """Keys and values of one token over all layers [B]."""
        model = self.model
        return transformer.kv_bytes_per_token(
            model.layers, model.kv_heads, model.head_dim, formats.BYTES[self.kv_precision]
        )

    @property
    def kernels(self) -> float:
        """Kernels started in one pass through the model."""
        known = registry.constants("efficiency")
        return known["kernels_per_layer"].value * self.model.layers + known["kernels_outside"].value

    def stored_weights(self) -> float:
        """All weights [B]. Where the weights alone are quantized, embedding, LM head and norms keep the precision."""
        model = self.model
        matrices = model.projection_parameters + model.feed_forward_parameters
        return matrices * self.weight_bytes + (model.parameters - matrices) * self.element

    def decode(self, cache: float | None) -> tuple[Operator, ...]:
        """One step: every sequence gets one token, which attends to `context` positions, itself among them."""
        positions = self.batch * self.context
        return self._operators(1, self.batch, self.batch, positions, positions, cache)

    def prefill(self, cache: float | None) -> tuple[Operator, ...]:
        """All prompts, one after another, each on its own; their keys and values are written and read once."""
        pairs = transformer.causal_pairs(self.prompt)
        return self._operators(self.batch, self.prompt, 1, pairs, 2 * self.prompt, cache)

    def _operators(
        self, passes: int, tokens: int, scored: int, pairs: float, cached: float, cache: float | None
    ) -> tuple[Operator, ...]:
        """Each pass takes `tokens` through the model; its LM head scores `scored` of them."""
        model, element = self.model, self.element
        layers, hidden, inner, matrices = model.layers, model.hidden, model.ffn, model.matrices
        heads, head_dim = model.heads, model.head_dim
        projections, feed_forward, head = (
            model.projection_parameters,
            model.feed_forward_parameters,
            model.head_parameters,
        )
        widest = tokens * transformer.workspace(hidden, inner, matrices) * element
        spilled = passes * element * (0.0 if cache is None else roofline.spilled_fraction(widest, cache))
        projected = transformer.projection_activations(hidden, heads, model.kv_heads, head_dim)
        attended = transformer.attention_activations(heads, head_dim)
        fed = transformer.feed_forward_activations(hidden, inner, matrices)
        streamed, around = passes * self.weight_bytes, layers * tokens * spilled
        return (
            # Of the embedding, only the rows of the tokens at hand are read.
            Operator("embedding", passes * tokens * hidden * element, 0.0, tokens * hidden * spilled, 0.0),
            Operator(
                "projections",
                projections * streamed,
                0.0,
                around * projected,
                passes * transformer.linear_flops(projections, tokens),
            ),
            Operator(
                "attention",
                0.0,
                passes * cached * self.kv_bytes,
                around * attended,
                passes * transformer.attention_flops(layers, heads, head_dim, pairs),
            ),
            Operator(
                "feed-forward",
                feed_forward * streamed,
                0.0,
                around * fed,
                passes * transformer.linear_flops(feed_forward, tokens),
            ),
            Operator(
                "LM head",
                passes * head * element,
                0.0,
                scored * (3 * hidden + model.vocab) * spilled,
                passes * transformer.linear_flops(head, scored),
            ),
        )

    def workspace(self, batch: int) -> float:
        """Activations alive at once [B]: prompts are prefilled one after another, decode advances all sequences."""
        model = self.model
        widest = transformer.workspace(model.hidden, model.ffn, model.matrices)
        return (max(batch, self.prompt) * widest + batch * model.vocab) * self.element

    def resident(self, batch: int) -> float:
        """Everything that has to be in memory at once [B]."""
        return self.stored_weights() + batch * self.context * self.kv_bytes + self.workspace(batch)


def workload(
    model: ModelSpec | str,
    batch: int = 1,
    context: int = 1024,
    prompt: int | None = None,
    precision: str = "fp16",
    weights: str | None = None,
    kv_precision: str | None = None,
) -> Workload:
    """A workload, checked."""
    spec = registry.model(model)
    arithmetic = formats.resolve("precision", precision)
    stored = arithmetic if weights is None else formats.resolve("weights", weights)
    cached = arithmetic if kv_precision is None else formats.resolve("kv_precision", kv_precision)
    if formats.BYTES[stored] > formats.BYTES[arithmetic]:
        rule = f"weights are stored in no more bits than the arithmetic uses, {arithmetic}"
        raise InvalidValue("weights", stored, rule, f'precision="{stored}"')
    context = count("context", context, "context=1024")
    if context > spec.max_context:
        rule = f"{spec.name} was trained for at most {spec.max_context} tokens"
        raise InvalidValue("context", context, rule, f"context={spec.max_context}")
    prompt = context if prompt is None else count("prompt", prompt, "prompt=512")
    if prompt > context:
        raise InvalidValue("prompt", prompt, f"it is part of the context of {context} tokens", f"prompt={context}")
    return Workload(
        spec, count("batch", batch, "batch=8", at_most=LARGEST_BATCH), context, prompt, arithmetic, stored, cached
    )
