"""The sample logs as submissions, in one zip: what a teaching assistant tries the console with."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785

import mlsysim
from labkit.grading.sheet import Sheet
from labkit.log import check
from labkit.submission import FORMAT, GENESIS
from samples import Sample

BEGAN = datetime(2026, 9, 7, 14, 0, tzinfo=UTC)
SECTION = "TA"
STEP = timedelta(minutes=3)


def together(samples: list[Sample]) -> bytes:
    """The zip; the same bytes for the same samples."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as pack:
        for place, sample in enumerate(samples, 1):
            identifier = f"sample-{place:02d}"
            entry = zipfile.ZipInfo(f"{sample.row.name.split('/')[1]}-{identifier}.json", (2026, 9, 7, 14, 0, 0))
            pack.writestr(entry, rfc8785.dumps(submission(sample, identifier)) + b"\n", zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def submission(sample: Sample, identifier: str) -> dict[str, Any]:
    """One sample as its author's page would have written it."""
    sheet = Sheet(sample.row.name, sample.row.notebook.read_text(encoding="utf-8"))
    return {
        "format": FORMAT,
        "lab": sample.row.name,
        "lab_version": sheet.version,
        "simulator_version": mlsysim.__version__,
        "student": {"id": identifier, "section": SECTION},
        "events": chained(_steps(sample, sheet, identifier), BEGAN + int(identifier[-2:]) * timedelta(hours=2)),
        "draft": {"log": sample.log},
    }


def chained(steps: list[tuple[str, Mapping[str, Any]]], began: datetime) -> list[dict[str, Any]]:
    """Events a few minutes apart, each with the hash of the one before."""
    events: list[dict[str, Any]] = []
    for seq, (kind, data) in enumerate(steps):
        at = (began + seq * STEP).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        event = {
            "seq": seq,
            "at": at,
            "kind": kind,
            "data": dict(data),
            "prev": events[-1]["hash"] if events else GENESIS,
        }
        events.append(event | {"hash": hashlib.sha256(rfc8785.dumps(event)).hexdigest()})
    return events


def _steps(sample: Sample, sheet: Sheet, identifier: str) -> list[tuple[str, Mapping[str, Any]]]:
    """What the author did: before each part a prediction, wrong where a wrong assumption is known; pins in part A."""
    variant = sheet.variant(SECTION, identifier)
    answers, wrong = sheet.answers(variant), sheet.assumptions(variant)
    steps: list[tuple[str, Mapping[str, Any]]] = [("started", {})]
    for lock, part in zip(sheet.locks, "ABC", strict=True):
        says = answers[lock.name]
        said = _rounded(wrong[lock.name][0].value if wrong.get(lock.name) else says)
        typed = said if isinstance(said, str) else f"{said:g}"
        told = {"lock": lock.name, "answer": said, "typed": typed, "unit": lock.unit, "reason": "", "variant": variant}
        steps.append(("committed", told))
        if part == "A":
            pins = zip(sample.pins, sample.readings, strict=True)
            steps += [("pinned", pin | _shown(reading)) for pin, reading in pins]
        steps.append(("part_done", {"part": part}))
        reveal = {"key": lock.name, "lock": lock.name, "said": said, "says": says, "unit": lock.unit}
        factor = {} if isinstance(said, str) or isinstance(says, str) else {"factor": max(said / says, says / said)}
        steps.append(("revealed", reveal | factor))
    met = {item.name: item.met for item in check(sample.log, [{"text": reading.text} for reading in sample.readings])}
    if all(met.values()):
        steps.append(("logged", sample.log | {"check": met}))
    return [*steps, ("exported", {"complete": all(met.values())})]


def _rounded(said: float | str) -> float | str:
    """As somebody types it."""
    return said if isinstance(said, str) else float(f"{said:.2g}")


def _shown(reading: Any) -> dict[str, Any]:
    fields = ("value", "unit", "text", "name", "label")
    return {name: getattr(reading, name) for name in fields}
