"""What is served, counted: bytes and operations of a transformer's decode step and prefill, operator by operator."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim import precision as formats
from mlsysim import registry
from mlsysim.check import InvalidValue, count
from mlsysim.physics import batching, experts, latent, roofline, transformer, window
from mlsysim.physics.operators import tile_flops
from mlsysim.records import ModelSpec
from mlsysim.solvers.encoder_decoder import cross_kv, crossing, encoding
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
    def packed(self) -> bool:
        """Whether weights are stored in fewer bits than the arithmetic has, and unpacked as they arrive."""
        return self.weight_bytes < self.element

    @property
    def packed_bytes(self) -> float:
        """Bytes of one weight of a layer's matrices that are unpacked as they arrive: all, or none [B]."""
        return self.weight_bytes if self.packed else 0.0

    @property
    def kv_bytes(self) -> float:
        """Keys and values of one token over all layers [B]."""
        return self.model.layers * self._kv_bytes_of_layer

    @property
    def _kv_bytes_of_layer(self) -> float:
        model, element = self.model, formats.BYTES[self.kv_precision]
        if model.latent:
            return latent.latent_kv_bytes_per_token(1, model.latent.kv_rank, model.latent.position, element)
        return transformer.kv_bytes_per_token(1, model.kv_heads, model.head_dim, element)

    def sequence_kv(self, positions: float) -> float:
        """Keys and values kept of one sequence of so many positions, and of its encoder [B]; a windowed layer keeps its
        window."""
        model = self.model
        kept = window.cached_positions(positions, model.layers, model.windowed_layers, model.window)
        return kept * self._kv_bytes_of_layer + cross_kv(self)

    def paged_kv(self, positions: float, block: int) -> float:
        """The same in whole blocks [B]."""
        model = self.model
        held, near = (batching.paged_tokens(each, block) for each in (positions, model.window))
        return window.cached_positions(held, model.layers, model.windowed_layers, near) * self._kv_bytes_of_layer

    def shared_kv(self, prefix: float, positions: float, block: int) -> float:
        """What of those blocks a prefix in common fills wholly, as far as every layer still sees it [B]."""
        model = self.model
        start = batching.shared_tokens(prefix, block)
        held, near = (batching.paged_tokens(each, block) for each in (positions, model.window))
        shared = window.shared_positions(start, held, model.layers, model.windowed_layers, near)
        return shared * self._kv_bytes_of_layer

    @property
    def kernels(self) -> float:
        """Kernels started in one pass through the decoder."""
        known, mixed = registry.constants("efficiency"), self.model.expert_layers
        in_layers = known["kernels_per_layer"].value * (self.model.layers - mixed)
        in_layers += known["kernels_per_expert_layer"].value * mixed
        if self.model.encoder:
            in_layers += known["kernels_per_cross_attention"].value * self.model.layers
        return in_layers + known["kernels_outside"].value

    @property
    def kernels_of_prompt(self) -> float:
        """Kernels started to read one prompt: those of its encoder too, and its keys and values for each layer."""
        encoder = self.model.encoder
        return self.kernels + (len(encoder.layers) + self.model.layers if encoder else 0)

    def stored_weights(self) -> float:
        """All weights [B]. Where the weights alone are quantized, embedding, LM head and norms keep the precision."""
        model = self.model
        matrices = model.projection_parameters + model.feed_forward_parameters
        if model.encoder:
            matrices += model.cross_parameters + model.encoder.matrix_parameters
        return matrices * self.weight_bytes + (model.parameters - matrices) * self.element

    def decode(self, cache: float | None) -> tuple[Operator, ...]:
        """One step: every sequence gets one token, which attends to `context` positions, itself among them."""
        model = self.model
        positions = window.cached_positions(self.context, model.layers, model.windowed_layers, model.window)
        return self.decode_over(self.batch * positions, cache)

    def decode_over(self, pairs: float, cache: float | None) -> tuple[Operator, ...]:
        """One step in which the sequences attend to so many positions, summed over all of them and all layers."""
        model = self.model
        part = model.latent
        if part:
            attended = latent.absorbed_attention_flops(model.heads, part.kv_rank, part.position, pairs)
        else:
            attended = transformer.attention_flops(1, model.heads, model.head_dim, pairs)
        return self._operators(1, self.batch, self.batch, attended, pairs * self._kv_bytes_of_layer, cache, self.batch)

    def prefill(self, cache: float | None) -> tuple[Operator, ...]:
        """All prompts, one after another, each on its own; their keys and values are written and read once."""
        model = self.model
        near = model.windowed_layers
        pairs = (model.layers - near) * transformer.causal_pairs(self.prompt)
        pairs += near * window.windowed_pairs(self.prompt, model.window)
        part = model.latent
        if part:
            attended = latent.expanded_attention_flops(model.heads, part.content, part.position, part.value, pairs)
        else:
            attended = transformer.attention_flops(1, model.heads, model.head_dim, pairs)
        read = self._operators(self.batch, self.prompt, 1, attended, 2 * self.prompt * self.kv_bytes, cache, 1)
        return encoding(self, self.batch, cache) + read

    def _operators(
        self,
        passes: int,
        tokens: int,
        scored: int,
        attended: float,
        cached: float,
        cache: float | None,
        sequences: int,
    ) -> tuple[Operator, ...]:
        """Each pass takes `tokens` of `sequences` through the model and spends `attended` operations on attention over
        `cached` bytes; its LM head scores `scored` of them."""
        model, element = self.model, self.element
        hidden = model.hidden
        projections, head = model.projection_parameters, model.head_parameters
        spilled = passes * element * (0.0 if cache is None else self._spilled(tokens, cache))
        streamed, packed, around = passes * self.weight_bytes, passes * self.packed_bytes, tokens * spilled
        read = self.feed_forward_read(tokens)
        projected, fed = tiles(passes * model.layers, tokens, model.projection_shapes), self._fed_tiles(passes, tokens)
        return (
            # Of the embedding, only the rows of the tokens at hand are read.
            Operator("embedding", passes * tokens * hidden * element, 0.0, tokens * hidden * spilled, 0.0),
            Operator(
                "projections",
                projections * streamed,
                0.0,
                around * model.layers * self._projected,
                passes * transformer.linear_flops(projections, tokens),
                *projected,
                projections * packed,
            ),
            Operator(
                "attention",
                0.0,
                passes * cached,
                around * model.layers * transformer.attention_activations(model.heads, model.head_dim),
                passes * attended,
            ),
            *crossing(self, passes, tokens, sequences, spilled),
            Operator(
                "feed-forward",
                read * streamed,
                0.0,
                around * self._fed,
                passes * transformer.linear_flops(model.active_feed_forward_parameters, tokens),
                *fed,
                read * packed,
            ),
            Operator(
                "LM head",
                passes * head * element,
                0.0,
                scored * (3 * hidden + model.vocab) * spilled,
                passes * transformer.linear_flops(head, scored),
                passes * tile_flops(scored, hidden, model.vocab),
            ),
        )

    def _fed_tiles(self, passes: int, tokens: int) -> tuple[float, float]:
        """Of the feed-forward layers' products; all experts of a layer are one, each with its share of the rows."""
        model, mixed = self.model, self.model.experts
        plain = passes * (model.layers - model.expert_layers)
        found = tiles(plain, tokens, model.feed_forward_shapes(model.ffn))
        if mixed is None:
            return found
        rows = tokens * mixed.active / experts.distinct_experts(mixed.count, mixed.active, tokens)
        parts = [found, tiles(passes * model.expert_layers, rows, model.feed_forward_shapes(mixed.inner))]
        if mixed.shared:
            width = mixed.shared * mixed.shared_inner
            parts.append(tiles(passes * model.expert_layers, tokens, model.feed_forward_shapes(width)))
        return sum(tile for tile, _ in parts), sum(split for _, split in parts)

    def feed_forward_read(self, tokens: float) -> float:
        """Feed-forward weights that so many tokens together touch: of the experts, those at least one is sent to."""
        model = self.model
        if model.experts is None:
            return model.feed_forward_parameters
        touched = experts.distinct_experts(model.experts.count, model.experts.active, tokens)
        return model.feed_forward_parameters - (model.experts.count - touched) * model.expert_parameters

    def _spilled(self, tokens: int, cache: float) -> float:
        return roofline.spilled_fraction(tokens * self._widest * self.element, cache)

    @property
    def _projected(self) -> float:
        """Numbers around one attention layer's projections, for each token."""
        model, part = self.model, self.model.latent
        if part is None:
            return transformer.projection_activations(model.hidden, model.heads, model.kv_heads, model.head_dim)
        return latent.latent_activations(
            model.hidden, model.heads, part.query_rank, part.kv_rank, part.content, part.position, part.value
        )

    @property
    def _fed(self) -> float:
        """Numbers around all feed-forward layers, for each token."""
        model = self.model
        plain = transformer.feed_forward_activations(model.hidden, model.ffn, model.matrices)
        if model.experts is None:
            return model.layers * plain
        mixed = transformer.feed_forward_activations(model.hidden, model.experts.width, model.matrices)
        return model.experts.dense_layers * plain + model.expert_layers * mixed

    @property
    def _widest(self) -> float:
        """Numbers alive at once for each token."""
        model = self.model
        inner = model.ffn
        if model.experts:
            inner = max(model.experts.width, model.ffn if model.experts.dense_layers else 0)
        return transformer.workspace(model.hidden, inner, model.matrices)

    def workspace(self, batch: int) -> float:
        """Activations alive at once [B]: prompts are prefilled one after another, decode advances all sequences."""
        # The larger of the two, in arithmetic that arrays of batches and prompts can do as well.
        tokens = (batch + self.prompt + abs(batch - self.prompt)) / 2
        alive = tokens * self._widest
        if self.model.encoder:
            widest = max(each.live for each in self.model.encoder.layers)
            alive = (alive + widest + abs(alive - widest)) / 2
        return (alive + batch * self.model.vocab) * self.element

    def resident(self, batch: int) -> float:
        """Everything that has to be in memory at once [B]."""
        return self.stored_weights() + batch * self.sequence_kv(self.context) + self.workspace(batch)


def tiles(times: float, rows: float, shapes: tuple[tuple[int, int], ...]) -> tuple[float, float]:
    """One tile of each of the products with matrices of these shapes, so many times over, and of the last alone, whose
    inner dimension tensor parallelism divides [FLOP]."""
    found = [times * tile_flops(rows, inner, columns) for inner, columns in shapes]
    return sum(found), found[-1]


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
