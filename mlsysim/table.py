"""Many answers in columns: filter, rank, compare, and hand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlsysim.check import InvalidValue, UnknownName, count

UNITS = {
    "itl_lower": "s",
    "itl": "s",
    "itl_upper": "s",
    "ttft_lower": "s",
    "ttft": "s",
    "ttft_upper": "s",
    "throughput": "token/s",
    "memory": "B",
}
"""Unit of each column that has one."""


class Table:
    """Columns of equal length: lists, or arrays where numpy is there.

    >>> table = Table({"batch": [1, 2, 4], "itl": [0.006, 0.006, 0.007]})
    >>> table.best(1, maximize="batch").row(0)
    {'batch': 4, 'itl': 0.007}
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = dict(columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __getitem__(self, name: str) -> Any:
        try:
            return self._columns[name]
        except KeyError:
            raise UnknownName("column", str(name), self._columns) from None

    def row(self, index: int) -> dict[str, Any]:
        """One configuration."""
        return {name: _plain(column[index]) for name, column in self._columns.items()}

    def rows(self) -> Iterator[dict[str, Any]]:
        """One configuration after another."""
        lists = [_listed(column) for column in self._columns.values()]
        return (dict(zip(self._columns, values, strict=True)) for values in zip(*lists, strict=True))

    def take(self, indices: Sequence[int]) -> Table:
        """Some rows, in this order."""
        return Table(
            {
                name: [column[index] for index in indices] if isinstance(column, list) else column[indices]
                for name, column in self._columns.items()
            }
        )

    def where(self, at_most: Mapping[str, float] | None = None, at_least: Mapping[str, float] | None = None) -> Table:
        """The feasible rows within the limits, which are in each column's unit."""
        kept = _positions(self["feasible"]) if "feasible" in self._columns else range(len(self))
        table = self.take(kept if isinstance(kept, list) else list(kept))
        for limits, sign in ((at_most, 1.0), (at_least, -1.0)):
            for name, limit in (limits or {}).items():
                column = table[name]
                if isinstance(column, list):
                    table = table.take([i for i, value in enumerate(column) if sign * value <= sign * limit])
                else:
                    table = table.take((sign * column <= sign * limit).nonzero()[0])
        return table

    def best(self, rows: int = 10, *, minimize: str | None = None, maximize: str | None = None) -> Table:
        """The first rows by one column; ties stay in their order."""
        if (minimize is None) == (maximize is None):
            raise InvalidValue("minimize", minimize, "give either minimize or maximize", 'minimize="itl"')
        number = count("rows", rows, "rows=10")
        values = _listed(self[minimize or maximize or ""])
        ranked = sorted(range(len(values)), key=values.__getitem__, reverse=maximize is not None)
        return self.take(ranked[:number])

    def pareto(self, *, minimize: Sequence[str] = (), maximize: Sequence[str] = ()) -> Table:
        """The rows that no other row beats: at least as good in every column, and better in one."""
        if isinstance(minimize, str) or isinstance(maximize, str):
            name = minimize if isinstance(minimize, str) else maximize
            raise InvalidValue("minimize", name, "it must be a list of columns", 'minimize=["itl", "memory"]')
        goals = [_listed(self[name]) for name in minimize]
        goals += [[-value for value in _listed(self[name])] for name in maximize]
        if not goals:
            raise InvalidValue("minimize", minimize, "it takes a column to compare", 'minimize=["itl", "memory"]')
        points = list(zip(*goals, strict=True))
        front: list[int] = []
        shown: list[tuple[float, ...]] = []
        # In order of the first goal, only what came before can be better in it.
        for index in sorted(range(len(points)), key=points.__getitem__):
            point = points[index]
            if not any(
                other != point and all(a <= b for a, b in zip(other, point, strict=True)) for other in reversed(shown)
            ):
                front.append(index)
                shown.append(point)
        return self.take(sorted(front))

    def to_csv(self) -> str:
        """Comma-separated, with the unit in each column's name."""
        import csv
        import io

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self._headings())
        writer.writerows(zip(*(_listed(column) for column in self._columns.values()), strict=True))
        return text.getvalue()

    def to_json(self) -> str:
        """A list of objects, with the unit in each field's name; a figure that does not exist is null."""
        import json

        return json.dumps(list(self.named_rows()), allow_nan=False)

    def named_rows(self) -> Iterator[dict[str, Any]]:
        """One configuration after another, with the unit in each field's name; a figure that does not exist is None."""
        headings = self._headings()
        return (dict(zip(headings, map(_or_none, row.values()), strict=True)) for row in self.rows())

    def to_frame(self) -> Any:
        """A pandas DataFrame, with the unit in each column's name."""
        try:
            import pandas
        except ImportError:
            raise ImportError("to_frame needs pandas; to_csv and to_json do without") from None
        return pandas.DataFrame(dict(zip(self._headings(), self._columns.values(), strict=True)))

    def _headings(self) -> list[str]:
        units = {name: UNITS[name].replace("/", "_per_") for name in self._columns if name in UNITS}
        return [f"{name}_{units[name]}" if name in units else name for name in self._columns]


def _positions(flags: Any) -> Any:
    return [i for i, flag in enumerate(flags) if flag] if isinstance(flags, list) else flags.nonzero()[0].tolist()


def _listed(column: Any) -> list[Any]:
    return column if isinstance(column, list) else list(column.tolist())


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value
