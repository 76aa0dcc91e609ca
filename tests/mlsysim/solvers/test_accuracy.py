"""How often published networks of vision are right."""

import pytest

from mlsysim import Models, top1
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
