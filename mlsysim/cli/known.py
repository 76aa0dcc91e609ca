"""What is known: zoo, walls, audit, template."""

from __future__ import annotations

from argparse import Namespace

from mlsysim import registry
from mlsysim.cli.arguments import Verb
from mlsysim.cli.report import Report
from mlsysim.records import HardwareNode
from mlsysim.tables import Row


def verbs(verb: Verb) -> None:
    """Adds the commands."""
    made = verb("zoo", _zoo, "what is known, with sources")
    made.add_argument("what", nargs="?", choices=("machines", "models", "layered"), default="machines")
    verb("walls", _walls, "the 22 walls")
    made = verb("audit", _audit, "every record checked: sources, peaks, counts, dates")
    made.add_argument("--today", help="the day that dates are compared with, such as 2026-11-21")
    verb("template", _template, "a file for one's own machine")


def _zoo(options: Namespace) -> Report:
    if options.what == "machines":
        return Report([_machine_row(machine) for machine in registry.Hardware])
    if options.what == "models":
        return Report(
            [
                {
                    "model": model.name,
                    "parameters": model.parameters,
                    "active": model.active_parameters,
                    "layers": model.layers,
                    "context": model.max_context,
                    "source": model.datum("parameters").source,
                }
                for model in registry.Models
            ]
        )
    return Report(
        [
            {
                "model": model.name,
                "family": model.family,
                "parameters": model.parameters,
                "FLOP": model.flops,
                "source": next(iter(model.passports.values())).source,
            }
            for model in registry.Models.Layered
        ]
    )


def _machine_row(machine: HardwareNode) -> Row:
    precision = next(iter(machine.peak))
    return {
        "machine": machine.full_name,
        "kind": machine.kind,
        "vendor": machine.vendor,
        "precision": precision,
        "peak_FLOP_per_s": machine.peak[precision],
        "memory_B": machine.memory,
        "memory_bandwidth_B_per_s": machine.memory_bandwidth,
        "link_B_per_s": machine.link,
        "tdp_W": machine.tdp,
        "tier": machine.datum("memory_bandwidth").tier,
        "source": machine.datum("memory").source,
    }


def _walls(options: Namespace) -> Report:
    from mlsysim.walls import WALLS

    return Report(
        [{"wall": f"{wall.number:2d}"} | dict(zip(wall._fields[1:], wall[1:], strict=True)) for wall in WALLS.values()]
    )


def _template(options: Namespace) -> Report:
    from mlsysim.own import TEMPLATE

    return Report(text=TEMPLATE.rstrip("\n"))


def _audit(options: Namespace) -> Report:
    from mlsysim.audit import audit

    result = audit(options.today)
    rows: list[Row] = [each._asdict() for each in result.shelves]
    return Report(rows, faults=[fault.sentence() for fault in result.faults])
