"""Volume 2, Lab 10: its keys come from the simulator and from counting by hand; its sentences hold for all variants."""

import itertools
import re
import sys
from math import log

import pytest
from jinja2 import Environment, StrictUndefined

import assemble
import catalog
import mlsysim as ms
from play_lab_v2_10 import PLAY

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


def broken(module, design, months=3):
    pendant = {name: design[name] for name in ("device", "network", "period")}
    rounds = {name: design[name] for name in ("method", "rounds")}
    return [*module.broken_pendant(**pendant, months=months), *module.broken_rounds(**rounds)]


def test_thirty_seconds_at_three_watts_are_a_six_hundredth_of_the_battery(module):
    for given in variants(module):
        key = module.answers(**given)["share"]
        assert key == pytest.approx(100 * 3 * given["seconds"] / (15 * 3600))
    assert module.answers()["share"] == pytest.approx(0.17, abs=0.005)


def test_adapters_spare_one_of_three_passes_and_the_optimizers_traffic(module):
    for given in variants(module):
        key = module.answers(**given)["adapters"] / 100
        lora, full = (module.learned(method, module.RANK, given["batch"]) for method in ("lora", "full"))
        assert lora.trained / full.trained == pytest.approx(0.01, rel=0.1)  # "one hundredth"
        assert 0.5 < key < lora.phase.operations / full.phase.operations < 0.7
        for power in (lora, full):
            assert power.energy.expected == pytest.approx(3 * power.time.expected)


def test_the_coin_cell_lasts_as_a_hand_reckons(module):
    """2,430 J over 10 mW for the share of the time that 2.66 million multiply-adds take, and 9.5 uW for the rest."""
    for given in variants(module):
        duty = 2.656e6 * 3.15 / 64e6 / given["period"]
        power = duty * 9.98e-3 + (1 - duty) * 9.5e-6
        assert module.answers(**given)["days"] == pytest.approx(2430 / power / 86400, rel=0.01)


def test_each_key_is_apart_from_what_a_wrong_assumption_leads_to(module):
    for given in variants(module):
        answers = module.answers(**given)
        for name, wrong in module.assumptions(**given).items():
            assert wrong and all(abs(log(answers[name] / each.value)) > log(1.25) for each in wrong)


def test_each_key_can_be_read_off_an_instrument(module, lab):
    for given in variants(module):
        answers = module.answers(**given)
        assert {"device": "phone", "network": "DS_CNN", "seconds": given["seconds"]} in settings(lab.part("A"))
        assert 100 * module.work_share("phone", given["seconds"]).value == answers["share"]
        read = [module.learning_energy(method, module.RANK, given["batch"]).value for method in ("lora", "full")]
        assert 100 * read[0] / read[1] == answers["adapters"]
        assert all(module.learned(method, module.RANK, given["batch"]).feasible for method in ("lora", "full"))
        design = {**defaults(lab.part("C")), "network": "DS_CNN", "period": given["period"]}
        assert design in settings(lab.part("C"))
        assert module.lasts("nRF52840", "DS_CNN", given["period"]).value == pytest.approx(86400 * answers["days"])


def test_sixty_watts_and_ten_milliwatts_spend_the_same_on_an_answer(module):
    """The surprise of part A: thousands of times the power for as much less of time."""
    orin, chip, phone = (
        module.answer_energy(name, "DS_CNN").value for name in ("Jetson AGX Orin", "nRF52840", "phone")
    )
    assert orin == pytest.approx(chip, rel=0.1) and phone < chip / 10
    power = module.power_of("Jetson AGX Orin") / module.power_of("nRF52840")
    time = module.one("nRF52840", "DS_CNN")[1].expected / module.one("Jetson AGX Orin", "DS_CNN")[1].expected
    assert power == pytest.approx(60 / 9.98e-3) and time == pytest.approx(power, rel=0.1)


def test_the_parts_begin_where_nothing_is_broken(module, lab):
    start = defaults(lab.part("A"))
    assert not module.out_of(start["device"], start["network"])
    assert module.learned(**defaults(lab.part("B"))).feasible
    for months in module.VARIANTS["months"].values:
        assert broken(module, defaults(lab.part("C")), months) == []


def test_memory_and_battery_run_out_on_the_phone_and_come_back(module, lab):
    found = {}
    for values in settings(lab.part("B")):
        answer = module.learned(**values)
        for reason in answer.reasons:
            found.setdefault(reason.limit, set()).add((values["method"], values["batch"]))
            assert "would mend it" in reason.sentence()
    assert ("full", 32) in found["memory capacity"] and ("lora", 64) in found["memory capacity"]
    assert found["energy"] == {("full", 1)}
    assert not any(method == "last" for limit in found.values() for method, _ in limit)


def test_every_failure_of_part_c_can_be_met_and_left(module, lab):
    met, free = set(), 0
    for design in settings(lab.part("C")):
        failures = broken(module, design)
        for limit, sentence in failures:
            met.add(limit)
            assert re.search(r"\d", sentence) and "would mend it" in sentence, sentence
        free += not failures
    assert met == {"accuracy", "gaps", "deadline", "battery", "rounds", "radio"}
    assert free > 10


def test_what_a_wall_stops_is_told_with_the_walls_number(module):
    found = dict(module.broken_pendant("nRF52840", "DS_CNN", 1) + module.broken_rounds("full", 8))
    walls = {"deadline": 1, "battery": 17, "radio": 14}
    assert all(f"binds (wall {walls[limit]})." in found[limit] for limit in walls)


def test_part_c_has_several_good_pendants_and_tempting_bad_ones(module):
    good = {
        months: [
            (device, network, period)
            for device in module.SMALL
            for network in module.SPOTTERS
            for period in (0.25, 0.5, 1, 2, 5, 10)
            if not module.broken_pendant(device, network, period, months)
        ]
        for months in module.VARIANTS["months"].values
    }
    assert len(good[3]) == 4 and set(good[4]) < set(good[3]) and len(good[4]) == 3
    assert {device for device, _, _ in good[4]} == set(module.SMALL)
    assert dict(module.broken_pendant("ESP32-S3", "DS_CNN", 1)).keys() == {"battery"}
    assert dict(module.broken_pendant("ESP32-S3", "DS_CNN", 10)).keys() == {"gaps"}
    assert dict(module.broken_pendant("nRF52840", "DS_CNN", 1)).keys() == {"deadline", "battery"}


def test_a_whole_model_exceeds_the_contract_in_one_round(module):
    assert module.talk("full", 1).value > module.RADIO
    assert module.talk("full", 1).value == pytest.approx(2 * 4 * 109_482_240)
    assert module.talk("lora", 8).value < module.RADIO / 5


def test_no_pendant_outlasts_a_chip_that_only_sleeps(module):
    floor = module.asleep()
    assert floor == pytest.approx(2430 / 9.5e-6, rel=1e-3) and floor < 10 * 365.25 * 86400
    lives = [module.lasts("nRF52840", network, 10).value for network in module.SPOTTERS]
    assert max(lives) < floor


def test_readings_say_what_the_simulator_says(module):
    answer = ms.TinyModel().solve(model="DNN_Medium", hardware="nRF52840", period=1, battery="CR2032")
    assert module.hears("nRF52840", "DNN_Medium", 1).value == answer.latency.expected
    assert module.lasts("nRF52840", "DNN_Medium", 1).value == answer.battery_life.expected
    assert "cycles" in module.hears("nRF52840", "DNN_Medium", 1).equation[0]
    assert module.learning_memory("full", 8, 4).equation[0].startswith("memory = ")
    assert any(line.startswith("E = P T = 3 W") for line in module.learning_energy("full", 8, 4).equation)


def test_the_challenge_wants_a_pendant_and_a_way_to_learn(module):
    design = PLAY.designs[0]
    pendant = {"reading": "lasts", **{name: design[name] for name in ("device", "network", "period")}}
    rounds = {"reading": "talk", **{name: design[name] for name in ("method", "rounds")}}
    for months in module.VARIANTS["months"].values:
        assert list(module.challenge([pendant, rounds], months=months).values()) == [True, True]
        assert list(module.challenge([pendant], months=months).values()) == [True, False]
        assert list(module.challenge([rounds], months=months).values()) == [False, True]
    large = {**pendant, "network": "DNN_Large"}
    assert [sum(module.challenge([large], months=months).values()) for months in (3, 4)] == [1, 0]


def test_the_play_meets_its_failures(module, lab):
    for part, values, limit in PLAY.failures:
        assert values in settings(lab.part(part))
        if part == "A":
            assert limit in [module.place_of(each) for each in module.out_of(values["device"], values["network"])]
        elif part == "B":
            named = {"memory": "memory capacity", "battery": "energy"}
            assert named[limit] in [reason.limit for reason in module.learned(**values).reasons]
        else:
            assert limit in dict(broken(module, values))
    assert all(broken(module, design, 4) == [] for design in PLAY.designs)


def test_a_probe_waits_until_somebody_is_stuck(lab):
    for part in lab.parts:
        start = defaults(part)
        assert part.probe([start]) == ""
        stuck = [start | {part.controls[-1].name: value} for value in part.controls[-1].values] * 2
        assert part.probe(stuck)


def test_the_teaching_assistants_page_says_what_the_notebook_computes(module):
    page = catalog.LABS / "ta" / f"{ROW.name.rpartition('_edge')[0]}.md"
    text = Environment(undefined=StrictUndefined).from_string(page.read_text(encoding="utf-8")).render(vars(module))
    for figure in ("0.17%", f"{module.answers()['adapters']:.0f} %", module.lasts("nRF52840", "DS_CNN", 1).text):
        assert figure in text
