"""Charts carry the figures they are given, in the page's own colours, with the same figures as a table."""

import pytest

from labkit import charts

BARS = (charts.Bar("A", 0.010, 0.001, 0.002, "13 ms"), charts.Bar("B", 0.004, 0.001, 0.002, "7 ms"))


def values(chart):
    found = []

    def walk(node):
        if isinstance(node, dict):
            data = node.get("data")
            if isinstance(data, dict):
                found.extend(data.get("values", []))
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(chart.to_dict())
    return found


def test_iron_law_bars_are_the_terms_in_milliseconds():
    rows = [row for row in values(charts.iron_law(BARS)) if row.get("machine") == "A" and "term" in row]
    assert [row["ms"] for row in rows] == pytest.approx([10, 1, 2])
    assert [row["term"] for row in rows] == list(charts.TERM_NAMES)


def test_the_crossing_marks_where_one_stands_and_where_the_lines_cross():
    curves = (
        charts.Curve("bytes", "var(--lab-bytes)", [(1, 2.0), (2, 2.5)]),
        charts.Curve("arithmetic", "var(--lab-arithmetic)", [(1, 0.1), (2, 0.2)]),
    )
    here = [row for row in values(charts.crossing(curves, 2, "batch", "ms", (1.5, "batch 1.5"))) if row.get("x") == 2]
    assert {row["y"] for row in here} == {2.5, 0.2}
    assert {"x": 1.5, "text": "batch 1.5"} in values(charts.crossing(curves, 2, "batch", "ms", (1.5, "batch 1.5")))
    assert all("text" not in row for row in values(charts.crossing(curves, 2, "batch", "ms", None)))


def test_a_limit_is_drawn_with_every_band():
    bands = [charts.Band("A", 1, 2, 3, "keeps it"), charts.Band("B", 8, 9, 10, "breaks it")]
    rows = values(charts.against_limit(bands, 5, "promise", "ms"))
    assert {"x": 5, "text": "promise"} in rows
    assert {"label": "B", "lower": 8, "expected": 9, "upper": 10, "met": "breaks it"} in rows


@pytest.mark.parametrize(
    "chart",
    [
        charts.iron_law(BARS),
        charts.against_limit([charts.Band("A", 1, 2, 3, "keeps it")], 5, "promise", "ms"),
    ],
)
def test_charts_fill_the_column_and_ask_for_nothing_from_elsewhere(chart):
    spec = chart.to_dict()
    assert spec["width"] == "container"
    assert spec["usermeta"]["embedOptions"] == {"renderer": "svg", "actions": False, "tooltip": False}
    assert spec["config"]["axis"]["labelFontSize"] >= 12


def test_a_figure_says_what_it_shows_and_repeats_it_as_a_table():
    markup = charts.figure(charts.iron_law(BARS), "A <is> slower", ("Machine", "ms"), [("A", "13"), ("B", "7")])
    assert 'aria-label="A &lt;is&gt; slower"' in markup
    assert "<td class=number>13</td>" in markup and '<th scope="col">Machine</th>' in markup
