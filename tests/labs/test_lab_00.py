"""Lab 00: its keys come from datasheets' figures; its three jobs can be placed, and not all on one machine."""

import itertools
import re
import sys

import pytest
from jinja2 import Environment, StrictUndefined

import assemble
import catalog
import mlsysim as ms
from labkit import lint
from play_lab_00 import PLAY

ROW = next(row for row in catalog.read() if row.name == PLAY.lab)


@pytest.fixture(scope="module")
def lab():
    return assemble.load(ROW)[0]


@pytest.fixture(scope="module")
def module(lab):
    return sys.modules[ROW.notebook.stem]


def settings(part):
    names = [control.name for control in part.controls]
    for values in itertools.product(*(control.values for control in part.controls)):
        yield dict(zip(names, values, strict=True))


def defaults(part):
    return {control.name: control.value for control in part.controls}


def test_the_keys_are_ratios_of_datasheets_figures(module):
    """H100: 1,978.9 TOP/s in INT8, 3.35 TB/s, 700 W. nRF52840: two multiply-adds and four bytes a cycle at 64 MHz."""
    says = module.answers()
    assert says["peak"] == pytest.approx(1978.9e12 / (64e6 * 2 * 2))
    assert says["bandwidth"] == pytest.approx(3.35e12 / (64e6 * 4))
    assert says["cell"] == pytest.approx(2430 / 700)


def test_the_lesson_holds_for_every_variant(module, lab):
    for given in lint.variants(lab):
        says = module.answers(**given)
        power = module.ratio("power", **given)
        assert says["peak"] > 50 * says["bandwidth"] and says["peak"] > 50 * power
        assert module.ridge(given["machine"]).value > 50 * module.ridge(given["small"]).value
        assert says["cell"] < 10


def test_each_key_can_be_read_off_an_instrument(module, lab):
    for given in lint.variants(lab):
        for name, quantity in (("peak", "arithmetic"), ("bandwidth", "bandwidth")):
            large, small = (module.figure(quantity, given[each]).value for each in ("machine", "small"))
            assert large / small == module.answers(**given)[name]
            assert {"quantity": quantity, "machine": given["machine"]} in settings(lab.part("A"))
        assert {"machine": given["small"]} in settings(lab.part("B"))
        watts = module.figure("power", given["machine"]).value
        assert module.CELL / watts == pytest.approx(module.answers(**given)["cell"])


def test_the_slider_goes_through_the_whole_registry_from_the_slowest_on(module):
    families = (ms.Hardware.Tiny, ms.Hardware.Edge, ms.Hardware.Mobile, ms.Hardware.Cloud)
    known = {name for family in families for name in dir(family) if not name.startswith("_")}
    assert set(module.REGISTRY) == known
    rates = [module.fastest(machine)[1] for machine in module.REGISTRY]
    assert rates == sorted(rates) and rates[-1] > 1e7 * rates[0]
    for machine in module.REGISTRY:
        assert module.ridge(machine).value == pytest.approx(
            module.peak(machine).value / module.figure("bandwidth", machine).value
        )


def test_small_machines_wait_for_arithmetic_and_large_ones_for_bytes(module):
    assert all(module.intensity(job) >= module.ridge("nRF52840").value for job in module.JOBS)
    assert all(module.intensity(job) < module.ridge("H100").value for job in module.JOBS)


def test_each_job_has_several_machines_and_no_machine_has_all_jobs(module, lab):
    good = {job: [m for m in module.PLACES if not module.broken(job, m)] for job in module.JOBS}
    assert all(len(machines) >= 2 for machines in good.values()), good
    assert not set.intersection(*map(set, good.values()))
    vendors = {module.NODES[machine].vendor for machine in good["chat"]}
    assert len(vendors) >= 2
    met = {limit for values in settings(lab.part("C")) for limit, _ in module.broken(**values)}
    assert met == {"memory", "power", "time"}


def test_every_failure_says_value_limit_wall_and_what_mends_it(module, lab):
    units = {
        "memory": r"needs .*B; the .* has .*B\.",
        "power": r"takes .*W; .* give .*W\.",
        "time": r"takes .*s on .*s\.",
    }
    for values in settings(lab.part("C")):
        for limit, sentence in module.broken(**values):
            assert re.search(units[limit], sentence) and "binds" in sentence and "would" in sentence, sentence


def test_the_parts_begin_within_every_limit(module, lab):
    assert module.broken(**defaults(lab.part("C"))) == []
    assert module.figure(**defaults(lab.part("A"))).value > 0


def test_a_chip_that_sleeps_takes_less_than_at_work(module):
    for machine in ("nRF52840", "ESP32S3"):
        assert module.NODES[machine].sleep_power < module.watts("wake word", machine) < module.power(machine)


def test_the_challenge_wants_a_machine_for_each_job(module):
    pins = [{**design, "reading": "job_power"} for design in PLAY.designs]
    assert all(module.challenge(pins).values()) and len(module.challenge(pins)) == 3
    for one in pins:
        assert sum(module.challenge([one]).values()) == 1
    failing = [{**values, "reading": "job_power"} for _, values, _ in PLAY.failures]
    assert not any(module.challenge(failing).values())


def test_the_play_meets_its_failures(module, lab):
    for part, values, limit in PLAY.failures:
        assert values in settings(lab.part(part)) and limit in dict(module.broken(**values))


def test_large_factors_are_said_in_words(module):
    assert [module.factor(value) for value in (12.5, 13_086, 7_730_078, 2e9)] == [
        "12.5",
        "13.1 thousand",
        "7.73 million",
        "2 billion",
    ]


def test_a_probe_waits_until_somebody_is_stuck(lab):
    for part in lab.parts:
        start = defaults(part)
        assert part.probe([start]) == ""
        control = part.controls[-1]
        assert part.probe([start | {control.name: value} for value in control.values])


def test_the_teaching_assistants_page_says_what_the_notebook_computes(module):
    page = catalog.LABS / "ta" / "vol1" / "lab_00.md"
    text = Environment(undefined=StrictUndefined).from_string(page.read_text(encoding="utf-8")).render(vars(module))
    for figure in (module.factor(module.answers()["peak"]), module.ridge("H100").text):
        assert figure in text
