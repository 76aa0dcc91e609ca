"""How often published networks are right."""

import pytest

from mlsysim import Models, keywords, top1
from mlsysim.check import UnknownName
from mlsysim.registry import tables


def test_larger_pictures_and_more_bits_are_never_worse():
    for name, table in tables("imagenet").items():
        for column in ("trained", "int8"):
            figures = [each.value for each in table[column]]
            assert figures == sorted(figures)
        assert all(int8.value < full.value for int8, full in zip(table["int8"], table["trained"], strict=True))
        assert name in dir(Models.Layered)


def test_what_nobody_published_is_not_known():
    assert top1("ResNet50", 224).value == 0.7613
    assert top1("ResNet50", 160) is None
    assert top1("MobileNetV1_Half", 160, "int8").source.startswith("https://")
    with pytest.raises(UnknownName, match="model"):
        top1("VGG16", 224)


def test_more_work_names_more_keywords_right():
    names = ("DNN_Small", "DNN_Medium", "DNN_Large", "DS_CNN")
    figures = [keywords(name).value for name in names]
    work = [getattr(Models.Layered, name).multiply_adds for name in names]
    assert figures == sorted(figures) and work == sorted(work)
    assert Models.Layered.DNN_Small.multiply_adds == pytest.approx(158.8e3 / 2, rel=0.005)  # the paper's operations
    assert Models.Layered.DNN_Medium.multiply_adds == pytest.approx(397.1e3 / 2, rel=0.005)
    assert Models.Layered.DNN_Large.multiply_adds == pytest.approx(990.2e3 / 2, rel=0.005)
    with pytest.raises(UnknownName, match="model"):
        keywords("ResNet50")
