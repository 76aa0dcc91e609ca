import copy
import pickle
from dataclasses import replace

import pytest

from mlsysim.check import InvalidValue, UnknownName
from mlsysim.records import Datum, HardwareNode, ModelSpec
from mlsysim.registry import Hardware, Models


def test_ones_own_machine_in_five_lines():
    mine = HardwareNode(
        name="Mine",
        peak={"fp16": "500 TFLOP/s", "INT8": 1e15},
        memory="96 GB",
        memory_bandwidth="4 TB/s",
    )
    assert (mine.memory, mine.memory_bandwidth, mine.rate("int8")) == (96e9, 4e12, 1e15)
    assert mine.ridge_point("fp16") == 125.0
    assert mine.full_name == "Mine"


def test_ones_own_figure_says_that_it_is_ones_own():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory=1e9, memory_bandwidth=1e12, tdp="400 W")
    assert mine.datum("tdp") == Datum(400.0, "W", "given for Mine", "", "estimate", "not from a data sheet")
    assert mine.datum("peak.fp16").value == 1e15


def test_a_changed_copy_does_not_keep_the_old_passport():
    faster = replace(Hardware.Cloud.H100, memory_bandwidth=4.8e12)
    assert Hardware.Cloud.H100.datum("memory_bandwidth").tier == "datasheet"
    assert faster.datum("memory_bandwidth").tier == "estimate"
    assert faster.datum("memory").tier == "datasheet"


@pytest.mark.parametrize("name", ["colour", "peak.fp4", "flash", "name", "peak", ""])
def test_a_figure_that_is_not_there_names_the_closest(name):
    with pytest.raises(UnknownName) as caught:
        Hardware.Cloud.H100.datum(name)
    assert len(caught.value.closest) == 3


def test_a_figure_needs_a_source_a_known_tier_and_its_value_in_its_range():
    with pytest.raises(InvalidValue, match="without a source"):
        Datum(1.0, "s", "", "2026-11-21", "measured")
    with pytest.raises(InvalidValue, match="tier is 'hearsay'"):
        Datum(1.0, "s", "x", "2026-11-21", "hearsay")
    with pytest.raises(InvalidValue, match="lower"):
        Datum(1.0, "s", "x", "2026-11-21", "measured", lower=2.0)
    with pytest.raises(InvalidValue, match="upper"):
        Datum(1.0, "s", "x", "2026-11-21", "measured", upper=0.5)


def test_records_cannot_be_changed():
    with pytest.raises(AttributeError):
        Hardware.Cloud.H100.memory = 1.0
    with pytest.raises(TypeError):
        Hardware.Cloud.H100.peak["fp16"] = 1.0


@pytest.mark.parametrize(
    "record", [Hardware.Cloud.H100, Models.Llama3_8B, Models.DeepSeek_V3], ids=lambda record: record.name
)
def test_records_travel_between_processes(record):
    there = pickle.loads(pickle.dumps(record))
    assert there == record
    assert there.passports == record.passports
    assert copy.deepcopy(record) == record
    assert hash(there) == hash(record)


def attention_shapes(spec: ModelSpec) -> list[tuple[int, int]]:
    if spec.latent:
        part, wide = spec.latent, spec.heads * (spec.latent.content + spec.latent.position)
        shapes = [(spec.hidden, part.kv_rank + part.position), (part.kv_rank, spec.heads * (part.content + part.value))]
        shapes += (
            [(spec.hidden, part.query_rank), (part.query_rank, wide)] if part.query_rank else [(spec.hidden, wide)]
        )
        return [*shapes, (spec.heads * part.value, spec.hidden)]
    wide, kv = spec.heads * spec.head_dim, spec.kv_heads * spec.head_dim
    return [(spec.hidden, wide), (spec.hidden, kv), (spec.hidden, kv), (wide, spec.hidden)]


def fed_shapes(spec: ModelSpec, inner: int) -> list[tuple[int, int]]:
    return [(spec.hidden, inner)] * (2 if spec.gated else 1) + [(inner, spec.hidden)]


def brute_force_parameters(spec: ModelSpec, experts: int | None = None) -> int:
    """Every tensor of the checkpoint, by its shape, with so many of the experts."""
    total = spec.vocab * spec.hidden * (1 if spec.tied else 2) + spec.learned_positions * spec.hidden
    total += spec.extra + (spec.beside if experts is None else 0) + (spec.encoder.parameters if spec.encoder else 0)
    total += spec.hidden * (2 if spec.layer_norm else 1)
    for layer in range(spec.layers):
        attention, mixed = attention_shapes(spec), spec.experts and layer >= spec.experts.dense_layers
        matrices = list(attention)
        if spec.encoder:
            matrices += attention
        if mixed:
            matrices.append((spec.hidden, spec.experts.count))
            awake = fed_shapes(spec, spec.experts.inner) * (spec.experts.count if experts is None else experts)
            matrices += awake + fed_shapes(spec, spec.experts.shared_inner) * spec.experts.shared
        else:
            matrices += fed_shapes(spec, spec.ffn)
        total += sum(rows * columns for rows, columns in matrices)
        total += spec.norms * spec.hidden * (2 if spec.layer_norm else 1)
        total += sum(columns for _, columns in matrices) if spec.bias else 0
        total += sum(columns for _, columns in attention[:3]) if spec.qkv_bias else 0
        total += 2 * spec.head_dim * spec.qk_norm + spec.heads * spec.sinks
        total += spec.latent.query_rank + spec.latent.kv_rank if spec.latent else 0
    return total


def published_digits(count: float) -> int:
    return len(f"{count:.0f}".rstrip("0"))


@pytest.mark.parametrize("spec", [*Models, *Models.EncoderDecoder], ids=lambda spec: spec.name)
def test_parameters_follow_from_the_architecture(spec):
    datum = spec.datum("parameters")
    published = datum.value
    assert spec.parameters == brute_force_parameters(spec)
    if datum.upper is not None:
        assert datum.lower <= spec.parameters <= datum.upper
    elif published_digits(published) > 5:
        assert spec.parameters == published
    else:
        assert spec.parameters == pytest.approx(published, rel=0.005)


def test_there_are_models_of_every_kind():
    assert len(list(Models)) + len(Models.EncoderDecoder) + len(Models.Layered) >= 90
    families = {each.family for each in Models.Layered}
    assert families >= {"CNN", "MLP", "encoder", "diffusion", "state space", "recommender"}


@pytest.mark.parametrize("spec", [each for each in Models if each.experts], ids=lambda spec: spec.name)
def test_active_parameters_follow_from_the_experts_chosen(spec):
    """Publishers differ on whether the embedding table counts; they round, or cut, to two digits."""
    published = spec.datum("active_parameters").value
    assert spec.active_parameters == brute_force_parameters(spec, spec.experts.active)
    assert 0.975 * (spec.active_parameters - spec.embedding_parameters) <= published <= 1.01 * spec.active_parameters


def test_in_a_dense_model_every_parameter_is_active():
    assert Models.Llama3_8B.active_parameters == Models.Llama3_8B.parameters
    assert Models.Llama3_8B.expert_parameters == 0


def test_a_model_without_a_published_count_says_so():
    mine = ModelSpec(name="Mine", layers=2, hidden=64, heads=4, ffn=256, vocab=1000, max_context=128)
    with pytest.raises(UnknownName, match="datum 'parameters'"):
        mine.datum("parameters")
    assert mine.full_name == "Mine"
