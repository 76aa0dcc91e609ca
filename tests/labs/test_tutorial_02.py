"""Tutorial 2: its keys against closed forms and a sum over every token, and what its sentences say of every setting."""

import itertools
import sys
from math import log

import pytest

import assemble
import catalog
import mlsysim as ms

ROW = next(row for row in catalog.tutorials() if row.number == "02")


@pytest.fixture(scope="module")
def tutorial():
    return assemble.load(ROW)[0]


@pytest.fixture(scope="module")
def module(tutorial):
    return sys.modules[ROW.notebook.stem]


def settings(part):
    names = [control.name for control in part.controls]
    for values in itertools.product(*(control.values for control in part.controls)):
        yield dict(zip(names, values, strict=True))


def test_reading_is_two_operations_a_weight_and_writing_two_bytes_a_weight_a_token(module):
    """989.4 TFLOP/s and 3.35 TB/s; 7.5e9 weights multiply each token. The rest of the time is launches."""
    eta = module.request("H100", 1024, 256).efficiency
    read = 2 * 7.5e9 * 1024 / (989.4e12 * eta.compute.expected)
    written = 255 * 2 * 7.5e9 / (3.35e12 * eta.bandwidth.expected)
    assert module.answers()["alone"] == pytest.approx(100 * read / (read + written), rel=0.08)


@pytest.mark.parametrize(("people", "key"), [(1, "alone"), (64, "crowd")])
def test_the_share_is_that_of_a_sum_over_every_single_token(module, people, key):
    given = {"model": "Llama3_8B", "hardware": "H100", "prompt": 1024, "batch": people, "precision": "bf16"}
    read = ms.ServingModel().solve(**given, context=1024).ttft.expected
    written = sum(ms.ServingModel().solve(**given, context=tokens).itl.expected for tokens in range(1025, 1280))
    assert module.answers()[key] == pytest.approx(100 * read / (read + written), rel=1e-3)


def test_prompts_are_read_one_after_another_and_weights_fetched_once(module):
    one, many = module.request("H100", 1024, 256), module.request("H100", 1024, 256, 64)
    assert many.ttft.expected == pytest.approx(64 * one.ttft.expected, rel=1e-9)
    assert many.decode.bytes["kv_cache"] == pytest.approx(64 * one.decode.bytes["kv_cache"])
    assert many.decode.bytes["weights"] == pytest.approx(one.decode.bytes["weights"], rel=1e-3)


def test_the_keys_can_be_read_off_the_instruments(module, tutorial):
    one, many = (next(part for part in tutorial.parts if part.letter == letter) for letter in "AB")
    assert {"machine": "H100", "prompt": module.READ, "answer": module.WRITTEN} in settings(one)
    assert {"machine": "H100", "people": module.CROWD} in settings(many)


def test_part_a_can_name_what_every_pass_waits_for(module, tutorial):
    for values in settings(tutorial.part("A")):
        asked = module.request(*values.values())
        assert {asked.prefill.bound_by, asked.decode.bound_by} <= set(module.WAITS)
        assert asked.feasible


def test_a_short_prompt_leaves_the_roof_as_the_hint_says(module):
    for machine in module.MACHINES:
        short, long = (module.request(machine, tokens, 16).prefill for tokens in (16, 1024))
        assert short.bound_by == "memory bandwidth" and short.intensity < short.ridge
        assert long.bound_by == "compute throughput" and long.intensity > long.ridge


def test_writing_grows_with_people_more_slowly_than_reading(module):
    for machine in module.MACHINES:
        for fewer, more in itertools.pairwise(module.PEOPLE):
            assert module.share(machine, 1024, 256, fewer) < module.share(machine, 1024, 256, more)
        one, eight = (module.halfway(machine, 1024, 256, people).itl.expected for people in (1, 8))
        assert eight < 1.15 * one


def test_the_memory_of_part_b_can_be_filled_and_emptied_again(module, tutorial):
    states = {module.request(v["machine"], 1024, 256, v["people"]).feasible for v in settings(tutorial.part("B"))}
    assert states == {True, False}
    assert all(module.request(machine, 1024, 256, 64).feasible for machine in module.MACHINES)


def test_the_two_machines_of_the_last_question_win_a_phase_each(module):
    reads, writes = (module.request(machine, 1024, 256) for machine in ("TPU v6e", "A100"))
    assert reads.ttft.upper < 1.05 * writes.ttft.expected
    assert writes.itl.expected < reads.itl.expected


def test_reading_is_most_of_the_arithmetic_and_little_of_the_time(module):
    assert module.arithmetic("H100", 1024, 256) == pytest.approx(1024 / 1280, rel=0.03)
    wrong = {each.value for each in module.assumptions()["alone"]}
    assert min(abs(log(value / module.answers()["alone"])) for value in wrong) > log(3)
