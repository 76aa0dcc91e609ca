"""The labs' instruments. Each takes figures in SI units and a sentence, and returns a chart, the sentence and a table.

A chart is a Vega-Lite specification in plain data: the browser's Python needs no plotting library, and a slider's
move costs the chart next to nothing.
"""

from labkit.charts.bars import Stack, Terms, iron_law, memory, stacked, tornado
from labkit.charts.fleet import fleet_map
from labkit.charts.lines import Curve, Mark, Roof, curves, roofline, u_curve
from labkit.charts.points import Candidate, pareto
from labkit.charts.ranges import Band, Item, Span, against_limit, magnitudes, timeline
from labkit.charts.style import IRON_LAW, Axis

__all__ = [
    "IRON_LAW",
    "Axis",
    "Band",
    "Candidate",
    "Curve",
    "Item",
    "Mark",
    "Roof",
    "Span",
    "Stack",
    "Terms",
    "against_limit",
    "curves",
    "fleet_map",
    "iron_law",
    "magnitudes",
    "memory",
    "pareto",
    "roofline",
    "stacked",
    "timeline",
    "tornado",
    "u_curve",
]
