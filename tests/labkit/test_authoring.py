"""A lab that `mlsysim labs new` writes passes every check; what a lab lacks is said."""

import pytest

from labkit import authoring
from labkit.grading.sheet import Sheet
from labkit.variants import choose
from mlsysim.check import InvalidInput, InvalidValue
from mlsysim.cli import main

NAME = "vol1/lab_31_trial_run"


def test_a_new_lab_passes_every_check_and_can_be_graded(tmp_path):
    notebook = authoring.new(tmp_path, NAME)
    assert authoring.check(tmp_path, NAME) == []
    sheet = Sheet(NAME, notebook.read_text(encoding="utf-8"))
    for section in ("", "B2"):
        variant = choose(NAME, sheet.alternatives, section, "s1")
        assert list(sheet.answers(variant)) == [lock.name for lock in sheet.locks] == ["token", "bits", "users"]


def test_the_command_writes_and_checks_it(tmp_path, capsys):
    assert main(["labs", "new", NAME, "--labs", str(tmp_path)]) == 0
    assert main(["labs", "check", NAME, "--labs", str(tmp_path)]) == 0
    assert "fit to ship" in capsys.readouterr().out
    assert main(["labs", "new", NAME, "--labs", str(tmp_path)]) != 0
    assert "is there already" in capsys.readouterr().err


def test_the_command_checks_a_tutorial_by_a_part_of_its_name(capsys):
    assert main(["labs", "check", "hello_roofline"]) == 0
    assert "fit to ship" in capsys.readouterr().out
    assert main(["labs", "key", "hello_roofline"]) != 0  # nothing of it is graded
    assert "is not known" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["lab_31", "vol1/lab_3_x", "../vol1/lab_31_x", "vol1/lab_31_x.py", ""])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(InvalidValue, match="vol1/lab_03_ml_workflow"):
        authoring.new(tmp_path, name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"token": 1e3 *', '"tokens": 1e3 *', "the locks are token"),
        ("Assumption(4.0,", "Assumption(2.7,", "within 1.25x of the key"),
        ('"users": float(full.max_batch)', '"users": -1.0', "above zero"),
        ("any(batch >= 8 for batch in kept)", "True", "met with no design"),
        ("asks you for a number.", "asks you for a number!", "exclamation"),
        ("mo.stop(first.value is None", "mo.stop(frist.value is None", "does not run"),
        ("def answers(machine=MACHINES[0]):", "def answers(machine=MACHINES[0])", "does not compile"),
        ('name="@name@"'.replace("@name@", NAME), 'name="vol1/lab_30_other"', "defines no `lab"),
    ],
)
def test_what_is_wrong_with_a_lab_is_said(tmp_path, old, new, fault):
    notebook = authoring.new(tmp_path, NAME)
    text = notebook.read_text(encoding="utf-8")
    assert old in text
    notebook.write_text(text.replace(old, new), encoding="utf-8")
    assert any(fault in found for found in authoring.check(tmp_path, NAME))


def test_a_key_given_away_above_the_lock_is_found(tmp_path):
    notebook = authoring.new(tmp_path, NAME)
    text = notebook.read_text(encoding="utf-8")
    notebook.write_text(text.replace("asks you for a number.", "asks whether 7 ms is right."), encoding="utf-8")
    assert any("which is the key" in found for found in authoring.check(tmp_path, NAME))


def test_a_lab_that_is_not_there_is_no_crash(tmp_path):
    with pytest.raises(InvalidInput):
        authoring.new(tmp_path, "nothing")
    assert "is not there" in authoring.check(tmp_path, NAME)[0]
