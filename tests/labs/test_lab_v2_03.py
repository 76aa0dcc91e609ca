"""Volume 2, Lab 03: its keys come from closed forms; each failure can be met and left; its sentences hold."""

import itertools
import re
import sys

import pytest
from jinja2 import Environment, StrictUndefined

import assemble
import catalog
from mlsysim import CommunicationModel, Fabrics
from mlsysim.physics import collectives
from play_lab_v2_03 import PLAY

ROW = next(row for row in catalog.read() if row.name == PLAY.lab)


@pytest.fixture(scope="module")
def lab():
    found, _ = assemble.load(ROW)
    return found


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


def test_the_ring_takes_seven_eighths_twice_over_one_direction_of_the_links(module):
    """Patarasuk & Yuan (2009); the curriculum's 1.94 ms reads 900 GB/s as one direction, 450 + 450 as it is."""
    assert module.answers("DGX H100")["ring"] == pytest.approx(1e3 * 2 * 7 / 8 * 1e9 / 450e9)
    assert module.answers("DGX H100")["ring"] == pytest.approx(2 * 1.944, rel=1e-3)
    assert module.answers("8x MI300X")["ring"] == pytest.approx(1e3 * 1.75e9 / (7 * 64e9))
    assert module.answers("8x Gaudi 3")["ring"] == pytest.approx(1e3 * 1.75e9 / (21 * 25e9))


def test_one_gpu_a_server_is_the_curriculums_half_second(module):
    """14 GB over 64 at 50 GB/s: the ports of scattered GPUs, at the speed of their wires."""
    found = module.alike(module.SCATTERED, 64, 14e9, "ring")
    assert found.time.lower == pytest.approx(0.55, rel=0.01)


def test_leaving_the_server_costs_little_and_scattering_much(module):
    for fleet in module.VARIANTS["fleet"].values:
        # Bytes 2 (n-1)/n in place of 2 x 7/8, and some hops; ports side by side carry more than the links within.
        assert 8 / 7 * (1 - 1 / fleet) - 0.01 < module.left(fleet) < 1.2
        scattered, whole = (
            module.alike(each, fleet, 1e9).time.expected for each in (module.SCATTERED, module.WHOLE_H100)
        )
        assert 7 < scattered / whole < 10


def test_small_messages_are_all_latency(module):
    for joined in module.JOINED:
        tiny, large = (module.alike(joined, 64, size) for size in (4e3, 16e9))
        assert tiny.bound_by == "latency" and large.bound_by == "bandwidth"
    ring, tree = (module.ways(module.WHOLE_MI300X, 1024, 64e3)[name] for name in ("ring", "tree"))
    assert ring > 50 * tree


def test_each_algorithm_is_the_quickest_somewhere(module, lab):
    found = {next(iter(module.ways(**values))) for values in settings(lab.part("B"))}
    assert found >= {"tree", "hierarchical", "in-network"}


def test_what_hides_is_the_last_backward_pass(module):
    for at_once in module.VARIANTS["at_once"].values:
        cut = module.step(module.SHARED, at_once, 16, module.CUT)
        share = 1 - 15 / 16 * cut.backward / cut.exchange
        assert module.remains(at_once) == pytest.approx(share, rel=0.01)
        # Backward is twice forward, of a step that takes its eight sequences one group after another.
        assert cut.backward == pytest.approx(2 / 3 * cut.work.expected * at_once / 8, rel=0.05)


def test_no_more_hides_than_the_last_backward_pass_is_long(module):
    for at_once in module.VARIANTS["at_once"].values:
        whole, cut = (module.step(module.SHARED, at_once, 16, pieces) for pieces in (1, module.CUT))
        assert 0.8 * cut.backward < whole.visible.expected - cut.visible.expected <= cut.backward


def test_each_key_can_be_read_off_an_instrument(module, lab):
    for given in variants(module):
        answers = module.answers(**given)
        assert 1e3 * module.wire(given["server"], 8, 1e9).value == pytest.approx(answers["ring"])
        one, many = (module.quickest(module.WHOLE_MI300X, gpus, 1e9).value for gpus in (8, given["fleet"]))
        assert many / one == pytest.approx(answers["leave"])
        cut, whole = (module.wait(module.SHARED, given["at_once"], 16, n).value for n in (module.CUT, 1))
        assert 100 * cut / whole == pytest.approx(answers["seen"])
        for part, value in (("A", {"gpus": 8, "message": 1e9}), ("B", {"gpus": given["fleet"], "message": 1e9})):
            controls = {control.name: control.values for control in lab.part(part).controls}
            assert all(value[name] in controls[name] for name in value)


def test_the_map_ends_with_whole_sums_and_the_steps_are_the_time(module, lab):
    for values in settings(lab.part("A")):
        every = 2 * (values["gpus"] - 1)
        assert every <= lab.part("A").controls[-1].values[-1]
        if values["steps"] == 0:
            share = values["message"] / values["gpus"] / Fabrics.DGX_H100.link
            assert module.around("DGX H100", values["gpus"], values["message"]) == pytest.approx(every * share)
    assert collectives.ring_contributions(8, 14) == [[8] * 8] * 8


def test_the_parts_begin_where_nothing_is_broken_and_nothing_is_won(module, lab):
    start = defaults(lab.part("C"))
    assert module.broken(**start) == []
    assert not any(module.challenge([{**start, "reading": "share"}]).values())


def test_every_failure_of_part_c_can_be_met_and_left(module, lab):
    met, free = set(), set()
    for values in settings(lab.part("C")):
        found = module.broken(**values)
        for limit, sentence in found:
            met.add((values["joined"], limit))
            assert re.search(
                {"memory": r"\d GB on each GPU; the H100 has 80 GB", "communication": r"\d s of .* 40%"}[limit],
                sentence,
            )
            assert "would" in sentence
        if not found:
            free.add(values["joined"])
    assert free == set(module.OFFERED)
    assert {limit for _, limit in met} == {"memory", "communication"}
    assert (module.SHARED, "communication") in met and (module.SHARED, "memory") not in met


def test_what_a_sentence_says_would_mend_it_mends_it(module, lab):
    for values in settings(lab.part("C")):
        for limit, sentence in module.broken(**values):
            if limit == "memory":
                assert not module.step(**{**values, "at_once": 1}).step.reasons
            elif found := re.search(r"Gradients of (\d+) bits", sentence):
                assert module.step(**{**values, "bits": int(found[1])}).fraction <= module.LIMIT
            elif "Cut into" in sentence:
                assert module.step(**{**values, "pieces": module.CUT}).fraction <= module.LIMIT


def test_part_c_has_several_good_answers_and_tempting_bad_ones(module, lab):
    good = {joined: [] for joined in (module.SHARED, module.SCATTERED)}
    for values in settings(lab.part("C")):
        if values["joined"] in good and not module.broken(**values) and module.step(**values).fraction <= module.GOAL:
            good[values["joined"]].append(values)
    shared, scattered = good.values()
    assert {(each["at_once"], each["bits"]) for each in shared} == {(8, 16), (4, 8), (8, 8)}
    assert {each["bits"] for each in scattered} == {8} and {each["at_once"] for each in scattered} == {1, 2}
    # Neither the bits alone, nor the pieces alone, nor as many pieces as can be.
    assert module.step(module.SHARED, 1, 8, 1).fraction > 4 * module.GOAL
    assert module.step(module.SHARED, 1, 16, 64).fraction > 6 * module.GOAL
    assert module.step(module.SHARED, 8, 16, 4096).fraction > 4 * module.GOAL


def test_no_plan_hides_the_bytes_that_the_lab_calls_the_limit(module):
    exchange = module.step(module.SHARED, 1, 16, 1)
    least = collectives.ring_traffic(exchange.bucket.message, 8) / 12.5e9
    assert exchange.bucket.time.lower > least > module.step(module.SHARED, 4, 16, 1).backward
    assert least == pytest.approx(1.75 * 6.4e9 / 12.5e9, rel=0.01)


def test_the_challenge_wants_a_plan_for_each_offer(module):
    pins = [{**design, "reading": "share"} for design in PLAY.designs]
    assert all(module.challenge(pins).values()) and len(module.challenge(pins)) == 2
    for one in pins:
        assert sum(module.challenge([one]).values()) == 1
    assert not any(module.challenge([{**pins[0], "reading": "room"}]).values())
    failing = [{**values, "reading": "share"} for _, values, _ in PLAY.failures]
    assert not any(module.challenge(failing).values())


def test_the_play_meets_its_failures(module, lab):
    for part, values, limit in PLAY.failures:
        assert values in settings(lab.part(part))
        assert limit in dict(module.broken(**values))


def test_a_probe_waits_until_somebody_is_stuck(lab):
    for part in lab.parts:
        start = defaults(part)
        assert part.probe([start]) == ""
        last = part.controls[-1]
        assert part.probe([start | {last.name: value} for value in last.values])


def test_a_reading_says_what_the_solver_says(module):
    for joined, gpus, message in itertools.product(module.JOINED, (8, 1024), (4e3, 16e9)):
        plain = CommunicationModel().solve(message=message, fabric=module.JOINED[joined], gpus=gpus)
        assert module.quickest(joined, gpus, message).value == plain.time.expected
        assert module.ring(joined, gpus, message).value >= plain.time.expected


def test_the_teaching_assistants_page_says_what_the_notebook_computes(module):
    page = catalog.LABS / "ta" / "vol2" / "lab_03.md"
    text = Environment(undefined=StrictUndefined).from_string(page.read_text(encoding="utf-8")).render(vars(module))
    for figure in (module.wire("DGX H100", 8, 1e9).text, f"{module.left(64):.2f}", f"{module.answers()['seen']:.0f} %"):
        assert figure in text
