"""Every table of the registry on one page that prints: what `mlsysim zoo` shows, with notes, sources numbered."""

from dataclasses import dataclass
from typing import Any

from jinja2 import Environment

import mlsysim
from mlsysim import zoo
from mlsysim.registry import Hardware
from mlsysim.tables import Row, readable

TITLES = {
    "machines": ("Machines", "Peak rates are dense, links are one direction, GB are powers of ten."),
    "peaks": ("Peaks", "Dense, by precision; sparse is the first precision's. The ridge point follows, in FLOP/B."),
    "models": ("Decoder-only transformers", "Parameters are computed from the architecture."),
    "encoder-decoders": ("Encoder-decoders", "Parameters of both halves are computed from the architecture."),
    "layered": ("Models counted layer by layer", "FLOP are those of one example."),
    "fabrics": ("Nodes and fabrics", "Rates are for each GPU in one direction."),
    "components": ("Failures of components", "Mean time between failures for each GPU, as counted in one run."),
    "clusters": ("Clusters", "Accelerators in published training runs."),
    "prices": ("Prices", "Each note says whose price it is and of which day."),
    "grid": ("Grids", "Carbon intensity of electricity. Each note gives year and method."),
    "power": ("Power, cooling and water", "From an accelerator's rating to what a meter reads: server, PUE, WUE."),
    "storage": ("Storage", "Sequential bandwidth of a device, and what software makes of it."),
    "accuracy": ("Accuracy after compression", "Perplexity before and after, as papers tabulate it; lower is better."),
    "imagenet": ("Accuracy of vision", "Share of pictures named right at the first guess, by the side of the picture."),
    "keywords": ("Accuracy of keyword spotting", "Share of spoken words named right, of twelve classes."),
    "arrays": ("Where peaks come from", "Twice units, multiply-adds in a cycle and clock is the peak."),
}


@dataclass(frozen=True, slots=True)
class Section:
    """One table: cells as text, sources as numbers."""

    name: str
    title: str
    lede: str
    head: list[str]
    numeric: list[bool]
    body: list[list[str]]


def page(templates: Environment, shared: dict[str, Any]) -> str:
    """The sheet, with what all of the site's pages share."""
    sources: dict[str, int] = {}
    sections = [_section(name, sources) for name in zoo.names()]
    notes = [
        (machine.full_name, [(figure, machine.datum(figure).note) for figure in machine.passports])
        for machine in Hardware
    ]
    told = [(name, _together(figures)) for name, figures in notes]
    return templates.get_template("sheet.html").render(
        sections=sections,
        notes=[(name, figures) for name, figures in told if figures],
        sources=sources,
        version=mlsysim.__version__,
        **shared,
    )


def _section(name: str, sources: dict[str, int]) -> Section:
    rows = zoo.rows(name, notes=True)
    title, lede = TITLES.get(name, (name.replace("_", " ").capitalize(), ""))
    told = [readable(row) for row in rows]
    head = list(told[0])
    body = [[_numbered(cell, sources) if key == "source" else cell for key, cell in row.items()] for row in told]
    return Section(name, title, lede, head, [_is_numeric(key, rows) for key in rows[0] if key != "unit"], body)


def _is_numeric(key: str, rows: list[Row]) -> bool:
    cells = [row[key] for row in rows if row[key] is not None]
    return all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in cells)


def _numbered(source: str, sources: dict[str, int]) -> str:
    return " ".join(str(sources.setdefault(each, len(sources) + 1)) for each in source.split())


def _together(figures: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Figures that share a note, named once."""
    found: dict[str, list[str]] = {}
    for figure, note in figures:
        if note:
            found.setdefault(note, []).append(figure.replace("_", " "))
    return [(", ".join(names), note) for note, names in found.items()]
