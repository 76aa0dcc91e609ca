"""The fit: what is stored is its result, it is physical, and it knows no row."""

import ast
import re
from math import exp, log
from pathlib import Path

import pytest

import mlsysim.calibration
from mlsysim import registry
from mlsysim.calibration import fit, validate
from mlsysim.calibration.parameters import FILE, SCALES, Reach, fitted
from mlsysim.calibration.store import TABLE
from mlsysim.registry import constants

PACKAGE = Path(mlsysim.calibration.__file__).parent


@pytest.fixture(scope="module")
def seen():
    found = fit.observations(TABLE)
    shifts = dict(fitted().shifts)
    for each in found:
        each.keys = tuple(key for key in each.keys if ", " not in key or key in shifts)
        fit.linearize(each, shifts)
    return found


def test_what_is_stored_is_the_fits_result(seen):
    """One more step of the fit from the stored figures goes nowhere."""
    shifts = fitted().shifts
    for group in fit.components(seen):
        for key, step in fit.solve(group, shifts)[0].items():
            assert step == pytest.approx(shifts[key], abs=0.02), key


def test_each_parameter_is_physical_and_has_a_range():
    stored = {name: datum for name, datum in constants(FILE).items() if name.partition(", ")[0] in SCALES}
    assert stored
    for name, datum in stored.items():
        assert 0 < datum.lower < datum.value < datum.upper, name
        if SCALES[name.partition(", ")[0]].fraction:
            assert datum.upper < 1, name
        assert (datum.unit, datum.tier) == (SCALES[name.partition(", ")[0]].unit, "measured")


def test_there_are_few_parameters(seen):
    """A kind of kernel has one, and groups that differ from it have another: fewer than half the figures."""
    figures = sum(len(each.errors) for each in seen)
    assert len(fitted().shifts) < figures / 2
    assert all(len(re.findall(", ", name)) <= 1 for name in fitted().shifts)


def test_no_case_is_named_where_predictions_are_made():
    names = {each.case.case_id.lower() for each in fit.observations(TABLE, ("fit", "context", "input"))}
    stems = {name.split("-")[0] for name in names if len(name.split("-")[0]) > 3}
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = set(re.findall(r"[a-z0-9.]+(?:-[a-z0-9.]+)+", node.value.lower()))
                assert not words & names, path.name
                assert not {word for word in words if word.split("-")[0] in stems - {"bert", "ssd", "disk"}} & names


def test_only_rows_for_fitting_are_fitted(seen):
    assert {each.use for each in seen} == {"fit"}


def test_a_row_left_out_has_no_part_in_its_own_prediction(seen):
    """What was measured of a row may be anything: the prediction without it stays."""
    shifts = dict(fitted().shifts)
    fold = [next(index for index, each in enumerate(seen) if each.band == "training")]
    shared = [frozenset(key for each in seen for key in each.keys)]
    before = validate.left_out(validate.ROW, fold, seen, shifts, shared)[0]
    row = seen[fold[0]]
    original, row.measured = row.measured, tuple(figure and 1000 * figure for figure in row.measured)
    try:
        after = validate.left_out(validate.ROW, fold, seen, shifts, shared)[0]
    finally:
        row.measured = original
    assert after.errors[0] == pytest.approx(before.errors[0] - log(1000))


def test_without_measurements_the_priors_stand():
    reach = Reach({})
    for kind, scale in SCALES.items():
        assert reach.of(kind) == pytest.approx(scale.value)


def test_bands_come_from_rows_left_out_and_are_not_absurd():
    widths = {name: datum.value for name, datum in constants("calibration/bands").items()}
    assert all(validate.LEAST <= width < log(6) for width in widths.values())
    for name in widths:
        if name.endswith(", known"):
            assert widths[name.replace("known", "new")] >= widths[name]


def test_a_prediction_on_new_software_has_the_wider_band():
    from dataclasses import replace

    from mlsysim.calibration.cases import Row, read
    from mlsysim.calibration.predict import predict

    case = next(row.case for row in read(TABLE) if row.case_id == "TITAN-Llama3-8B")
    old, new = predict([Row("a", case, ""), Row("b", replace(case, software="Brand New 1.0"), "")])
    assert new.upper[0] / new.lower[0] > old.upper[0] / old.lower[0]


def test_the_fit_finds_what_it_was_given():
    """Measurements made up from other parameters lead to these parameters."""
    shifts = {"link.ring": -0.5, "link.switch": 0.4, "link.start": 0.3}
    made = [each for each in fit.observations(TABLE) if each.band == "collectives"]
    for each in made:
        errors = fit.compare(each, shifts)
        each.measured = tuple(
            figure and figure * exp(error) for figure, error in zip(each.measured, errors, strict=True)
        )
    found, _ = fit.fit(made)
    left = [abs(error) for each in made for error in fit.compare(each, found)]
    assert max(left) < 0.05


def test_what_was_measured_is_listed():
    seen_keys = registry._read("calibration/seen.toml")
    assert "serving.launch, vLLM" in seen_keys["decode"]["keys"]
