"""What holds for every lab of the catalog, in every variant."""

import pytest

import assemble
import catalog
from labkit import lint
from labkit.log import check
from labkit.reading import Reading
from play import play_of

ROWS = {row.name: row for row in catalog.read()}


@pytest.fixture(scope="module", params=ROWS)
def row(request):
    return ROWS[request.param]


@pytest.fixture(scope="module")
def loaded(row):
    return assemble.load(row)


def test_it_has_no_fault(loaded):
    assert lint.faults(*loaded) == []


def test_it_has_at_least_three_variants(loaded):
    assert len(list(lint.variants(loaded[0]))) >= 3


def test_what_is_asked_of_nobody_in_particular_is_the_first_variant(loaded):
    lab, defined = loaded
    first = next(lint.variants(lab))
    assert defined["answers"]() == defined["answers"](**first)
    assert defined["assumptions"]() == defined["assumptions"](**first)


def test_every_reading_has_a_figure_a_name_and_an_equation(loaded, row):
    lab, _ = loaded
    assert lab.readings and all(callable(reading) for reading in lab.readings)
    assert len({reading.__name__ for reading in lab.readings}) == len(lab.readings)


def test_its_play_answers_every_lock_and_meets_failures_it_can_leave(loaded, row):
    lab, defined = loaded
    play = play_of(row.name)
    locks = [value for value in defined.values() if isinstance(value, lint.Lock)]
    assert list(play.said) == [lock.name for lock in locks]
    for letter, settings, _ in play.failures:
        allowed = {control.name: control.values for control in lab.part(letter).controls}
        assert settings.keys() == allowed.keys()
        assert all(value in allowed[name] for name, value in settings.items())
    assert {limit for _, _, limit in play.failures}, "a lab has a failure state"


def test_its_plays_log_is_complete_once_the_readings_stand_in_it(row):
    play = play_of(row.name)
    figures = [
        Reading(value=7.0 + n, unit="s", text=f"{7 + n}.5 s", name="time", label="here")
        for n, _ in enumerate(play.pins)
    ]
    pins = [{"text": figure.text} for figure in figures]
    text = play.text.format(*(figure.text for figure in figures))
    items = check({"term": play.term, "gave_up": play.gave_up, "text": text}, pins)
    assert [item.label for item in items if not item.met] == []


def test_the_lint_finds_what_it_looks_for(loaded, row):
    lab, defined = loaded
    name, key = next((name, key) for name, key in defined["answers"]().items() if not isinstance(key, str))
    told = dict(defined) | {
        "answers": lambda **given: {n: (-1.0 if n == name else k) for n, k in defined["answers"](**given).items()}
    }
    assert any("above zero" in fault for fault in lint.faults(lab, told))
    assert lint.leaks(f"It is {float(f'{key:.3g}'):.10g}.", key)
