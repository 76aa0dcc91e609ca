"""The submission file: the simulator, here, reads it again and comes to every figure in it."""

import json
import re
from typing import Any

import jsonschema
import pytest
import rfc8785

from labkit import codes, submission
from labkit.grading.book import grade
from labkit.grading.intake import Incoming
from labkit.submission import SubmissionError
from record import LAB
from student import GOOD_LOG, Student


@pytest.fixture(scope="module")
def file(graduate: Student) -> bytes:
    return graduate.submission()


def test_every_figure_in_it_is_the_simulators(file: bytes, lab: Any) -> None:
    handed_in = submission.read(file)
    assert {pin["reading"] for pin in handed_in.pins} == {"token_time", "crossover", "promised"}
    assert len(handed_in.pins) >= 6
    assert max(submission.recompute(handed_in, lab.readings)) <= 1e-12


def test_it_says_what_was_predicted_what_the_simulator_said_and_what_was_written(file: bytes, native, lab: Any) -> None:
    handed_in = submission.read(file)
    assert handed_in.lab == lab.name
    assert handed_in.lab_version == lab.version
    assert handed_in.student == {"id": "s 17/ä", "section": "B2"}
    assert {data["lock"]: data["answer"] for data in handed_in.of("committed")} == {
        "speedup": 3.2,
        "crossover": 30,
        "bandwidth": 2000,
    }
    revealed = {data["lock"]: data["says"] for data in handed_in.of("revealed")}
    assert revealed == pytest.approx(native.answers(), rel=1e-12)
    assert handed_in.of("logged")[-1]["text"] == GOOD_LOG
    assert handed_in.of("exported")[-1] == {"complete": True}
    assert "C memory" in [data["key"] for data in handed_in.of("failed")]


def test_its_name_is_the_labs_and_the_students(graduate: Student) -> None:
    assert graduate.download("Download the submission").suggested_filename == "lab_02_ml_systems-s_17_.json"


def test_the_code_to_read_out_is_the_files(graduate: Student) -> None:
    made = submission.read(graduate.submission())
    shown = re.search(r"Code to read out: ([\w-]+)", graduate.page.locator("lab-export").inner_text())
    assert shown and list(codes.decode(shown[1]).predictions) == [data["answer"] for data in made.of("committed")]


def test_it_holds_to_the_published_schema_and_is_canonical(file: bytes) -> None:
    jsonschema.Draft202012Validator(submission.published()).validate(json.loads(file))
    assert rfc8785.dumps(json.loads(file)) + b"\n" == file


def test_the_grader_finds_nothing_amiss_in_it(file: bytes, native) -> None:
    with open(native.__file__, encoding="utf-8") as source:
        (graded,) = grade([Incoming("s.json", file)], {LAB: source.read()}).grades
    assert [flag for flag in graded.flags if flag.kind != "look"] == []
    assert graded.pre_read.bands == [(27, 30)]
    assert [each.says for each in graded.predictions] == pytest.approx(list(native.answers().values()), rel=1e-12)


def test_an_edited_figure_is_noticed(file: bytes) -> None:
    document = json.loads(file)
    pinned = next(event for event in document["events"] if event["kind"] == "pinned")
    pinned["data"]["value"] *= 2
    with pytest.raises(SubmissionError, match="edited"):
        submission.read(json.dumps(document))
