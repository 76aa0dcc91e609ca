import math
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import Engine, Hardware, Models, ServingModel
from mlsysim import sweep as swept
from mlsysim.sweep import sweep

MODELS, MACHINES = list(Models), list(Hardware)
GPUS = [machine for machine in MACHINES if "fp16" in machine.peak]
GRID = {"model": "Llama3_8B", "hardware": ["A100", "H100", "T4"], "batch": [1, 7, 64, 4000], "context": [1, 100, 8192]}
GRID |= {"precision": ["fp16", "int8"], "weights": [None, "int4"]}


@pytest.fixture(params=["arrays", "lists"])
def way(request, monkeypatch):
    if request.param == "lists":
        monkeypatch.setitem(sys.modules, "numpy", None)
    else:
        pytest.importorskip("numpy")
    return request.param


def check(row, **more):
    """The row is what ServingModel says."""
    asked = {name: row[name] for name in ("model", "hardware", "precision", "batch", "context")}
    stored = None if row["weights"] == row["precision"] else row["weights"]
    answer = ServingModel().solve(**asked, weights=stored, **more)
    same = pytest.approx
    for name, estimate in (("itl", answer.itl), ("ttft", answer.ttft)):
        assert row[f"{name}_lower"] == same(estimate.lower, rel=1e-12)
        assert row[name] == same(estimate.expected, rel=1e-12)
        assert row[f"{name}_upper"] == same(estimate.upper, rel=1e-12)
    assert row["throughput"] == same(answer.throughput.expected, rel=1e-12)
    assert row["memory"] == same(answer.memory.total, rel=1e-12)
    assert row["feasible"] == answer.feasible
    assert row["bound_by"] == answer.decode.bound_by


def test_a_grid_is_what_serving_model_says(way):
    table = sweep(**GRID)
    assert len(table) == 3 * 4 * 3 * 2 * 2
    assert isinstance(table["itl"], list) == (way == "lists")
    rows = list(table.rows())
    assert [(row["batch"], row["context"]) for row in rows[:4]] == [(1, 1), (1, 100), (1, 8192), (7, 1)]
    for row in rows:
        check(row)


@given(
    st.sampled_from(MODELS), st.sampled_from(GPUS), st.lists(st.integers(1, 5000), min_size=1, max_size=4),
    st.lists(st.integers(1, 1024), min_size=1, max_size=4), st.sampled_from([0.4, "auto"]),
)  # fmt: skip
@settings(max_examples=40)
def test_every_model_and_machine_of_the_registry(model, machine, batches, contexts, efficiency):
    for row in sweep(model=model, hardware=machine, batch=batches, context=contexts, efficiency=efficiency).rows():
        check(row, efficiency=efficiency)


def test_a_prompt_is_part_of_every_context(way):
    for row in sweep(model="Llama3_8B", hardware="H100", batch=[1, 9], context=[512, 600], prompt=512).rows():
        check(row, prompt=512)


def test_a_precision_a_machine_lacks_is_an_answer(way):
    table = sweep(model="Llama3_8B", hardware=["A100", "H100"], precision="fp8", batch=[1, 2])
    assert list(table["feasible"]) == [False, False, True, True]
    assert list(table["bound_by"])[:2] == ["precision", "precision"]
    assert math.isnan(table["itl"][0])
    assert len(table.where()) == 2


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_gives_the_same(pool, monkeypatch):
    monkeypatch.setattr(swept, "PIECE", 6)
    with pool(2) as executor:
        shared = sweep(**GRID, executor=executor)
    alone = sweep(**GRID)
    assert shared.to_csv() == alone.to_csv()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same(monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(swept, "PIECE", 6)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        shared = sweep(**GRID, executor=client.get_executor())
    assert shared.to_csv() == sweep(**GRID).to_csv()


def test_the_engine_sweeps_and_one_value_is_enough():
    table = Engine.sweep("Llama3_8B", "H100", batch=range(1, 4))
    assert list(table["batch"]) == [1, 2, 3]
    assert table.row(0)["itl"] == Engine.solve("Llama3_8B", "H100").time.expected
    assert len(sweep(model=["GPT2", Models.Llama3_8B], hardware=Hardware.Cloud.H100)) == 2


def test_columns_are_arrays_of_numbers():
    pytest.importorskip("numpy")
    table = sweep(**GRID)
    assert table["itl"].dtype == table["memory"].dtype == float
    assert table["batch"].dtype == int
    assert table["feasible"].dtype == bool
