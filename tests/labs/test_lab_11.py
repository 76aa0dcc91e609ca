"""Lab 11: its keys come from the simulator, are reachable, and its text says nothing the simulator contradicts."""

import itertools
import re
import sys
from html import unescape
from math import log

import pytest

import assemble
import catalog
import mlsysim as ms
import teaching
from labkit.grading.sheet import Sheet
from labkit.log import check
from labkit.predictions import NEAR, off_by
from play_lab_11 import PLAY

ROW = next(row for row in catalog.read() if row.name == PLAY.lab)
SHEET = Sheet(ROW.name, ROW.notebook.read_text(encoding="utf-8"))
GIVEN = [
    dict(zip(SHEET.alternatives, values, strict=True)) for values in itertools.product(*SHEET.alternatives.values())
]


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


def designs(module, lab):
    """Every setting of part C, with the machine that part A begins with for one's own."""
    mine = module.own(defaults(lab, "A"))
    controls = lab.part("C").controls
    for chosen in itertools.product(*(control.values for control in controls)):
        design = dict(zip((control.name for control in controls), chosen, strict=True))
        yield design | {"machine": mine if design["machine"] == module.YOURS else design["machine"]}


def test_it_has_variants_enough_and_the_grader_reads_them():
    assert 3 <= len(GIVEN) <= 16
    assert [lock.name for lock in SHEET.locks] == list(SHEET.answers({})) == list(PLAY.said)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_crossover_is_where_the_terms_meet_beyond_the_ridge_point(module, given):
    key = SHEET.answers(given)["crossover"]
    design = module.asked(given["peak"])
    below, above = (module.step(design, batch=batch).decode for batch in (key - 1, key))
    assert below.memory_time.expected > below.compute_time.expected
    assert above.memory_time.expected <= above.compute_time.expected
    # By hand: shared bytes over what one sequence's operations leave of its own bytes, at the rates that are reached.
    eta, once = above.efficiency, module.step(design).decode
    ridge = given["peak"] / module.ASKED_BANDWIDTH * eta.compute.expected / eta.bandwidth.expected
    own = once.bytes["kv_cache"]
    assert key == pytest.approx(once.bytes["weights"] / (once.operations / ridge - own), rel=0.02)
    assert key > 1.5 * once.ridge
    assert float(re.search(r"= ([\d,]+) sequences", module.crossing(design)[-1])[1].replace(",", "")) == pytest.approx(
        key, rel=0.01
    )


def test_the_crossover_by_hand_says_never_where_the_simulator_does(module):
    for peak, bandwidth in itertools.product((100, 1000, 5000), (0.5, 2, 8)):
        machine = module.own({"peak": peak, "bandwidth": bandwidth, "memory": 96, "power": 700})
        never = "never" in module.crossing(machine)[-1]
        assert never == (module.crossover(machine).text == "never"), machine


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_the_balance_is_near_the_ridge_point_for_each_token_written(module, given):
    answer, key = given["answer"], SHEET.answers(given)["balance"]
    effects = [module.effects("H100", prompt, answer) for prompt in (key - 1, key)]
    assert effects[0]["peak"] > effects[0]["memory_bandwidth"] or key == 1
    assert effects[1]["peak"] <= effects[1]["memory_bandwidth"]
    # A token read takes 2 FLOP a weight, one written 2 bytes a weight: their quotient is the ridge point.
    assert key / answer == pytest.approx(ms.Hardware.Cloud.H100.ridge_point("fp16"), rel=0.08)


def test_the_least_arithmetic_is_operations_over_time(module):
    spec = ms.Models.Llama3_8B
    matrices = spec.projection_parameters + spec.feed_forward_parameters + spec.head_parameters
    attention = 4 * spec.layers * spec.heads * spec.head_dim * module.CONVERSATION
    operations = module.DISPATCHERS * (2 * matrices + attention)
    assert SHEET.answers({})["arithmetic"] == pytest.approx(operations / 0.020 / 1e12)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_each_key_is_apart_from_what_a_wrong_assumption_leads_to(given):
    answers = SHEET.answers(given)
    for name, wrong in SHEET.assumptions(given).items():
        assert len(wrong) >= 3
        for each in wrong:
            assert off_by(each.value, answers[name]) > NEAR, (name, each)


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_each_key_can_be_read_off_with_the_labs_own_controls(module, lab, given):
    answers = SHEET.answers(given)
    assert given["peak"] in values(lab, "A", "peak")
    assert module.ASKED_BANDWIDTH in values(lab, "A", "bandwidth")
    assert module.ASKED_MEMORY in values(lab, "A", "memory")
    assert module.crossover(module.asked(given["peak"])).value == answers["crossover"]
    # The two readings of part B change places between two neighbours on the slider, a few percent from the key.
    prompts = values(lab, "B", "prompt")
    assert given["answer"] in values(lab, "B", "answer")
    below, above = (
        max(p for p in prompts if p < answers["balance"]),
        min(p for p in prompts if p >= answers["balance"]),
    )
    worth = {
        (prompt, figure): module.saved("H100", prompt, given["answer"], figure).value
        for prompt in (below, above)
        for figure in module.FIGURES
    }
    assert worth[below, "peak"] < worth[below, "memory_bandwidth"]
    assert worth[above, "peak"] > worth[above, "memory_bandwidth"]
    assert above / below < NEAR
    least = module.least("peak", "fp16", module.DISPATCHERS, module.TOKEN_PROMISE)
    assert least.range_text.startswith(f"between {answers['arithmetic']:.1f} and")


def test_the_sentences_to_remember_hold(module):
    """Part A: a quarter less bandwidth moves the crossing far up, and it still crosses. Part C: arithmetic abounds."""
    for given in GIVEN:
        smaller = {"peak": given["peak"], "bandwidth": 0.75 * module.ASKED_BANDWIDTH, "memory": 96, "power": 700}
        crossing = module.step(module.own(smaller)).crossover_batch
        assert crossing is not None
        assert crossing > 1.5 * SHEET.answers(given)["crossover"]
    assert SHEET.answers({})["arithmetic"] < 0.05 * ms.Hardware.Cloud.H100.rate("fp16") / 1e12


def test_every_part_begins_with_something_that_works(module, lab):
    mine = module.own(defaults(lab, "A"))
    assert not module.limits(mine, defaults(lab, "A")["batch"])
    assert not module.broken(**defaults(lab, "C"))
    longest = max(values(lab, "B", "prompt")) + max(values(lab, "B", "answer"))
    assert longest <= ms.Models.Llama3_8B.max_context
    for machine in (*module.SHOWN, mine):
        assert module.served(module.node(machine), max(values(lab, "B", "prompt")), 1024).feasible


def test_one_s_own_machine_is_the_one_described(module, lab):
    mine = module.node(module.own(defaults(lab, "A") | {"bandwidth": 0.1, "peak": 1300}))
    assert (mine.rate("fp16"), mine.memory_bandwidth, mine.memory, mine.tdp) == (1.3e15, 1e11, 64e9, 600)
    described = {"peak": 989.4, "bandwidth": 3.35, "memory": 80, "power": 700}
    twin, known = module.own(described), "H100"
    assert module.crossover(twin).value == module.crossover(known).value
    assert module.saved(twin, 4096, 16, "peak").text == module.saved(known, 4096, 16, "peak").text
    assert module.promised(twin, "fp16", "notes", 24, 20).value == pytest.approx(
        module.promised(known, "fp16", "notes", 24, 20).value
    )


def test_the_extra_is_shared_out_percent_for_percent(module):
    base = ms.Hardware.Cloud.MI300X
    for share in module.SHARES:
        more = module.upgraded("MI300X", share)
        gained = more.rate("fp16") / base.rate("fp16") + more.memory_bandwidth / base.memory_bandwidth - 2
        assert gained == pytest.approx(module.EXTRA)
        assert more.rate("fp16") / base.rate("fp16") - 1 == pytest.approx(module.EXTRA * share / 100)


def test_every_failure_of_part_a_can_be_met_and_left(module, lab):
    start = defaults(lab, "A")
    met = set()
    for name in ("memory", "power", "bandwidth", "batch"):
        for value in values(lab, "A", name):
            figures = start | {name: value}
            for limit, sentence in module.limits(module.own(figures), figures["batch"]):
                met.add(limit)
                assert re.search(r"\d (GB|W)", sentence), sentence
    assert met == {"memory", "power"}


def test_every_failure_of_part_c_can_be_met_and_left(module, lab):
    met, free = set(), set()
    for design in designs(module, lab):
        failures = module.broken(**design)
        if not failures:
            free.add(design["job"])
        for limit, sentence in failures:
            met.add(limit)
            assert re.search(r"\d (GB|ms|s|USD)\b", sentence), sentence
    assert met == {"memory", "floor", "overhead", "budget"}
    assert free == set(module.JOBS)


def test_what_breaks_the_floor_is_what_peak_rates_cannot_do(module, lab):
    for design in designs(module, lab):
        kept = module.verdict(**design)
        limits = {limit for limit, _ in module.broken(**design)}
        assert ("floor" in limits) == (kept.band.lower > kept.limit and "memory" not in limits), design
        assert ("memory" in limits) <= (not kept.serving.feasible)


def test_part_c_has_several_good_answers_and_tempting_bad_ones(module, lab):
    kept = {job: set() for job in module.JOBS}
    for design in designs(module, lab):
        asked = design["users"] == module.DISPATCHERS and design["promise"] == module.TOKEN_PROMISE
        if asked and design["machine"] in module.FOR_RENT and module.verdict(**design).word == "keeps it":
            kept[design["job"]].add((design["machine"], design["weights"]))
    rents = {machine: module.rent(machine).total.expected for machine in module.FOR_RENT}
    pairs = list(itertools.product(*kept.values()))
    good = {(one[0], other[0]) for one, other in pairs if rents[one[0]] + rents[other[0]] <= module.BUDGET}
    dear = {(one[0], other[0]) for one, other in pairs} - good
    assert good >= {("A100", "L40S"), ("A100", "A100"), ("MI300X", "L40S")}  # as the page for teaching assistants says
    assert len(dear) > len(good)
    assert {vendor for vendor in (getattr(ms.Hardware.Cloud, one).vendor for one, _ in good)} == {"NVIDIA", "AMD"}
    # No machine is the cheapest for both jobs, and the cheapest of all keeps neither promise.
    cheapest = {job: min(machines, key=lambda one: rents[one[0]])[0] for job, machines in kept.items()}
    assert len(set(cheapest.values())) == 2
    assert min(rents, key=rents.get) not in {machine for machines in kept.values() for machine, _ in machines}


def test_no_promise_lies_so_near_a_design_that_a_new_fit_would_turn_it(module):
    for machine, weights, job in itertools.product(module.FOR_RENT, module.BITS, module.JOBS):
        kept = module.verdict(machine, weights, job, module.DISPATCHERS, module.TOKEN_PROMISE)
        assert abs(kept.band.upper / kept.limit - 1) > 0.04, (machine, weights, job)


def test_the_play_meets_each_failure_and_the_whole_challenge(module, lab):
    for part, settings, limit in PLAY.failures:
        if part == "A":
            met = dict(module.limits(module.own(settings), settings["batch"]))
        else:
            met = dict(module.broken(**settings))
        assert limit in met, (part, settings)
    pinned = [{"reading": "promised", **design} for design in PLAY.designs]
    assert all(SHEET.challenge(pinned, {}).values())
    assert not any(SHEET.challenge([], {}).values())
    assert sum(SHEET.challenge(pinned[:1], {}).values()) == 1
    assert sum(SHEET.challenge([pinned[0] | {"machine": "H100"}, pinned[1]], {}).values()) == 2


def test_the_play_s_log_is_one_that_can_be_signed_off(module, lab):
    a, b = defaults(lab, "A"), defaults(lab, "B")
    del b["share"]
    readings = {
        ("A", 1): module.crossover(module.own(a)),
        ("B", 1): module.saved(**b, figure="memory_bandwidth"),
        ("B", 2): module.saved(**b, figure="peak"),
    }
    pins = [{"text": readings[place].text} for place in PLAY.pins]
    text = PLAY.text.format(*(pin["text"] for pin in pins))
    draft = {"term": PLAY.term, "gave_up": PLAY.gave_up, "text": text}
    assert all(item.met for item in check(draft, pins)), check(draft, pins)


def test_the_page_for_teaching_assistants_can_be_filled_in_and_its_sentences_hold(module):
    told = teaching.body(ROW, assemble.load(ROW)[1])
    for given in GIVEN:
        for name in ("crossover", "balance"):
            assert str(SHEET.answers(given)[name]) in told
    # Near the ridge point of the H100, 1.9 times the A100's, the KV cache moves the crossing by more than that.
    assert module.step("H100").crossover_batch > 3 * module.step("A100").crossover_batch
    assert module.verdict("A100", "fp16", "notes", 24, 20).word == "may keep it"
    assert all(module.verdict("L40S", bits, "notes", 24, 20).word != "keeps it" for bits in module.BITS)
    least = module.needed("fp16", 24, 20)
    mine = ms.HardwareNode(
        name="Mine",
        peak={"fp16": least.peak.expected},
        memory=least.memory.expected,
        memory_bandwidth=least.memory_bandwidth.expected,
    )
    (judged,) = (
        ms.SynthesisSolver()
        .solve(model=module.MODEL, itl=0.020, batch=24, context=module.CONVERSATION, machines=[mine])
        .machines
    )
    assert judged.serving.itl.expected == pytest.approx(0.020)


def test_nothing_on_the_page_before_the_lock_gives_the_key_away(lab):
    """Not even the controls of part A, which stand under the lock before it is answered."""
    before = [ROW.title, ROW.question, lab.lede, *lab.briefing, assemble.standing_lock(lab), assemble.waiting(lab)]
    found = re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?", unescape(" ".join(before)))
    figures = {float(text.replace(",", "")) for text in found if text.count(",") == len(re.findall(r",\d{3}", text))}
    assert {GIVEN[0]["peak"], 512, 2048} <= figures
    for given in GIVEN:
        for secret in SHEET.answers(given).values():
            assert not any(abs(log(figure / secret)) < 0.05 for figure in figures if figure > 0), secret


def test_the_source_that_the_page_carries_holds_no_key():
    source = ROW.notebook.read_text(encoding="utf-8")
    for given in GIVEN:
        for key in SHEET.answers(given).values():
            for text in {f"{key:.1f}", f"{key:.2f}", f"{key:,.0f}", f"{key:.0f}"}:
                assert not re.search(rf"(?<![\d.]){re.escape(text)}(?![\d.])", source), text
