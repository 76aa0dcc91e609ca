"""Designs as points in the plane of two costs, and the front on which neither can be had for nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from labkit.charts.style import (
    ACCENT,
    LINE,
    MUTED,
    SERIES,
    Axis,
    chart,
    field,
    figure,
    layer,
    signed,
    text_layer,
)
from labkit.figures import number

Kind = Literal["yours", "on the front", "beaten", "breaks a limit"]
COLOURS = {"yours": ACCENT, "on the front": SERIES[0], "beaten": MUTED, "breaks a limit": "var(--lab-bad)"}
SHAPES = {"yours": "diamond", "on the front": "circle", "beaten": "triangle-down", "breaks a limit": "cross"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A design: its name, its two costs in SI units, and how it stands."""

    name: str
    x: float
    y: float
    kind: Kind


def pareto(candidates: Sequence[Candidate], x: Axis, y: Axis, says: str) -> str:
    """Designs by two costs; a line joins those that nothing beats."""
    x_scale, x_title = x.scaled(one.x for one in candidates)
    y_scale, y_title = y.scaled(one.y for one in candidates)
    rows = [{"x": one.x / x_scale, "y": one.y / y_scale, "kind": one.kind, "text": one.name} for one in candidates]
    across = field(
        "x", title=x_title, scale=x.spread(zero=False), axis={"grid": False, "tickCount": 6, "format": x.figures}
    )
    up = y.upright(zero=False)
    front = [row for row in rows if row["kind"] == "on the front"]
    layers = [
        layer(front, "line", {"color": LINE, "strokeWidth": 2}, x=across, y=up),
        layer(
            rows,
            "point",
            {"size": 100, "filled": True, "opacity": 1},
            x=across,
            y=up,
            color=signed("kind", COLOURS),
            shape=signed("kind", SHAPES),
        ),
        text_layer([row for row in rows if row["kind"] == "yours"], {"align": "left", "dx": 9}, x=across, y=up),
    ]
    table = [(one.name, number(one.x / x_scale), number(one.y / y_scale), one.kind) for one in candidates]
    return figure(chart(layers, 250, y_title), says, ("Design", x_title, y_title, "stands"), table)
