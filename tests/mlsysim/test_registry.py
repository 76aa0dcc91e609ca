import pickle

import pytest

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName
from mlsysim.records import TIERS, HardwareNode
from mlsysim.registry import Hardware, Models

MACHINES = list(Hardware)


def test_the_machines_of_the_first_lab_are_there():
    first = ["A100", "H100", "MI300X", "L40S", "A10", "T4"]
    assert [machine.name for machine in Hardware.Cloud][:6] == first
    assert Hardware.Edge.JetsonAGXOrin.kind == "edge"
    assert Hardware.Tiny.nRF52840.flash == 2**20
    assert dir(Hardware) == ["Cloud", "Edge", "Mobile", "Tiny"]
    assert "H100" in dir(Hardware.Cloud)
    assert {"Llama3_8B", "ResNet50", "T5_Base", "Layered", "EncoderDecoder"} <= set(dir(Models))
    assert Models.T5_Base is Models.EncoderDecoder.T5_Base is registry.model("t5-base")
    assert Models.ResNet50 is Models.Layered.ResNet50
    assert len(Hardware.Cloud) >= 6


@pytest.mark.parametrize("spelling", ["H100", "h100", "H100 SXM5 80GB", "h100-sxm5-80gb"])
def test_a_machine_by_any_spelling(spelling):
    assert registry.machine(spelling) is Hardware.Cloud.H100


@pytest.mark.parametrize(
    ("board", "chip"),
    [
        ("Arduino Nano 33 BLE", "nRF52840"),
        ("XIAO ESP32S3", "ESP32-S3"),
        ("Coral", "Edge TPU"),
        ("raspberry pi pico", "RP2040"),
    ],
)
def test_a_board_is_known_by_its_chip(board, chip):
    assert registry.machine(board).name == chip


@pytest.mark.parametrize("spelling", ["Llama3_8B", "Llama-3-8B", "llama 3 8b", "LLAMA3-8B"])
def test_a_model_by_any_spelling(spelling):
    assert registry.model(spelling) is Models.Llama3_8B


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_figure_has_a_passport(machine):
    figures = machine._figures()
    assert len(figures) >= 4
    for name in figures:
        datum = machine.datum(name)
        assert datum.source.startswith("https://"), name
        assert datum.read >= "2026-11-21"
        assert datum.tier in TIERS
        assert datum.tier != "datasheet" or datum.checked, f"{name} has no second source"


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_figures_are_plausible(machine):
    for precision, dense in machine.peak.items():
        assert 0.1 < machine.ridge_point(precision) < 5000
        if precision in machine.sparse_peak:
            assert machine.sparse_peak[precision] == pytest.approx(2 * dense, rel=0.02)
    if machine.memory_visible is not None:
        assert machine.memory <= machine.memory_visible < 1.08 * machine.memory
    halves = [("fp16", "int8"), ("int8", "int4")]
    for wide, narrow in halves:
        if wide in machine.peak and narrow in machine.peak:
            # MI250X computes INT8 no faster, the LPU four times as fast.
            faster = {"MI250X": 1, "LPU": 4}.get(machine.name, 2)
            assert machine.peak[narrow] == pytest.approx(faster * machine.peak[wide], rel=0.02)


# Pins and bits per second and pin.
@pytest.mark.parametrize(
    ("name", "pins", "rate"),
    [
        ("T4", 256, 10e9),
        ("A10", 384, 12.5e9),
        ("L40S", 384, 18e9),
        ("L4", 192, 12.5e9),
        ("M1", 128, 4.266e9),
        ("M2", 128, 6.4e9),
        ("M4", 128, 7.5e9),
        ("Jetson Orin NX", 128, 6.4e9),
        ("Snapdragon 8 Gen 3", 64, 9.6e9),
        ("Raspberry Pi 4", 32, 3.2e9),
        ("Raspberry Pi 5", 32, 4.267e9),
    ],
)
def test_bandwidth_follows_from_pins_and_rate(name, pins, rate):
    assert registry.machine(name).memory_bandwidth == pytest.approx(pins * rate / 8, rel=0.001)


def test_a_wrong_name_comes_with_three_closest():
    with pytest.raises(UnknownName, match="closest names are") as caught:
        registry.machine("H1000")
    assert caught.value.closest[0] == "H100"
    assert len(caught.value.closest) == 3
    with pytest.raises(UnknownName) as caught:
        registry.model("Llama3_9B")
    assert "Llama-3-8B" in caught.value.closest


def test_a_name_on_the_wrong_side_says_so():
    with pytest.raises(UnknownName, match="is a machine: pass it as hardware="):
        registry.model("H100")
    with pytest.raises(UnknownName, match="is a model: pass it as model="):
        registry.machine("Llama-3-8B")
    with pytest.raises(InvalidValue, match="wrong side"):
        registry.model(Hardware.Cloud.H100)
    with pytest.raises(InvalidValue, match="wrong side"):
        registry.machine(Models.GPT2)


def test_attributes_behave_as_attributes():
    assert not hasattr(Hardware, "Clowd")
    assert not hasattr(Hardware, "__wrapped__")
    assert not hasattr(Hardware.Cloud, "H1000")
    assert not hasattr(Models, "Llama9")
    assert not hasattr(Models, "_display_")
    assert pickle.loads(pickle.dumps(Hardware.Tiny)).nRF52840 == Hardware.Tiny.nRF52840
    assert repr(Hardware.Tiny).startswith("<hardware: nRF52840, ESP32S3")


SOURCES = {"vendor": {"url": "https://example.org", "read": "2026-11-21", "tier": "datasheet"}}


def record(**changes):
    plain = {
        "name": "X",
        "source": "vendor",
        "peak_FLOP_per_s": {"fp16": 1e15},
        "memory_B": 1e9,
        "memory_bandwidth_B_per_s": 1e12,
    }
    return plain | changes


def test_a_record_loads_with_its_sources():
    loaded = registry._machine("cloud", record(passport={"memory": {"note": "small"}}), SOURCES)
    assert isinstance(loaded, HardwareNode)
    assert loaded.datum("memory").note == "small"


def test_a_record_without_a_source_does_not_load():
    with pytest.raises(InvalidValue, match="without a source does not load"):
        registry._machine("cloud", record(source=""), SOURCES)
    with pytest.raises(UnknownName, match="source of"):
        registry._machine("cloud", record(source="rumour"), SOURCES)


def test_a_passport_for_no_figure_does_not_load():
    with pytest.raises(InvalidValue, match="no such figure"):
        registry._machine("cloud", record(passport={"colour": {"note": "green"}}), SOURCES)


def test_an_unknown_field_does_not_load():
    with pytest.raises(TypeError, match="colour"):
        registry._machine("cloud", record(colour="green"), SOURCES)
