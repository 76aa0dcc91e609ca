"""The report as a page: tables, and predicted against measured by domain, each row under the pointer or the focus.

One file, no script: SVG in the page, both colour schemes from the same variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10

from mlsysim.calibration.report import TITLES, Calibration, Mark, marks
from mlsysim.check import InvalidInput
from mlsysim.tables import Row

SIDE, EDGE = 320, 44
"""Width of a plot and of its margin [px]."""

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1b1f; --soft: #5d5d66; --rule: #d9d9de; --mark: #0b57d0; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16161a; --ink: #ececf1; --soft: #a3a3ad; --rule: #3a3a42; --mark: #8ab4f8; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
p { max-width: 44rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top; }
td { white-space: nowrap; }
td:last-child { white-space: normal; min-width: 8rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1.5rem; }
figure { margin: 0; }
figcaption { font-weight: 600; }
svg { width: 100%; height: auto; }
text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.axis, .same, .twice { stroke: var(--rule); fill: none; }
.same { stroke: var(--soft); }
.twice { stroke-dasharray: 3 3; }
.row circle { fill: var(--mark); fill-opacity: .55; }
.row line { stroke: var(--mark); stroke-opacity: .35; }
.row:hover circle, .row:focus circle { fill-opacity: 1; r: 6; }
.row:focus { outline: 2px solid var(--mark); outline-offset: 2px; }
"""


def page(found: Calibration) -> str:
    """The whole page."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Predicted against measured</title>
<meta name="description" content="What the simulator says of published measurements, fitted and left out of the fit.">
<style>{STYLE}</style>
</head>
<body>
<main>
{body(found)}
</main>
</body>
</html>
"""


def body(found: Calibration) -> str:
    """What the page says, for any page that knows the STYLE."""
    shown = marks(found)
    plots = "".join(
        _plot(title, [each for each in shown if each.domain == domain])
        for domain, title in TITLES.items()
        if any(each.domain == domain for each in shown)
    )
    return f"""<h1>Predicted against measured</h1>
<p>{len(found.lines):,d} published measurements, each run as a case by the simulator. Efficiencies are fitted once for a
kind of kernel and a vintage of software, never for a row; the plots show each row as a fit without it predicts it.</p>
<h2>Against the errors to beat</h2>
{_table(found.yardsticks())}
<h2>Rows left out of the fit</h2>
<p>The line is where prediction and measurement agree, the dashed ones are a factor of two; bars are the predicted
band. Point at a row, or move to it with the Tab key, for what it is.</p>
<div class="plots">{plots}</div>
<h2>By domain, and by what the fit had seen</h2>
<p>Errors are factors: 10 % is a prediction 1.10 times too large or too small. “In sample” rows were fitted;
“prior only” is datasheets with default efficiencies.</p>
{_table(found.summary())}
<h2>Not predicted</h2>
{_table(found.unpredicted())}"""


def write(found: Calibration, path: str) -> None:
    """The page, as a file."""
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(page(found))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.") from None


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row.values())}</tr>\n" for row in rows)
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>'
    )


def _plot(title: str, shown: Sequence[Mark]) -> str:
    ends = [end for each in shown for end in (each.measured, each.predicted)]
    low, high = floor(log10(min(ends))), ceil(log10(max(ends)) + 1e-9)
    span = max(1, high - low)

    def across(value: float) -> float:
        return EDGE + (log10(value) - low) / span * (SIDE - 2 * EDGE)

    def up(value: float) -> float:
        return SIDE - across(value)

    every = max(1, ceil(span / 6))
    ticks = "".join(
        f'<text x="{across(10.0**at):.1f}" y="{SIDE - EDGE + 16}" text-anchor="middle">{_power(at)}</text>'
        f'<text x="{EDGE - 6}" y="{up(10.0**at) + 4:.1f}" text-anchor="end">{_power(at)}</text>'
        for at in range(low, high + 1, every)
    )
    far, near = 10.0**high, 10.0**low
    left, right = f"{across(near):.1f}", f"{across(far):.1f}"
    lines = "".join(
        f'<line class="{kind}" x1="{left}" y1="{up(near * by):.1f}" x2="{right}" y2="{up(far * by):.1f}"/>'
        for kind, by in (("same", 1.0), ("twice", 2.0), ("twice", 0.5))
    )
    rows = "".join(_mark(each, across, up) for each in shown)
    inner = SIDE - 2 * EDGE
    return f"""<figure><figcaption>{escape(title)}</figcaption>
<svg viewBox="0 0 {SIDE} {SIDE}" role="group" aria-label="{escape(title)}: predicted against measured">
<rect class="axis" x="{EDGE}" y="{EDGE}" width="{inner}" height="{inner}"/>
<svg x="{EDGE}" y="{EDGE}" width="{inner}" height="{inner}" viewBox="{EDGE} {EDGE} {inner} {inner}">{lines}</svg>{ticks}
<text x="{SIDE / 2}" y="{SIDE - 10}" text-anchor="middle">measured, in each row’s unit</text>
<text x="{EDGE}" y="{EDGE - 10}">predicted</text>
{rows}</svg></figure>
"""


def _power(at: int) -> str:
    return f"{10.0**at:g}" if -3 <= at <= 4 else f"1e{at}"


def _mark(each: Mark, across: Callable[[float], float], up: Callable[[float], float]) -> str:
    told = (
        f"{each.case}: {each.setup}. Measured {each.measured:.4g} {each.unit}, predicted {each.predicted:.4g}, "
        f"between {each.lower:.4g} and {each.upper:.4g}."
    )
    x = f"{across(each.measured):.1f}"
    return (
        f'<g class="row" tabindex="0" role="img" aria-label="{escape(told)}"><title>{escape(told)}</title>'
        f'<line x1="{x}" x2="{x}" y1="{up(each.lower):.1f}" y2="{up(each.upper):.1f}"/>'
        f'<circle cx="{x}" cy="{up(each.predicted):.1f}" r="4"/></g>\n'
    )
