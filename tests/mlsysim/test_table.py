import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.check import InvalidInput
from mlsysim.table import Table

ROWS = {"name": ["a", "b", "c", "d"], "itl": [0.01, 0.02, 0.01, float("nan")], "memory": [4.0, 2.0, 3.0, 1.0]}


def arrays():
    numpy = pytest.importorskip("numpy")
    return {name: numpy.array(column, dtype=object if name == "name" else float) for name, column in ROWS.items()}


@pytest.mark.parametrize("columns", [lambda: ROWS, arrays], ids=["lists", "arrays"])
def test_lists_and_arrays_do_the_same(columns):
    columns = columns()
    feasible = [True, True, True, False] if isinstance(columns["itl"], list) else columns["itl"] == columns["itl"]
    table = Table(columns | {"feasible": feasible})
    assert len(table) == 4
    assert table.columns == ("name", "itl", "memory", "feasible")
    assert list(table.where()["name"]) == ["a", "b", "c"]
    assert list(table.where({"itl": 0.015})["name"]) == ["a", "c"]
    assert list(table.where({"itl": 0.015}, {"memory": 4})["name"]) == ["a"]
    assert list(table.best(2, minimize="memory")["name"]) == ["d", "b"]
    assert list(table.best(1, maximize="memory")["name"]) == ["a"]
    assert table.row(1) == {"name": "b", "itl": 0.02, "memory": 2.0, "feasible": True}
    assert type(table.row(1)["itl"]) is float
    assert list(table.where().pareto(minimize=["itl", "memory"])["name"]) == ["b", "c"]
    assert list(table.where().pareto(minimize=["itl"], maximize=["memory"])["name"]) == ["a"]


@pytest.mark.parametrize("columns", [lambda: ROWS, arrays], ids=["lists", "arrays"])
def test_a_frame_carries_units(columns):
    pytest.importorskip("pandas")
    frame = Table(columns()).to_frame()
    assert list(frame.columns) == ["name", "itl_s", "memory_B"]
    assert frame["memory_B"].sum() == 10


def test_text_carries_units_and_comes_back():
    table = Table(ROWS)
    rows = list(csv.DictReader(io.StringIO(table.to_csv())))
    assert [row["name"] for row in rows] == ROWS["name"]
    assert [float(row["memory_B"]) for row in rows] == ROWS["memory"]
    parsed = json.loads(table.to_json())
    assert parsed[0] == {"name": "a", "itl_s": 0.01, "memory_B": 4.0}
    assert parsed[3]["itl_s"] is None


points = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=40)


@given(points)
def test_the_front_is_all_that_nothing_beats(points):
    """Against every pair."""
    x, y, z = (list(column) for column in zip(*points, strict=True))
    front = Table({"at": list(range(len(points))), "x": x, "y": y, "z": z}).pareto(minimize=["x", "y"], maximize=["z"])

    def beats(a, b):
        pairs = [(a[0], b[0]), (a[1], b[1]), (-a[2], -b[2])]
        return all(p <= q for p, q in pairs) and any(p < q for p, q in pairs)

    brute = [i for i, point in enumerate(points) if not any(beats(other, point) for other in points)]
    assert front["at"] == brute


def test_an_empty_table_is_a_table():
    table = Table({"itl": []})
    assert len(table) == len(Table({})) == 0
    assert table.to_json() == "[]"
    assert len(table.best(3, minimize="itl")) == len(table.pareto(minimize=["itl"])) == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda table: table["iti"],
        lambda table: table.best(1),
        lambda table: table.best(1, minimize="itl", maximize="itl"),
        lambda table: table.best(0, minimize="itl"),
        lambda table: table.best(1, minimize="memroy"),
        lambda table: table.pareto(),
        lambda table: table.pareto(minimize="itl"),
        lambda table: table.pareto(maximize="itl"),
        lambda table: table.where({"latency": 1}),
    ],
)
def test_a_table_refuses(ask):
    with pytest.raises(InvalidInput):
        ask(Table(ROWS))


def test_without_pandas_it_says_what_does_without(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_csv and to_json do without"):
        Table(ROWS).to_frame()
