import pytest

from mlsysim import Engine, HardwareNode, ServingModel
from mlsysim.check import InvalidValue
from mlsysim.solvers.differential import DifferentialExplainer


def serve(hardware="H100", **given):
    return ServingModel().solve(**({"model": "Llama3_8B", "hardware": hardware} | given))


def test_three_times_the_arithmetic_does_not_help_decode():
    answer = DifferentialExplainer().solve(serve("A100"), serve("H100"))
    assert answer.speedup == pytest.approx(1.6, abs=0.05)
    assert answer.promised.resource == pytest.approx(3.17, abs=0.01)
    assert not answer.regime_shift
    text = answer.explain()
    assert "No regime shift: memory bandwidth binds, as before." in text
    assert "did not bind" in text
    assert answer.most("compute throughput") == pytest.approx(1.0, abs=0.05)
    assert answer.most("memory bandwidth") > 5


def test_the_limit_is_what_endless_arithmetic_gives():
    answer = DifferentialExplainer().solve(serve("A100", batch=64), serve("H100", batch=64))
    a100 = answer.before.hardware
    endless = HardwareNode(
        name="Endless",
        peak={"fp16": 1e21},
        memory=a100.memory,
        memory_bandwidth=a100.memory_bandwidth,
        cache=a100.cache,
    )
    limit = answer.before.itl.expected / serve(endless, batch=64).itl.expected
    assert answer.most("compute throughput") == pytest.approx(limit, rel=1e-4)


def test_more_bandwidth_than_arithmetic_can_use_is_a_regime_shift():
    fast = HardwareNode(name="Fast", peak={"fp16": 50e12}, memory="80 GB", memory_bandwidth="30 TB/s", cache="50 MB")
    slow = HardwareNode(name="Slow", peak={"fp16": 50e12}, memory="80 GB", memory_bandwidth="2 TB/s", cache="50 MB")
    answer = DifferentialExplainer().solve(serve(slow, batch=16), serve(fast, batch=16))
    assert answer.regime_shift
    assert answer.promised.name == "memory bandwidth"
    text = answer.explain()
    assert "Regime shift: memory bandwidth bound before, compute throughput binds now." in text
    assert "it takes more than that term" in text


def test_fewer_bits_change_the_work():
    answer = DifferentialExplainer().solve(serve(), serve(weights="int4"))
    assert answer.terms[0].work < 0.4
    assert answer.terms[0].resource == 1
    assert "resource x 1, work x 0.3" in answer.explain()


def test_an_upgrade_that_helps_is_not_called_a_disappointment():
    answer = DifferentialExplainer().solve(serve("A100"), serve("H100"), phase="prefill")
    assert answer.speedup > 2.8
    assert "did not bind" not in answer.explain()


def test_answers_of_the_engine_bring_their_phase():
    first, second = (Engine.solve("Llama3_8B", each, phase="prefill") for each in ("A100", "H100"))
    assert DifferentialExplainer().solve(first, second).old.name == "prefill"
    assert DifferentialExplainer().solve(first, second, phase="decode").old.name == "decode"


def test_what_does_not_fit_is_told():
    answer = DifferentialExplainer().solve(serve("A100", model="Llama3_70B"), serve("MI300X", model="Llama3_70B"))
    assert not answer.feasible
    assert len(answer.reasons) == 1
    assert "Does not fit" in answer.explain()
    assert len(answer.basis) == len(answer.before.basis) + len(answer.after.basis)


@pytest.mark.parametrize("name", ["memory bandwidth", "compute throughput", "overhead"])
def test_the_limit_is_amdahl_s(name):
    answer = DifferentialExplainer().solve(serve("A100", batch=64), serve("H100", batch=64))
    alone = max(0.0, 1 - 1 / answer.most(name))
    assert DifferentialExplainer().whole(fraction=alone, factor=1e12) == pytest.approx(answer.most(name))


def test_a_part_of_a_job_is_a_part():
    explainer = DifferentialExplainer()
    assert explainer.whole(fraction=0, factor=10) == explainer.whole(fraction=0.5, factor=1) == 1
    assert explainer.whole(fraction=1, factor=10) == pytest.approx(10)
    for given in ({"fraction": 1.5, "factor": 2}, {"fraction": 0.5, "factor": 0}, {"fraction": "half", "factor": 2}):
        with pytest.raises(InvalidValue):
            explainer.whole(**given)
