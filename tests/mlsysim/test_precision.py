import pytest

from mlsysim import Engine, Hardware, ServingModel, precision
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


def test_each_machine_computes_from_fp64_to_fp4_in_what_it_really_has():
    given = {"model": "Llama3_8B", "hardware": "MI325X", "context": 512}
    times = [ServingModel().solve(**given, precision=each).itl.expected for each in ("fp64", "fp32", "fp16", "fp8")]
    assert times == sorted(times, reverse=True)
    assert Hardware.Cloud.A100.rate("fp64") == Hardware.Cloud.A100.rate("fp32") == 19.5e12
    assert Hardware.Cloud.B200.rate("fp4") == 4 * Hardware.Cloud.B200.rate("fp16")
    for machine, lacking in (("L40S", "fp64"), ("A100", "fp8"), ("H100", "fp4"), ("V100", "int8")):
        with pytest.raises(InvalidValue, match="computes in"):
            Engine.solve("Llama3_2_1B", machine, precision=lacking)
