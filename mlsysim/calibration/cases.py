"""A table of cases, read without what was measured."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

from mlsysim.check import InvalidInput

MEASURED = ("value", "implied_efficiency_or_check", "notes_traps", "expected_band")
"""Columns that hold what was measured, or could: nothing that predicts is given them."""
LONGEST = 10**6


@dataclass(frozen=True, slots=True)
class Case:
    """A setup: what ran on what, how, and in which unit the answer is wanted."""

    case_id: str
    domain: str
    hardware: str
    count: str
    model: str
    params_b: str
    seq_or_io: str
    batch: str
    precision: str
    software: str
    parallelism: str
    metric: str
    unit: str

    @property
    def params(self) -> float | None:
        """Parameters, where they are given."""
        try:
            size = float(self.params_b) * 1e9
        except ValueError:
            return None
        return size if 1.0 <= size < 1e16 else None

    @property
    def text(self) -> str:
        """All that says what is asked for, in lower case."""
        return f"{self.domain} {self.model} {self.metric} {self.software}".lower()


class BadTable(InvalidInput):
    """A file that is no table of cases."""


COLUMNS = tuple(each.name for each in fields(Case))
NEEDED = ("domain", "hardware", "model", "metric", "unit")
"""Columns without which nothing is asked; the others may be missing as their cells may be blank."""


class Row(NamedTuple):
    """A case, or why the line is none."""

    case_id: str
    case: Case | None
    fault: str


def read(path: str) -> list[Row]:
    """The cases of a CSV file; what was measured is dropped before anything looks at a line."""
    return list(_rows(_lines(path)))


def measurements(path: str) -> dict[str, dict[str, str]]:
    """All columns of each line by its case: for fitting and for comparing alone."""
    return {line["case_id"].strip(): line for line in _lines(path)}


def _lines(path: str) -> list[dict[str, str]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            head = file.readline()
            file.seek(0)
            # Spreadsheets of half the world separate by semicolons.
            delimiter = max(",;\t", key=head.count)
            reader = csv.DictReader(file, restkey="beyond", restval="", strict=True, delimiter=delimiter)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            missing = [name for name in NEEDED if name not in reader.fieldnames]
            if missing:
                raise BadTable(f"{path} is not a table of cases: it has no column {', '.join(missing)}.")
            found = []
            for line in reader:
                found.append(line)
                if len(found) > LONGEST:
                    raise BadTable(f"{path} has more than {LONGEST:,d} lines; split it.")
            return found
    except OSError as error:
        raise BadTable(f"{path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise BadTable(f"{path} is not text in UTF-8; save it as a CSV file in UTF-8.") from None
    except csv.Error as error:
        raise BadTable(f"{path} is not a CSV file that can be read to its end: {error}.") from None


def _rows(lines: list[dict[str, str]]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=2):
        blind = {name: str(line.get(name) or "").strip() for name in COLUMNS}
        name = blind["case_id"] = blind["case_id"] or f"line {number}"
        if any(cell.strip() for cell in line.get("beyond", ())):
            yield Row(name, None, f"line {number} has more cells than the header; a comma may want quotes")
        elif not blind["metric"] and not blind["unit"]:
            yield Row(name, None, f"line {number} says neither metric nor unit, so nothing is asked for")
        else:
            yield Row(name, Case(**blind), "")
