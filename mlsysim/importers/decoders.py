"""Decoder-only transformers: what each family's config.json means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlsysim.importers.config import Config
from mlsysim.importers.defaults import DEFAULTS, LLAMA4_VISION, SIGLIP

Entry = dict[str, Any]


def _plain(c: Config, **more: Any) -> Entry:
    """What most families share."""
    heads = c.size("num_attention_heads")
    entry: Entry = {
        "layers": c.layers(),
        "hidden": c.size("hidden_size"),
        "heads": heads,
        "kv_heads": c.optional("num_key_value_heads", heads),
        "ffn": c.size("intermediate_size"),
        "vocab": c.size("vocab_size"),
        "max_context": c.size("max_position_embeddings"),
        "tied": c.flag("tie_word_embeddings"),
    }
    if c.get("head_dim") is not None:
        entry["head_dim"] = c.size("head_dim")
    return entry | more


def _biased(c: Config, entry: Entry) -> Entry:
    """Biases of all four projections, and of the feed-forward layers, where the file says so."""
    if c.get("attention_bias") and c.flag("attention_bias"):
        entry["qkv_bias"] = True
        entry["extra"] = entry.get("extra", 0) + entry["layers"] * entry["hidden"]
    if c.get("mlp_bias") and c.flag("mlp_bias"):
        fed = entry["layers"] * (2 * entry["ffn"] + entry["hidden"])
        entry["extra"] = entry.get("extra", 0) + fed
    return entry


def _llama(c: Config) -> Entry:
    return _biased(c, _plain(c))


def _mistral(c: Config) -> Entry:
    entry = _plain(c)
    return entry | c.window(entry["layers"], _window(c), 0)


def _window(c: Config) -> int | None:
    return None if c.get("sliding_window") is None else c.size("sliding_window")


def _mixtral(c: Config) -> Entry:
    return _mistral(c) | {"experts": _experts(c, "num_local_experts", "intermediate_size")}


def _experts(c: Config, counted: str, inner: str) -> Entry:
    return {"count": c.size(counted), "active": c.size("num_experts_per_tok"), "inner": c.size(inner)}


def _qwen(c: Config) -> Entry:
    """Windows, if there are any, are in the upper layers."""
    entry = _plain(c)
    window = _window(c) if c.flag("use_sliding_window") else None
    return entry | c.window(entry["layers"], window, min(entry["layers"], c.size("max_window_layers", at_least=0)))


def _qwen2(c: Config) -> Entry:
    return _qwen(c) | {"qkv_bias": True}


def _qwen3(c: Config) -> Entry:
    return _biased(c, _qwen(c) | {"qk_norm": True})


def _sparse(c: Config, layers: int) -> int:
    """Layers that keep a plain feed-forward among those with experts."""
    step, plain = c.size("decoder_sparse_step"), c.indices("mlp_only_layers") or []
    return sum(each in plain or (each + 1) % step > 0 for each in range(layers))


def _qwen2_moe(c: Config) -> Entry:
    c.only("use_sliding_window", False)
    entry = _plain(c, qkv_bias=c.flag("qkv_bias"))
    experts = _experts(c, "num_experts", "moe_intermediate_size") | {"dense_layers": _sparse(c, entry["layers"])}
    experts |= {"shared": 1, "shared_inner": c.size("shared_expert_intermediate_size")}
    # Each shared expert has a gate as wide as the model.
    vectors = (entry["layers"] - experts["dense_layers"]) * entry["hidden"]
    return entry | {"experts": experts, "extra": vectors}


def _qwen3_moe(c: Config) -> Entry:
    c.only("use_sliding_window", False)
    entry = _biased(c, _plain(c, qk_norm=True))
    experts = _experts(c, "num_experts", "moe_intermediate_size")
    return entry | {"experts": experts | {"dense_layers": _sparse(c, entry["layers"])}}


def _gemma2(c: Config) -> Entry:
    entry = _biased(c, _plain(c, norms=4))
    return entry | c.window(entry["layers"], _window(c), entry["layers"] // 2)


def _gemma3_text(c: Config) -> Entry:
    entry = _biased(c, _plain(c, norms=4, qk_norm=True))
    return entry | c.window(entry["layers"], _window(c), entry["layers"] // c.size("sliding_window_pattern"))


def _gemma3(c: Config) -> Entry:
    entry = _gemma3_text(c.part("text_config", DEFAULTS["gemma3_text"]))
    seen = c.part("vision_config", SIGLIP)
    width, inner = seen.size("hidden_size"), seen.size("intermediate_size")
    across = seen.size("image_size") // seen.size("patch_size")
    layer = 4 * (width + 1) * width + 2 * width * inner + inner + width + 4 * width
    patches = (seen.size("num_channels") * seen.size("patch_size") ** 2 + 1 + across**2) * width
    pooled = layer - width if seen.flag("vision_use_head") else 0
    tower = seen.layers() * layer + patches + 2 * width + pooled
    return entry | {"beside": tower + width * entry["hidden"] + width}


def _phi(c: Config) -> Entry:
    """Attention and feed-forward side by side behind one norm; the LM head has a bias."""
    c.only("qk_layernorm", False)
    return _plain(c, gated=False, bias=True, layer_norm=True, norms=1, parallel=True, extra=c.size("vocab_size"))


def _phimoe(c: Config) -> Entry:
    entry = _biased(c, _plain(c, layer_norm=True))
    if c.flag("lm_head_bias"):
        entry["extra"] = entry.get("extra", 0) + entry["vocab"]
    entry |= {"experts": _experts(c, "num_local_experts", "intermediate_size")}
    return entry | c.window(entry["layers"], _window(c), 0)


def _gpt_oss(c: Config) -> Entry:
    entry = _plain(c, bias=True, sinks=True)
    entry |= c.window(entry["layers"], _window(c), entry["layers"] // 2)
    return entry | {"experts": _experts(c, "num_local_experts", "intermediate_size")}


def _deepseek(c: Config) -> Entry:
    c.only("attention_bias", False)
    entry = _plain(c, head_dim=c.size("v_head_dim"))
    entry["kv_heads"] = entry["heads"]
    first, step = c.size("first_k_dense_replace", at_least=0), c.size("moe_layer_freq")
    experts = _experts(c, "n_routed_experts", "moe_intermediate_size")
    experts["dense_layers"] = sum(each < first or each % step > 0 for each in range(entry["layers"]))
    if c.get("n_shared_experts") is not None:
        experts["shared"] = c.size("n_shared_experts")
    if c.get("n_group") is not None and c.size("n_group") > 1:
        experts["most_nodes"] = c.size("topk_group")
    latent = {
        "kv_rank": c.size("kv_lora_rank"),
        "query_rank": 0 if c.get("q_lora_rank") is None else c.size("q_lora_rank"),
        "content": c.size("qk_nope_head_dim"),
        "position": c.size("qk_rope_head_dim"),
        "value": c.size("v_head_dim"),
    }
    return entry | {"experts": experts, "latent": latent}


def _llama4_text(c: Config) -> Entry:
    c.only("attention_bias", False)
    entry = _plain(c, ffn=c.size("intermediate_size_mlp"))
    layers = entry["layers"]
    step = c.size("interleave_moe_layer_step")
    mixed = c.indices("moe_layers")
    dense = layers - len(set(range(step - 1, layers, step) if mixed is None else mixed) & set(range(layers)))
    chunk = None if c.get("attention_chunk_size") is None else c.size("attention_chunk_size")
    turned = c.indices("no_rope_layers")
    full = turned.count(0) if turned else layers // c.size("no_rope_layer_interval")
    experts = _experts(c, "num_local_experts", "intermediate_size")
    experts |= {"shared": 1, "shared_inner": experts["inner"], "dense_layers": dense}
    if 0 < dense < layers:
        experts["dense_spread"] = True
    entry |= c.window(layers, chunk, full)
    if dense < layers:
        return entry | {"experts": experts}
    return entry


def _llama4(c: Config) -> Entry:
    entry = _llama4_text(c.part("text_config", DEFAULTS["llama4_text"]))
    seen = c.part("vision_config", LLAMA4_VISION)
    c.only("multi_modal_projector_bias", False)
    width, inner, patch = seen.size("hidden_size"), seen.size("intermediate_size"), seen.size("patch_size")
    layer = 4 * (width + 1) * width + 2 * width * inner + inner + width + 4 * width
    patches = (seen.size("num_channels") * patch**2 + 1 + (seen.size("image_size") // patch) ** 2 + 1) * width
    projected, out = seen.size("projector_input_dim"), seen.size("projector_output_dim")
    adapter = inner * projected + projected * out
    tower = seen.layers() * layer + patches + 4 * width + adapter
    return entry | {"beside": tower + seen.size("vision_output_dim") * entry["hidden"]}


def _gpt2(c: Config) -> Entry:
    hidden, context = c.size("n_embd"), c.size("n_positions")
    return {
        "layers": c.layers("n_layer"),
        "hidden": hidden,
        "heads": c.size("n_head"),
        "ffn": c.optional("n_inner", 4 * hidden),
        "vocab": c.size("vocab_size"),
        "max_context": context,
        "gated": False,
        "tied": c.flag("tie_word_embeddings"),
        "bias": True,
        "layer_norm": True,
        "learned_positions": context,
    }


def _gpt_bigcode(c: Config) -> Entry:
    return _gpt2(c) | ({"kv_heads": 1} if c.flag("multi_query") else {})


def _gptj(c: Config) -> Entry:
    """Rotary; biases in the feed-forward layers and the LM head alone, all behind one norm."""
    entry = _gpt2(c) | {"bias": False, "learned_positions": 0, "norms": 1, "parallel": True}
    vectors = entry["layers"] * (entry["ffn"] + entry["hidden"]) + entry["vocab"]
    return entry | {"extra": vectors}


def _gpt_neox(c: Config) -> Entry:
    c.only("attention_bias", True)
    return _plain(c, gated=False, bias=True, layer_norm=True, parallel=c.flag("use_parallel_residual"))


def _opt(c: Config) -> Entry:
    hidden, context = c.size("hidden_size"), c.size("max_position_embeddings")
    c.only("word_embed_proj_dim", None, hidden)
    c.only("do_layer_norm_before", True)
    c.only("_remove_final_layer_norm", False)
    return {
        "layers": c.layers(),
        "hidden": hidden,
        "heads": c.size("num_attention_heads"),
        "ffn": c.size("ffn_dim"),
        "vocab": c.size("vocab_size"),
        "max_context": context,
        "gated": False,
        "tied": c.flag("tie_word_embeddings"),
        "bias": c.flag("enable_bias"),
        "layer_norm": True,
        "learned_positions": context + 2,
    }


def _bloom(c: Config) -> Entry:
    """ALiBi, and a norm behind the embedding."""
    hidden = c.size("n_embed" if c.get("n_embed") is not None else "hidden_size")
    return {
        "layers": c.layers("n_layer"),
        "hidden": hidden,
        "heads": c.size("n_head" if c.get("num_attention_heads") is None else "num_attention_heads"),
        "ffn": 4 * hidden,
        "vocab": c.size("vocab_size"),
        "max_context": c.size("seq_length"),
        "gated": False,
        "tied": c.flag("tie_word_embeddings"),
        "bias": True,
        "layer_norm": True,
        "extra": 2 * hidden,
    }


def _falcon(c: Config) -> Entry:
    """Attention and feed-forward side by side, one key for all heads or for groups of them, as in PaLM."""
    hidden, heads = c.size("hidden_size"), c.size("num_attention_heads")
    new, parallel = c.flag("new_decoder_architecture"), c.flag("parallel_attn")
    one = 1 if c.flag("multi_query") else heads
    norms = c.optional("num_ln_in_parallel_attn", 2) if new else (1 if parallel else 2)
    return {
        "layers": c.layers(),
        "hidden": hidden,
        "heads": heads,
        "kv_heads": c.optional("num_kv_heads", heads) if new else one,
        "ffn": c.optional("ffn_hidden_size", 4 * hidden),
        "vocab": c.size("vocab_size"),
        "max_context": c.size("max_position_embeddings"),
        "gated": False,
        "tied": c.flag("tie_word_embeddings"),
        "bias": c.flag("bias"),
        "layer_norm": True,
        "norms": norms,
        "parallel": new or parallel,
    }


def _starcoder2(c: Config) -> Entry:
    entry = _plain(c, gated=False, bias=c.flag("use_bias"), layer_norm=True)
    return entry | c.window(entry["layers"], _window(c), 0)


Family = tuple[Callable[[Config], Entry], Mapping[str, Any]]
DECODERS: dict[str, Family] = {
    "llama": (_llama, DEFAULTS["llama"]),
    "mistral": (_mistral, DEFAULTS["mistral"]),
    "mixtral": (_mixtral, DEFAULTS["mixtral"]),
    "qwen2": (_qwen2, DEFAULTS["qwen2"]),
    "qwen2_moe": (_qwen2_moe, DEFAULTS["qwen2_moe"]),
    "qwen3": (_qwen3, DEFAULTS["qwen3"]),
    "qwen3_moe": (_qwen3_moe, DEFAULTS["qwen3_moe"]),
    "gemma": (_llama, DEFAULTS["gemma"]),
    "gemma2": (_gemma2, DEFAULTS["gemma2"]),
    "gemma3_text": (_gemma3_text, DEFAULTS["gemma3_text"]),
    "gemma3": (_gemma3, DEFAULTS["gemma3"]),
    "phi": (_phi, DEFAULTS["phi"]),
    "phi3": (_mistral, DEFAULTS["phi3"]),
    "phimoe": (_phimoe, DEFAULTS["phimoe"]),
    "gpt_oss": (_gpt_oss, DEFAULTS["gpt_oss"]),
    "deepseek_v2": (_deepseek, DEFAULTS["deepseek_v2"]),
    "deepseek_v3": (_deepseek, DEFAULTS["deepseek_v3"]),
    "llama4_text": (_llama4_text, DEFAULTS["llama4_text"]),
    "llama4": (_llama4, DEFAULTS["llama4"]),
    "gpt2": (_gpt2, DEFAULTS["gpt2"]),
    "gpt_bigcode": (_gpt_bigcode, DEFAULTS["gpt_bigcode"]),
    "gptj": (_gptj, DEFAULTS["gptj"]),
    "gpt_neox": (_gpt_neox, DEFAULTS["gpt_neox"]),
    "opt": (_opt, DEFAULTS["opt"]),
    "bloom": (_bloom, DEFAULTS["bloom"]),
    "falcon": (_falcon, DEFAULTS["falcon"]),
    "starcoder2": (_starcoder2, DEFAULTS["starcoder2"]),
}
