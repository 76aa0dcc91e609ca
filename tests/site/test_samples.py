"""Sample logs are worth what they are said to be worth."""

from pathlib import Path

import pytest

import catalog
import handed
import samples
import teaching
from labkit.grading import book as books
from labkit.grading import intake, library
from labkit.grading.policy import Policy
from labkit.grading.rubric import BANDS
from labkit.log import check

SAMPLES = samples.read()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: f"{each.row.number} {each.band[0]}")
def test_the_grader_reads_a_sample_as_it_is_marked(sample: samples.Sample) -> None:
    told = {name: each.answer for name, each in sample.first_reading.judgements.items()}
    for name, answer in sample.answers.items():
        assert told[name] == ("yes" if answer else "no"), (name, sample.first_reading.judgements[name].because)
    assert sample.first_reading.bands == [sample.band]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: f"{each.row.number} {each.band[0]}")
def test_only_the_best_passes_the_page_s_own_check(sample: samples.Sample) -> None:
    pins = [{"text": reading.text} for reading in sample.readings]
    met = {item.name: item.met for item in check(sample.log, pins)}
    assert all(met.values()) == (sample.band == BANDS[3]), met


def test_each_lab_that_is_taught_so_has_every_band() -> None:
    bands = {(sample.row.name, sample.band) for sample in SAMPLES}
    labs = {sample.row.name for sample in SAMPLES}
    assert bands == {(name, band) for name in labs for band in BANDS.values()}
    assert {
        "vol1/lab_02_ml_systems",
        "vol1/lab_08_model_train",
        "vol1/lab_11_hw_accel",
        "vol1/lab_13_model_serving",
    } <= labs
    assert labs <= {row.name for row in catalog.read() if teaching.is_there(row)}


def test_the_samples_as_files_are_graded_as_they_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "samples.zip"
    path.write_bytes(handed.together(SAMPLES))
    assert path.read_bytes() == handed.together(SAMPLES)
    book = books.grade(intake.from_path(path), library.sources(), Policy())
    assert book.refused == []
    bands = {grade.identifier: grade.pre_read.bands for grade in book.current}
    assert bands == {f"sample-{place:02d}": [sample.band] for place, sample in enumerate(SAMPLES, 1)}
    for grade in book.current:
        assert [flag.sentence for flag in grade.flags if flag.kind != "look"] == [], grade.identifier
        assert grade.wrong_pins == 0
