"""What the configuration classes of decoder-only transformers, as of 4.57, assume where a config.json says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _class(vocab: int, hidden: int, ffn: int, layers: int, heads: int, context: int, **more: Any) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "vocab_size": vocab,
        "hidden_size": hidden,
        "intermediate_size": ffn,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "max_position_embeddings": context,
        "tie_word_embeddings": False,
        "attention_bias": False,
    }
    return shared | more


SIGLIP = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_channels": 3,
    "image_size": 224,
    "patch_size": 16,
    "vision_use_head": True,
}
LLAMA4_VISION = {
    "hidden_size": 768,
    "intermediate_size": 5632,
    "num_hidden_layers": 34,
    "num_channels": 3,
    "image_size": 448,
    "patch_size": 14,
    "vision_output_dim": 7680,
    "projector_input_dim": 4096,
    "projector_output_dim": 4096,
}
_QWEN = {"use_sliding_window": False, "sliding_window": 4096, "max_window_layers": 28}
_SPARSE = _QWEN | {"decoder_sparse_step": 1, "mlp_only_layers": None}
_DEEPSEEK = {
    "kv_lora_rank": 512,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "moe_layer_freq": 1,
}
_GPT2 = {"vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12}

DEFAULTS: dict[str, Mapping[str, Any]] = {
    "llama": _class(32000, 4096, 11008, 32, 32, 2048),
    "mistral": _class(32000, 4096, 14336, 32, 32, 131072, num_key_value_heads=8, sliding_window=4096),
    "mixtral": _class(
        32000, 4096, 14336, 32, 32, 131072, num_key_value_heads=8, num_local_experts=8, num_experts_per_tok=2
    ),
    "qwen2": _class(151936, 4096, 22016, 32, 32, 32768, num_key_value_heads=32, **_QWEN),
    "qwen2_moe": _class(
        151936,
        2048,
        5632,
        24,
        16,
        32768,
        num_key_value_heads=16,
        qkv_bias=True,
        num_experts=60,
        num_experts_per_tok=4,
        moe_intermediate_size=1408,
        shared_expert_intermediate_size=5632,
        **_SPARSE,
    ),
    "qwen3": _class(151936, 4096, 22016, 32, 32, 32768, num_key_value_heads=32, head_dim=128, **_QWEN),
    "qwen3_moe": _class(
        151936,
        2048,
        6144,
        24,
        32,
        32768,
        num_key_value_heads=4,
        num_experts=128,
        num_experts_per_tok=8,
        moe_intermediate_size=768,
        **_SPARSE,
    ),
    "gemma": _class(256000, 3072, 24576, 28, 16, 8192, num_key_value_heads=16, head_dim=256, tie_word_embeddings=True),
    "gemma2": _class(
        256000,
        2304,
        9216,
        26,
        8,
        8192,
        num_key_value_heads=4,
        head_dim=256,
        tie_word_embeddings=True,
        sliding_window=4096,
    ),
    "gemma3_text": _class(
        262208,
        2304,
        9216,
        26,
        8,
        131072,
        num_key_value_heads=4,
        head_dim=256,
        tie_word_embeddings=True,
        sliding_window=4096,
        sliding_window_pattern=6,
    ),
    "gemma3": {},
    "phi": _class(51200, 2048, 8192, 24, 32, 2048, qk_layernorm=False),
    "phi3": _class(32064, 3072, 8192, 32, 32, 4096),
    "phimoe": _class(
        32064,
        4096,
        6400,
        32,
        32,
        131072,
        num_key_value_heads=8,
        num_local_experts=16,
        num_experts_per_tok=2,
        lm_head_bias=False,
    ),
    "gpt_oss": _class(
        201088,
        2880,
        2880,
        36,
        64,
        131072,
        num_key_value_heads=8,
        head_dim=64,
        sliding_window=128,
        num_local_experts=128,
        num_experts_per_tok=4,
    ),
    "deepseek_v2": _class(
        32000,
        4096,
        11008,
        32,
        32,
        2048,
        n_routed_experts=64,
        n_shared_experts=2,
        moe_intermediate_size=1407,
        first_k_dense_replace=0,
        **_DEEPSEEK,
    ),
    "deepseek_v3": _class(
        129280,
        7168,
        18432,
        61,
        128,
        4096,
        n_routed_experts=256,
        n_shared_experts=1,
        num_experts_per_tok=8,
        moe_intermediate_size=2048,
        first_k_dense_replace=3,
        n_group=8,
        topk_group=4,
        **_DEEPSEEK,
    ),
    "llama4_text": _class(
        202048,
        5120,
        8192,
        48,
        40,
        131072,
        num_key_value_heads=8,
        head_dim=128,
        intermediate_size_mlp=16384,
        num_local_experts=16,
        num_experts_per_tok=1,
        interleave_moe_layer_step=1,
        attention_chunk_size=8192,
        no_rope_layer_interval=4,
    ),
    "llama4": {"multi_modal_projector_bias": False},
    "gpt2": _GPT2 | {"tie_word_embeddings": True},
    "gpt_bigcode": _GPT2 | {"tie_word_embeddings": True, "multi_query": True},
    "gptj": {
        "vocab_size": 50400,
        "n_positions": 2048,
        "n_embd": 4096,
        "n_layer": 28,
        "n_head": 16,
        "tie_word_embeddings": False,
    },
    "gpt_neox": _class(50432, 6144, 24576, 44, 64, 2048, attention_bias=True, use_parallel_residual=True),
    "opt": _class(50272, 768, 3072, 12, 12, 2048, tie_word_embeddings=True)
    | {"ffn_dim": 3072, "enable_bias": True, "do_layer_norm_before": True, "_remove_final_layer_norm": False},
    "bloom": {
        "vocab_size": 250880,
        "hidden_size": 64,
        "n_layer": 2,
        "n_head": 8,
        "seq_length": 2048,
        "tie_word_embeddings": True,
    },
    "falcon": _class(65024, 4544, 18176, 32, 71, 2048, tie_word_embeddings=True)
    | {"new_decoder_architecture": False, "multi_query": True, "parallel_attn": True, "bias": False},
    "starcoder2": _class(
        49152, 3072, 12288, 30, 24, 4096, num_key_value_heads=2, tie_word_embeddings=True, use_bias=True
    ),
}
