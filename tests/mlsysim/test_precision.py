import pytest

from mlsysim import precision
from mlsysim.check import InvalidValue, UnknownName


def test_a_quantized_group_carries_its_scale_and_zero_point():
    group = 128 * 4 + 16 + 4
    assert precision.stored_bytes("int4") == group / 8 / 128
    assert precision.stored_bytes("int8") == 1.0


@pytest.mark.parametrize("spelling", ["fp16", "FP16", "fp-16", "Fp 16"])
def test_any_spelling(spelling):
    assert precision.resolve("precision", spelling) == "fp16"


def test_an_unknown_format_names_the_closest():
    with pytest.raises(UnknownName) as caught:
        precision.resolve("precision", "fp17")
    assert "fp16" in caught.value.closest


@pytest.mark.parametrize("given", [16, None, 2.0, True, ["fp16"]])
def test_what_is_no_name_is_refused(given):
    with pytest.raises(InvalidValue, match="name of a number format"):
        precision.resolve("weights", given)
