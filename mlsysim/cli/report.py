"""What a command found, and how it is printed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mlsysim.cli.progress import Progress
from mlsysim.estimate import Estimate
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.tables import PIECE, Row, csv_pieces, render


class Report(NamedTuple):
    """A table, more tables by name, why not, which promises are missed, what is at fault, or plain text."""

    rows: Sequence[Row] = ()
    reasons: Sequence[Reason] = ()
    missed: Sequence[str] = ()
    faults: Sequence[str] = ()
    text: str = ""
    more: Mapping[str, Sequence[Row]] = {}

    def print(self, style: str) -> None:
        """The answer on standard output, and in words what is wrong with it on standard error."""
        told = [reason.sentence() for reason in self.reasons]
        plain = style in ("text", "markdown")
        if style == "json" and not self.text:
            words = {"feasible": not told, "reasons": told, "missed": list(self.missed), "faults": list(self.faults)}
            tables = {name: [dict(row) for row in rows] for name, rows in self.more.items()}
            print(render(self.rows, style, {**tables, **words}))
            return
        if self.rows and style == "csv":
            self._write_csv()
        elif self.rows:
            print(render(self.rows, style))
        for name, rows in self.more.items() if plain else ():
            print(f"\n{name.capitalize()}\n" if self.rows else f"{name.capitalize()}\n")
            print(render(rows, style))
        if self.text:
            print(self.text)
        for sentence in (*told, *self.missed, *self.faults):
            print(sentence, file=sys.stderr)

    def _write_csv(self) -> None:
        # Rows that run over a terminal are progress enough.
        with Progress(quiet=sys.stdout.isatty()) as progress:
            for number, piece in enumerate(csv_pieces(self.rows), 1):
                sys.stdout.write(piece)
                progress(min(number * PIECE, len(self.rows)), len(self.rows))


def quantities(found: Mapping[str, Estimate]) -> list[Row]:
    """A row for each estimate."""
    return [
        {"figure": name, "lower": each.lower, "expected": each.expected, "upper": each.upper, "unit": each.unit}
        for name, each in found.items()
    ]


def exactly(name: str, value: float | None, unit: str) -> Row:
    """The row of a figure without uncertainty."""
    return {"figure": name, "lower": value, "expected": value, "upper": value, "unit": unit}


def part(name: str, value: float, unit: str) -> Row:
    """The row of a part of an estimate, of which only the whole has ends."""
    return {"figure": name, "lower": None, "expected": value, "upper": None, "unit": unit}


def missed(name: str, estimate: Estimate, promise: float) -> str:
    """The sentence for a time that was promised and is not kept."""
    return f"Missed promise. {name} is about {write_enough(estimate.expected, 's')}; {write(promise, 's')} is promised."
