"""The registry's check, against records with one fault each."""

from dataclasses import replace
from datetime import date

import pytest

from mlsysim import Datum, HardwareNode, registry
from mlsysim.audit import audit, of_array, of_counts, of_fabric, of_machine, of_model, of_passports, twins
from mlsysim.check import InvalidValue
from mlsysim.fabrics import Fabric
from mlsysim.registry import Hardware, Models

TODAY = date(2026, 12, 1)
GOOD = {"name": "X", "peak": {"fp16": 1e15}, "memory": 1e11, "memory_bandwidth": 1e12}


def told(faults):
    return [fault.sentence() for fault in faults]


def test_the_registry_passes():
    """On the day after its newest figure was read; `mlsysim audit` compares with the day it runs on."""
    report = audit(TODAY)
    assert told(report.faults) == []
    assert sum(each.records for each in report.shelves) > 200
    for shelf in report.shelves:
        assert shelf.definition + shelf.datasheet + shelf.paper + shelf.measured + shelf.estimate == shelf.figures
    recalled = {each.shelf: each.recalled for each in report.shelves if each.recalled}
    assert set(recalled) == {"constants", "calibration"}


def test_what_was_recalled_is_an_estimate():
    recalled = Datum(1.0, "1", "https://example.org", "2026-11-21", "estimate", note="recalled, not looked up")
    assert not list(of_passports("X", {"tdp": recalled}, TODAY))
    (sentence,) = told(of_passports("X", {"tdp": replace(recalled, tier="datasheet")}, TODAY))
    assert sentence == "X: tdp was recalled, so that its tier is estimate and not datasheet."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sparse_peak": {"fp16": 0.5e15}}, "sparse_peak.fp16 is below the dense peak, 1e+15"),
        ({"sparse_peak": {"int8": 1e15}}, "sparse_peak.int8 has no dense peak"),
        ({"peak": {"fp16": 1e15, "int8": 0.5e15}}, "peak.int8 is below the peak in fp16"),
        ({"peak": {"fp16": 1e16}}, "ridge point at 1e+04 FLOP/B"),
        ({"peak": {"fp16": 1e10}}, "ridge point at 0.01 FLOP/B"),
        ({"memory_visible": 9e10}, "memory_visible is less than memory"),
        ({"active_power": 1.0, "sleep_power": 2.0}, "sleep_power is above active_power"),
    ],
)
def test_a_machine_that_cannot_be(changes, words):
    (sentence,) = told(of_machine(HardwareNode(**GOOD | changes)))
    assert words in sentence


def test_a_peak_is_what_its_units_do_at_their_clock():
    h100 = Hardware.Cloud.H100
    assert not list(of_array(h100, "fp16", 528, 512, 1.83e9))
    for units, clock in ((264, 1.83e9), (528, 1.98e9)):
        assert "FLOP/s of" in told(of_array(h100, "fp16", units, 512, clock))[0]
    assert "peak.fp4" in told(of_array(h100, "fp4", 528, 512, 1.83e9))[0]
    faster = told(of_array(Hardware.Tiny.nRF52840, "int8", 1, 1, 128e6))
    assert faster == ["nRF52840 Cortex-M4F 64MHz: clock is not the 1.28e+08 Hz that its peak is stated at."]


def test_the_audit_compares_peaks_with_their_units(monkeypatch):
    wrong = {name: dict(table) for name, table in registry.tables("arrays").items()}
    wrong["fp16_AMD"]["units"] = [replace(each, value=2 * each.value) for each in wrong["fp16_AMD"]["units"]]
    known = registry.tables
    monkeypatch.setattr(registry, "tables", lambda name: wrong if name == "arrays" else known(name))
    assert {fault.record.split()[0] for fault in audit(TODAY).faults} == {"MI250X", "MI300X", "MI325X"}


def test_a_fabric_is_no_faster_than_its_machine():
    fast = Fabric(name="Fast", machine="H100", gpus_per_node=8, link="900 GB/s", nic="50 GB/s")
    assert "link is above that of the H100" in told(of_fabric(fast))[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": "a colleague"}, "no https address"),
        ({"source": "https://example.org http://example.org"}, "no https address"),
        ({"read": ""}, "which is no date"),
        ({"read": "2026-12-03"}, "in the future"),
        ({"read": "2024-11-30"}, "is stale"),
    ],
)
def test_a_passport_that_has_run_out(changes, words):
    datum = Datum(1.0, "B", "https://example.org", "2026-12-01", "datasheet")
    assert not list(of_passports("X", {"memory": datum, "next": replace(datum, read="2026-12-02")}, TODAY))
    (sentence,) = told(of_passports("X", {"memory": replace(datum, **changes)}, TODAY))
    assert words in sentence


def test_a_record_needs_a_figure():
    assert told(of_passports("X", {}, TODAY)) == ["X: record has no figure with a passport."]


def test_a_count_is_the_published_one_to_a_hundredth_or_its_rounding():
    datum = Datum(100.0, "1", "https://example.org", "2026-12-01", "paper")
    for value, wrong in ((99.1, 0), (100.9, 0), (98.9, 1), (101.1, 1)):
        assert len(list(of_counts("X", {"parameters": value}, {"parameters": datum}))) == wrong
    rounded = replace(datum, lower=95.0, upper=105.0)
    assert not list(of_counts("X", {"parameters": 95.0}, {"parameters": rounded}))
    assert list(of_counts("X", {"parameters": 106.5}, {"parameters": rounded}))


def test_a_model_with_two_more_layers_is_found_out():
    for name, figures in (("Llama3_8B", 1), ("Mixtral_8x7B", 2)):
        spec = getattr(Models, name)
        assert not list(of_model(spec))
        assert len(list(of_model(replace(spec, layers=spec.layers + 2)))) == figures


def test_twins_are_found():
    h100 = Hardware.Cloud.H100
    content = lambda each: each.memory  # noqa: E731
    assert not list(twins([h100, Hardware.Cloud.A10], content))
    same = HardwareNode(**GOOD | {"name": "Other", "memory": h100.memory})
    assert told(twins([h100, same], content)) == ["Other: record is the same as H100 SXM5 80GB."]
    namesake = HardwareNode(**GOOD | {"name": "h-100"})
    assert "name is also a name of H100" in told(twins([h100, namesake], content))[0]


def test_a_shelf_that_does_not_load_is_a_fault(monkeypatch):
    def broken(name):
        raise InvalidValue("grid", 1.0, "a figure without a source does not load", "source = 'x'")

    monkeypatch.setattr(registry, "constants", broken)
    (fault,) = audit(TODAY).faults
    assert fault.record == "constants"
    assert "without a source does not load" in fault.sentence()


def test_today_is_today():
    assert audit().shelves == audit(date.today()).shelves
    for wrong in ("tomorrow", 7):
        with pytest.raises(InvalidValue, match="it must be a day"):
            audit(wrong)
