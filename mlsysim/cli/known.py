"""What is known, and how one adds to it: zoo, walls, audit, template, import."""

from __future__ import annotations

from argparse import Namespace

from mlsysim.check import InvalidValue
from mlsysim.cli.arguments import Verb
from mlsysim.cli.report import Report
from mlsysim.tables import Row


def verbs(verb: Verb) -> None:
    """Adds the commands."""
    made = verb("zoo", _zoo, "what is known, with sources")
    made.add_argument("what", nargs="?", default="machines", help="a table, such as models, prices or grid; or list")
    verb("walls", _walls, "the 22 walls")
    made = verb("audit", _audit, "every record checked: sources, peaks, counts, dates")
    made.add_argument("--today", help="the day that dates are compared with, such as 2026-11-21")
    made = verb("template", _template, "a file for one's own machine or model")
    made.add_argument("what", nargs="?", choices=("machine", "model"), default="machine")
    made = verb("import", _import, "a model's config.json as a file of one's own")
    made.add_argument("config", help="a config.json, its folder, or with --network an ID or an https address")
    made.add_argument("-o", "--output", metavar="FILE", help="where it is written, if not to standard output")
    made.add_argument("--network", action="store_true", help="the network may be used, certificates always verified")


def _zoo(options: Namespace) -> Report:
    from mlsysim.zoo import names, rows

    if options.what == "list":
        return Report([{"table": name, "rows": len(rows(name))} for name in names()])
    return Report(rows(options.what, notes=options.format in ("json", "csv")))


def _walls(options: Namespace) -> Report:
    from mlsysim.walls import WALLS

    return Report(
        [{"wall": f"{wall.number:2d}"} | dict(zip(wall._fields[1:], wall[1:], strict=True)) for wall in WALLS.values()]
    )


def _template(options: Namespace) -> Report:
    from mlsysim.own import TEMPLATES

    return Report(text=TEMPLATES[options.what].rstrip("\n"))


def _import(options: Namespace) -> Report:
    from mlsysim.importers.huggingface import read
    from mlsysim.own import model_from, to_toml

    described = read(options.config, network=options.network)
    parameters = model_from(described).parameters
    told = f"# {parameters:,d} parameters\n{to_toml(described)}"
    if options.output is None:
        return Report(text=told.rstrip("\n"))
    try:
        with open(options.output, "x", encoding="utf-8") as file:
            file.write(told)
    except FileExistsError:
        raise InvalidValue("output", options.output, "it is there already", "-o another.toml") from None
    except OSError as error:
        rule = f"it cannot be written: {error.strerror}"
        raise InvalidValue("output", options.output, rule, "-o model.toml") from None
    return Report([{"file": options.output, "model": described["name"], "parameters": parameters}])


def _audit(options: Namespace) -> Report:
    from mlsysim.audit import audit

    result = audit(options.today)
    rows: list[Row] = [each._asdict() for each in result.shelves]
    return Report(rows, faults=[fault.sentence() for fault in result.faults])
