"""Instruments made of lines: two terms that cross, a cost with a least point, the roofline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.charts.style import (
    ACCENT,
    DASHES,
    INK,
    MUTED,
    SERIES,
    SHAPES,
    SIZE,
    STROKE,
    Axis,
    Spec,
    chart,
    figure,
    layer,
    signed,
    text_layer,
)
from labkit.figures import number
from mlsysim.physics.roofline import attainable_rate, ridge_point
from mlsysim.units import format_quantity

HEIGHT = 230
LOG = Axis("", log=True)


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line through points (x, y), in SI units."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on the horizontal axis, and what is there."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Roof:
    """A machine's roofline: peak arithmetic in FLOP/s and memory bandwidth in B/s."""

    name: str
    rate: float
    bandwidth: float


def curves(
    lines: Sequence[Curve], x: Axis, y: Axis, says: str, here: float | None = None, marks: Sequence[Mark] = ()
) -> str:
    """Lines over one axis, with a dot where one stands (`here`) and upright rules at the marks."""
    x_scale, x_title = x.scaled(px for line in lines for px, _ in line.points)
    y_scale, y_title = y.scaled(py for line in lines for _, py in line.points)
    rows = [
        {"x": px / x_scale, "y": py / y_scale, "line": line.name, "here": px == here}
        for line in lines
        for px, py in line.points
    ]
    colours = {line.name: line.colour or SERIES[order % len(SERIES)] for order, line in enumerate(lines)}
    across, up = x.level(x_title), y.upright()
    dots = [row for row in rows if row["here"]]
    strokes = _strokes(colours)
    layers = [
        layer(rows, "line", {"strokeWidth": 2.5}, x=across, y=up, **strokes),
        layer(dots, "point", {"size": 90, "filled": True, "opacity": 1}, x=across, y=up, color=strokes["color"]),
        *_upright([Mark(mark.x / x_scale, mark.text) for mark in marks], across),
    ]
    xs = list(dict.fromkeys(px for line in lines for px, _ in line.points))
    at = [dict(line.points) for line in lines]
    unit = y_title.rpartition(", ")[2]
    header = (x_title, *(f"{line.name}, {unit}" for line in lines))
    table = [(number(px / x_scale), *(number(line[px] / y_scale) if px in line else "" for line in at)) for px in xs]
    return figure(chart(layers, HEIGHT, y_title), says, header, table)


def u_curve(parts: Sequence[Curve], total: Curve, x: Axis, y: Axis, says: str, here: float, best: float) -> str:
    """A cost made of a falling and a rising part, where one stands, and where it is least."""
    drawn = [Curve(total.name, total.points, ACCENT), *parts]
    return curves(drawn, x, y, says, here, [Mark(best, "least")])


def roofline(roofs: Sequence[Roof], work: Mapping[str, tuple[float, float]], says: str) -> str:
    """Machines' rooflines, and pieces of work as (arithmetic intensity in FLOP/B, rate reached in FLOP/s)."""
    ridges = [ridge_point(roof.rate, roof.bandwidth) for roof in roofs]
    reach = [*ridges, *(intensity for intensity, _ in work.values())]
    left, right = min(reach) / 6, max(reach) * 6
    lines = [
        Curve(roof.name, [(i, attainable_rate(i, roof.rate, roof.bandwidth)) for i in (left, ridge, right)])
        for roof, ridge in zip(roofs, ridges, strict=True)
    ]
    rows = [{"x": px, "y": py, "line": line.name} for line in lines for px, py in line.points]
    placed = sorted(work.items(), key=lambda item: item[1])
    points = [{"x": px, "y": py, "work": name} for name, (px, py) in placed]
    colours = {line.name: SERIES[order % len(SERIES)] for order, line in enumerate(lines)}
    across, up = LOG.level("arithmetic intensity, FLOP/B"), LOG.upright()
    up["axis"]["format"] = "~s"  # from a microcontroller to a rack no one prefix is readable
    layers = [
        layer(rows, "line", {"strokeWidth": 2.5}, x=across, y=up, **_strokes(colours)),
        layer(
            points,
            "point",
            {"size": 110, "filled": True, "opacity": 1, "color": INK},
            x=across,
            y=up,
            shape=signed("work", dict(zip(work, SHAPES, strict=False))) | {"legend": None},
        ),
    ]
    for place, dy in ((0, -8), (1, 16)):  # names of neighbours stand above and below
        named = [{**point, "text": point["work"]} for point in points[place::2]]
        layers.append(text_layer(named, {"align": "left", "dx": 7, "dy": dy}, x=across, y=up))
    table = [
        *(
            (roof.name, number(ridge), format_quantity(roof.rate, "FLOP/s", 3))
            for roof, ridge in zip(roofs, ridges, strict=True)
        ),
        *((name, number(px), format_quantity(py, "FLOP/s", 3)) for name, (px, py) in work.items()),
    ]
    return figure(chart(layers, 260, "rate, FLOP/s"), says, ("", "ridge point or intensity, FLOP/B", "rate"), table)


def _strokes(colours: Mapping[str, str]) -> Mapping[str, Spec]:
    """Each line in its colour and with its dash, so that no difference rests on colour alone."""
    dashes = dict(zip(colours, DASHES, strict=False))
    return {
        "color": signed("line", colours, **STROKE),
        "strokeDash": signed("line", dashes, **STROKE),
    }


def _upright(marks: Sequence[Mark], across: Spec) -> list[Spec]:
    rows = [{"x": mark.x, "text": mark.text} for mark in marks]
    return [
        layer(rows, "rule", {"color": MUTED, "strokeDash": [4, 4]}, x=across),
        text_layer(rows, {"align": "right", "dx": -5, "y": 8, "fontSize": SIZE}, x=across),
    ]
