"""Lab 08: its keys come from the simulator and from counting by hand; its sentences hold for all variants."""

import itertools
import re
import sys
from math import log, log10

import pytest
from jinja2 import Environment, StrictUndefined

import assemble
import catalog
import mlsysim as ms
from play_lab_08 import PLAY

ROW = next(row for row in catalog.read() if row.name == PLAY.lab)


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


def defaults(part):
    return {control.name: control.value for control in part.controls}


def variants(module):
    for values in itertools.product(*(one.values for one in module.VARIANTS.values())):
        yield dict(zip(module.VARIANTS, values, strict=True))


def test_training_with_adam_takes_sixteen_bytes_a_parameter(module):
    """Rajbhandari et al. (2020), section 3.1: 2 + 2 + 12 bytes."""
    for given in variants(module):
        parameters = getattr(ms.Models, given["model"]).parameters
        assert module.answers(**given)["states"] == pytest.approx(16 * parameters / 1e9)


def test_each_gpu_keeps_whole_what_is_not_divided(module):
    """Rajbhandari et al. (2020), figure 1, at eight GPUs: 16, 5.5, 3.75 and 2 bytes a parameter."""
    parameters = ms.Models.Llama2_13B.parameters
    for stage, each in enumerate((16, 2 + 2 + 12 / 8, 2 + (2 + 12) / 8, 16 / 8)):
        assert module.shard(stage) == pytest.approx(each * parameters)
    for given in variants(module):
        assert module.answers(**given)["shard"] == pytest.approx(module.shard(given["stage"]) / 1e9)


def test_recomputation_is_a_forward_pass_more_where_arithmetic_binds(module):
    """Four passes' worth of arithmetic in place of three, but for the LM head and what attention repeats anyway."""
    for context in module.VARIANTS["context"].values:
        assert 1.29 < module.outcome(module.NEAR, context) < 4 / 3
        assert 1.29 < module.outcome("MI300Xs in one server", context) < 4 / 3


def test_recomputation_is_quicker_over_the_network_at_both_ends_of_the_estimate(module):
    """With messages hidden as far as can be, or not hidden at all: the answer to the lock does not hang on it."""
    for given in variants(module):
        kept, again = (module.quickest(module.FAR, each, given["context"]) for each in ("none", "full"))
        assert again.time.expected < 0.9 * kept.time.expected
        assert again.time.lower < kept.time.lower and again.time.upper < kept.time.upper
        assert module.answers(**given)["recompute"] in module.SECOND.choices
        assert again.plan.micro_batch == 2 * kept.plan.micro_batch
        # The step that keeps its activations waits for messages: gradients out, weights in twice, each micro-batch.
        size, wire = 2 * ms.Models.Llama2_7B.parameters, 12.5e9
        wait = kept.micro_batches * 3 * 7 / 8 * size / wire
        assert wait < kept.time.expected < 1.4 * wait
        bounds = [
            module.step_time(module.FAR, each.plan.recompute, each.plan.micro_batch, given["context"]).bound_by
            for each in (kept, again)
        ]
        assert bounds == ["communication", "compute throughput"]


def test_each_key_is_apart_from_what_a_wrong_assumption_leads_to(module):
    for given in variants(module):
        answers = module.answers(**given)
        for name, wrong in module.assumptions(**given).items():
            assert wrong
            for each in wrong:
                if isinstance(each.value, str):
                    assert each.value != answers[name] and each.value in module.SECOND.choices
                else:
                    assert abs(log(answers[name] / each.value)) > log(1.25), (name, each)
        assert {each.value for each in module.assumptions(**given)["recompute"]} | {answers["recompute"]} == set(
            module.SECOND.choices
        )


def test_each_key_can_be_read_off_an_instrument(module, lab):
    for given in variants(module):
        answers = module.answers(**given)
        assert module.states(given["model"], "adam").value == pytest.approx(1e9 * answers["states"])
        assert given["model"] in next(c.values for c in lab.part("A").controls if c.name == "model")
        divided = module.run("A100", "bf16", "none", given["stage"], 1)
        assert module.states_of(divided) == pytest.approx(1e9 * answers["shard"])
        assert {
            "machine": "A100",
            "precision": "bf16",
            "recompute": "none",
            "zero": given["stage"],
            "micro_batch": 1,
        } in (settings(lab.part("C")))
        for recompute in module.RECOMPUTE:
            best = module.quickest(module.FAR, recompute, given["context"])
            read = module.step_time(module.FAR, recompute, best.plan.micro_batch, given["context"])
            assert read.value == best.time.expected


def test_the_parts_begin_where_everything_fits(module, lab):
    assert module.alone(**defaults(lab.part("A"))).feasible
    for given in variants(module):
        assert module.step(**defaults(lab.part("B")), context=given["context"]).feasible
    assert module.broken(**defaults(lab.part("C"))) == []


def test_memory_runs_out_and_comes_back_with_the_controls_of_parts_a_and_b(module, lab):
    for found in (
        [module.alone(**values) for values in settings(lab.part("A")) if values["batch"] in (1, 32)],
        *(
            [module.step(**values, context=context) for values in settings(lab.part("B"))]
            for context in module.VARIANTS["context"].values
        ),
    ):
        assert {answer.feasible for answer in found} == {True, False}
        sentences = [module.too_large(answer, "It") for answer in found if not answer.feasible]
        assert all(re.search(r"\d [GT]B; the .* has .* GB\. Memory capacity binds", each) for each in sentences)


def test_every_failure_of_part_c_can_be_met_and_left(module, lab):
    met, free = set(), set()
    for values in settings(lab.part("C")):
        failures = module.broken(**values)
        for limit, sentence in failures:
            met.add(limit)
            units = {"memory": r"\d GB", "deadline": r"\d d\b", "precision": r"no units for FP8"}
            assert re.search(units[limit], sentence) and "would " in sentence, sentence
        if not failures:
            free.add(values["machine"])
    assert met == {"memory", "deadline", "precision"} and free == set(module.LEASE)


def test_what_a_sentence_says_would_mend_it_mends_it(module, lab):
    for values in settings(lab.part("C")):
        for limit, sentence in module.broken(**values):
            if limit == "memory" and "Full recomputation" in sentence:
                mended = {**values, "recompute": "full"}
            elif limit == "memory" and (found := re.search(r"ZeRO-(\d) would", sentence)):
                mended = {**values, "zero": int(found[1])}
            elif limit == "deadline":
                mended = {**values, "recompute": "none"}
                assert values["recompute"] == "full", "keeping everything is always in time"
            else:
                continue
            assert limit not in dict(module.broken(**mended)), (values, sentence)


def test_part_c_has_several_good_answers_and_tempting_bad_ones(module, lab):
    good = [values for values in settings(lab.part("C")) if not module.broken(**values)]
    a100 = [each for each in good if each["machine"] == "A100"]
    assert {each["zero"] for each in a100} == {2, 3} and {each["micro_batch"] for each in a100} == {1}
    assert {each["recompute"] for each in a100} == {"none"}
    other = [each for each in good if each["machine"] == "MI300X"]
    assert {each["precision"] for each in other} == set(module.PRECISIONS)
    assert {each["recompute"] for each in other if each["precision"] != "fp8"} == {"none"}
    assert 0 not in {each["zero"] for each in good}


def test_fewer_bits_of_arithmetic_save_time_and_no_memory(module):
    eight, sixteen = (module.run("MI300X", each, "none", 1, 1) for each in ("fp8", "bf16"))
    assert eight.memory.total == sixteen.memory.total
    assert eight.step.arithmetic < 0.6 * sixteen.step.arithmetic


def test_zero_costs_no_time_inside_a_server_as_part_c_says(module):
    for machine in module.LEASE:
        times = [module.run(machine, "bf16", "none", stage, 1).time.expected for stage in (1, 2, 3)]
        assert max(times) == pytest.approx(min(times), rel=0.001)


def test_no_plan_gets_below_the_physical_limit_that_the_lab_names(module, lab):
    floor = {
        "A100": module.whole_run(module.run("A100", "bf16", "none", 3, 1)).lower,
        "MI300X": module.whole_run(module.run("MI300X", "fp8", "none", 3, 1)).lower,
    }
    tokens, parameters = module.TOKENS, ms.Models.Llama2_13B.parameters
    assert floor["A100"] == pytest.approx(6 * parameters * tokens / (8 * 312e12), rel=0.08)
    for values in settings(lab.part("C")):
        if module.computes(values["machine"], values["precision"]):
            assert module.whole_run(module.run(**values)).lower >= 0.999 * floor[values["machine"]]


def test_the_challenge_wants_a_plan_for_each_offer(module):
    pins = [{**design, "reading": "run_time"} for design in PLAY.designs]
    assert all(module.challenge(pins).values()) and len(module.challenge(pins)) == 2
    for one in pins:
        assert sum(module.challenge([one]).values()) == 1
    assert not any(module.challenge([]).values())
    failing = [{**values, "reading": "run_time"} for part, values, _ in PLAY.failures if part == "C"]
    assert not any(module.challenge(failing).values())


def test_the_play_meets_its_failures(module, lab):
    for part, values, limit in PLAY.failures:
        assert values in settings(lab.part(part))
        if part == "C":
            assert limit in dict(module.broken(**values))
        else:
            solve = module.alone if part == "A" else lambda **values: module.step(**values, context=4096)
            assert not solve(**values).feasible


def test_a_probe_waits_until_somebody_is_stuck(lab):
    for part in lab.parts:
        start = defaults(part)
        assert part.probe([start]) == ""
        stuck = [start | {part.controls[-1].name: value} for value in part.controls[-1].values] * 2
        assert part.probe(stuck)


def test_the_teaching_assistants_page_says_what_the_notebook_computes(module):
    page = catalog.LABS / "ta" / f"{ROW.name.rpartition('_model')[0]}.md"
    text = Environment(undefined=StrictUndefined).from_string(page.read_text(encoding="utf-8")).render(vars(module))
    for figure in (f"{module.answers()['states']:.1f} GB", module.run_time("A100", "bf16", "none", 3, 1).range_text):
        assert figure in text
    assert "six orders of magnitude" in text
    smallest, *_, largest = module.DEVICES.values()
    assert 5.5 < log10(largest.memory / smallest.memory) < 6.5
