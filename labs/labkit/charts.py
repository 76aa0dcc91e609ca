"""The labs' charts: altair in one style, coloured by the page's own variables so that both colour schemes hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import altair as alt
import marimo as mo

TERM_NAMES = ("moving bytes D/BW", "arithmetic O/(R·η)", "overhead L")
TERM_COLOURS = ("var(--lab-bytes)", "var(--lab-arithmetic)", "var(--lab-overhead)")
INK, MUTED, LINE, BAD, ACCENT = (
    "var(--lab-ink)",
    "var(--lab-muted)",
    "var(--lab-line)",
    "var(--lab-bad)",
    "var(--lab-accent)",
)
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
SIZE = 13
ROW = 46


@dataclass(frozen=True, slots=True)
class Bar:
    """One machine's time, split into the Iron Law's terms, in seconds."""

    label: str
    bytes_s: float
    arithmetic_s: float
    overhead_s: float
    text: str

    @property
    def total_s(self) -> float:
        """The sum of the terms."""
        return self.bytes_s + self.arithmetic_s + self.overhead_s


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line through points (x, y)."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Band:
    """An estimate against a limit: lower, expected and upper in the unit of the axis."""

    label: str
    lower: float
    expected: float
    upper: float
    met: str


def iron_law(bars: Sequence[Bar]) -> Any:
    """Stacked bars of the Iron Law's terms, one for each machine, labelled with their totals."""
    rows = [
        {"machine": bar.label, "term": name, "order": order, "ms": 1e3 * seconds}
        for bar in bars
        for order, (name, seconds) in enumerate(
            zip(TERM_NAMES, (bar.bytes_s, bar.arithmetic_s, bar.overhead_s), strict=True)
        )
    ]
    totals = [{"machine": bar.label, "ms": 1e3 * bar.total_s, "text": bar.text} for bar in bars]
    widest = max(1e3 * bar.total_s for bar in bars)
    machines = alt.Y(
        "machine:N", sort=[bar.label for bar in bars], title=None, axis=alt.Axis(domain=False, ticks=False)
    )
    time = alt.X(
        "ms:Q",
        title="ms",
        stack="zero",
        scale=alt.Scale(domainMin=0, domainMax=1.3 * widest),
        axis=alt.Axis(grid=False),
    )
    stack = (
        plotted(rows)
        .mark_bar(size=26)
        .encode(
            x=time,
            y=machines,
            color=alt.Color(
                "term:N",
                scale=alt.Scale(domain=list(TERM_NAMES), range=list(TERM_COLOURS)),
                legend=alt.Legend(title=None, orient="bottom", direction="vertical", symbolType="square"),
            ),
            order=alt.Order("order:O"),
        )
    )
    labels = (
        plotted(totals)
        .mark_text(align="left", dx=6, fontSize=SIZE, color=INK)
        .encode(x=alt.X("ms:Q"), y=machines, text="text:N")
    )
    return styled(stack + labels, ROW * len(bars))


def crossing(curves: Sequence[Curve], here: float, x_title: str, y_title: str, mark: tuple[float, str] | None) -> Any:
    """Lines on two logarithmic axes, where one stands now, and the place where they cross."""
    rows = [{"x": x, "y": y, "line": curve.name} for curve in curves for x, y in curve.points]
    ends = [{"x": curve.points[0][0], "y": curve.points[0][1], "line": curve.name} for curve in curves]
    log = alt.Scale(type="log", nice=False)
    x = alt.X("x:Q", title=x_title, axis=alt.Axis(grid=False, tickCount=6, format=",~g"), scale=log)
    y = alt.Y("y:Q", title=None, axis=alt.Axis(gridColor=LINE, tickCount=4, format=",~g"), scale=log)
    colour = alt.Color(
        "line:N",
        scale=alt.Scale(domain=[curve.name for curve in curves], range=[curve.colour for curve in curves]),
        legend=alt.Legend(title=None, orient="bottom", direction="vertical", symbolType="stroke"),
    )
    dash = alt.StrokeDash("line:N", legend=None)
    lines = plotted(rows).mark_line(strokeWidth=2.5).encode(x=x, y=y, color=colour, strokeDash=dash)
    now = [row for row in rows if row["x"] == here] or ends
    layers: list[Any] = [
        lines,
        plotted(now).mark_point(size=90, filled=True, opacity=1).encode(x=x, y=y, color=colour),
    ]
    if mark:
        rule = plotted([{"x": mark[0], "text": mark[1]}])
        layers += [
            rule.mark_rule(color=MUTED, strokeDash=[4, 4]).encode(x=x),
            rule.mark_text(align="right", dx=-5, y=8, fontSize=SIZE, color=INK).encode(x=x, text="text:N"),
        ]
    title = alt.TitleParams(y_title, anchor="start", fontSize=SIZE, fontWeight="normal", color=MUTED)
    return styled(alt.layer(*layers).properties(title=title), 230)


def against_limit(bands: Sequence[Band], limit: float, limit_text: str, x_title: str) -> Any:
    """Estimates with their range against a limit that they have to stay under."""
    rows = [{"label": b.label, "lower": b.lower, "expected": b.expected, "upper": b.upper, "met": b.met} for b in bands]
    widest = 1.08 * max(limit, *(band.upper for band in bands))
    scale = alt.Scale(domainMin=0, domainMax=widest)
    labels = alt.Y("label:N", sort=[b.label for b in bands], title=None, axis=alt.Axis(domain=False, ticks=False))
    kinds = ("keeps it", "may keep it", "breaks it")
    colour = alt.Color(
        "met:N",
        scale=alt.Scale(domain=list(kinds), range=[ACCENT, MUTED, BAD]),
        legend=alt.Legend(title=None, orient="bottom", direction="vertical", symbolType="circle"),
    )
    base = plotted(rows)
    axis = alt.Axis(grid=False)
    shape = alt.Shape("met:N", scale=alt.Scale(domain=list(kinds), range=["circle", "diamond", "cross"]), legend=None)
    promise = plotted([{"x": limit, "text": limit_text}])
    return styled(
        alt.layer(
            promise.mark_rule(color=INK, strokeDash=[5, 4]).encode(x=alt.X("x:Q", scale=scale)),
            promise.mark_text(align="left", dx=-3, y=-8, fontSize=SIZE, color=INK).encode(x="x:Q", text="text:N"),
            base.mark_rule(strokeWidth=3, opacity=0.45).encode(
                x=alt.X("lower:Q", scale=scale, title=x_title, axis=axis), x2="upper:Q", y=labels, color=colour
            ),
            base.mark_point(size=110, filled=True, opacity=1).encode(
                x=alt.X("expected:Q", scale=scale), y=labels, color=colour, shape=shape
            ),
        ),
        32 * len(bands),
    )


def plotted(rows: Sequence[Mapping[str, object]]) -> alt.Chart:
    """A chart over these rows, kept in the chart itself."""
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]


def styled(chart: Any, height: int) -> Any:
    """The style all charts share: as wide as the column, the page's text size, no frame."""
    axis = {
        "labelFontSize": SIZE,
        "titleFontSize": SIZE,
        "titleFontWeight": "normal",
        "labelColor": MUTED,
        "titleColor": MUTED,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelPadding": 6,
        "labelLimit": 150,
    }
    return (
        chart.properties(width="container", height=height, background="transparent")
        .configure(
            font=FONT,
            padding={"left": 0, "right": 8, "top": 8, "bottom": 0},
            axis=axis,
            legend={"labelFontSize": SIZE, "labelColor": INK, "symbolSize": 110, "symbolOpacity": 1, "labelLimit": 320},
            view={"stroke": None},
            autosize={"type": "fit-x", "contains": "padding"},
        )
        .properties(usermeta={"embedOptions": {"renderer": "svg", "actions": False, "tooltip": False}})
    )


@dataclass(frozen=True, slots=True)
class Spec:
    """A chart on its way to the page: written once, and not validated again on every move of a slider."""

    chart: Any

    def _mime_(self) -> tuple[str, str]:
        return "application/vnd.vegalite.v6+json", json.dumps(self.chart.to_dict(validate=False))


def figure(chart: Any, says: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
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
        f'<figure role="group" aria-label="{escape(says)}">{mo.as_html(Spec(chart)).text}</figure>'
        f'<p class="says">{escape(says)}</p><details><summary>The chart as a table</summary>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table></details>"
    )
