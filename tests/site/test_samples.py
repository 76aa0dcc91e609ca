"""Sample logs are worth what they are said to be worth."""

import pytest

import catalog
import samples
import teaching
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
