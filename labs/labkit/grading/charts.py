"""Distributions as SVG, for report and console: a dot for each answer on a line, and the simulator's as a rule."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from labkit.figures import number, with_unit
from labkit.predictions import NEAR, off_by

_WIDTH = 640
_EDGE = 16
_COLUMNS = 48
_TALLEST = 150
_BAR = 48


def said_number(values: Sequence[float], says: float, unit: str, title: str) -> str:
    """Positive answers on a logarithmic line, stacked where they are close; the band within 1.25 of the right one."""
    low = floor(log10(min([*values, says / 2])))
    high = max(ceil(log10(max([*values, says * 2]))), low + 1)

    def place(value: float) -> float:
        return _EDGE + (log10(value) - low) / (high - low) * (_WIDTH - 2 * _EDGE)

    def column(value: float) -> int:
        return min(_COLUMNS - 1, int((log10(value) - low) / (high - low) * _COLUMNS))

    tallest = max(Counter(map(column, values)).values(), default=1)
    step = min(10.0, _TALLEST / tallest)
    base = 34 + step * tallest
    stacked: Counter[int] = Counter()
    marks = [_rule("axis", _EDGE, base, _WIDTH - _EDGE, base)]
    left, right = place(says / NEAR), place(says * NEAR)
    marks.append(f'<rect class="near" x="{left:.1f}" y="22" width="{right - left:.1f}" height="{base - 22:.1f}"/>')
    for value in sorted(values):
        x = _EDGE + (column(value) + 0.5) / _COLUMNS * (_WIDTH - 2 * _EDGE)
        y = base - 4 - step * (stacked[column(value)] + 0.5)
        stacked[column(value)] += 1
        kind = "right" if off_by(value, says) <= NEAR else "wrong"
        marks.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{max(1.5, 0.45 * step):.1f}"/>')
    for exponent in range(low, high + 1, ceil((high - low) / 8)):
        x = place(10.0**exponent)
        anchor = "start" if exponent == low else "end" if exponent == high else "middle"
        marks += [_rule("axis", x, base, x, base + 5), _text(x, base + 19, number(10.0**exponent), anchor)]
    x = place(says)
    marks.append(_rule("answer", x, 8, x, base))
    marks.append(
        _text(
            *((x - 6, 17) if x > _WIDTH / 2 else (x + 6, 17)),
            f"simulator: {with_unit(says, unit)}",
            "end" if x > _WIDTH / 2 else "start",
        )
    )
    return _svg(marks, base + 24, f"{title} {summary(values, says, unit)}")


def said_choice(counts: Sequence[tuple[str, int, bool]], title: str) -> str:
    """Choices as bars: the text, how many chose it, and whether it is right, which a tick says too."""
    most = max([1, *(count for _, count, _ in counts)])
    marks = []
    for index, (text, count, right) in enumerate(counts):
        top, width = _BAR * index, count / most * (_WIDTH - 60)
        marks.append(_text(0, top + 14, f"{'✓ ' if right else ''}{text[:90]}", "start"))
        kind = "right" if right else "wrong"
        marks.append(f'<rect class="{kind}" x="0" y="{top + 20}" width="{width:.1f}" height="14"/>')
        marks.append(_text(width + 6, top + 32, str(count), "start"))
    told = ", ".join(f"{text}: {count}" for text, count, _ in counts)
    return _svg(marks, _BAR * len(counts), f"{title} {told}")


def summary(values: Sequence[float], says: float, unit: str) -> str:
    """What a distribution shows, in a sentence.

    >>> summary([1.6, 3.2, 3.2, 0.5], 1.6, "×")
    '4 predictions, median 2.4×; 1 within a factor of 1.25 of 1.6×, 2 above, 1 below'
    """
    if not values:
        return "no predictions"
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    near = sum(off_by(value, says) <= NEAR for value in values)
    above = sum(value > says * NEAR for value in values)
    word = "prediction" if len(values) == 1 else "predictions"
    return (
        f"{len(values)} {word}, median {with_unit(middle, unit)}; {near} within a factor of {NEAR} of "
        f"{with_unit(says, unit)}, {above} above, {len(values) - near - above} below"
    )


def _rule(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(marks: Sequence[str], height: float, told: str) -> str:
    label = escape(told)
    return (
        f'<svg class="dots" role="img" viewBox="0 0 {_WIDTH} {height:.0f}" aria-label="{label}">{"".join(marks)}</svg>'
    )
