"""Every instrument: valid Vega-Lite, the figures it was given, the same as a table, no difference by colour alone."""

import json
import re
from html import unescape

import altair
import pytest

from labkit import charts
from labkit.charts.style import BAD, GOOD, MUTED, SCHEMA

DOUBLING = (1, 2, 4, 8)
STACKS = (charts.Stack("A", (0.010, 0.001, 0.002), "13 ms"), charts.Stack("B", (0.004, 0.001, 0.002), "7 ms"))
FALLING = charts.Curve("written", [(n, 4 / n) for n in DOUBLING])
RISING = charts.Curve("lost", [(n, float(n)) for n in DOUBLING])
INSTRUMENTS = {
    "iron_law": charts.iron_law(STACKS, "Bars."),
    "memory": charts.memory([charts.Stack("70B", (140e9, 20e9), "160 GB")], ("weights", "KV cache"), 80e9, "Too much."),
    "tornado": charts.tornado({"bandwidth": -0.92, "batch": 0.4}, "Bandwidth counts."),
    "curves": charts.curves(
        (RISING, FALLING),
        charts.Axis("batch", log=True),
        charts.Axis("time", "s", log=True),
        "They cross.",
        here=4,
        marks=[charts.Mark(2, "batch 2")],
    ),
    "u_curve": charts.u_curve(
        (RISING, FALLING),
        charts.Curve("both", [(n, n + 4 / n) for n in DOUBLING]),
        charts.Axis("interval", "s"),
        charts.Axis("overhead", "s"),
        "Least at 2 s.",
        here=4,
        best=2,
    ),
    "roofline": charts.roofline(
        [charts.Roof("A", 1e15, 3e12), charts.Roof("B", 1.3e15, 5e12)], {"decode": (1.0, 3e12)}, "Decode is low."
    ),
    "pareto": charts.pareto(
        [charts.Candidate("cheap", 1, 9, "on the front"), charts.Candidate("mine", 5, 9, "yours")],
        charts.Axis("cost", "USD"),
        charts.Axis("latency", "s"),
        "Mine is beaten.",
    ),
    "against_limit": charts.against_limit(
        [charts.Band("A", 0.001, 0.002, 0.003, "keeps it"), charts.Band("B", 0.008, 0.009, 0.010, "breaks it")],
        0.005,
        "promise 5 ms",
        charts.Axis("time", "s"),
        "B breaks it.",
    ),
    "magnitudes": charts.magnitudes(
        [charts.Item("H100", 1e15, "1 PFLOP/s"), charts.Item("nRF52840", 1e8, "0.1 GFLOP/s")], "peak, FLOP/s", "Far."
    ),
    "timeline": charts.timeline(
        [charts.Span("GPU 0", "forward", 0, 0.01), charts.Span("GPU 1", "backward", 0.01, 0.03)], "Idle.", limit=0.025
    ),
    "fleet_map": charts.fleet_map(["up"] * 11 + ["failed"], {"up": GOOD, "failed": BAD, "spare": MUTED}, 4, "One."),
}


def spec(name):
    """The specification that the page is sent."""
    found = json.loads(unescape(re.search(r'<lab-chart data-spec="([^"]*)"', INSTRUMENTS[name]).group(1)))
    assert isinstance(found, dict)
    return found


def rows(name):
    """All rows of a chart."""
    return [row for data in spec(name)["datasets"].values() for row in data]


def table(name):
    """Header and rows of the table beside a chart."""
    lines = re.findall(r"<tr>(.*?)</tr>", INSTRUMENTS[name])
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line)] for line in lines]


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_is_valid_for_altairs_own_schema(name):
    assert altair.Chart.from_dict(spec(name)).to_dict()["$schema"] == SCHEMA == altair.SCHEMA_URL


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_fills_the_column_in_the_pages_own_text_size_and_colours(name):
    chart = spec(name)
    assert chart["width"] == "container" and chart["config"]["axis"]["labelFontSize"] >= 12
    assert not re.search(r"#[0-9a-f]{3,6}\b", json.dumps(chart["layer"])), "a colour that a colour scheme can't change"


@pytest.mark.parametrize(
    ("name", "mark", "sign"),
    [
        ("curves", "line", "strokeDash"),
        ("u_curve", "line", "strokeDash"),
        ("roofline", "line", "strokeDash"),
        ("pareto", "point", "shape"),
        ("against_limit", "point", "shape"),
        ("fleet_map", "point", "shape"),
    ],
)
def test_what_differs_in_colour_differs_in_dash_or_shape_too(name, mark, sign):
    found = [layer["encoding"] for layer in spec(name)["layer"] if layer["mark"]["type"] == mark]
    encoding = next(encoding for encoding in found if "color" in encoding)
    assert encoding[sign]["scale"]["domain"] == encoding["color"]["scale"]["domain"]
    signs = [str(value) for value in encoding[sign]["scale"]["range"]]
    assert len(set(signs)) == len(signs) >= 2


def test_the_shape_of_a_chart_does_not_move_with_its_figures():
    other = charts.iron_law(
        [charts.Stack("A", (0.02, 0.001, 0.002)), charts.Stack("B", (0.004, 0.001, 0.002))], "Bars."
    )
    pattern = r'<lab-chart data-spec="([^"]*)"'
    shapes = [json.loads(unescape(re.search(pattern, text).group(1))) for text in (INSTRUMENTS["iron_law"], other)]
    assert shapes[0].pop("datasets") != shapes[1].pop("datasets")
    assert shapes[0] == shapes[1]


def test_iron_law_bars_are_the_terms_in_one_unit():
    bars = [row for row in rows("iron_law") if row.get("row") == "A" and "term" in row]
    assert [row["size"] for row in bars] == pytest.approx([10, 1, 2])
    assert [row["term"] for row in bars] == list(charts.IRON_LAW)
    assert table("iron_law")[0][1] == "moving bytes D/BW, ms" and table("iron_law")[1] == ["A", "10", "1", "2", "13"]


def test_memory_is_drawn_against_its_capacity():
    assert {"limit": 80.0} in rows("memory")
    assert table("memory")[1] == ["70B", "140", "20", "160"]


def test_a_tornado_puts_the_strongest_effect_first():
    assert [line[0] for line in table("tornado")[1:]] == ["bandwidth", "batch"]


def test_curves_mark_where_one_stands_and_where_something_is():
    here = [row for row in spec("curves")["datasets"]["rows1"]]
    assert {(row["line"], row["y"]) for row in here} == {("lost", 4.0), ("written", 1.0)}
    assert {"x": 2.0, "text": "batch 2"} in rows("curves")
    assert table("curves")[0] == ["batch", "lost, s", "written, s"] and table("curves")[3] == ["4", "4", "1"]


def test_a_roof_rises_with_the_bandwidth_and_ends_at_the_peak():
    left, ridge, right = [row for row in rows("roofline") if row.get("line") == "A"]
    assert left["y"] / left["x"] == pytest.approx(3e12)
    assert ridge["x"] == pytest.approx(1e15 / 3e12) and ridge["y"] == right["y"] == 1e15


def test_a_fleet_counts_its_states():
    assert table("fleet_map")[1:] == [["up", "11"], ["failed", "1"], ["spare", "0"]]


def test_a_figure_says_what_it_shows_and_escapes_it():
    markup = charts.tornado({"<b>": 1.0}, "A <is> slower")
    assert 'aria-label="A &lt;is&gt; slower"' in markup and "<b>" not in markup


def test_an_infinite_figure_never_reaches_a_page():
    with pytest.raises(ValueError, match="JSON"):
        charts.tornado({"nothing": float("inf")}, "It can't be drawn.")


def test_a_kind_of_work_keeps_its_colour_where_another_does_not_happen():
    colours = {"work": GOOD, "lost": BAD}
    drawn = charts.timeline([charts.Span("here", "lost", 0, 1)], "All lost.", colours=colours)
    found = json.loads(unescape(re.search(r'<lab-chart data-spec="([^"]*)"', drawn).group(1)))
    assert found["layer"][0]["encoding"]["color"]["scale"] == {"domain": ["work", "lost"], "range": [GOOD, BAD]}
