"""Lab 01: its keys come from the simulator and from counting by hand; its sentences hold for all variants."""

import itertools
import re
import sys
from math import log

import pytest
from jinja2 import Environment, StrictUndefined

import assemble
import catalog
import mlsysim as ms
from play_lab_01 import PLAY

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


def test_weights_over_sram_are_two_bytes_each_over_512_kib(module):
    published = {"ResNet50": 25_557_032, "ResNet152": 60_192_808, "MobileNetV2": 3_504_872}
    for given in variants(module):
        key = module.answers(**given)["too_big"]
        assert key == pytest.approx(2 * published[given["network"]] / 2**19)
        assert f"{2**19 / 1e3:.0f} kB" in module.FIRST.question


def test_a_batch_pays_overhead_once_and_arithmetic_for_each_picture(module):
    """A ratio of (L + n c) to (L + c), with bytes hidden: between one and n, and near the closed form."""
    for given in variants(module):
        key, crowd = module.answers(**given)["crowd"], given["crowd"]
        alone, together = (module.ran("MI300X", "ResNet50", 224, "fp16", n).phase for n in (1, crowd))
        each, fixed = alone.compute_time.expected, alone.kernel_time.expected
        assert 1 < key < crowd / 5
        assert key == pytest.approx((together.kernel_time.expected + crowd * each) / (fixed + each), rel=0.1)
        assert together.kernel_time.expected < 2 * fixed  # nearly the same for any batch


def test_sram_is_the_widest_layer_and_what_the_runtime_keeps(module):
    """MobileNetV1's first pointwise convolution: 32 channels in and 64 out, at half of the picture's side."""
    for given in variants(module):
        arena = (given["side"] // 2) ** 2 * (32 + 64)
        assert module.net("MobileNetV1", given["side"]).peak == arena
        key = 1e3 * module.answers(**given)["sram"]
        assert arena < key < 1.05 * arena
        assert key > 2**19  # the lesson: it does not run there, although its weights fit the flash
        assert module.tiny("ESP32-S3", "MobileNetV1", given["side"]).flash.upper < module.MACHINES["ESP32-S3"].flash


def test_each_key_is_apart_from_what_a_wrong_assumption_leads_to(module):
    for given in variants(module):
        answers = module.answers(**given)
        for name, wrong in module.assumptions(**given).items():
            assert wrong and all(abs(log(answers[name] / each.value)) > log(1.25) for each in wrong)


def test_each_key_can_be_read_off_an_instrument(module, lab):
    networks = next(control.values for control in lab.part("A").controls if control.name == "network")
    batches = next(control.values for control in lab.part("B").controls if control.name == "batch")
    for given in variants(module):
        answers = module.answers(**given)
        assert given["network"] in networks and {1, given["crowd"]} <= set(batches)
        assert module.overfull("ESP32-S3", given["network"]).value == answers["too_big"]
        read = [module.batch_time("MI300X", n).value for n in (1, given["crowd"])]
        assert read[1] / read[0] == answers["crowd"]
        design = {"machine": "ESP32-S3", "network": "MobileNetV1", "side": given["side"], "precision": "int8"}
        assert design in settings(lab.part("C"))
        assert module.working(**design).value == pytest.approx(1e3 * answers["sram"])


def test_the_same_change_helps_a_small_machine_more_than_a_large_one(module):
    """The surprise of part A: fewer operations, and the large machine hardly notices."""
    gain = {name: module.faster(name) for name in ("Raspberry Pi 5", "Jetson AGX Orin", "H100", "MI300X")}
    assert gain["Raspberry Pi 5"] > 10 > 5 > gain["Jetson AGX Orin"] > 2 > max(gain["H100"], gain["MI300X"]) > 1
    assert module.leads("H100", "ResNet50", 224) == "overhead"
    resnet, mobile = (len(module.net(name, 224).layers) for name in ("ResNet50", "MobileNetV2"))
    assert mobile == pytest.approx(resnet, rel=0.15)  # nearly as many layers


def test_the_leading_term_changes_twice_on_an_h100_and_too_large_a_batch_is_slower(module):
    led = [module.ran("H100", "ResNet50", 224, "fp16", n).bound_by for n in module.BATCHES]
    assert [name for name, _ in itertools.groupby(led)] == ["overhead", "compute throughput", "memory bandwidth"]
    for machine, loss in (("A100", 1.04), ("H100", 1.15)):
        rates = [module.ran(machine, "ResNet50", 224, "fp16", n).throughput.expected for n in module.BATCHES]
        assert max(rates) > loss * rates[-1] and rates[-1] > 2 * rates[0]


def test_the_parts_begin_where_nothing_is_broken(module, lab):
    assert not module.one(**defaults(lab.part("A")))[2]
    start = module.ran(defaults(lab.part("B"))["machine"], "ResNet50", 224, "fp16", 1)
    assert module.judged(start.time, module.PATIENCE) == "keeps it"
    assert module.broken(**defaults(lab.part("C"))) == []


def test_memory_runs_out_in_part_a_on_microcontrollers_only_and_comes_back(module, lab):
    for machine in module.MACHINES:
        found = {not module.one(machine, network, side)[2] for network in module.NETWORKS for side in (64, 224, 448)}
        assert found == ({True, False} if machine in module.SMALL else {True})


def test_every_failure_of_part_c_can_be_met_alone_and_left(module, lab):
    met, alone, free = set(), set(), {}
    signs = {
        "deadline": r"\d m?s; ",
        "accuracy": r"\d%",
        "SRAM": r"\d [kM]B",
        "flash": r"\d [kM]B",
        "precision": r"FP16",
    }
    for design in settings(lab.part("C")):
        failures = module.broken(**design)
        for limit, sentence in failures:
            met.add(limit)
            assert re.search(signs[limit], sentence) and "would " in sentence, sentence
        if len(failures) == 1:
            alone.add((design["machine"], failures[0][0]))
        if not failures:
            free.setdefault(module.AT[design["machine"]], []).append(design)
    assert met == set(signs)
    assert {("nRF52840", "SRAM"), ("nRF52840", "flash"), ("ESP32-S3", "deadline")} <= alone
    assert {post: len(designs) for post, designs in free.items()} == {
        "archive": 4,
        "locomotive": 3,
        "crossing": 3,
        "collar": 2,
    }


def test_tempting_designs_fail(module):
    largest = {"network": "ResNet50", "side": 224}
    assert dict(module.broken("Jetson AGX Orin", precision="fp16", **largest)).keys() == {"deadline"}
    assert not module.broken("Jetson AGX Orin", precision="int8", **largest)
    assert dict(module.broken("Jetson AGX Orin", "MobileNetV1", 224, "int8")).keys() == {"accuracy"}
    assert dict(module.broken("MI300X", "MobileNetV1", 224, "fp16")).keys() == {"accuracy"}


def test_no_network_on_the_collar_gets_below_the_physical_limit(module, lab):
    """Two multiply-adds a cycle at 64 MHz."""
    assert module.floor() == pytest.approx(module.net("MobileNetV1_Quarter", 128).flops / (4 * 64e6))
    for design in settings(lab.part("C")):
        if design["machine"] == "nRF52840":
            assert module.spent(**design).lower > module.floor() > 0.1


def test_readings_say_what_the_simulator_says(module):
    answer = ms.TinyModel().solve(model=module.net("MobileNetV1_Quarter", 160), hardware="nRF52840")
    design = {"machine": "nRF52840", "network": "MobileNetV1_Quarter", "side": 160, "precision": "int8"}
    assert module.took(**design).value == answer.latency.expected
    assert module.working(**design).value == answer.sram.expected
    assert module.right(**design).value == ms.top1("MobileNetV1_Quarter", 160, "int8").value
    assert "multiply" not in module.took(**design).equation[0] and "cycles" in module.took(**design).equation[0]


def test_the_challenge_wants_every_post(module):
    pins = [{**design, "reading": "took"} for design in PLAY.designs]
    assert all(module.challenge(pins).values()) and len(module.challenge(pins)) == len(module.POSTS)
    for one in pins:
        assert sum(module.challenge([one]).values()) == 1
    failing = [{**values, "reading": "took"} for part, values, _ in PLAY.failures if part == "C"]
    assert not any(module.challenge(failing).values())


def test_no_deadline_lies_so_near_a_design_that_a_new_fit_would_turn_it(module):
    limit = module.POSTS["locomotive"].limit
    late, early = (module.spent("Jetson AGX Orin", "ResNet50", 224, name).expected for name in ("fp16", "int8"))
    assert early < 0.8 * limit < 1.2 * limit < late


def test_the_play_meets_its_failures(module, lab):
    for part, values, limit in PLAY.failures:
        assert values in settings(lab.part(part))
        if part == "C":
            assert limit in dict(module.broken(**values))
        elif part == "A":
            assert f"Out of {limit}." in [reason.verdict for reason in module.one(**values)[2]]
        else:
            slow = module.ran(values["machine"], "ResNet50", 224, "fp16", values["batch"]).time
            assert module.judged(slow, module.PATIENCE) == "breaks it"


def test_a_probe_waits_until_somebody_is_stuck(lab):
    for part in lab.parts:
        start = defaults(part)
        assert part.probe([start]) == ""
        stuck = [start | {part.controls[0].name: value} for value in part.controls[0].values[:2]] * 5
        assert part.probe(stuck)


def test_the_teaching_assistants_page_says_what_the_notebook_computes(module):
    page = catalog.LABS / "ta" / f"{ROW.name.rpartition('_ml')[0]}.md"
    text = Environment(undefined=StrictUndefined).from_string(page.read_text(encoding="utf-8")).render(vars(module))
    for figure in (f"{module.answers()['too_big']:.1f}", f"{module.answers()['sram']:,.0f} kB", "97.5"):
        assert figure in text
