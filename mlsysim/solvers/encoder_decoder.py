"""What an encoder-decoder does beside its decoder: the encoder's pass, and attention to what that brought forth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlsysim.check import InvalidValue
from mlsysim.physics import roofline, transformer
from mlsysim.physics.operators import tile_flops
from mlsysim.records import ModelSpec
from mlsysim.solvers.phase import Operator

if TYPE_CHECKING:
    from mlsysim.solvers.workload import Workload


def cross_kv(load: Workload) -> float:
    """Keys and values that one sequence keeps of its encoder, whatever its length [B]."""
    return load.kv_bytes * load.model.encoder.tokens if load.model.encoder else 0.0


def encoding(load: Workload, passes: Any, cache: float | None) -> tuple[Operator, ...]:
    """The encoder once for each pass, alike layers together, and its keys and values for every layer of the decoder."""
    model, element = load.model, load.element
    if model.encoder is None:
        return ()
    found: dict[str, Operator] = {}
    for layer in model.encoder.layers:
        name = f"encoder: {layer.kind}"
        before = found.get(name, Operator(name, 0.0, 0.0, 0.0, 0.0))
        weights = layer.weights_read * load.weight_bytes + layer.vectors * element
        passed = (layer.reads + layer.writes) * element
        spilled = passed * (0.0 if cache is None else roofline.spilled_fraction(passed, cache))
        found[name] = Operator(
            name,
            before.weights + passes * weights,
            0.0,
            before.activations + passes * spilled,
            before.flops + passes * layer.flops,
            before.tile + passes * layer.tile(1),
            packed=before.packed + passes * layer.weights_read * load.packed_bytes,
        )
    matrices = model.cross_parameters * model.kv_heads / (model.heads + model.kv_heads)
    tokens = model.encoder.tokens
    kept = Operator(
        "cross-attention: keys and values",
        passes * matrices * load.weight_bytes,
        passes * cross_kv(load),
        0.0,
        passes * transformer.linear_flops(matrices, tokens),
        passes * model.layers * tile_flops(tokens, model.hidden, 2 * model.kv_heads * model.head_dim),
        packed=passes * matrices * load.packed_bytes,
    )
    return (*found.values(), kept)


def crossing(load: Workload, passes: Any, tokens: Any, sequences: Any, spilled: Any) -> tuple[Operator, ...]:
    """Attention to the encoder: each pass takes `tokens` of `sequences` through it; `spilled` bytes of a number of
    theirs pass through memory."""
    model = load.model
    if model.encoder is None:
        return ()
    matrices = model.cross_parameters * model.heads / (model.heads + model.kv_heads)
    pairs = tokens * model.encoder.tokens
    around = model.layers * (6 * model.hidden + 4 * model.heads * model.head_dim)
    flops = transformer.linear_flops(matrices, tokens)
    flops += transformer.attention_flops(model.layers, model.heads, model.head_dim, pairs)
    return (
        Operator(
            "cross-attention",
            passes * matrices * load.weight_bytes,
            passes * sequences * cross_kv(load),
            tokens * spilled * around,
            passes * flops,
            2 * passes * model.layers * tile_flops(tokens, model.hidden, model.heads * model.head_dim),
            packed=passes * matrices * load.packed_bytes,
        ),
    )


def decoder_alone(model: ModelSpec) -> ModelSpec:
    """The model, unless it has an encoder: most questions are about decoders alone."""
    if model.encoder is not None:
        rule = "it has an encoder, which Engine.solve, ServingModel and Engine.sweep count, and this does not"
        raise InvalidValue("model", model.name, rule, 'model="Llama3_8B"')
    return model
