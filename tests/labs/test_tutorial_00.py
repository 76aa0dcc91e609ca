"""Tutorial 0: its keys against closed forms, and each setting of its controls."""

import itertools

import pytest

import assemble
import catalog
from mlsysim import Engine, Hardware, Models

ROW = next(row for row in catalog.tutorials() if row.number == "00")
MI300X, LLAMA, CONTEXT = Hardware.Cloud.MI300X, Models.Llama3_8B, 1024


@pytest.fixture(scope="module")
def defined():
    return assemble.load(ROW)[1]


def test_the_share_is_that_of_operations_over_what_the_time_had_room_for(defined):
    fetched = LLAMA.parameters - LLAMA.vocab * LLAMA.hidden  # of the embedding one row
    kv_cache = 2 * 2 * LLAMA.layers * LLAMA.kv_heads * LLAMA.head_dim * CONTEXT
    operations = 2 * fetched + 4 * LLAMA.layers * LLAMA.heads * LLAMA.head_dim * CONTEXT
    share, step = defined["answers"]()["busy"] / 100, defined["writes"]("MI300X").phase
    time = (2 * fetched + kv_cache) / (step.efficiency.bandwidth.expected * MI300X.memory_bandwidth)
    time += step.kernels * step.efficiency.launch.expected
    assert share == pytest.approx(operations / time / MI300X.rate("bf16"), rel=2e-3)


def test_no_software_would_make_it_half_a_percent(defined):
    step = defined["writes"]("MI300X").phase
    assert defined["busy"]("MI300X") < step.intensity / step.ridge < 0.005
    assert all(defined["busy"](machine) < 0.01 for machine in defined["SERVERS"])


def test_one_place_alone_waits_for_arithmetic_and_clearly_so(defined):
    key = defined["answers"]()["waits"]
    for place, (job, machine, batch) in defined["PLACES"].items():
        step = Engine.solve(job, machine, batch=batch).phase
        leads = step.compute_time.expected / step.memory_time.expected
        assert (leads > 3) == (step.intensity > 3 * step.ridge) == (place == key)
        assert place == key or leads < 1 / 3


def test_every_setting_has_an_answer_and_both_sides_can_be_reached(defined):
    settings = itertools.product(defined["JOBS"], defined["ANYWHERE"], defined["BATCHES"])
    answers = {each: Engine.solve(each[0], each[1], batch=each[2]) for each in settings}
    assert {"memory bandwidth", "compute throughput", "overhead"} == {answer.bound_by for answer in answers.values()}
    assert not answers["Llama3_8B", "Raspberry Pi 5", 1].feasible
    assert answers["Llama3_8B", "MI300X", 256].feasible
    for answer in answers.values():
        symbols = [line.split()[0] for line in answer.equation().splitlines()]
        assert symbols[:2] == ["D/BW", "O/R"] and symbols[-1] == "T" and {*symbols[2:-1]} <= {"W", "L", "H"}
