"""The report: what predictions were worth, by domain and by what the fit had seen; and what is not predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from math import exp, log
from statistics import fmean, median
from typing import NamedTuple

from mlsysim.calibration import cases, validate
from mlsysim.calibration.fit import Observation, linearize, observations
from mlsysim.calibration.parameters import Reach, fitted, spread
from mlsysim.calibration.predict import EXACT, Prediction, predict
from mlsysim.calibration.store import TABLE
from mlsysim.calibration.validate import DEVICE, MODES, ROW, SOFTWARE, Outcome
from mlsysim.tables import Row

TITLES = {
    "training_mfu": "training of transformers",
    "llm_decode": "decode and serving",
    "llm_prefill": "prompts and matrix products",
    "cnn_inference": "vision, inference",
    "cnn_training": "vision, training",
    "allreduce": "collectives",
    "tinyml": "microcontrollers",
    "energy_carbon": "energy and carbon",
    "goodput/mtbf": "failures",
    "kv_cache_memory": "memory",
    "quantization": "perplexity after rounding",
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """All outcomes, and what is said of each line of the table."""

    found: list[Outcome]
    predictions: dict[str, Prediction]
    lines: dict[str, dict[str, str]]

    def summary(self) -> list[Row]:
        """By domain and mode."""
        rows: list[Row] = []
        for domain, title in TITLES.items():
            for mode in MODES:
                mine = [each for each in self.found if each.mode == mode and each.seen.case.domain == domain]
                if mine:
                    rows.append({"domain": title, "mode": mode, **measures(mine)})
        return rows

    def yardsticks(self) -> list[Row]:
        """The errors to beat, on rows that were left out."""
        rows: list[Row] = []
        for name, mode, wanted, chosen in _YARDSTICKS:
            mine = [each for each in self.found if each.mode == mode and chosen(each.seen)]
            if mine:
                rows.append({"yardstick": name, "mode": mode, "to beat": wanted, **measures(mine)})
        return rows

    def unpredicted(self) -> list[Row]:
        """What is not predicted, and why."""
        return [
            {
                "case": name,
                "domain": self.lines[name]["domain"],
                "use": self.lines[name].get("use", ""),
                "reason": each.reason,
            }
            for name, each in self.predictions.items()
            if each.status != "predicted"
        ]


def measures(found: Iterable[Outcome]) -> Row:
    """How far off, how often within, which way, and how many inside their band."""
    several = list(found)
    errors = [error for each in several for error in each.errors]
    sizes = [abs(error) for error in errors]
    inside = [abs(error) <= _width(each) for each in several for error in each.errors]

    def within(factor: float) -> str:
        return percent(fmean(size <= log(factor) for size in sizes))

    return {
        "n": len(sizes),
        "median |error|": percent(exp(median(sizes)) - 1),
        "90th": percent(exp(validate.quantile(sizes, 0.9)) - 1),
        "within 10 %": within(1.10),
        "25 %": within(1.25),
        "2x": within(2.0),
        "bias": f"{100 * (exp(fmean(errors)) - 1):+.0f} %",
        "in band": percent(fmean(inside)),
    }


def _width(each: Outcome) -> float:
    return EXACT if each.seen.exact else spread(each.seen.band, each.known)


def percent(share: float) -> str:
    """A share, or an error, as people write it.

    >>> percent(0.054), percent(0.3), percent(0.0)
    ('5.4 %', '30 %', '0 %')
    """
    shown = 100 * share
    return f"{shown:.1f} %" if 0.05 <= shown < 10 else f"{shown:.0f} %"


def _dense(seen: Observation) -> bool:
    return seen.band == "training"


def _apple(seen: Observation) -> bool:
    return seen.band == "decode" and "Apple" in seen.case.hardware


def _large(seen: Observation) -> bool:
    return seen.band == "decode" and seen.case.params == 70.6e9 and "TPOT" in seen.case.metric


def _linked(seen: Observation) -> bool:
    return seen.band == "collectives" and "single node" in seen.case.parallelism and "PCIe" not in seen.case.hardware


def _board(seen: Observation) -> bool:
    return seen.band == "tiny" and seen.case.unit == "inf/s"


_YARDSTICKS: tuple[tuple[str, str, str, Callable[[Observation], bool]], ...] = (
    ("dense training within one stack", ROW, "5 to 9 %", _dense),
    ("training moved to another stack", SOFTWARE, "35 %", _dense),
    ("single-stream decode on one device, Apple", ROW, "2.5 %", _apple),
    ("single-stream decode, that device left out, Apple", DEVICE, "2.5 %", _apple),
    ("70B decode over TP and batch", ROW, "11 %", _large),
    ("NVLink collectives", ROW, "21 %", _linked),
    ("MLPerf Tiny", ROW, "20 %", _board),
)


@cache
def calibrate(path: str = TABLE) -> Calibration:
    """Fitted, left-out and prior-only predictions against a table of measurements."""
    reach = fitted()
    lines = cases.measurements(path)
    # What is looked up is no prediction.
    seen = [each for each in observations(path) if each.band != "input"]
    for each in seen:
        each.keys = tuple(key for key in each.keys if ", " not in key or key in reach.shifts)
        linearize(each, dict(reach.shifts))
    found = validate.outcomes(seen, reach.shifts)
    return Calibration(found, {each.case_id: each for each in predict(cases.read(path), Reach(reach.shifts))}, lines)


class Mark(NamedTuple):
    """A measured figure, and its prediction from a fit without its row."""

    case: str
    domain: str
    measured: float
    predicted: float
    lower: float
    upper: float
    unit: str
    setup: str


def marks(calibration: Calibration) -> list[Mark]:
    """What a scatter shows."""
    made = []
    for each in calibration.found:
        if each.mode != ROW:
            continue
        case, width = each.seen.case, _width(each)
        number = f"{case.count} x " if case.count else ""
        setup = ", ".join(part for part in (f"{case.model} on {number}{case.hardware}", case.software) if part)
        measured = [figure for figure in each.seen.measured if figure]
        for which, (figure, error) in enumerate(zip(measured, each.errors, strict=True), start=1):
            name = f"{case.case_id} ({which})" if len(measured) > 1 else case.case_id
            low, middle, high = (figure * exp(error + shift) for shift in (-width, 0.0, width))
            made.append(Mark(name, case.domain, figure, middle, low, high, case.unit, setup))
    return made
