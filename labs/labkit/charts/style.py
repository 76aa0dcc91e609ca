"""What all charts share: colours and text size, axes in prefixed units, the figure with its sentence and table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from labkit.elements import element
from mlsysim.units import written_in

Spec = dict[str, Any]

INK, MUTED, LINE, BAD, ACCENT, GOOD = (
    f"var(--lab-{name})" for name in ("ink", "muted", "line", "bad", "accent", "good")
)
IRON_LAW = {
    "moving bytes D/BW": "var(--lab-bytes)",
    "arithmetic O/(R·η)": "var(--lab-arithmetic)",
    "overhead L": "var(--lab-overhead)",
}
SERIES = tuple(f"var(--lab-{name})" for name in ("bytes", "arithmetic", "overhead", "violet", "teal", "rose"))
DASHES = ([1, 0], [7, 3], [2, 3], [9, 3, 2, 3], [4, 4], [1, 4])
SHAPES = ("circle", "diamond", "square", "triangle-up", "cross", "triangle-down")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
SIZE = 13
DECADE = "abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-9"
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.4.1.json"

STROKE = {"symbolType": "stroke", "symbolSize": 500, "symbolStrokeWidth": 2.5}

CONFIG: Spec = {
    "font": FONT,
    "padding": {"left": 0, "right": 8, "top": 8, "bottom": 0},
    "axis": {
        "labelFontSize": SIZE,
        "titleFontSize": SIZE,
        "titleFontWeight": "normal",
        "labelColor": MUTED,
        "titleColor": MUTED,
        "domainColor": LINE,
        "tickColor": LINE,
        "gridColor": LINE,
        "labelPadding": 6,
        "labelLimit": 150,
    },
    "legend": {
        "labelFontSize": SIZE,
        "labelColor": INK,
        "symbolSize": 110,
        "symbolOpacity": 1,
        "labelLimit": 320,
        "orient": "bottom",
        "direction": "vertical",
        "title": None,
    },
    "title": {"anchor": "start", "fontSize": SIZE, "fontWeight": "normal", "color": MUTED},
    "view": {"stroke": None},
}


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis measures.

    Parameters
    ----------
    title : the quantity, such as "time per step"
    unit : its SI unit, or the name of what is counted; the axis picks the prefix
    log : logarithmic, for what spans decades
    """

    title: str
    unit: str = ""
    log: bool = False

    def scaled(self, values: Iterable[float]) -> tuple[float, str]:
        """The size of the axis's unit in SI, and the axis's title with that unit in it."""
        scale, name = written_in(max(map(abs, values), default=1.0), self.unit)
        return scale, f"{self.title}, {name}" if name else self.title

    @property
    def figures(self) -> str:
        """How ticks are written. Evenly spaced ones get the digits of their spacing, which ",~g" takes for significant
        digits, so that it writes 150 as 1.5e+2."""
        return ",~g" if self.log else ",~f"

    def upright(self, zero: bool = True) -> Spec:
        """The vertical encoding of the column `y`: its title stands above the chart, a log grid has a line a decade."""
        grid = {"condition": {"test": DECADE, "value": 1}, "value": 0} if self.log else 1
        axis = {"tickCount": 4, "format": self.figures, "gridOpacity": grid}
        return field("y", title=None, scale=self.spread(zero), axis=axis)

    def level(self, title: str, zero: bool = True) -> Spec:
        """The horizontal encoding of the column `x`."""
        axis = {"grid": False, "tickCount": 6, "format": self.figures}
        return field("x", title=title, scale=self.spread(zero), axis=axis)

    def spread(self, zero: bool = True) -> Spec:
        """How values spread along the axis: by decades, or evenly, from zero or from the least value."""
        return {"type": "log", "nice": False} if self.log else {"zero": zero}


def field(name: str, **more: Any) -> Spec:
    """A numeric column of the rows, as an encoding."""
    return {"field": name, "type": "quantitative", **more}


def category(name: str, order: Sequence[str] | None = None, **more: Any) -> Spec:
    """A column of names, in the order given, as an encoding."""
    return {"field": name, "type": "nominal", "sort": None if order is None else list(order), **more}


def rows_of(names: Sequence[str], name: str = "row") -> Spec:
    """The vertical axis of charts that have one row for each name."""
    return category(name, names, title=None, axis={"domain": False, "ticks": False})


def signed(name: str, signs: Mapping[str, Any], **legend: Any) -> Spec:
    """A column of names, each in its colour, shape or dash; one legend shows them all."""
    scale = {"domain": list(signs), "range": list(signs.values())}
    return category(name, scale=scale) | ({"legend": legend} if legend else {})


def room(name: str, *values: float) -> Spec:
    """Unseen points that make an axis reach these values: as data, so that the chart keeps its shape."""
    return layer([{name: value} for value in values], "point", {"opacity": 0, "aria": False}, x=field(name))


def layer(rows: Iterable[Mapping[str, Any]], mark: str, style: Mapping[str, Any], **encoding: Any) -> Spec:
    """One layer of a chart: its rows, how they are drawn, which column is what."""
    data = list(rows)
    drawn = {"type": mark, **style} if data else {"type": mark, **style, "aria": False}  # nothing has no name
    return {"data": data, "mark": drawn, "encoding": encoding}


def text_layer(rows: Iterable[Mapping[str, Any]], style: Mapping[str, Any], **encoding: Any) -> Spec:
    """A layer of labels, from the column `text`."""
    return layer(
        rows, "text", {"fontSize": SIZE, "color": INK, **style}, text={"field": "text", "type": "nominal"}, **encoding
    )


def chart(layers: Sequence[Spec], height: int, title: str = "") -> Spec:
    """A chart as wide as the column it stands in; its data are apart, so that a slider leaves its shape alone."""
    data = {f"rows{place}": one["data"] for place, one in enumerate(layers)}
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "background": "transparent",
        **({"title": title} if title else {}),
        "layer": [one | {"data": {"name": name}} for name, one in zip(data, layers, strict=True)],
        "datasets": data,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
    }


def figure(spec: Spec, says: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A chart with the sentence that says what it shows, and the same figures as a table.

    The first column of the table is text, the others are numbers.
    """
    cells = "".join(
        "<tr>"
        + "".join(f"<td{' class=number' if column else ''}>{escape(cell)}</td>" for column, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    heads = "".join(
        f'<th scope="col"{" class=number" if column else ""}>{escape(name)}</th>' for column, name in enumerate(header)
    )
    return (
        f'<figure role="group" aria-label="{escape(says)}">{element("lab-chart", spec)}</figure>'
        f'<p class="says">{escape(says)}</p><details><summary>The chart as a table</summary>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table></details>"
    )
