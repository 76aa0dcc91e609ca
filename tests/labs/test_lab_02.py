"""Lab 02: its keys come from the simulator, are reachable, and its text says nothing the simulator contradicts."""

import itertools
import re
import sys
from html import unescape
from math import log

import pytest

import assemble
import catalog
import mlsysim as ms

ROW = next(row for row in catalog.read() if row.name == "vol1/lab_02_ml_systems")


@pytest.fixture(scope="module")
def defined():
    _, names = assemble.load(ROW)
    return names


@pytest.fixture(scope="module")
def lab(defined):
    return defined["lab"]


@pytest.fixture(scope="module")
def module(lab):
    return sys.modules[ROW.notebook.stem]


def settings(part):
    names = [control.name for control in part.controls]
    for values in itertools.product(*(control.values for control in part.controls)):
        yield dict(zip(names, values, strict=True))


def test_the_speed_up_is_the_bandwidth_ratio_less_overhead_and_not_the_arithmetic_ratio(module):
    ratios, key = module.ratios("H100", "A100"), module.answers()["speedup"]
    assert ratios["bandwidth"] == pytest.approx(3.35 / 2.039)
    assert 0.93 * ratios["bandwidth"] < key < ratios["bandwidth"] < 0.6 * ratios["peak"]


def test_the_crossover_is_where_the_two_terms_meet(module):
    key = module.answers()["crossover"]
    below, above = (module.step("H100", batch=n, context=module.BRIEF).decode for n in (key - 1, key))
    assert below.memory_time.expected > below.compute_time.expected
    assert above.memory_time.expected <= above.compute_time.expected


def test_the_bandwidth_is_bytes_over_time(module):
    decode = module.step("A100").decode
    assert module.answers()["bandwidth"] == pytest.approx(sum(decode.bytes.values()) / 0.040 / 1e9, rel=0.02)


def test_each_key_is_apart_from_what_a_wrong_assumption_leads_to(module):
    answers, ratios = module.answers(), module.ratios("H100", "A100")
    brief = module.step("H100", context=module.BRIEF)
    wrong = {
        "speedup": (ratios["peak"], 1.0),
        "crossover": (1, brief.decode.ridge, brief.max_batch),
        "bandwidth": (15, 2039),
    }
    for name, values in wrong.items():
        for value in values:
            assert abs(log(answers[name] / value)) > log(1.25), (name, value)


def test_each_key_can_be_read_off_an_instrument(module, lab):
    readings = [module.token_time(machine, "fp16", 1, module.SHORT).value for machine in ("A100", "H100")]
    assert readings[0] / readings[1] == pytest.approx(module.answers()["speedup"])
    assert module.crossover("H100", module.BRIEF).value == module.answers()["crossover"]
    assert {"machine": "H100", "weights": "fp16"} in settings(lab.part("A"))
    assert {"machine": "H100", "batch": 1, "context": module.BRIEF} in settings(lab.part("B"))


def test_the_sentences_to_remember_hold(module):
    """Part B says that from a context of SHORT on, the H100 moves bytes at any batch."""
    assert module.step("H100", context=module.BRIEF).crossover_batch is not None
    for context in (c for c in module.CONTEXTS if c >= module.SHORT):
        assert module.step("H100", context=context).crossover_batch is None


@pytest.mark.parametrize(("part", "limits"), [("B", {"memory"}), ("C", {"memory", "promise", "distance"})])
def test_every_failure_can_be_met_and_left_with_the_parts_own_controls(module, lab, part, limits):
    met, free = set(), False
    for values in settings(lab.part(part)):
        if part == "B":
            answer = module.step(values["machine"], batch=values["batch"], context=values["context"])
            failures = [("memory", reason.sentence()) for reason in answer.reasons]
        else:
            failures = module.broken(
                values["machine"], values["weights"], values["batch"], values["product"], values["distance"]
            )
        for limit, sentence in failures:
            met.add(limit)
            assert re.search(r"\d", sentence) and re.search(r"\b(GB|TB|ms|km)\b", sentence), sentence
        free = free or not failures
    assert met == limits and free


def test_part_c_has_more_than_one_good_answer_and_tempting_bad_ones(module):
    def kept(machine, weights, distance):
        verdicts = (module.verdict(machine, weights, 8, product, distance) for product in ("chat", "completion"))
        return all(each.word == "keeps it" for each in verdicts)

    near, far = ({(m, w) for m in module.CANDIDATES for w in module.BITS if kept(m, w, km)} for km in (50, 150))
    assert {("A100", "int4"), ("MI300X", "fp16")} <= near
    assert len(near) < len(module.CANDIDATES) * len(module.BITS) / 2
    assert far == {(m, w) for m, w in near if m == "MI300X"}  # as the page for teaching assistants says


def test_readings_agree_with_the_simulator_for_every_setting_of_part_a(module, lab):
    for values in settings(lab.part("A")):
        for machine in ("A100", values["machine"]):
            reading = module.token_time(machine, values["weights"], 1, module.SHORT)
            answer = ms.ServingModel().solve(
                model="Llama3_8B", hardware=machine, weights=values["weights"], context=module.SHORT
            )
            assert reading.value == answer.itl.expected
            assert reading.text == answer.itl.format()


def test_nothing_above_the_lock_gives_the_key_away(module, lab):
    above = " ".join([ROW.title, ROW.question, lab.lede, *lab.briefing, unescape(assemble.standing_lock(lab))])
    figures = {float(text) for text in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", above)}
    ratios = module.ratios("H100", "A100")
    for secret in (*module.answers().values(), *ratios.values()):
        assert not any(abs(log(figure / secret)) < 0.05 for figure in figures if figure > 0), secret


def test_the_source_that_the_page_carries_holds_no_key(module):
    source = ROW.notebook.read_text(encoding="utf-8")
    for key in module.answers().values():
        for text in {f"{key:.1f}", f"{key:.2f}", f"{key:,.0f}"} - {"2"}:
            assert not re.search(rf"(?<![\d.]){re.escape(text)}(?![\d.])", source), text
