"""Encoders, encoder-decoders, state-space and vision models: what each family's config.json means, block by block.

The defaults are those of the family's configuration class in transformers 4.57.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from mlsysim.importers.config import Config
from mlsysim.importers.decoders import Entry, Family


def _bert(c: Config) -> Entry:
    """With the pooler that every checkpoint holds. Token types are looked up in the same table as tokens."""
    context, width = c.size("max_position_embeddings"), c.size("hidden_size")
    rows = c.size("vocab_size") + c.size("type_vocab_size", at_least=0)
    layer = {"heads": c.size("num_attention_heads"), "ffn": c.size("intermediate_size")}
    return {
        "family": "encoder",
        "input": [context],
        "blocks": [
            {"op": "tokens", "vocab": rows, "width": width, "positions": context},
            {"op": "norm"},
            {"op": "encoder", **layer, "repeat": c.layers()},
            {"op": "first"},
            {"op": "dense", "out": width},
        ],
    }


def _roberta(c: Config) -> Entry:
    """Two of its positions mark padding, so that two tokens fewer fit."""
    entry = _bert(c)
    entry["input"] = [max(1, entry["input"][0] - 2)]
    return entry


def _vit(c: Config) -> Entry:
    size, width = c.size("image_size"), c.size("hidden_size")
    layer: dict[str, Any] = {"heads": c.size("num_attention_heads"), "ffn": c.size("intermediate_size")}
    if not c.flag("qkv_bias"):
        layer["biases"] = 0
    classes = c.get("id2label")
    out = len(classes) if isinstance(classes, dict) and classes else c.size("num_labels")
    bare = c.get("architectures") == ["ViTModel"]  # its pooler takes the classifier's place
    return {
        "family": "encoder",
        "input": [size, size, c.size("num_channels")],
        "blocks": [
            {"op": "patches", "width": width, "size": c.size("patch_size"), "extra": 1},
            {"op": "encoder", **layer, "repeat": c.layers()},
            {"op": "norm"},
            {"op": "first"},
            {"op": "dense", "out": c.optional("pooler_output_size", width) if bare else out},
        ],
    }


def _t5(c: Config) -> Entry:
    """RMS norms, no biases; each stack has one table of biases for relative positions; tokens share one embedding."""
    acts = c.get("feed_forward_proj")
    if not isinstance(acts, str):
        c.each.refuse("feed_forward_proj", acts, "it must be the name of an activation", '"relu" or "gated-gelu"')
    gated = str(acts).startswith("gated-")
    layers, heads, width = c.layers("num_layers"), c.size("num_heads"), c.size("d_model")
    inner, ffn, tokens = c.size("d_kv"), c.size("d_ff"), c.size("n_positions")
    distances = c.size("relative_attention_num_buckets") * heads
    layer = {"heads": heads, "head_dim": inner, "ffn": ffn, "biases": 0, "bias": 0, "rms": True}
    return {
        "layers": c.optional("num_decoder_layers", layers),
        "hidden": width,
        "heads": heads,
        "head_dim": inner,
        "ffn": ffn,
        "vocab": c.size("vocab_size"),
        "max_context": tokens,
        "gated": gated,
        "tied": c.flag("tie_word_embeddings"),
        "norms": 3,
        "extra": distances,
        "encoder": {
            "input": [tokens],
            "blocks": [
                {"op": "embedded", "width": width},
                {"op": "vector", "count": distances},
                {"op": "encoder", **layer, **({"gated": True} if gated else {}), "repeat": layers},
                {"op": "norm", "rms": True},
            ],
        },
    }


def _whisper(c: Config) -> Entry:
    """Two convolutions over the recording, the second of which halves it; keys have no bias."""
    width, tokens, heads = c.size("d_model"), c.size("max_source_positions"), c.size("decoder_attention_heads")
    layers, ffn, context = c.layers("decoder_layers"), c.size("decoder_ffn_dim"), c.size("max_target_positions")
    seen = {"heads": c.size("encoder_attention_heads"), "ffn": c.size("encoder_ffn_dim"), "biases": 2}
    return {
        "layers": layers,
        "hidden": width,
        "heads": heads,
        "ffn": ffn,
        "vocab": c.size("vocab_size"),
        "max_context": context,
        "gated": False,
        "tied": c.flag("tie_word_embeddings"),
        "layer_norm": True,
        "learned_positions": context,
        "norms": 3,
        "extra": layers * (7 * width + ffn),
        "encoder": {
            "input": [2 * tokens, 1, c.size("num_mel_bins")],
            "blocks": [
                {"op": "conv", "out": width, "kernel": [3, 1]},
                {"op": "conv", "out": width, "kernel": [3, 1], "stride": 2},
                {"op": "sequence"},
                {"op": "vector", "count": tokens * width},
                {"op": "encoder", **seen, "repeat": c.layers("encoder_layers")},
                {"op": "norm"},
            ],
        },
    }


def _mamba(c: Config) -> Entry:
    width, vocab = c.size("hidden_size"), c.size("vocab_size")
    c.only("use_bias", False)
    c.only("use_conv_bias", True)
    c.only("tie_word_embeddings", True)
    c.only("time_step_rank", "auto", ceil(width / 16))
    layer = {"state": c.size("state_size"), "kernel": c.size("conv_kernel"), "expand": c.size("expand")}
    c.only("intermediate_size", None, layer["expand"] * width)
    return {
        "family": "state space",
        "input": [1024],
        "blocks": [
            {"op": "tokens", "vocab": vocab, "width": width},
            {"op": "mamba", **layer, "repeat": c.layers()},
            {"op": "first"},
            {"op": "vector", "count": width},
            {"op": "head", "vocab": vocab},
        ],
    }


_BERT = {
    "vocab_size": 30522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}
_T5 = {
    "vocab_size": 32128,
    "d_model": 512,
    "d_kv": 64,
    "d_ff": 2048,
    "num_layers": 6,
    "num_heads": 8,
    "n_positions": 512,
    "relative_attention_num_buckets": 32,
    "feed_forward_proj": "relu",
    "tie_word_embeddings": True,
}

OTHERS: dict[str, Family] = {
    "bert": (_bert, _BERT),
    "roberta": (_roberta, _BERT | {"vocab_size": 50265}),
    "vit": (
        _vit,
        {
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "intermediate_size": 3072,
            "image_size": 224,
            "patch_size": 16,
            "num_channels": 3,
            "qkv_bias": True,
            "num_labels": 2,
        },
    ),
    "t5": (_t5, _T5),
    "mt5": (
        _t5,
        _T5
        | {
            "vocab_size": 250112,
            "d_ff": 1024,
            "num_layers": 8,
            "num_heads": 6,
            "feed_forward_proj": "gated-gelu",
            "tie_word_embeddings": False,
        },
    ),
    "whisper": (
        _whisper,
        {
            "vocab_size": 51865,
            "num_mel_bins": 80,
            "encoder_layers": 4,
            "encoder_attention_heads": 6,
            "encoder_ffn_dim": 1536,
            "decoder_layers": 4,
            "decoder_attention_heads": 6,
            "decoder_ffn_dim": 1536,
            "d_model": 384,
            "max_source_positions": 1500,
            "max_target_positions": 448,
            "tie_word_embeddings": True,
        },
    ),
    "mamba": (
        _mamba,
        {
            "vocab_size": 50280,
            "hidden_size": 768,
            "state_size": 16,
            "num_hidden_layers": 32,
            "expand": 2,
            "conv_kernel": 4,
            "use_bias": False,
            "use_conv_bias": True,
            "time_step_rank": "auto",
            "tie_word_embeddings": True,
        },
    ),
}
