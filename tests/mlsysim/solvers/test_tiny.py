import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Hardware, HardwareNode, LayeredModel, Models, TinyModel, layers
from mlsysim.check import InvalidInput
from mlsysim.registry import constants
from mlsysim.solvers.tiny import runtimes

NETWORKS = ["DS_CNN", "MobileNetV1_025", "ResNet8", "FC_AE"]


def solve(**given):
    return TinyModel().solve(**({"model": "DS_CNN", "hardware": "nRF52840"} | given))


def core(name, clock):
    return HardwareNode(
        name="Board", peak={"int8": 1e9}, memory="512 KiB", memory_bandwidth="1 GB/s", core=name, clock=clock
    )


def sized(multiply_adds):
    """A model of which only the multiply-adds are known."""
    return LayeredModel("Sized", (layers.matrix_product(1, 1, int(multiply_adds)),))


# MLPerf Tiny, TinyEngine and Espressif: case, model, machine, runtime, measured [s], largest |error| accepted.
MEASURED = [
    ("TINY-L4R5-ref-kws", "DS_CNN", "STM32L4R5", "TFLM", 181.92e-3, 0.10),
    ("TINY-L4R5-ref-vww", "MobileNetV1_025", "STM32L4R5", "TFLM", 600.60e-3, 0.10),
    ("TINY-L4R5-ST-ic", "ResNet8", "STM32L4R5", "X-CUBE-AI", 165.13e-3, 0.25),
    ("TINY-L4R5-ST-ad", "FC_AE", "STM32L4R5", "X-CUBE-AI", 5.26e-3, 0.25),
    ("TINY-H7A3-ST-kws", "DS_CNN", "STM32H7A3", "X-CUBE-AI", 11.32e-3, 0.20),
    ("TINY-H7A3-ST-vww", "MobileNetV1_025", "STM32H7A3", "X-CUBE-AI", 23.80e-3, 0.20),
    ("TINY-U575-ST-ic", "ResNet8", core("Cortex-M33", "160 MHz"), "X-CUBE-AI", 111.07e-3, 0.25),
    ("TINY-U575-ST-ad", "FC_AE", core("Cortex-M33", "160 MHz"), "X-CUBE-AI", 3.43e-3, 0.25),
    ("TINY-G0B1-bosch-kws", "DS_CNN", core("Cortex-M0+", "64 MHz"), "HPC compiler", 474.61e-3, 0.10),
    ("TINY-G0B1-bosch-ad", "FC_AE", core("Cortex-M0+", "64 MHz"), "HPC compiler", 40.89e-3, 0.10),
    ("TINY-NRF5340-ic", "ResNet8", core("Cortex-M33", "128 MHz"), "CMSIS-NN", 317.86e-3, 0.10),
    ("TINY-NRF5340-ad", "FC_AE", core("Cortex-M33", "128 MHz"), "CMSIS-NN", 6.29e-3, 0.10),
    ("TE-mcunet-vww0", sized(6.0e6), "STM32H743", "TinyEngine", 27e-3, 0.10),
    ("TE-mcunet-in2", sized(67.3e6), "STM32H743", "CMSIS-NN", 642e-3, 0.10),
    ("TE-mcunet-in2", sized(67.3e6), "STM32H743", "TFLM", 6.463, 0.10),
    ("TE-proxyless-w0.3", sized(38.3e6), "STM32H743", "X-CUBE-AI 7.3", 205e-3, 0.10),
    ("ESP32-S3, person detection", sized(7.16e6), "ESP32-S3", "ESP-NN", 54e-3, 0.10),
]


@pytest.mark.parametrize(
    ("model", "machine", "runtime", "measured", "accepted"),
    [each[1:] for each in MEASURED],
    ids=[e[0] for e in MEASURED],
)
def test_latency_against_measurements(model, machine, runtime, measured, accepted):
    latency = solve(model=model, hardware=machine, runtime=runtime).latency
    assert latency.lower * 0.99 <= measured <= latency.upper * 1.01
    assert abs(latency.expected / measured - 1) <= accepted


# MLPerf Tiny, energy of one inference [J].
@pytest.mark.parametrize(
    ("model", "machine", "runtime", "measured"),
    [
        ("DS_CNN", "STM32L4R5", "TFLM", 7373.7e-6),
        ("ResNet8", "STM32L4R5", "X-CUBE-AI", 6919.4e-6),
        ("FC_AE", "STM32L4R5", "X-CUBE-AI", 203.4e-6),
    ],
)
def test_energy_against_measurements(model, machine, runtime, measured):
    energy = solve(model=model, hardware=machine, runtime=runtime).energy
    assert energy.lower <= measured <= energy.upper
    assert energy.expected == pytest.approx(measured, rel=0.3)


@pytest.mark.parametrize("key", list(constants("cycles")))
def test_every_kernel_s_cycles_have_a_range_and_no_core_beats_its_peak(key):
    datum = constants("cycles")[key]
    assert 0.5 < datum.lower < datum.value < datum.upper
    for machine in Hardware.Tiny:
        if machine.core == key.split(", ")[0]:
            assert 2 / datum.lower * machine.clock <= machine.peak["int8"]


@given(st.sampled_from(NETWORKS), st.sampled_from(list(Hardware.Tiny)), st.floats(0.5, 3600.0))
def test_bounds_hold_everywhere(model, machine, period):
    for runtime in runtimes(machine):
        answer = solve(model=model, hardware=machine, runtime=runtime, period=period)
        for each in (answer.latency, answer.sram, answer.flash, answer.duty, answer.energy, answer.power):
            assert each is None or 0 <= each.lower <= each.expected <= each.upper
        assert answer.duty.upper <= 1
        assert answer.sram.lower >= answer.arena
        assert answer.feasible == (not answer.reasons)


@given(st.floats(1.0, 1000.0))
def test_rarer_inferences_make_a_battery_last_longer(period):
    often, rarely = (solve(period=each, battery="CR2032").battery_life for each in (period, 2 * period))
    assert often.lower < rarely.lower
    assert often.expected < rarely.expected
    sleeping = 2430 / Hardware.Tiny.nRF52840.sleep_power
    assert rarely.expected < sleeping


def test_a_keyword_spotter_on_a_coin_cell_once_a_second():
    answer = solve(period="1 s", battery="CR2032", runtime="cmsis nn")
    assert answer.feasible
    assert answer.runtime == "CMSIS-NN"
    assert answer.duty.expected == pytest.approx(0.131, abs=0.001)
    assert answer.power.expected == pytest.approx(1.31e-3, rel=0.01)
    assert answer.battery_life.expected / 86400 == pytest.approx(21.4, abs=0.2)


def test_three_ways_to_fail_each_named():
    verdicts = [each.verdict for each in solve(model="ResNet50", deadline="30 ms").reasons]
    assert verdicts == ["Out of SRAM.", "Out of flash.", "Missed deadline."]
    (reason,) = solve(deadline="30 ms").reasons
    assert (reason.limit, reason.wall, reason.maximum, reason.unit) == ("compute throughput", 1, 0.03, "s")
    assert "DS-CNN with CMSIS-NN takes at least 83.1 ms on the nRF52840; the deadline is 30 ms." in reason.sentence()
    assert [each.verdict for each in solve(period="50 ms").reasons] == ["Falls behind."]


def test_resnet_50_is_a_hundred_times_too_big_for_an_esp32_s3():
    sram = Hardware.Tiny.ESP32S3.memory
    assert 2 * Models.Layered.ResNet50.parameters / sram == pytest.approx(97.5, abs=0.1)


def test_a_compiled_network_needs_no_interpreter():
    interpreted, compiled = (solve(hardware="STM32L4R5", runtime=each) for each in ("TFLM", "X-CUBE-AI"))
    assert compiled.sram.expected == compiled.arena == interpreted.arena < interpreted.sram.expected
    assert compiled.flash.expected == 22_016 + 4 * 588


def test_what_is_not_sourced_is_not_answered():
    answer = solve(hardware="RP2040", period="1 s")
    assert answer.energy is None
    assert answer.power is None
    assert answer.battery_life is None
    assert solve().duty is None
    assert solve(hardware=core("Cortex-M4", "64 MHz")).feasible


def test_the_whiteboard_has_its_numbers_and_sources():
    answer = solve(period="1 s", battery="2.4 kJ", deadline="30 ms")
    text = answer.explain()
    assert "DS-CNN in INT8 on the nRF52840 Cortex-M4F 64MHz with CMSIS-NN" in text
    assert "2,656,768 x 3.15 cycles / 64 MHz = 131 ms" in text
    assert "25.9 kB of 262 kB" in text
    assert "Missed deadline." in text
    assert "given as battery=" in text
    assert "days, between" in text
    for each in answer.basis:
        assert each.datum.source in text
    assert "E     =" not in solve(hardware="RP2040").explain()


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("model", {"model": None}),
        ("model", {"model": "Llama3_8B"}),
        ("model", {"model": "nRF52840"}),
        ("model", {"model": "DS_CNNN"}),
        ("hardware", {"hardware": "H100"}),
        ("hardware", {"hardware": "DS_CNN"}),
        ("hardware", {"hardware": "nRF99999"}),
        ("hardware", {"hardware": core("Z80", "4 MHz")}),
        ("runtime", {"runtime": "PyTorch"}),
        ("runtime", {"runtime": None}),
        ("runtime", {"runtime": "TinyEngine"}),
        ("deadline", {"deadline": 0}),
        ("deadline", {"deadline": "30"}),
        ("deadline", {"deadline": "30 mW"}),
        ("deadline", {"deadline": float("nan")}),
        ("period", {"period": -1}),
        ("period", {"period": True}),
        ("period", {"period": "often"}),
        ("battery", {"battery": "CR2032"}),
        ("battery", {"battery": "AA", "period": 1}),
        ("battery", {"battery": 0, "period": 1}),
        ("battery", {"battery": "225 mAh", "period": 1}),
        ("battery", {"battery": float("inf"), "period": 1}),
        ("battery", {"battery": "CR2032", "period": 1, "hardware": "RP2040"}),
    ],
    ids=str,
)
def test_it_refuses(field, given):
    with pytest.raises(InvalidInput) as caught:
        solve(**given)
    assert field in str(caught.value)
