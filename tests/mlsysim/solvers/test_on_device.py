"""Running and adapting a network on a device one carries."""

import pytest

from mlsysim import ForwardModel, LayeredModel, Models, OnDeviceModel, layers
from mlsysim.check import InvalidValue, UnknownName

PHONE = {"model": "BERT_Base", "hardware": "Snapdragon8Gen3", "precision": "fp32"}


def solve(method, **given):
    return OnDeviceModel().solve(**PHONE | {"method": method} | given)


@pytest.mark.parametrize("model", ["BERT_Base", "MobileNetV2", "ResNet50"])
@pytest.mark.parametrize("batch", [1, 16])
def test_training_everything_is_what_a_training_step_is(model, batch):
    """All but the gradient of the lowest layer's input, which nobody needs."""
    given = {"model": model, "hardware": "JetsonOrinNano", "batch": batch}
    here, there = OnDeviceModel().solve(**given, method="full"), ForwardModel().solve(**given, phase="training")
    lowest = there.model.layers[0].flops * batch
    assert here.phase.operations + lowest == pytest.approx(there.phase.operations, rel=1e-9)
    assert here.memory.total == pytest.approx(there.memory.total)
    assert here.memory.total - here.memory.activations == 16 * here.model.parameters
    assert 0.8 < here.time.expected / there.time.expected <= 1.0


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_a_pass_alone_is_an_inference(batch):
    here = solve("inference", batch=batch)
    there = ForwardModel().solve(**PHONE, batch=batch)
    assert here.phase.time == there.phase.time
    assert here.memory.total == there.memory.total
    assert (here.trained, here.update, here.memory.optimizer) == (0, 0, 0)


def test_adapters_are_counted_as_published():
    """Rank 8 beside the matrices of a block, 768 to 2304, 768 to 768, 768 to 3072 and back, and of the pooler."""
    block = 8 * ((768 + 2304) + (768 + 768) + 2 * (768 + 3072))
    assert solve("lora").trained == 12 * block + 8 * (768 + 768)
    assert solve("lora", rank=16).trained == 2 * solve("lora").trained
    assert solve("lora").update == 4 * solve("lora").trained


def test_adapters_spare_one_of_three_passes_and_nearly_all_states():
    inference, lora, full = (solve(each, batch=32) for each in ("inference", "lora", "full"))
    assert 2 < lora.phase.operations / inference.phase.operations < 2.1
    assert 2.9 < full.phase.operations / inference.phase.operations < 3.01
    assert lora.memory.optimizer < 0.02 * full.memory.optimizer
    assert lora.memory.activations == full.memory.activations


def test_the_last_layer_costs_hardly_more_than_a_pass():
    inference, last = solve("inference", batch=8), solve("last", batch=8)
    assert last.trained == Models.Layered.BERT_Base.layers[-1].parameters
    assert last.time.expected == pytest.approx(inference.time.expected, rel=0.02)
    assert last.memory.activations == inference.memory.activations


def test_a_smaller_batch_reads_and_writes_the_states_more_often():
    """With one example a step, an update of everything moves its states a thousand times."""
    small, large = (
        [solve(each, batch=batch, examples=1024).time.expected for each in ("lora", "full")] for batch in (1, 32)
    )
    assert small[0] / small[1] < 0.3 < 0.6 < large[0] / large[1] < 0.7


def test_energy_is_power_times_time_and_a_share_of_the_battery():
    found = solve("full", batch=8, examples=1000, power="3 W", battery="15 Wh")
    assert found.steps == 125
    assert found.energy.expected == pytest.approx(3 * 125 * found.phase.time.expected)
    assert found.battery_share.expected == pytest.approx(found.energy.expected / 54_000)
    assert solve("full").battery_share is None
    assert solve("full", examples=9).energy.expected == pytest.approx(6 * 9 * solve("full").phase.time.expected)
    assert "of 109,482,240 parameters" in found.explain() and "E = P T = 3 W" in found.explain()


def test_limits_say_what_would_mend_them():
    tight = solve("full", batch=32, examples=10**6, power="3 W", battery="15 Wh", memory="3 GB", most=0.01)
    assert [reason.verdict for reason in tight.reasons] == ["Does not fit.", "Drains the battery."]
    assert all("would mend it" in reason.sentence() for reason in tight.reasons)
    mended = solve("lora", batch=32, examples=10**4, power="3 W", battery="15 Wh", memory="3 GB", most=0.01)
    assert mended.feasible and all(reason.sentence() in tight.explain() for reason in tight.reasons)
    assert solve("full", memory="64 GB").memory.capacity == 16e9


def test_a_network_without_matrices_has_nothing_to_adapt():
    plain = LayeredModel("Plain", (layers.convolution(64, 9, 3, 8),))
    found = OnDeviceModel().solve(model=plain, hardware="JetsonOrinNano", method="lora")
    assert found.trained == 0 and found.memory.optimizer == 0


@pytest.mark.parametrize(
    ("given", "refusal", "told"),
    [
        ({"method": "none"}, UnknownName, "method"),
        ({"rank": 0}, InvalidValue, "rank"),
        ({"examples": -1}, InvalidValue, "examples"),
        ({"battery": "15 W"}, InvalidValue, "battery"),
        ({"most": 2}, InvalidValue, "most"),
    ],
)
def test_bad_input_is_told_in_a_sentence(given, refusal, told):
    with pytest.raises(refusal, match=told):
        OnDeviceModel().solve(**PHONE | {"method": "lora"} | given)
