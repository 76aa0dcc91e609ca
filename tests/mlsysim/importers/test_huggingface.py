"""Published config.json files become the models they describe, and anything else is refused in words.

configs.json holds what such files say about architectures, without what they say about dropout, tokens or training, and
without keys that they leave out: their defaults are part of what is tested.
"""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlsysim import Engine, LayeredModel, Models, ModelSpec, registry
from mlsysim.check import InvalidInput, InvalidValue, Mistakes
from mlsysim.importers.huggingface import FAMILIES, entry
from mlsysim.own import model_from, model_from_file, to_toml

CONFIGS = {
    name: (each["config"], each["parameters"], each.get("active"))
    for name, each in json.loads(Path(__file__).with_name("configs.json").read_text()).items()
}
KNOWN = {each.name for each in (*Models, *Models.EncoderDecoder, *Models.Layered)}


@pytest.mark.parametrize("name", CONFIGS)
def test_parameters_are_those_of_the_checkpoint(name, tmp_path):
    """To the last one. The counts are those published; transformers 4.57 builds tensors of as many numbers."""
    config, parameters, active = CONFIGS[name]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    model = ModelSpec.from_huggingface(str(path))
    assert model.parameters == parameters
    if active is not None:
        # Publishers count the embedding table among the active parameters or not, and round, or cut.
        least = model.active_parameters - model.embedding_parameters
        assert 0.975 * least <= active <= 1.01 * model.active_parameters


@pytest.mark.parametrize(
    ("given", "parallel"),
    [
        ({"model_type": "phi"}, True),
        ({"model_type": "gptj"}, True),
        ({"model_type": "falcon"}, True),
        ({"model_type": "falcon", "parallel_attn": False}, False),
        ({"model_type": "falcon", "parallel_attn": False, "new_decoder_architecture": True}, True),
        ({"model_type": "gpt_neox"}, True),
        ({"model_type": "gpt_neox", "use_parallel_residual": False}, False),
        ({"model_type": "llama"}, False),
    ],
    ids=str,
)
def test_attention_and_feed_forward_part_side_by_side(given, parallel):
    assert model_from(entry(given, "Given")).parallel is parallel


def test_every_family_has_a_checkpoint():
    tested = {config["model_type"] for config, _, _ in CONFIGS.values()}
    assert tested | {"llama4_text"} == set(FAMILIES)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"deepseek_v2", "llama4", "gemma3"}))
def test_what_a_file_leaves_out_is_the_family_s_default(family):
    """An empty file is the configuration class as it stands; these counts are transformers' own for it."""
    assert model_from(entry({"model_type": family}, "Default")).parameters == DEFAULTS[family]


DEFAULTS = {
    "llama": 6_738_415_616,
    "mistral": 7_241_732_096,
    "mixtral": 46_702_792_704,
    "qwen2": 12_049_846_272,
    "qwen2_moe": 14_315_784_192,
    "qwen3": 12_049_461_248,
    "qwen3_moe": 15_350_731_776,
    "gemma": 8_537_680_896,
    "gemma2": 2_614_341_888,
    "gemma3_text": 2_628_658_432,
    "phi": 1_418_270_720,
    "phi3": 3_821_079_552,
    "phimoe": 41_872_793_600,
    "gpt_oss": 116_829_156_672,
    "deepseek_v3": 671_026_404_352,
    "llama4_text": 107_769_861_120,
    "gpt2": 124_439_808,
    "gpt_bigcode": 111_446_784,
    "gptj": 6_050_882_784,
    "gpt_neox": 20_554_567_680,
    "opt": 125_239_296,
    "bloom": 16_156_544,
    "falcon": 6_921_720_704,
    "starcoder2": 3_030_371_328,
    "bert": 109_482_240,
    "roberta": 124_644_864,
    "vit": 85_800_194,
    "t5": 60_506_624,
    "mt5": 300_176_768,
    "whisper": 37_760_640,
    "mamba": 159_308_544,
}


SAME = (
    *("layers", "hidden", "heads", "kv_heads", "ffn", "vocab", "gated", "tied", "bias", "layer_norm", "norms"),
    *("qkv_bias", "qk_norm", "sinks", "windowed_layers", "experts", "latent", "encoder", "extra", "beside"),
    *("kv_bytes", "parameters", "active_parameters"),
)


@pytest.mark.parametrize("name", sorted(KNOWN & set(CONFIGS)))
def test_an_imported_model_is_the_one_in_the_registry(name):
    known = registry.any_model(name)
    made = model_from(entry(CONFIGS[name][0], name))
    if isinstance(known, LayeredModel):
        assert [each.weights for each in made.layers] == [each.weights for each in known.layers]
        return
    for field in SAME:
        if hasattr(known, field):
            assert getattr(made, field) == getattr(known, field), field


@pytest.mark.parametrize("name", CONFIGS)
def test_an_imported_model_survives_its_own_file(name, tmp_path):
    described = entry(CONFIGS[name][0], name)
    path = tmp_path / "model.toml"
    path.write_text(to_toml(described))
    assert model_from_file(str(path)) == model_from(described)


@pytest.mark.parametrize("name", ["Llama-3-8B", "Whisper-large-v3", "ViT-B/16", "Gemma-3-4B", "DeepSeek-V2-Lite"])
def test_engine_solves_what_was_imported(name, tmp_path):
    path = tmp_path / "model.toml"
    path.write_text(to_toml(entry(CONFIGS[name][0], name)))
    given = {} if name == "ViT-B/16" else {"context": 256}
    assert (
        Engine.solve(str(path), "H100", **given).time
        == Engine.solve(ModelSpec.from_huggingface(str(_written(tmp_path, CONFIGS[name][0]))), "H100", **given).time
    )


def _written(folder, config):
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return path


def test_a_folder_a_file_and_a_saved_name(tmp_path):
    folder = tmp_path / "Meta-Llama-3-8B"
    folder.mkdir()
    config, *_ = CONFIGS["Llama-3-8B"]
    (folder / "config.json").write_text(json.dumps(config))
    assert ModelSpec.from_huggingface(str(folder)).name == "Meta-Llama-3-8B"
    assert ModelSpec.from_huggingface(str(folder / "config.json")).name == "Meta-Llama-3-8B"
    assert ModelSpec.from_huggingface(folder).name == "Meta-Llama-3-8B"
    (folder / "other.json").write_text(json.dumps(config | {"_name_or_path": "/home/me/checkpoint-500"}))
    assert ModelSpec.from_huggingface(str(folder / "other.json")).name == "other"
    (folder / "other.json").write_text(json.dumps(config | {"_name_or_path": "meta-llama/Llama-3-8B"}))
    assert ModelSpec.from_huggingface(str(folder / "other.json")).name == "Llama-3-8B"


def test_an_unknown_architecture_is_refused_by_name():
    with pytest.raises(InvalidValue, match="'mega_net'") as caught:
        entry({"model_type": "mega_net"}, "X")
    assert all(family in str(caught.value) for family in FAMILIES)
    with pytest.raises(InvalidValue, match="model_type"):
        entry({"d_model": 768, "n_layer": 24}, "X")
    with pytest.raises(InvalidValue, match="model_type"):
        entry({"model_type": ["llama"]}, "X")


def test_every_mistake_is_told_at_once():
    wrong = {"hidden_size": "wide", "num_hidden_layers": -1, "vocab_size": 1.5, "tie_word_embeddings": "no"}
    with pytest.raises(Mistakes) as caught:
        entry({"model_type": "llama"} | wrong, "X")
    assert len(caught.value.found) == 4
    assert all(key in str(caught.value) for key in wrong)


SLIDING = ["sliding_attention"]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"model_type": "opt", "word_embed_proj_dim": 512, "hidden_size": 1024}, "word_embed_proj_dim"),
        ({"model_type": "mamba", "use_bias": True}, "use_bias"),
        ({"model_type": "deepseek_v3", "attention_bias": True}, "attention_bias"),
        ({"model_type": "gemma3", "text_config": [1]}, "text_config"),
        ({"model_type": "gemma2", "layer_types": ["full_attention"]}, "layer_types"),
        ({"model_type": "gpt_oss", "layer_types": ["flashy"] * 36}, "layer_types"),
        (
            {
                "model_type": "gemma2",
                "num_hidden_layers": 8,
                "layer_types": ["full_attention"] * 7 + SLIDING,
            },
            "no even pattern",
        ),
        ({"model_type": "llama", "num_hidden_layers": 10**9}, "num_hidden_layers"),
        ({"model_type": "qwen3_moe", "mlp_only_layers": "all"}, "mlp_only_layers"),
        ({"model_type": "t5", "feed_forward_proj": 3}, "feed_forward_proj"),
        ({"model_type": "deepseek_v2"}, "num_experts_per_tok"),
    ],
    ids=str,
)
def test_what_is_not_counted_is_refused(config, told):
    with pytest.raises(InvalidInput, match=told):
        model_from(entry(config, "X"))


BESIDE = {"layer_types", "head_dim", "moe_layers"}
KEYS = sorted({key for _, defaults in FAMILIES.values() for key in defaults} | BESIDE)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 70_000),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(-1, 9), max_size=4),
    st.dictionaries(st.sampled_from(KEYS), st.integers(0, 99), max_size=3),
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=400)
@given(st.sampled_from(sorted(FAMILIES)), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_any_content_is_a_model_or_refused(family, content):
    try:
        model = model_from(entry(content | {"model_type": family}, "Any"))
    except InvalidInput as error:
        assert str(error)
    else:
        assert isinstance(model, (ModelSpec, LayeredModel))
        assert model.parameters > 0


@pytest.mark.parametrize("source", ["meta-llama/Llama-3-8B", "gpt2", "https://example.org/config.json"])
def test_the_network_is_used_only_where_it_is_asked_for(source, tmp_path, monkeypatch):
    def connect(*_, **__):
        raise AssertionError("the network was used")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(InvalidValue, match="network=True"):
        ModelSpec.from_huggingface(source)


@pytest.mark.parametrize("source", ["", "  ", None, 7, "no such folder/at all/x", "config.json", "../../etc"])
def test_a_source_that_is_none_is_refused(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for network in (False, True):
        with pytest.raises(InvalidInput):
            ModelSpec.from_huggingface(source, network=network) if source != "../../etc" else entry({}, "")


def test_the_registry_s_gemma_3_has_the_family_s_vocabulary():
    assert Models.Gemma3_27B.vocab == 262_208
    assert Models.Gemma3_1B.vocab == 262_144
