"""Sample Decision Logs for teaching assistants: figures from the labs’ own readings, bands from the grader’s list."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import catalog
from catalog import LABS, Row
from labkit.grading.rubric import PreRead, band_of, pre_read
from labkit.grading.sheet import Sheet
from labkit.reading import Reading

ASKED = {"numbers": "Numbers", "why": "Why", "tradeoff": "Trade-off"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One log with what a marker should make of it."""

    row: Row
    pins: list[dict[str, Any]]
    readings: list[Reading]
    log: dict[str, str]
    answers: dict[str, bool]
    back: str

    @property
    def band(self) -> tuple[int, int]:
        """The points that it is worth."""
        return band_of(self.answers)

    @property
    def first_reading(self) -> PreRead:
        """What the grader makes of it."""
        return pre_read(self.log, self.readings)


def _table() -> dict[str, Any]:
    return tomllib.loads((LABS / "ta" / "samples.toml").read_text(encoding="utf-8"))


def labs() -> list[str]:
    """The labs that have samples."""
    return list(_table())


def read() -> list[Sample]:
    """Every sample, its figures computed."""
    rows = {row.name: row for row in catalog.read()}
    return [
        _sample(rows[name], Sheet(name, rows[name].notebook.read_text(encoding="utf-8")), each)
        for name, samples in _table().items()
        for each in samples
    ]


def _sample(row: Row, sheet: Sheet, table: Mapping[str, Any]) -> Sample:
    pins = [{"reading": function, "settings": settings} for function, settings in table["pins"]]
    readings = [reading for pin in pins if (reading := sheet.reading(pin))]
    assert len(readings) == len(pins), f"{row.name}: a sample pins what the lab does not read"
    text = table["text"].format(*(reading.text for reading in readings))
    log = {"term": table["term"], "gave_up": table["gave_up"], "text": text}
    return Sample(row, pins, readings, log, table["answers"], table["back"])


def page(filled: Callable[[str, Mapping[str, Any]], str]) -> str:
    """All of them on one page, by lab, best first."""
    return filled("ta/samples.md.jinja", {"samples": read(), "asked": ASKED})
