"""Volume 2, Lab 16: its keys come from the simulator, designs that hold every limit exist, each limit can be broken."""

import itertools
import json
import re
import sys
from html import unescape
from math import ceil, log

import pytest

import assemble
import catalog
import mlsysim as ms
import teaching
from labkit.grading.sheet import Sheet
from labkit.predictions import NEAR, off_by
from play_lab_v2_16 import PILOT, PLAY

ROW = next(row for row in catalog.read() if row.name == PLAY.lab)
LAB_10 = next(row for row in catalog.read() if row.name == "vol1/lab_10_model_compress")
SHEET = Sheet(ROW.name, ROW.notebook.read_text(encoding="utf-8"))
GIVEN = [
    dict(zip(SHEET.alternatives, values, strict=True)) for values in itertools.product(*SHEET.alternatives.values())
]
CANONICAL = GIVEN[0]


@pytest.fixture(scope="module")
def lab():
    _, names = assemble.load(ROW)
    return names["lab"]


@pytest.fixture(scope="module")
def module(lab):
    return sys.modules[ROW.notebook.stem]


def defaults(lab, letter):
    return {control.name: control.value for control in lab.part(letter).controls}


def values(lab, letter, name):
    return next(control.values for control in lab.part(letter).controls if control.name == name)


def designed(settings, given=CANONICAL):
    """A setting of part C's controls as a design."""
    return {name: value for name, value in settings.items() if name != "source"} | {"node": 8} | given


def limits(module, design):
    return dict(module.broken(**design))


def solutions(module, lab, given):
    """For each machine and each terms, the first design on part C's own controls that holds every limit."""
    nodes = values(lab, "C", "nodes_america")
    replicas = [values(lab, "C", name) for name in ("numbers", "replica", "places")]
    for machine, terms in itertools.product(values(lab, "C", "machine"), values(lab, "C", "terms")):
        for replica in itertools.product(*(reversed(each) for each in replicas)):
            one = module.fleet(machine, *replica, 1, **given)
            if not one.longest.feasible or one.itl.expected > module.TOKEN_PROMISE:
                continue
            asked = (1000 * share / one.capacity.expected for share in module.SHARES.values())
            home = [next((n for n in nodes if n >= least), None) for least in asked]
            settings = dict(zip(("numbers", "replica", "places"), replica, strict=True), machine=machine, rate=1000)
            settings |= {"nodes_america": home[0], "nodes_europe": home[1], "terms": terms}
            design = designed(settings | {"site_america": "Montreal", "site_europe": "Paris"}, given)
            failed = {"capacity"} if None in home else limits(module, design).keys()
            if not failed:
                yield design
            if not failed or "price" in failed:
                break


def test_it_has_variants_enough_and_the_grader_reads_them():
    assert 3 <= len(GIVEN) <= 16
    assert [lock.name for lock in SHEET.locks] == list(SHEET.answers({})) == list(PLAY.said)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_floor_is_two_operations_for_each_weight_and_token(given):
    spec = ms.Models.Llama3_70B
    matrices = spec.projection_parameters + spec.feed_forward_parameters + spec.head_parameters
    by_hand = 1000 * 2 * matrices * (given["prompt"] + given["output"] - 1) / 989.4e12
    assert SHEET.answers(given)["floor"] == pytest.approx(by_hand, rel=0.03)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_fleet_is_whole_nodes_of_what_the_cycle_of_a_replica_answers(module, given):
    found = module.reference(**given)
    b, prompt, step = found.batch, found.alone.ttft.expected, found.full.itl.expected
    rate = b / (b * prompt + (given["output"] - 1) * step)
    assert SHEET.answers(given)["fleet"] == 8 * ceil(1000 / (2 * rate))
    assert found.itl.expected <= 0.050 < module.fleet("H100", "16", 4, b + 1, 1, **given).itl.expected
    assert SHEET.answers(given)["fleet"] > 2 * SHEET.answers(given)["floor"]


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_electricity_is_a_few_percent_of_what_is_bought(module, given):
    known = {**ms.registry.constants("prices"), **ms.registry.constants("power")}
    owed = module.bought(**given)
    power = 700 * 1.3 * (known["idle"].value + (1 - known["idle"].value) * owed.utilization)
    bill = power / 1e3 * known["pue"].value * known["electricity"].value * 3 * 8760
    card = 30_000 * ms.registry.constants("prices")["server"].value
    assert SHEET.answers(given)["electricity"] == pytest.approx(100 * bill / (bill + card), rel=1e-3)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_each_key_is_apart_from_what_a_wrong_assumption_leads_to(given):
    answers = SHEET.answers(given)
    for name, wrong in SHEET.assumptions(given).items():
        assert len(wrong) >= 3
        for each in wrong:
            assert off_by(each.value, answers[name]) > NEAR, (name, each)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_first_two_keys_can_be_read_off_with_the_labs_own_controls(module, lab, given):
    assert given["prompt"] in values(lab, "A", "prompt") and given["output"] in values(lab, "A", "output")
    answers = SHEET.answers(given)
    assert module.floor("H100", "arithmetic", **given, promise=50).value == answers["floor"]
    assert {"H100"} <= set(values(lab, "B", "machine")) and 4 in values(lab, "B", "replica")
    near = max(each for each in values(lab, "B", "places") if each <= module.reference(**given).batch)
    assert (
        off_by(module.taken(machine="H100", numbers="16", replica=4, places=near, **given).value, answers["fleet"])
        < NEAR
    )


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_designs_of_several_vendors_hold_every_limit(module, lab, given):
    found = list(solutions(module, lab, given))
    vendors = {module.node_of(each["machine"]).vendor for each in found}
    assert len(vendors) >= 3, vendors
    assert {each["terms"] for each in found} >= {"owned", "on-demand"}
    assert all(
        SHEET.challenge([each | {"reading": "costs"}], given)[said]
        for each in found[:5]
        for said in SHEET.challenge([], given)
    )


def test_the_challenge_is_met_step_by_step(module):
    design = designed(PLAY.designs[0])

    def held(**changed):
        return list(SHEET.challenge([design | changed | {"reading": "costs"}], CANONICAL).values())

    assert held() == [True] * 4
    assert held(site_america="Iowa", site_europe="Warsaw") == [True, True, True, False]
    assert held(nodes_america=20, nodes_europe=15) == [True, True, False, False]
    assert held(places=400) == [False] * 4 and held(rate=800) == [False] * 4
    large = {"machine": "B200", "replica": 1, "places": 256, "nodes_america": 2, "nodes_europe": 2, "terms": "reserved"}
    assert held(**large)[1]
    assert list(SHEET.challenge([{"reading": "floor", "machine": "H100"}], CANONICAL).values()) == [False] * 4


def test_what_a_stranger_pins_makes_nothing_fall(module):
    design = designed(PLAY.designs[0])
    short = {name: value for name, value in design.items() if name not in ("terms", "site_europe")}
    for changed in (
        {},
        {"terms": "stolen"},
        {"terms": 3, "site_europe": "Paris"},
        {"terms": "owned", "site_europe": ""},
    ):
        told = SHEET.challenge([short | changed | {"reading": "survives"}], CANONICAL)
        assert not any(told.values())
    assert not any(SHEET.challenge([{"reading": "pace", "rate": 1000} | CANONICAL], CANONICAL).values())


def test_a_machine_of_ones_own_can_be_graded(module):
    found = module.design_from(module.EXAMPLE)[0] | CANONICAL
    pin = {"reading": "survives", "settings": found}
    assert SHEET.reading(pin) == module.survives(**found)
    long = json.dumps({"machine": {**json.loads(found["machine"]), "name": "x" * 41}})
    assert any("at most 40 characters" in told for told in module.design_from(long)[1])


def test_tempting_designs_break_a_limit(module):
    """What a course without part B would propose: full precision, replicas as large as a node, rent by the hour."""
    good = designed(PLAY.designs[0])
    assert limits(module, good) == {}
    tempting = {
        "16 bits": {"numbers": "16", "replica": 4, "nodes_america": 12, "nodes_europe": 8},
        "a node a replica": {"replica": 8},
        "by the hour": {"terms": "on-demand"},
        "the newest, by the hour": {"machine": "B200", "replica": 1, "places": 208, "terms": "on-demand"}
        | {"nodes_america": 2, "nodes_europe": 2},
        "three large nodes": {"machine": "B200", "replica": 2, "places": 256, "nodes_america": 2, "nodes_europe": 1},
        "next door": {"site_america": "Northern Virginia", "site_europe": "Frankfurt"},
    }
    for name, changed in tempting.items():
        assert limits(module, good | changed), name


def test_every_part_begins_with_something_that_works(module, lab):
    assert defaults(lab, "C") == PILOT
    assert limits(module, designed(defaults(lab, "C"))) == {}
    found = module.fleet(**defaults(lab, "B"), **CANONICAL, nodes=None)
    assert not {"memory capacity", "streaming"} & {reason.limit for reason in found.reasons}


def test_every_failure_can_be_met_and_left(module, lab):
    met = {(letter, limit) for letter, _, limit in PLAY.failures}
    assert met == {("B", "memory"), ("B", "pace")} | {
        ("C", limit) for limit in ("memory", "pace", "start", "capacity", "region", "loss", "budget", "price", "carbon")
    }
    for letter, settings, limit in PLAY.failures:
        if letter == "C":
            told = limits(module, designed(settings))[limit]
        else:
            reasons = module.fleet(**settings, **CANONICAL, nodes=None).reasons
            told = next(each.sentence() for each in reasons if module.LIMITS[each.limit] == limit)
        assert re.search(r"\d", told) and told.count(". ") >= 2, told


def test_what_mends_a_region_mends_it(module):
    design = designed(next(settings for _, settings, limit in PLAY.failures if limit == "region"))
    nodes = int(re.search(r"(\d+) nodes there", limits(module, design)["region"])[1])
    assert "region" not in limits(module, design | {"nodes_america": nodes})
    assert "region" in limits(module, design | {"nodes_america": nodes - 1})


def test_a_design_from_json_is_the_one_from_the_controls(module):
    design = designed(PLAY.designs[0])
    text = json.dumps({name: value for name, value in design.items() if name not in CANONICAL})
    found, mistakes = module.design_from(text)
    assert mistakes == [] and found | CANONICAL == design
    assert module.costs(**found, **CANONICAL) == module.costs(**design)


def test_a_machine_of_ones_own_goes_through_every_limit(module):
    found, mistakes = module.design_from(module.EXAMPLE)
    assert mistakes == [] and set(limits(module, found | CANONICAL)) >= {"capacity", "loss", "carbon"}
    better = {"nodes_america": 12, "nodes_europe": 9, "numbers": "8", "places": 128}
    mine = found | better | {"site_america": "Oregon", "site_europe": "Paris"} | CANONICAL
    assert limits(module, mine) == {}
    dear = json.dumps(json.loads(mine["machine"]) | {"price": "60 kUSD"})
    assert set(limits(module, mine | {"machine": dear})) == {"budget"}
    free = {name: value for name, value in json.loads(mine["machine"]).items() if name != "price"}
    assert set(limits(module, mine | {"machine": json.dumps(free)})) == {"price"}
    twin = {
        "peak": {"fp16": 989.4e12, "fp8": 1978.9e12},
        "memory": 80e9,
        "memory_bandwidth": 3.35e12,
        "cache": 52_428_800,
    }
    twin = json.dumps({"name": "Twin", **twin, "link": 450e9, "tdp": 700, "price": "30 kUSD"})
    design = designed(PLAY.designs[0])
    for reading in (module.survives, module.begins, module.pace):
        assert reading(**design | {"machine": twin}).value == pytest.approx(reading(**design).value, rel=0.1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["cannot be read as JSON"]),
        ("[1, 2]", ["name by name"]),
        ('{"machine": "H100", "machine": "A100"}', ["'machine' is there twice"]),
        ('{"places": NaN}', ["NaN is no number"]),
        ("{" * 5000, ["cannot be read as JSON"]),
        (
            '{"machine": {"name": "x", "peak": {"fp16": "5 TB/s"}, "memory": "-3 GB"}, "numbers": "7", "replica": 3.5,'
            ' "nodes": 3, "site_europe": "Atlantis", "terms": "stolen", "places": 0}',
            (
                *(
                    "'nodes' is not known",
                    "nodes_america is missing",
                    "nodes_europe is missing",
                    "site_america is missing",
                ),
                *("memory is -3", "memory_bandwidth is missing", "peak", "numbers '7'", "replica is 3.5", "'Atlantis'"),
                *("terms 'stolen'", "places is 0"),
            ),
        ),
    ],
)
def test_what_is_wrong_with_a_text_is_told_all_at_once(module, text, told):
    design, mistakes = module.design_from(text)
    assert design is None
    for each in told:
        assert any(each in mistake for mistake in mistakes), (each, mistakes)
    assert len(mistakes) == len(told) and all(mistake.endswith(".") for mistake in mistakes)
    assert "Traceback" not in "".join(mistakes)


@pytest.mark.parametrize(
    "changed", [{"machine": "nRF52840"}, {"replica": 3}, {"machine": {"name": "x"}}, {"machine": 3}]
)
def test_what_cannot_be_served_is_told_in_a_sentence(module, changed):
    good = {name: value for name, value in designed(PLAY.designs[0]).items() if name not in CANONICAL}
    design, mistakes = module.design_from(json.dumps(good | changed))
    assert design is None and mistakes


def test_what_the_page_shows_as_json_is_a_design(module):
    design = designed(PLAY.designs[0])
    text = unescape(re.search(r"<pre>(.*)</pre>", module.as_json(design), re.DOTALL)[1])
    found, mistakes = module.design_from(text)
    assert mistakes == [] and found | CANONICAL == design


@pytest.mark.parametrize(
    "text",
    [
        '{"places": 1e999}',
        '{"rate": -Infinity}',
        '{"places": ' + "9" * 5000 + "}",
        '{"machine": "H100", "numb',
        '{"a":' * 900 + "1" + "}" * 900,
        json.dumps({f"field {n}": n for n in range(50_000)}),
        "[" * 2_000_000,
        '{"machine": {"name": "\\ud800", "peak": {"fp16": 1e999}, "memory": 1e-300, "memory_bandwidth": null}}',
        "\ud800",
        "null",
        '{"machine": [], "node": {}, "terms": null, "site_america": 7}',
        '{"machine": {"name": "H100", "price": "0 USD", "rent": "NaN USD/h"}}',
    ],
    ids=lambda text: text[:24],
)
def test_whatever_stands_in_the_text_becomes_sentences_and_few_of_them(module, text):
    design, mistakes = module.design_from(text)
    assert design is None and 1 <= len(mistakes) <= 30
    for mistake in mistakes:
        assert mistake.endswith(".") and len(mistake) < 400
        mistake.encode()


def test_a_machine_of_ones_own_cannot_take_anothers_price(module):
    machine = json.loads(module.EXAMPLE)["machine"] | {"name": "MI300X"}
    text = json.dumps(json.loads(module.EXAMPLE) | {"machine": machine})
    assert module.design_from(text)[1] == [
        'name is \'MI300X\', but a machine with a known price has this name. For example: "name": "Mine".'
    ]


def test_no_mistake_becomes_markup(module):
    text = json.dumps({"<script>": 1})
    assert "<script>" not in module.refused(module.design_from(text)[1])
    assert "<b>" not in module.as_json({"machine": "<b>"})


def test_the_weakest_assumption_is_the_largest_and_each_is_what_the_bill_does(module):
    design = designed(PLAY.designs[0])
    found = module.designed(**design).doubts()
    assert next(iter(found)).startswith("price") and list(found.values()) == sorted(found.values(), reverse=True)
    assert min(found.values()) > 0
    owed = module.designed(**design).bill
    capital = next(each.amount.expected for each in owed.costs if each.name == "capital")
    assert found["price 40,000 USD"] == pytest.approx(capital / 3 / owed.total.expected)
    rented = module.designed(**design | {"terms": "reserved"}).doubts()
    assert not any(name.startswith(("price", "PUE")) for name in rented)


def test_what_labs_bring_along_says_what_is_a_default(module, lab):
    skipped = {"found": False}
    weights = {"weights": "fp16"}
    spares = {"spare_share": module.SPARE}
    numbers, spare, told = module.brought(skipped | {"precision": "fp16"}, skipped | weights, skipped | spares)
    assert (numbers, spare) == ("16", module.SPARE) and told.count("not done here: a default") == 3
    assert module.brought({"found": True, "precision": "fp8"}, skipped | weights, skipped | spares)[0] == "8"
    there = {"found": True}
    for precision, stored, numbers, bits in (
        ("fp8", "fp16", "16", 16),
        ("bf16", "int4", "w4", 4),
        ("bf16", "int8", "8", 8),
        ("fp8", "fp8", "8", 8),
    ):
        found, spare, told = module.brought(
            there | {"precision": precision}, there | {"weights": stored}, there | {"spare_share": 0.1}
        )
        assert (found, spare) == (numbers, 0.1) and "default" not in told
        assert "10%" in told and f"weights of {bits} bits" in told


def test_what_lab_10_hands_on_is_known_here(module):
    """Its part C serves these forms of the weights; another would fall back to the default without a word."""
    handed = {form.partition("-")[0] for form in assemble.load(LAB_10)[1]["FORMS"]}
    assert handed <= module.SERVED.keys()


@pytest.mark.parametrize("spare", [-0.1, 0.51, 1.0, 1e308])
def test_what_a_hostile_file_hands_on_becomes_the_default_and_is_said(module, spare):
    there = {"found": True}
    markup = "<img src=x>"
    numbers, kept, told = module.brought(
        there | {"precision": markup}, there | {"weights": markup}, there | {"spare_share": spare}
    )
    assert (numbers, kept) == ("16", module.SPARE) and "<" not in told
    assert told.count("not known here as it was left: a default") == 3


def test_the_cheapest_floor_is_below_every_design(module, lab):
    least, _, count = module.cheapest(**CANONICAL)
    found = list(solutions(module, lab, CANONICAL))
    assert count > 1 and least < min(module.designed(**each).bill.total.expected for each in found)


def test_the_sentences_to_remember_hold(module):
    for given in GIVEN:
        walls = module.reference(**given).walls
        eight, four = (
            module.fleet("H100", numbers, 2, None, None, **given).walls["whole nodes"] for numbers in ("8", "w4")
        )
        assert eight < four < walls["whole nodes"] and walls["whole nodes"] < 2 * four
        iowa, montreal = module.emitted(**given)
        assert iowa.carbon.expected > 20 * montreal.carbon.expected
        assert montreal.embodied.expected > 0.5 * montreal.carbon.expected


def test_the_ta_page_renders(lab):
    page = teaching.body(ROW, assemble.load(ROW)[1])
    assert "{{" not in page and str(round(SHEET.answers({})["fleet"])) in page


def test_the_ta_pages_good_answers_hold_every_limit(module):
    told = re.findall(
        r'\("([^"]+)", "(\w+)", (\d+), (\d+), (\d+), (\d+), "([\w-]+)"\)', teaching.source(ROW).read_text()
    )
    names = ("machine", "numbers", "replica", "places", "nodes_america", "nodes_europe", "terms")
    assert len(told) >= 5
    for each in told:
        settings = {
            name: int(value) if value.isdigit() and name != "numbers" else value
            for name, value in zip(names, each, strict=True)
        }
        place = {"rate": 1000, "site_america": "Montreal", "site_europe": "Paris"}
        assert limits(module, designed(settings | place)) == {}, each


def test_nothing_on_the_page_before_the_lock_gives_the_key_away(lab):
    """Not even the controls of part A, which stand under the lock before it is answered."""
    before = [ROW.title, ROW.question, lab.lede, *lab.briefing, assemble.standing_lock(lab), assemble.waiting(lab)]
    found = re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", unescape(" ".join(before)))
    figures = {float(text.replace(",", "")) for text in found if text.count(",") == len(re.findall(r",\d{3}", text))}
    assert {256, 1000} <= figures
    for given in GIVEN:
        for secret in SHEET.answers(given).values():
            assert not any(abs(log(figure / secret)) < 0.05 for figure in figures if figure > 0), secret
