"""Instruments that set values on one axis: estimates against a limit, orders of magnitude, spans of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from labkit.charts.style import (
    ACCENT,
    BAD,
    INK,
    MUTED,
    SERIES,
    Axis,
    chart,
    field,
    figure,
    layer,
    room,
    rows_of,
    signed,
    text_layer,
)
from labkit.figures import number

Met = Literal["keeps it", "may keep it", "breaks it"]
MET_COLOURS = {"keeps it": ACCENT, "may keep it": MUTED, "breaks it": BAD}
MET_SHAPES = {"keeps it": "circle", "may keep it": "diamond", "breaks it": "cross"}


@dataclass(frozen=True, slots=True)
class Band:
    """An estimate against a limit: lower, expected and upper in SI units."""

    label: str
    lower: float
    expected: float
    upper: float
    met: Met


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the strip of magnitudes: its value in SI units, and how it is written."""

    name: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Span:
    """What happens on one lane between two moments, in seconds."""

    lane: str
    name: str
    start: float
    end: float


def against_limit(bands: Sequence[Band], limit: float, limit_text: str, axis: Axis, says: str) -> str:
    """Estimates with their range against a limit that they have to stay under."""
    scale, title = axis.scaled([limit, *(band.expected for band in bands)])
    rows = [
        {
            "row": band.label,
            "lower": band.lower / scale,
            "expected": band.expected / scale,
            "upper": band.upper / scale,
            "met": band.met,
        }
        for band in bands
    ]
    widest = 1.08 * max(limit, *(band.upper for band in bands)) / scale
    across = {"zero": True}
    promise = [{"x": limit / scale, "text": limit_text}]
    y = rows_of([band.label for band in bands])
    colour = signed("met", MET_COLOURS)
    layers = [
        layer(promise, "rule", {"color": INK, "strokeDash": [5, 4]}, x=field("x", scale=across)),
        text_layer(promise, {"align": "left", "dx": -3, "y": -8}, x=field("x")),
        layer(
            rows,
            "rule",
            {"strokeWidth": 3, "opacity": 0.45},
            x=field("lower", scale=across, title=title, axis={"grid": False}),
            x2={"field": "upper"},
            y=y,
            color=colour,
        ),
        layer(
            rows,
            "point",
            {"size": 110, "filled": True, "opacity": 1},
            x=field("expected", scale=across),
            y=y,
            color=colour,
            shape=signed("met", MET_SHAPES),
        ),
        room("x", 0.0, widest),
    ]
    unit = title.rpartition(", ")[2]
    header = ("", *(f"{name}, {unit}" for name in ("lower", "expected", "upper")), limit_text)
    table = [
        (band.label, *(number(value / scale) for value in (band.lower, band.expected, band.upper)), band.met)
        for band in bands
    ]
    return figure(chart(layers, 32 * len(bands)), says, header, table)


def magnitudes(items: Sequence[Item], title: str, says: str) -> str:
    """Values that lie orders of magnitude apart, each on its row of one logarithmic strip."""
    names = [item.name for item in items]
    rows = [{"row": item.name, "x": item.value, "text": item.text} for item in items]
    low, high = min(item.value for item in items), max(item.value for item in items)
    scale = {"type": "log", "domain": [low / 3, high * (high / low) ** 0.7 * 3]}
    across = field("x", title=title, scale=scale, axis={"grid": True, "tickCount": 6, "format": "~s"})
    y = rows_of(names)
    layers = [
        layer(rows, "point", {"size": 110, "filled": True, "opacity": 1, "color": ACCENT}, x=across, y=y),
        text_layer(rows, {"align": "left", "dx": 9}, x=across, y=y),
    ]
    return figure(chart(layers, 30 * len(items)), says, ("", title), [(item.name, item.text) for item in items])


def timeline(
    spans: Sequence[Span], says: str, limit: float | None = None, colours: Mapping[str, str] | None = None
) -> str:
    """What happens when: one lane for each place of work, one bar for each piece of it.

    `colours` gives each kind of work its colour, also where some kinds do not happen.
    """
    end = max([span.end for span in spans] + [limit or 0.0])
    scale, title = Axis("time", "s").scaled([end])
    lanes = list(dict.fromkeys(span.lane for span in spans))
    names = list(dict.fromkeys(span.name for span in spans))
    colours = colours or {name: SERIES[order % len(SERIES)] for order, name in enumerate(names)}
    rows = [
        {"row": span.lane, "name": span.name, "start": span.start / scale, "end": span.end / scale} for span in spans
    ]
    layers = [
        layer(
            rows,
            "bar",
            {"size": 20},
            x=field("start", title=title, scale={"zero": True}, axis={"grid": False}),
            x2={"field": "end"},
            y=rows_of(lanes),
            color=signed("name", colours),
        ),
        room("start", 0.0, 1.05 * end / scale),
    ]
    if limit is not None:
        layers.append(layer([{"limit": limit / scale}], "rule", {"color": INK, "strokeDash": [5, 4]}, x=field("limit")))
    unit = title.rpartition(", ")[2]
    table = [(span.lane, number(span.start / scale), number(span.end / scale), span.name) for span in spans]
    return figure(chart(layers, 38 * len(lanes)), says, ("", f"from, {unit}", f"to, {unit}", "what"), table)
