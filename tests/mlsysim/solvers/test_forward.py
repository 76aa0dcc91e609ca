import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Engine, ForwardModel, Hardware, LayeredModel, Models, layers
from mlsysim.check import InvalidInput, UnknownName

MODELS = list(Models.Layered)
GPUS = [machine for machine in Hardware if {"fp16", "int8"} <= set(machine.peak)]


def solve(**given):
    return ForwardModel().solve(**({"model": "ResNet50", "hardware": "A100"} | given))


@given(
    st.sampled_from(MODELS),
    st.sampled_from(GPUS),
    st.integers(1, 4096),
    st.sampled_from(["fp16", "int8"]),
    st.sampled_from(["inference", "training"]),
)
def test_bounds_hold_everywhere(model, machine, batch, precision, phase):
    answer = solve(model=model, hardware=machine, batch=batch, precision=precision, phase=phase)
    ran = answer.phase
    for term in (ran.memory_time, ran.compute_time, ran.overhead_time, ran.time):
        assert 0 <= term.lower <= term.expected <= term.upper
    for time in (ran.time.lower, ran.time.expected):
        assert ran.operations / time <= machine.rate(precision) * (1 + 1e-12)
        assert ran.traffic / time <= machine.memory_bandwidth * (1 + 1e-12)
    assert answer.feasible == (not answer.reasons)


@given(st.sampled_from(MODELS), st.sampled_from(GPUS), st.integers(1, 2048))
def test_more_examples_take_no_less(model, machine, batch):
    one, two = (solve(model=model, hardware=machine, batch=each) for each in (batch, 2 * batch))
    for end in ("lower", "expected", "upper"):
        assert getattr(two.time, end) >= getattr(one.time, end)
    assert two.phase.operations == pytest.approx(2 * one.phase.operations)
    assert two.memory.total > one.memory.total


@given(st.sampled_from(MODELS), st.integers(1, 512))
def test_a_training_step_is_three_passes_of_arithmetic_and_keeps_its_activations(model, batch):
    once, step = (solve(model=model, batch=batch, phase=each) for each in ("inference", "training"))
    update = 10 * model.parameters
    assert step.phase.operations == pytest.approx(3 * once.phase.operations + update)
    assert step.memory.activations == batch * model.activations * 2
    assert step.memory.weights + step.memory.training == 16 * model.parameters


@given(st.sampled_from(GPUS), st.sampled_from(["inference", "training"]))
def test_the_largest_batch_fits_and_the_next_does_not(machine, phase):
    most = solve(hardware=machine, phase=phase).max_batch
    assert most == 0 or solve(hardware=machine, phase=phase, batch=most).feasible
    assert not solve(hardware=machine, phase=phase, batch=most + 1).feasible


# MLPerf inference v3.0 and v4.1, Offline scenario, ResNet-50 in INT8: the submitter chooses the batch [1/s]. Of the
# Orin's 275 sparse TOPS, 105 are its accelerators', which were measured with it and are not counted.
@pytest.mark.parametrize(
    ("machine", "measured"),
    [("A100", 42379.3), ("H100", 91825.7), ("L4", 13157.8), ("L40S", 180613 / 4), ("Jetson AGX Orin", 6438.1 * 0.62)],
    ids=["A100", "H100", "L4", "L40S", "Orin, without its accelerators"],
)
def test_resnet_50_at_its_best_batch(machine, measured):
    tried = (solve(hardware=machine, batch=2**power, precision="int8").throughput for power in range(12))
    best = max(tried, key=lambda each: each.expected)
    assert best.lower <= measured <= best.upper
    assert best.expected == pytest.approx(measured, rel=0.30)


# NVIDIA DeepLearningExamples, AMP, layers not fused [1/s].
@pytest.mark.parametrize(("machine", "batch", "measured"), [("A100", 192, 8240.8), ("V100", 256, 3382)], ids=str)
def test_a_framework_without_fusion_is_within_the_range(machine, batch, measured):
    throughput = solve(hardware=machine, batch=batch).throughput
    assert throughput.lower <= measured <= throughput.upper


# NVIDIA DeepLearningExamples, ResNet-50 training in AMP: images per second and GPU, none of them fitted.
@pytest.mark.parametrize(
    ("machine", "batch", "measured", "accepted"),
    [
        ("A100", 192, 3410.52, 0.25),
        ("V100", 192, 1376, 0.25),
        ("A100", 256, 16621 / 8, 1.0),
        ("V100", 256, 8322 / 8, 1.0),
    ],
    ids=["MXNet, A100", "MXNet, V100", "PyTorch, A100", "PyTorch, V100"],
)
def test_a_training_step_against_measurements(machine, batch, measured, accepted):
    throughput = solve(hardware=machine, batch=batch, phase="training").throughput
    assert throughput.lower <= measured <= throughput.upper
    assert abs(throughput.expected / measured - 1) <= accepted


def test_a_batch_decides_which_term_leads():
    assert solve(model="MobileNetV2", batch=1).bound_by == "overhead"
    assert solve(batch=64).bound_by == "compute throughput"
    assert solve(model="MobileNetV2", batch=256).bound_by == "memory bandwidth"


def test_a_layer_stops_waiting_for_memory_near_the_ridge():
    """A 4096 x 4096 layer in FP16 on an H100: the dense ridge is at 295 FLOP/B, a weight of 2 bytes makes 2 FLOP."""

    def wide(rows):
        return LayeredModel(name="One layer", layers=(layers.matrix_product(rows, 4096, 4096),))

    def bound(rows):
        ran = Engine.solve(wide(rows), "H100", efficiency=1.0).phase
        return ran.compute_time.expected >= ran.memory_time.expected

    assert not bound(290)
    assert bound(300)


def test_recommenders_read_their_tables_by_the_row():
    answer = solve(model="DLRM", batch=1000)
    tables = next(each for each in answer.phase.operators if each.name == "embedding tables")
    assert tables.weights == 1000 * 26 * 128 * 2
    assert answer.memory.weights == pytest.approx(48e9, rel=0.01)


def test_what_does_not_fit_says_what_would():
    (reason,) = solve(hardware="T4", batch=4096, phase="training").reasons
    assert reason.limit == "memory capacity"
    assert "Training of ResNet-50 in FP16, batch 4,096, needs" in reason.sentence()
    assert f"A batch of at most {solve(hardware='T4', phase='training').max_batch:,d}" in reason.sentence()
    (reason,) = solve(model="DLRM", hardware="L40S").reasons
    assert "Fewer bits, a smaller model" in reason.sentence()


def test_it_is_explained_layer_by_layer():
    text = solve(batch=256).explain()
    assert "ResNet-50 on the A100 SXM4 80GB: inference, batch 256, FP16" in text
    assert "convolution 3x3" in text
    assert "FLOP/B" in text
    assert "Fits: " in text
    for each in solve().basis:
        assert each.datum.source in text
    assert "Does not fit." in solve(hardware="T4", batch=4096, phase="training").explain()


def test_the_engine_answers_for_any_model():
    answer = Engine.solve("ResNet50", "MI300X", batch=8)
    assert answer.result == solve(hardware="MI300X", batch=8)
    assert answer.time == answer.result.time
    assert answer.explain() == answer.result.explain()
    assert answer.feasible
    assert answer.basis == answer.result.basis
    assert Engine.solve(Models.Layered.ResNet50, "A100", phase="training").phase.name == "training"
    with pytest.raises(AttributeError, match="not served token by token"):
        _ = answer.serving


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", None),
        ("model", ""),
        ("model", "ResNet51"),
        ("model", "Llama3_8B"),
        ("model", "H100"),
        ("model", Hardware.Cloud.H100),
        ("hardware", "ResNet50"),
        ("hardware", Models.Layered.ResNet50),
        ("batch", 0),
        ("batch", 1.5),
        ("batch", 10**7),
        ("precision", "fp17"),
        ("precision", "fp4"),
        ("phase", "decode"),
        ("phase", 3),
        ("efficiency", 2.0),
    ],
    ids=str,
)
def test_it_refuses(field, value):
    with pytest.raises(InvalidInput, match=field):
        solve(**{field: value})


def test_the_engine_names_the_phases_of_the_kind_of_model():
    with pytest.raises(UnknownName, match="training"):
        Engine.solve("ResNet50", "A100", phase="prefill")
    with pytest.raises(UnknownName, match="prefill"):
        Engine.solve("Llama3_8B", "A100", phase="inference")
    with pytest.raises(UnknownName, match="ResNet"):
        Engine.solve("ResNet51", "A100")
    with pytest.raises(InvalidInput, match="weights"):
        Engine.solve("ResNet50", "A100", weights="int8")


def test_serving_points_to_the_engine():
    from mlsysim import ServingModel

    with pytest.raises(UnknownName, match=r"Engine\.solve and ForwardModel"):
        ServingModel().solve(model="ResNet50", hardware="A100")
