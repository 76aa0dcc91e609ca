"""What holds for every tutorial of the catalog."""

import pytest

import assemble
import catalog
import course
from labkit import lint
from labkit.grading import library
from mlsysim import Hardware
from mlsysim.walls import WALLS

ROWS = {row.name: row for row in catalog.tutorials()}


@pytest.fixture(scope="module", params=ROWS)
def row(request):
    return ROWS[request.param]


@pytest.fixture(scope="module")
def loaded(row):
    return assemble.load(row)


def test_it_has_no_fault(loaded):
    assert lint.faults(*loaded) == []


def test_it_is_short_and_on_more_than_one_vendors_machines(row):
    vendors = {machine.vendor for machine in Hardware if machine.name in row.machines}
    assert 10 <= row.minutes <= 20
    assert len(vendors) > 1
    assert set(row.machines) <= {machine.name for machine in Hardware}
    assert set(row.walls) <= set(WALLS) and set(row.terms) <= set(course.TERMS)
    assert row.question.endswith("?")


@pytest.fixture(scope="module")
def asked():
    """The questions of the labs' locks."""
    return {lock.question for _, defined in map(assemble.load, catalog.read()) for lock in locks(defined)}


def test_no_lab_asks_what_it_asks(loaded, asked):
    assert not asked & {lock.question for lock in locks(loaded[1])}


def test_nothing_of_it_is_graded_and_no_section_plays_it(loaded, row):
    assert row.name not in library.sources()
    assert not loaded[0].variants


def test_it_ends_with_a_question_to_the_reader(loaded):
    assert "?" in loaded[0].reflect


def locks(defined):
    return [value for value in defined.values() if isinstance(value, lint.Lock)]
