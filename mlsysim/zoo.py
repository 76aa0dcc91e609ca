"""What is known, as tables: every record of the registry with its figures and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlsysim import registry
from mlsysim.check import choice
from mlsysim.fabrics import shelf
from mlsysim.records import Datum, HardwareNode, ModelSpec
from mlsysim.tables import Row

PRECISIONS = ("fp32", "fp16", "fp8", "int8", "fp4", "int4")


def names() -> list[str]:
    """The tables there are, those of the machines first."""
    return [*_SHELVES, *registry.files("constants"), *registry.files("tables")]


def rows(name: str, notes: bool = False) -> list[Row]:
    """One of the tables; with the notes of its passports where they are wanted.

    >>> [row["machine"] for row in rows("peaks")][:2]
    ['A100 SXM4 80GB', 'H100 SXM5 80GB']
    """
    chosen = choice("what", name, names())
    if chosen in _SHELVES:
        return _SHELVES[chosen]()
    if chosen in registry.files("constants"):
        return [_figure(key, datum, notes) for key, datum in registry.constants(chosen).items()]
    return _columns(registry.tables(chosen), notes)


def _machine(machine: HardwareNode) -> Row:
    precision = next(iter(machine.peak))
    return {
        "machine": machine.full_name,
        "kind": machine.kind,
        "vendor": machine.vendor,
        "precision": precision,
        "peak_FLOP_per_s": machine.peak[precision],
        "memory_B": machine.memory,
        "memory_bandwidth_B_per_s": machine.memory_bandwidth,
        "flash_B": machine.flash,
        "link_B_per_s": machine.link,
        "tdp_W": machine.tdp,
        "tier": machine.datum("memory_bandwidth").tier,
        "source": machine.datum("memory").source,
    }


def _peaks(machine: HardwareNode) -> Row:
    precision = next(iter(machine.peak))
    dense: dict[str, float | None] = {f"{each}_FLOP_per_s": machine.peak.get(each) for each in PRECISIONS}
    if dense["fp16_FLOP_per_s"] is None:
        dense["fp16_FLOP_per_s"] = machine.peak.get("bf16")
    datum = machine.datum(f"peak.{precision}")
    return {
        "machine": machine.full_name,
        **dense,
        "sparse_FLOP_per_s": machine.sparse_peak.get(precision),
        "ridge": machine.ridge_point(precision),
        "tier": datum.tier,
        "source": datum.source,
    }


def _model(model: ModelSpec) -> Row:
    return {
        "model": model.name,
        "parameters": model.parameters,
        "active_with_embedding": model.active_parameters,
        "layers": model.layers,
        "hidden": model.hidden,
        "heads": model.heads,
        "kv_heads": None if model.latent else model.kv_heads,
        "context": model.max_context,
        "source": model.datum("parameters").source,
    }


def _layered() -> list[Row]:
    return [
        {
            "model": model.name,
            "family": model.family,
            "parameters": model.parameters,
            "FLOP": model.flops,
            "source": next(iter(model.passports.values())).source,
        }
        for model in registry.Models.Layered
    ]


def _fabrics() -> list[Row]:
    return [
        {
            "fabric": each.name,
            "machine": each.machine.name,
            "gpus_per_node": each.gpus_per_node,
            "link_B_per_s": each.link,
            "nic_B_per_s": each.nic,
            "in_network": each.in_network,
            "tier": each.datum("link").tier,
            "source": each.datum("link").source,
        }
        for each in shelf()
    ]


def _failures() -> list[Row]:
    """Mean time between failures of a component, for each GPU of the run that was counted."""
    known = registry.constants("reliability")
    hours = known["llama3_gpus"].value * known["llama3_days"].value * 24.0
    prefix = "llama3_cause_"
    return [
        {
            "component": key.removeprefix(prefix).replace("_", " "),
            "interruptions": each.value,
            "mtbf_per_gpu_h": hours / each.value,
            "tier": each.tier,
            "source": each.source,
        }
        for key, each in known.items()
        if key.startswith(prefix)
    ]


def _figure(key: str, datum: Datum, notes: bool) -> Row:
    row: dict[str, str | float | None] = {
        "figure": key.replace("_", " "),
        "value": datum.value,
        "lower": datum.lower,
        "upper": datum.upper,
        "unit": datum.unit,
        "tier": datum.tier,
        "read": datum.read,
        "source": datum.source,
    }
    return row | {"note": datum.note} if notes else row


def _columns(tables: Mapping[str, Mapping[str, object]], notes: bool) -> list[Row]:
    found: list[Row] = []
    for key, table in tables.items():
        lists = {name: list(cells) for name, cells in table.items() if isinstance(cells, list)}
        for cells in zip(*lists.values(), strict=True):
            first = next(each for each in cells if isinstance(each, Datum))
            row: dict[str, str | float | None] = {"table": key}
            row |= {
                name: each.value if isinstance(each, Datum) else each for name, each in zip(lists, cells, strict=True)
            }
            row |= {"tier": first.tier, "source": first.source}
            found.append(row | {"note": first.note} if notes else row)
    widest = {name: None for row in found for name in row}
    return [widest | dict(row) for row in found]


_SHELVES: dict[str, Callable[[], list[Row]]] = {
    "machines": lambda: [_machine(each) for each in registry.Hardware],
    "peaks": lambda: [_peaks(each) for each in registry.Hardware],
    "models": lambda: [_model(each) for each in registry.Models],
    "encoder-decoders": lambda: [_model(each) for each in registry.Models.EncoderDecoder],
    "layered": _layered,
    "fabrics": _fabrics,
    "components": _failures,
}
