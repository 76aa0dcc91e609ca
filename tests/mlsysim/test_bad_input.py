"""What is refused, each time with the field, the value, the rule and an example, and before any arithmetic."""

import pickle
from decimal import Decimal

import pytest

from mlsysim import HardwareNode, ModelSpec, NetworkModel, ServingModel, SynthesisSolver
from mlsysim.architecture import Experts, Latent
from mlsysim.check import InvalidInput, InvalidValue, UnknownName
from mlsysim.registry import Hardware, Models

NAN, INF = float("nan"), float("inf")

SERVING = [
    ("model", None),
    ("model", ""),
    ("model", 8e9),
    ("model", "Llama9_900B"),
    ("model", "H100"),
    ("model", Hardware.Cloud.H100),
    ("hardware", None),
    ("hardware", "   "),
    ("hardware", 3.35e12),
    ("hardware", "H1000"),
    ("hardware", "Llama3_8B"),
    ("hardware", Models.Llama3_8B),
    ("batch", 0),
    ("batch", -1),
    ("batch", 1.5),
    ("batch", True),
    ("batch", "8"),
    ("batch", NAN),
    ("batch", INF),
    ("batch", 10**7),
    ("batch", 10**400),
    ("batch", None),
    ("context", 0),
    ("context", -1024),
    ("context", 8193),
    ("context", "1k"),
    ("context", NAN),
    ("context", False),
    ("prompt", 0),
    ("prompt", 2048),
    ("prompt", 0.5),
    ("prompt", "all"),
    ("precision", "fp17"),
    ("precision", 16),
    ("precision", "fp4"),
    ("precision", None),
    ("weights", "int3"),
    ("weights", "fp32"),
    ("weights", 4),
    ("kv_precision", "half"),
    ("kv_precision", 8),
    ("efficiency", 0),
    ("efficiency", -0.5),
    ("efficiency", 1.5),
    ("efficiency", NAN),
    ("efficiency", INF),
    ("efficiency", True),
    ("efficiency", "high"),
    ("efficiency", "0.5"),
    ("efficiency", None),
    ("efficiency", Decimal("0.5")),
]


@pytest.mark.parametrize(("field", "value"), SERVING, ids=str)
def test_serving_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        ServingModel().solve(**({"model": "Llama3_8B", "hardware": "H100"} | {field: value}))
    tells(caught.value, field)


MACHINE = [
    ("name", ""),
    ("name", 7),
    ("kind", "quantum"),
    ("peak", {}),
    ("peak", "500 TFLOP/s"),
    ("peak", None),
    ("peak", {"fp17": 1e15}),
    ("peak", {"fp16": "fast"}),
    ("peak", {"fp16": "500 TB/s"}),
    ("peak", {"fp16": 500}),
    ("peak", {"fp16": NAN}),
    ("memory", 0),
    ("memory", -80e9),
    ("memory", INF),
    ("memory", "80"),
    ("memory", "80 GB/s"),
    ("memory", "80 Gb"),
    ("memory", "eighty GB"),
    ("memory", True),
    ("memory", None),
    ("memory", 10**400),
    ("memory", "1e30 GB"),
    ("memory_bandwidth", 3.35),
    ("memory_bandwidth", "3.35 TB"),
    ("memory_bandwidth", 1e30),
    ("cache", "50 MHz"),
    ("tdp", "700 J"),
    ("tdp", -700),
    ("link", "-1 GB/s"),
    ("flash", ""),
]


@pytest.mark.parametrize(("field", "value"), MACHINE, ids=str)
def test_a_machine_refuses(field, value):
    plain = {"name": "Mine", "peak": {"fp16": 1e15}, "memory": "96 GB", "memory_bandwidth": "4 TB/s"}
    with pytest.raises(InvalidInput) as caught:
        HardwareNode(**(plain | {field: value}))
    tells(caught.value, field)


MODEL = [
    ("name", ""),
    ("layers", 0),
    ("layers", 2.5),
    ("hidden", -64),
    ("hidden", 65),
    ("heads", "4"),
    ("kv_heads", 3),
    ("kv_heads", -1),
    ("head_dim", 1.5),
    ("ffn", NAN),
    ("vocab", None),
    ("max_context", 10**12),
    ("norms", 0),
    ("norms", 9),
    ("norms", "two"),
    ("window", -4096),
    ("window", 0.5),
    ("window", True),
    ("global_every", 2),
    ("experts", 8),
    ("experts", {"count": 8}),
    ("latent", 512),
    ("experts.dense_layers", Experts(count=8, active=2, inner=64, dense_layers=2)),
]


@pytest.mark.parametrize(("field", "value"), MODEL, ids=str)
def test_a_model_refuses(field, value):
    plain = {"name": "Mine", "layers": 2, "hidden": 64, "heads": 4, "ffn": 256, "vocab": 1000, "max_context": 128}
    with pytest.raises(InvalidInput) as caught:
        ModelSpec(**(plain | {field.partition(".")[0]: value}))
    tells(caught.value, field)


PARTS = [
    (Experts, "count", 0),
    (Experts, "count", NAN),
    (Experts, "active", 9),
    (Experts, "active", True),
    (Experts, "inner", "wide"),
    (Experts, "shared", -1),
    (Experts, "dense_layers", 0.5),
    (Latent, "kv_rank", 0),
    (Latent, "content", INF),
    (Latent, "position", -64),
    (Latent, "value", None),
    (Latent, "query_rank", 1.5),
]


@pytest.mark.parametrize(("part", "field", "value"), PARTS, ids=str)
def test_a_part_of_a_model_refuses(part, field, value):
    plain = {
        Experts: {"count": 8, "active": 2, "inner": 64},
        Latent: {"kv_rank": 512, "content": 128, "position": 64, "value": 128},
    }[part]
    with pytest.raises(InvalidInput) as caught:
        part(**(plain | {field: value}))
    tells(caught.value, f"{part.__name__.lower()}.{field}")


@pytest.mark.parametrize("value", [0, -0.04, NAN, INF, "40", "40 GB", "soon", True, None, 1e30, [0.04]], ids=str)
def test_synthesis_refuses(value):
    with pytest.raises(InvalidInput) as caught:
        SynthesisSolver().solve(model="Llama3_8B", itl=value)
    tells(caught.value, "itl")


@pytest.mark.parametrize(("field", "value"), [("distance", "1500"), ("distance", "50000 km"), ("promise", "10 km")])
def test_the_network_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        NetworkModel().solve(**({"distance": "1500 km", "promise": "10 ms"} | {field: value}))
    tells(caught.value, field)


def tells(error: InvalidInput, field: str) -> None:
    sentence = str(error)
    assert field in sentence
    if isinstance(error, UnknownName):
        assert error.closest
        assert all(name in sentence for name in error.closest)
    else:
        assert isinstance(error, InvalidValue)
        assert error.rule in sentence
        assert f"For example: {error.example}." in sentence
    assert len(sentence) < 400


def test_a_refusal_travels_between_processes():
    for field, value in (("batch", 0), ("model", "H100")):
        with pytest.raises(InvalidInput) as caught:
            ServingModel().solve(**({"model": "Llama3_8B", "hardware": "H100"} | {field: value}))
        there = pickle.loads(pickle.dumps(caught.value))
        assert type(there) is type(caught.value)
        assert str(there) == str(caught.value)


@pytest.mark.parametrize("machine", ["A100", "T4"])
def test_a_precision_the_machine_lacks_names_those_it_has(machine):
    with pytest.raises(InvalidValue, match="computes in fp16"):
        ServingModel().solve(model="Llama3_8B", hardware=machine, precision="fp8")


def test_whole_numbers_of_other_kinds_are_taken():
    answer = ServingModel().solve(model="Llama3_8B", hardware="H100", batch=8.0, efficiency=1)
    assert answer.workload.batch == 8
    assert type(answer.workload.batch) is int
