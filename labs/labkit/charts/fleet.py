"""A fleet as a map: one square for each node, in the colour and with the sign of its state."""

from collections import Counter
from collections.abc import Mapping, Sequence

from labkit.charts.style import chart, field, figure, layer, signed
from labkit.figures import number

SIGNS = ("square", "cross", "triangle-up", "diamond", "circle", "triangle-down")


def fleet_map(states: Sequence[str], colours: Mapping[str, str], columns: int, says: str, noun: str = "nodes") -> str:
    """Nodes in reading order, each in one of the states that `colours` names."""
    rows = [{"x": place % columns, "y": place // columns, "state": state} for place, state in enumerate(states)]
    depth = -(-len(states) // columns)
    marks = layer(
        rows,
        "point",
        {"size": 90, "filled": True, "opacity": 1},
        x=field("x", axis=None, scale={"domain": [-0.5, columns - 0.5]}),
        y=field("y", axis=None, scale={"domain": [depth - 0.5, -0.5]}),
        color=signed("state", colours),
        shape=signed("state", dict(zip(colours, SIGNS, strict=False))),
    )
    count = Counter(states)
    table = [(state, number(count[state])) for state in colours]
    return figure(chart([marks], max(60, 15 * depth)), says, ("State", noun), table)
