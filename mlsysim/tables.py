"""Rows of figures as text, Markdown, CSV or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

FORMATS = ("text", "json", "csv", "markdown")
PIECE = 8192
"""Rows written at a time."""

Cell = str | float | int | None
Row = Mapping[str, Cell]


def render(rows: Sequence[Row], style: str, more: Mapping[str, object] | None = None) -> str:
    """A table in one of the formats; `more` goes with it where the format has a place for it.

    >>> print(render([{"machine": "A100", "memory_B": 80e9}], "csv"))
    machine,memory_B
    A100,80000000000.0
    """
    if style == "json":
        import json

        return json.dumps({"rows": [dict(row) for row in rows], **(more or {})}, indent=2, ensure_ascii=False)
    if style == "csv":
        return "".join(csv_pieces(rows)).rstrip("\n")
    told = [readable(row) for row in rows]
    table = [list(told[0]), *(list(row.values()) for row in told)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in table]
    if style == "markdown":
        lines = [f"| {' | '.join(line)} |" for line in padded]
        lines.insert(1, f"|{'|'.join('-' * (width + 2) for width in widths)}|")
        return "\n".join(lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def csv_pieces(rows: Sequence[Row]) -> Iterator[str]:
    """The table as CSV, PIECE rows at a time."""
    import csv
    from io import StringIO

    for start in range(0, len(rows), PIECE):
        text = StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        if not start:
            writer.writeheader()
        writer.writerows(rows[start : start + PIECE])
        yield text.getvalue()


_NAMED = {
    "_token_per_s": "token/s",
    "_FLOP_per_s": "FLOP/s",
    "_B_per_s": "B/s",
    "_B": "B",
    "_W": "W",
    "_Hz": "Hz",
    "_h": "h",
    "_s": "s",
}
"""How a column's name ends where all of its cells share a unit."""


def readable(row: Row) -> dict[str, str]:
    """The same with units beside the figures, as people write them."""
    shared = str(row.get("unit", ""))
    told = {}
    for name, cell in row.items():
        ending = next((each for each in _NAMED if name.endswith(each)), "")
        if name != "unit":
            told[name.removesuffix(ending).replace("_", " ")] = _write(cell, _NAMED.get(ending, shared))
    return told


def _write(cell: Cell, unit: str) -> str:
    from mlsysim.units import format_quantity

    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str):
        return cell
    return format_quantity(cell, "" if unit == "1" else unit, 3)
