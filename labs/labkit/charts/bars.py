"""Instruments made of bars: the Iron Law's terms, what fills a memory, what an answer depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labkit.charts.style import (
    BAD,
    INK,
    IRON_LAW,
    SERIES,
    Axis,
    category,
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

ROW = 46

Terms = Mapping[str, str]
"""Names of the terms that a stack is made of, each with its colour."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar: what it stands for, the size of each term in SI units, and a text at its end."""

    label: str
    sizes: Sequence[float]
    text: str = ""


def stacked(stacks: Sequence[Stack], terms: Terms, axis: Axis, says: str, limit: float | None = None) -> str:
    """Bars made of terms that add up, such as a step's time or a device's memory; `limit` is drawn across them."""
    totals = [sum(stack.sizes) for stack in stacks]
    widest = max(*totals, limit or 0.0)
    scale, title = axis.scaled([widest])
    names = [stack.label for stack in stacks]
    rows = [
        {"row": stack.label, "term": term, "order": order, "size": size / scale}
        for stack in stacks
        for order, (term, size) in enumerate(zip(terms, stack.sizes, strict=True))
    ]
    labels = [
        {"row": stack.label, "size": total / scale, "text": stack.text}
        for stack, total in zip(stacks, totals, strict=True)
    ]
    y = rows_of(names)
    x = field("size", title=title, stack="zero", axis={"grid": False})
    layers = [
        layer(
            rows,
            "bar",
            {"size": 26},
            x=x,
            y=y,
            color=signed("term", terms),
            order={"field": "order", "type": "ordinal"},
        ),
        text_layer(labels, {"align": "left", "dx": 6}, x=field("size"), y=y),
        room("size", 1.3 * widest / scale),
    ]
    if limit is not None:
        layers.append(layer([{"limit": limit / scale}], "rule", {"color": INK, "strokeDash": [5, 4]}, x=field("limit")))
    unit = title.rpartition(", ")[2]
    header = ("", *(f"{term}, {unit}" for term in terms), f"sum, {unit}")
    table = [
        (stack.label, *(number(size / scale) for size in stack.sizes), number(total / scale))
        for stack, total in zip(stacks, totals, strict=True)
    ]
    return figure(chart(layers, ROW * len(stacks)), says, header, table)


def iron_law(stacks: Sequence[Stack], says: str) -> str:
    """The Iron Law's three terms of a step, in seconds: moving bytes, arithmetic, overhead."""
    return stacked(stacks, IRON_LAW, Axis("time", "s"), says)


def memory(stacks: Sequence[Stack], parts: Sequence[str], capacity: float, says: str) -> str:
    """What fills a memory, in bytes, against its capacity."""
    return stacked(stacks, dict(zip(parts, SERIES, strict=False)), Axis("memory", "B"), says, limit=capacity)


def tornado(effects: Mapping[str, float], says: str, title: str = "% change for 1 % more") -> str:
    """What an answer depends on, the strongest first: elasticities, as the sensitivity solver gives them."""
    names = sorted(effects, key=lambda name: -abs(effects[name]))
    kinds = {"raises the answer": SERIES[0], "lowers the answer": BAD}
    rows = [
        {"row": name, "size": effects[name], "sign": "raises the answer" if effects[name] > 0 else "lowers the answer"}
        for name in names
    ]
    reach = 1.8 * max(map(abs, effects.values()), default=1.0) or 1.0
    x = field("size", title=title, axis={"grid": False})
    labels: dict[bool, list[dict[str, object]]] = {True: [], False: []}
    for name in names:
        labels[effects[name] >= 0].append({"row": name, "size": effects[name], "text": f"{effects[name]:+.2f}"})
    y = rows_of(names)
    layers = [
        layer(rows, "bar", {"size": 18}, x=x, y=y, color=signed("sign", kinds)),
        layer([{"zero": 0}], "rule", {"color": INK}, x=field("zero")),
        room("size", -reach, reach),
        *(
            text_layer(
                labels[up],
                {"align": "left" if up else "right", "dx": 5 if up else -5},
                x=field("size"),
                y=category("row", names),
            )
            for up in (True, False)
        ),
    ]
    return figure(
        chart(layers, 32 * len(names)), says, ("", title), [(name, f"{effects[name]:+.2f}") for name in names]
    )
