"""Models counted layer by layer, against what was published about them."""

import copy
import pickle

import pytest

from mlsysim import LayeredModel, Models, blocks, layers
from mlsysim.check import InvalidInput, InvalidValue, UnknownName

MODELS = list(Models.Layered)


TINY = [each for each in MODELS if "trained_parameters" in each.passports]
LARGE = [each for each in MODELS if each not in TINY]


@pytest.mark.parametrize("model", TINY, ids=lambda model: model.name)
def test_a_trained_network_has_four_more_numbers_for_each_normalised_channel(model):
    """All layers but shortcuts and the last are normalised."""
    counted = [each for each in model.layers if each.weights]
    shortcut = [each for each in counted if each.name == "convolution 1x1"] if model.name == "ResNet-8" else []
    normalised = sum(each.vectors for each in counted[:-1] if each not in shortcut)
    assert model.parameters + 4 * normalised == model.datum("trained_parameters").value


def test_the_tensor_arena_of_a_visual_wake_word_is_the_published_one():
    """TensorFlow Lite Micro, arXiv 2010.08678, table 2: 55.30 kB beside what is kept for the model's layers."""
    assert Models.Layered.MobileNetV1_025.peak == 55_296


@pytest.mark.parametrize("model", LARGE, ids=lambda model: model.name)
def test_parameters_follow_from_the_blocks(model):
    published = model.datum("parameters").value
    exact = published % 1_000_000
    assert model.parameters == published if exact else model.parameters == pytest.approx(published, rel=0.002)


@pytest.mark.parametrize(
    "model", [each for each in MODELS if "multiply_adds" in each.passports], ids=lambda model: model.name
)
def test_multiply_adds_are_the_published_ones(model):
    assert model.multiply_adds == pytest.approx(model.datum("multiply_adds").value, rel=0.002)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_layers_make_sense(model):
    assert len(model.layers) >= 4
    for each in model.layers:
        assert each.reads > 0 < each.writes
        assert each.live >= each.reads + each.writes
        assert each.flops >= 0 <= each.parameters
    assert model.peak >= max(each.writes for each in model.layers)


def test_resnet_50_is_25_6_million_parameters_and_8_2_gflop():
    model = Models.Layered.ResNet50
    assert model.parameters / 1e6 == pytest.approx(25.6, abs=0.05)
    assert model.flops / 1e9 == pytest.approx(8.2, abs=0.03)
    assert sum("convolution" in each.kind for each in model.layers) == 53
    assert model.kernel_class == "convolution"
    assert Models.Layered.BERT_Base.kernel_class == "matrix"


def test_a_shortcut_stays_alive_around_its_block():
    kept = [each.kept for each in Models.Layered.ResNet50.layers if each.name == "convolution 3x3"]
    assert kept[0] == 56 * 56 * 64
    assert kept[1] == 56 * 56 * 256
    assert all(each.kept == 0 for each in Models.Layered.MobileNetV1.layers)


def test_a_depthwise_convolution_does_less_per_byte_than_a_pointwise_one():
    depthwise = layers.convolution(196, 9, 512, 512, groups=512)
    pointwise = layers.convolution(196, 1, 512, 512)
    assert depthwise.kind == "depthwise convolution"
    assert layers.convolution(49, 9, 8, 8, stride=2, groups=8).reads == 49 * 4 * 8

    def intensity(layer):
        return layer.flops / (2 * (layer.reads + layer.weights + layer.writes))

    assert intensity(depthwise) < 5 < 100 < intensity(pointwise)
    assert intensity(layers.softmax(1024, 1024)) == 1.25
    assert intensity(layers.layer_norm(1024, 1024)) == pytest.approx(2.0, rel=0.01)
    assert intensity(layers.matrix_product(1, 4096, 4096)) == pytest.approx(1.0, rel=0.001)


def test_a_repeated_block_strides_once():
    made = blocks.unfold([32, 32, 4], [{"op": "conv", "out": 8, "stride": 2, "repeat": 3}])
    assert [each.writes for each in made] == [16 * 16 * 8] * 3


def test_a_scan_needs_no_square_of_the_sequence():
    long = blocks.unfold([2048], [{"op": "tokens", "vocab": 100, "width": 64}, {"op": "mamba"}])
    short = blocks.unfold([1024], [{"op": "tokens", "vocab": 100, "width": 64}, {"op": "mamba"}])
    assert sum(each.flops for each in long) == 2 * sum(each.flops for each in short)


@pytest.mark.parametrize("block", [{"op": "fly"}, {"out": 8}, {"op": "_around"}, {"op": "add"}])
def test_an_unknown_block_names_those_there_are(block):
    with pytest.raises(UnknownName, match="op"):
        blocks.unfold([8, 8, 3], [block])


@pytest.mark.parametrize(
    ("shape", "block"),
    [
        ([8], {"op": "conv", "out": 4}),
        ([8, 8, 3], {"op": "encoder", "heads": 2, "ffn": 8}),
        ([8, 8, 3], {"op": "join"}),
        ([8, 8, 3], {"op": "conv", "out": 4, "stride": 0}),
    ],
    ids=str,
)
def test_a_block_that_does_not_fit_says_so(shape, block):
    with pytest.raises(InvalidValue, match="does not follow"):
        blocks.unfold(shape, [block])


@pytest.mark.parametrize(
    ("shape", "given", "told"),
    [
        ([8, 8, 3], [{"op": "conv"}], "out is None"),
        ([8, 8, 3], [{"op": "conv", "out": 4, "colour": "red"}], "argument of conv 'colour'"),
        ([8, 8, 3], [{"op": "conv", "out": "many"}], "out is 'many'"),
        ([8, 8, 3], [{"op": "conv", "out": 4, "repeat": 10**9}], "repeat is 1000000000"),
        ([8, 8, 3], [{"op": "conv", "out": 4, "kernel": [3, 0.5]}], "kernel is 0.5"),
        ([8, 8], [{"op": "norm", "rms": 1}], "rms is 1"),
        ([8, 8, 3], ["conv"], "op is 'conv'"),
        ([8, 8, 3], [], "blocks is"),
        ("8x8", [{"op": "conv", "out": 4}], "input is '8x8'"),
        ([8, -1], [{"op": "norm"}], "input is -1"),
        ([8, 8], [{"op": "norm", "repeat": 60_000}] * 2, "at most 100,000 layers"),
    ],
    ids=str,
)
def test_a_block_that_is_none_says_so(shape, given, told):
    with pytest.raises(InvalidInput) as caught:
        blocks.unfold(shape, given)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", 3), ("layers", ()), ("layers", None), ("layers", (1,))], ids=str
)
def test_a_layered_model_refuses(field, value):
    plain = {"name": "Mine", "layers": (layers.softmax(2, 2),)}
    with pytest.raises(InvalidValue, match=field):
        LayeredModel(**(plain | {field: value}))


def test_layered_models_travel_between_processes():
    model = Models.Layered.MobileNetV2
    there = pickle.loads(pickle.dumps(model))
    assert there == model == copy.deepcopy(model)
    assert there.passports == model.passports
    assert hash(there) == hash(model)
    with pytest.raises(UnknownName, match="datum"):
        model.datum("colour")


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("MobileNetV1", {128: 186, 160: 291, 192: 418, 224: 569}),
        ("MobileNetV1_Half", {128: 49, 160: 77, 192: 110, 224: 150}),
        ("MobileNetV1_Quarter", {128: 14, 160: 21, 224: 41}),
    ],
)
def test_a_network_on_other_pictures_does_the_published_work_with_the_same_weights(name, counts):
    """Millions of multiply-adds, as the table of TensorFlow's model garden rounds them."""
    network = getattr(Models.Layered, name)
    for side, published in counts.items():
        other = network.resized(side)
        assert other.multiply_adds / 1e6 == pytest.approx(published, abs=0.53)
        assert other.parameters == network.parameters
        assert other.peak == pytest.approx(network.peak * (side / 224) ** 2)
        assert other.resized(224).layers == network.layers
    assert "multiply_adds" not in other.passports


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (Models.Layered.VGG16, "weights of VGG-16 depend"),
        (Models.Layered.ViT_B_16, "weights of ViT-B/16 depend"),
        (Models.Layered.BERT_Base, "not described by blocks on a picture"),
        (LayeredModel("Mine", (layers.softmax(2, 2),)), "not described by blocks on a picture"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_network_that_hangs_on_its_pictures_size_is_not_resized(model, told):
    with pytest.raises(InvalidValue, match=told):
        model.resized(160)
    with pytest.raises(InvalidValue, match="side"):
        Models.Layered.ResNet50.resized(0)
