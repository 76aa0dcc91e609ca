"""What the questions about serving refuse, each time with the field, the value, the rule and an example."""

import pytest

from mlsysim import (
    BatchingModel,
    DifferentialExplainer,
    DisaggregatedModel,
    Engine,
    HardwareNode,
    ReplicaModel,
    SensitivitySolver,
    ServingModel,
    SpeculativeDecoding,
    StreamModel,
    TailLatencyModel,
    TensorParallelModel,
)
from mlsysim.check import InvalidInput, InvalidValue, UnknownName

NAN, INF = float("nan"), float("inf")
ONE = {"model": "Llama3_8B", "hardware": "H100"}
PAIR = {"model": "Llama3_70B", "draft": "Llama3_8B", "hardware": "MI300X", "acceptance": 0.8}
H100 = ServingModel().solve(**ONE)

CASES = {
    (TailLatencyModel, ("service_time", "5 ms"), ("load", 0.8)): [
        ("service_time", 0),
        ("service_time", "5 GB"),
        ("service_time", NAN),
        ("service_time", "soon"),
        ("load", 0),
        ("load", -0.5),
        ("load", INF),
        ("load", True),
        ("load", "80 %"),
        ("load", None),
        ("load", 1e9),
        ("servers", 0),
        ("servers", 2.5),
        ("servers", 10**7),
        ("variability", -1),
        ("variability", NAN),
        ("variability", False),
        ("percentile", 99),
        ("percentile", 1.0),
        ("percentile", 0),
        ("promise", "50 B"),
        ("cold_start", -1),
    ],
    (TailLatencyModel, ("service_time", "5 ms"), ("rate", 160)): [
        ("load", 0.8),
        ("rate", 0),
        ("rate", "160/s"),
        ("keep_alive", "5 min"),
        ("cold_fraction", 0.1),
    ],
    (TailLatencyModel, ("service_time", "5 ms"), ("load", 0.8), ("cold_start", "30 s"), ("keep_alive", "5 min")): [
        ("keep_alive", "5 m"),
        ("cold_fraction", 0.1),
    ],
    (TailLatencyModel, ("service_time", "5 ms"), ("load", 0.8), ("cold_start", "30 s")): [
        ("cold_fraction", 1.5),
        ("cold_fraction", -0.1),
    ],
    (StreamModel, *ONE.items(), ("rate", 4)): [
        ("rate", 0),
        ("rate", NAN),
        ("requests", 0),
        ("requests", 10**8),
        ("policy", "dynamic"),
        ("policy", 3),
        ("slots", 0),
        ("chunk", -1),
        ("prompt", 0),
        ("output", 0.5),
        ("output_variability", -1),
        ("prompt_variability", INF),
        ("percentile", 99),
        ("ttft", "1 GB"),
        ("itl", 0),
        ("seed", 1.5),
        ("seed", True),
    ],
    (BatchingModel, *ONE.items()): [
        ("prompt", -5),
        ("output", 0.5),
        ("output", 8000),
        ("output", "many"),
        ("batch", 0),
        ("output_variability", 2),
        ("prefix", 512),
        ("prefix", -1),
        ("prefix", True),
        ("block", 0),
        ("ttft", "fast"),
        ("itl", -1),
        ("precision", "fp17"),
    ],
    (BatchingModel, *ONE.items(), ("prefix", 100)): [("prefix_hits", 1.2), ("prefix_hits", "all")],
    (SpeculativeDecoding, *PAIR.items()): [
        ("acceptance", 1.1),
        ("acceptance", -0.1),
        ("acceptance", None),
        ("guesses", 0),
        ("guesses", 1000),
        ("draft", "Llama3_70B"),
        ("draft_weights", "int3"),
    ],
    (TensorParallelModel, *ONE.items(), ("gpus", 2)): [
        ("gpus", 0),
        ("gpus", 3),
        ("gpus", 2.5),
        ("gpus", 4096),
        ("link", "900 GB"),
        ("link", 0),
        ("model", "H100"),
    ],
    (ReplicaModel, *ONE.items()): [
        ("gpus", 3),
        ("output", 1),
        ("output", 0),
        ("prompt", 0),
        ("batch", 0),
        ("itl", "50 GB"),
        ("weights", "int3"),
    ],
    (DisaggregatedModel, ("model", "Llama3_8B"), ("reading", "H100"), ("writing", "A100"), ("link", "50 GB/s")): [
        ("link", "400 Gb/s"),
        ("latency", 0),
        ("output", 8000),
        ("prompt", 0),
        ("batch", -1),
    ],
    (SensitivitySolver, *ONE.items()): [
        ("metric", "itll"),
        ("metric", "_itl"),
        ("metric", ""),
        ("metric", 3),
        ("metric", "workload"),
        ("metric", "feasible"),
        ("solver", 7),
        ("hardware", "Llama3_8B"),
    ],
}  # fmt: skip
ROWS = [(solver, dict(plain), field, value) for (solver, *plain), rows in CASES.items() for field, value in rows]


@pytest.mark.parametrize(("solver", "plain", "field", "value"), ROWS, ids=str)
def test_refuses(solver, plain, field, value):
    with pytest.raises(InvalidInput) as caught:
        solver().solve(**(plain | {field: value}))
    tells(caught.value, field)


SWEEP = [
    ("batch", []),
    ("batch", [1, 0]),
    ("batch", [1, True]),
    ("batch", "8"),
    ("batch", range(0)),
    ("context", [1024, 9000]),
    ("context", [NAN]),
    ("precision", ["fp16", "fp17"]),
    ("weights", ["fp32"]),
    ("weights", ["int3"]),
    ("hardware", ["H100", "H1000"]),
    ("hardware", []),
    ("model", ["Llama3_8B", "H100"]),
    ("prompt", 2048),
    ("prompt", 0),
    ("kv_precision", "half"),
    ("efficiency", 2),
]


@pytest.mark.parametrize(("field", "value"), SWEEP, ids=str)
def test_a_sweep_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        Engine.sweep(**(ONE | {field: value}))
    tells(caught.value, field)


def test_a_sweep_beyond_any_memory_is_refused():
    with pytest.raises(InvalidInput, match="at most 100,000,000 configurations"):
        Engine.sweep(**ONE, batch=range(1, 20_001), context=range(1, 8001))


@pytest.mark.parametrize(
    ("before", "after", "phase", "field"),
    [
        (None, H100, None, "before"),
        (H100, "H100", None, "after"),
        (H100, H100, "training", "phase"),
        (Engine.solve(**ONE), Engine.solve(**ONE, phase="prefill"), None, "after"),
    ],
)
def test_a_comparison_refuses(before, after, phase, field):
    with pytest.raises(InvalidInput) as caught:
        DifferentialExplainer().solve(before, after, phase=phase)
    tells(caught.value, field)


def test_results_refuse_what_they_do_not_know():
    with pytest.raises(UnknownName):
        SensitivitySolver().solve(**ONE).gain("bandwith", 2)
    with pytest.raises(InvalidValue):
        SensitivitySolver().solve(**ONE).gain("peak", 0)
    with pytest.raises(UnknownName):
        DifferentialExplainer().solve(H100, H100).most("friction")


def test_what_does_not_change_has_no_percentages():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory=1e9, memory_bandwidth=1e12)
    with pytest.raises(InvalidValue, match="no percentages"):
        SensitivitySolver().solve(model="Llama3_8B", hardware=mine, metric="max_batch")


def tells(error: InvalidInput, field: str) -> None:
    sentence = str(error)
    assert field in sentence
    if isinstance(error, UnknownName):
        assert all(name in sentence for name in error.closest)
    else:
        assert isinstance(error, InvalidValue)
        assert error.rule in sentence
        assert f"For example: {error.example}." in sentence
    assert len(sentence) < 400
