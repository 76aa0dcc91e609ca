import pytest

from mlsysim import DSE, Engine
from mlsysim.check import InvalidInput

BATCHES = [1, 2, 4, 8, 16, 32, 64, 128]


def search(space=None, **asked):
    plain = {"model": "Llama3_8B", "hardware": ["A100", "H100", "L40S"], "batch": BATCHES}
    return DSE(**(plain | (space or {}))).search(**asked)


def test_the_best_is_the_best_of_nested_loops():
    answer = search(maximize="throughput", at_most={"itl": "10 ms"})
    loops = [
        (batch / found.time.expected, machine, batch)
        for machine in ("A100", "H100", "L40S")
        for batch in BATCHES
        for found in [Engine.solve("Llama3_8B", machine, batch=batch)]
        if found.feasible and found.time.expected <= 0.010
    ]
    throughput, machine, batch = max(loops)
    assert answer.best["throughput"] == pytest.approx(throughput)
    assert (answer.best["hardware"], answer.best["batch"]) == (machine, batch)
    assert len(answer.kept) == len(loops)
    assert answer.feasible
    assert answer.reasons == ()
    assert "24 configurations" in answer.explain()


def test_the_front_trades_latency_for_throughput():
    answer = search(minimize="itl")
    front = answer.pareto(minimize=["itl"], maximize=["throughput"])
    rows = sorted(front.rows(), key=lambda row: row["itl"])
    assert len(rows) > 3
    assert [row["throughput"] for row in rows] == sorted(row["throughput"] for row in rows)
    assert answer.best["itl"] == rows[0]["itl"]


def test_by_default_every_machine_is_tried():
    found = set(DSE(model="Llama3_8B").search(minimize="itl").table["hardware"])
    assert {"A100", "H100", "MI300X", "nRF52840"} <= found


def test_a_limit_nothing_holds_names_the_nearest():
    answer = search(minimize="itl", at_most={"itl": "1 ms"}, at_least={"throughput": 1e6})
    assert answer.best is None
    assert [reason.wall for reason in answer.reasons] == [6, 5]
    assert all("The nearest has" in reason.subject for reason in answer.reasons)
    assert answer.reasons[0].value > answer.reasons[0].maximum == 0.001
    assert answer.reasons[1].value < answer.reasons[1].maximum
    assert answer.reasons[0].sentence() in answer.explain()
    assert [each.symbol for each in answer.basis] == ["itl", "throughput"]


def test_limits_that_exclude_each_other_are_told():
    answer = search(minimize="itl", at_most={"itl": "8 ms"}, at_least={"throughput": 5000})
    (reason,) = answer.reasons
    assert "not throughput and itl together" in reason.subject


def test_where_nothing_fits_it_says_how_much_is_missing():
    (reason,) = search({"model": "Llama3_70B"}, minimize="itl").reasons
    assert (reason.verdict, reason.wall) == ("Nothing fits.", 2)
    assert reason.value > 141e9


def test_a_batch_can_be_a_limit():
    answer = search(maximize="batch", at_least={"batch": 8}, at_most={"context": 2048})
    assert answer.best["batch"] == 128
    assert min(answer.kept["batch"]) == 8


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"minimize": "itl", "maximize": "throughput"},
        {"minimize": "latency"},
        {"minimize": "hardware"},
        {"minimize": 3},
        {"maximize": "throughput", "at_most": {"itl": "20 GB"}},
        {"maximize": "throughput", "at_most": {"itl": -1}},
        {"maximize": "throughput", "at_most": {"speed": 1}},
        {"maximize": "throughput", "at_most": "itl"},
        {"maximize": "throughput", "at_least": {"throughput": "fast"}},
        {"maximize": "throughput", "at_least": {"batch": True}},
    ],
    ids=str,
)
def test_a_search_refuses(asked):
    with pytest.raises(InvalidInput):
        search(**asked)
