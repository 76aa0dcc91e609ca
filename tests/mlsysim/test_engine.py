import pytest

from mlsysim import Engine, ServingModel
from mlsysim.check import UnknownName


@pytest.mark.parametrize("phase", ["decode", "prefill"])
def test_it_is_the_serving_model_s_phase(phase):
    answer = Engine.solve("Llama3_8B", "A100", batch=4, context=512, phase=phase)
    serving = ServingModel().solve(model="Llama3_8B", hardware="A100", batch=4, context=512)
    assert answer.phase == getattr(serving, phase)
    assert answer.time == answer.phase.time
    assert answer.bound_by == answer.phase.bound_by
    assert answer.feasible
    assert answer.reasons == ()
    assert answer.basis == serving.basis
    assert answer.explain() == serving.explain(phase)


@pytest.mark.parametrize("phase", ["training", None, 3])
def test_an_unknown_phase_is_refused(phase):
    with pytest.raises(UnknownName, match="phase"):
        Engine.solve("Llama3_8B", "A100", phase=phase)
