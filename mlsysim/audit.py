"""The registry's own check: every record has sources, and figures that agree with each other and with physics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from mlsysim import registry
from mlsysim.check import InvalidInput, InvalidValue, fold
from mlsysim.fabrics import Fabric, shelf
from mlsysim.layered import LayeredModel
from mlsysim.records import TIERS, Datum, HardwareNode, ModelSpec

FRESH = timedelta(days=2 * 365)
"""How long a figure that was read stays read."""
RIDGE = 0.1, 5000.0
"""Ridge points of what has been built, from microcontrollers to accelerators for dense arithmetic [FLOP/B]."""
CLOSE = 0.01
"""How far a count may be from the published one [-]."""
RECALLED = "recalled"
"""What the note of a figure says that was not looked up."""

_NARROWER = (("fp32", "fp16"), ("fp32", "bf16"), ("fp16", "fp8"), ("fp16", "int8"), ("fp8", "fp4"), ("int8", "int4"))


class Fault(NamedTuple):
    """What is wrong with one figure of a record."""

    record: str
    figure: str
    told: str

    def sentence(self) -> str:
        """Which record, which figure, what."""
        return f"{self.record}: {self.figure} {self.told}."


class Shelf(NamedTuple):
    """What was looked at: records and figures, how many of each tier, how many estimates are recalled, and faults."""

    shelf: str
    records: int
    figures: int
    definition: int
    datasheet: int
    paper: int
    measured: int
    estimate: int
    recalled: int
    oldest: str
    faults: int


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All shelves, and all that is wrong with them."""

    shelves: tuple[Shelf, ...]
    faults: tuple[Fault, ...]


Figures = Mapping[str, Datum]


def audit(today: date | str | None = None) -> AuditReport:
    """Checks every record of the registry.

    >>> audit("2026-12-01").faults
    ()
    """
    day = _day(today)
    shelves: list[Shelf] = []
    found: list[Fault] = []
    for name, look in _SHELVES.items():
        faults: list[Fault] = []
        passports: dict[str, Figures] = {}
        try:
            passports, faults = look()
        except InvalidInput as error:
            faults = [Fault(name, "record", f"does not load: {error}".rstrip("."))]
        data = [datum for figures in passports.values() for datum in figures.values()]
        for record, figures in passports.items():
            faults += of_passports(record, figures, day)
        oldest = min((datum.read for datum in data), default="")
        tiers = {tier: sum(datum.tier == tier for datum in data) for tier in TIERS}
        recalled = sum(RECALLED in datum.note for datum in data)
        shelves.append(
            Shelf(name, len(passports), len(data), **tiers, recalled=recalled, oldest=oldest, faults=len(faults))
        )
        found += faults
    return AuditReport(tuple(shelves), tuple(found))


def of_passports(record: str, figures: Figures, today: date) -> Iterator[Fault]:
    """Figures without a source that can be opened, and those read too long ago, or in the future."""
    if not figures:
        yield Fault(record, "record", "has no figure with a passport")
    for name, datum in figures.items():
        if not all(each.startswith("https://") for each in datum.source.split()):
            yield Fault(record, name, f"has the source {datum.source!r}, which is no https address")
        try:
            read = date.fromisoformat(datum.read)
        except ValueError:
            yield Fault(record, name, f"was read on {datum.read!r}, which is no date")
            continue
        # Where the sun rises first, it is tomorrow already.
        if read > today + timedelta(days=1):
            yield Fault(record, name, f"was read on {read}, which is in the future")
        if read < today - FRESH:
            yield Fault(record, name, f"is stale: it was read on {read}")
        if RECALLED in datum.note and datum.tier != "estimate":
            yield Fault(record, name, f"was recalled, so that its tier is estimate and not {datum.tier}")


def of_machine(machine: HardwareNode) -> Iterator[Fault]:
    """Peaks, memories and ridge points that cannot be."""
    for precision, dense in machine.peak.items():
        ridge = machine.ridge_point(precision)
        if not RIDGE[0] <= ridge <= RIDGE[1]:
            told = f"puts the ridge point at {ridge:.3g} FLOP/B, outside {RIDGE[0]:g} to {RIDGE[1]:g}"
            yield Fault(machine.full_name, f"peak.{precision}", told)
        sparse = machine.sparse_peak.get(precision, dense)
        if sparse < dense:
            yield Fault(machine.full_name, f"sparse_peak.{precision}", f"is below the dense peak, {dense:.4g} FLOP/s")
    for precision in machine.sparse_peak.keys() - machine.peak.keys():
        yield Fault(machine.full_name, f"sparse_peak.{precision}", "has no dense peak beside it")
    for wide, narrow in _NARROWER:
        if machine.peak.get(narrow, 0.0) < machine.peak.get(wide, 0.0) and narrow in machine.peak:
            yield Fault(machine.full_name, f"peak.{narrow}", f"is below the peak in {wide}")
    if machine.memory_visible is not None and machine.memory_visible < machine.memory:
        yield Fault(machine.full_name, "memory_visible", "is less than memory, which programs can fill")
    if machine.active_power is not None and (machine.sleep_power or 0.0) > machine.active_power:
        yield Fault(machine.full_name, "sleep_power", "is above active_power")


def of_array(
    machine: HardwareNode, precision: str, units: float, multiply_adds: float, clock: float
) -> Iterator[Fault]:
    """A peak that is not what its arithmetic units do at their clock, or a clock that is not the machine's."""
    peak, reached = machine.peak.get(precision), 2.0 * units * multiply_adds * clock
    if peak is None or abs(reached / peak - 1.0) > 2 * CLOSE:
        told = f"is not the {reached:.4g} FLOP/s of {units:g} units, {multiply_adds:g} multiply-adds and {clock:.4g} Hz"
        yield Fault(machine.full_name, f"peak.{precision}", told)
    if machine.clock is not None and machine.clock != clock:
        yield Fault(machine.full_name, "clock", f"is not the {clock:.4g} Hz that its peak is stated at")


def _arrays() -> Iterator[Fault]:
    for key, table in registry.tables("arrays").items():
        columns = (table[name] for name in ("machines", "units", "multiply_adds", "clock_Hz"))
        for name, units, multiply_adds, clock in zip(*columns, strict=True):
            found = registry.machine(name)
            yield from of_array(found, key.partition("_")[0], units.value, multiply_adds.value, clock.value)


def of_fabric(fabric: Fabric) -> Iterator[Fault]:
    """Links that are not those of the machine."""
    if fabric.machine.link is not None and fabric.link > fabric.machine.link:
        yield Fault(fabric.name, "link", f"is above that of the {fabric.machine.name}, {fabric.machine.link:.4g} B/s")


def of_counts(record: str, computed: Mapping[str, float], figures: Figures) -> Iterator[Fault]:
    """Counts that differ from the published ones by more than their rounding and CLOSE."""
    for name, value in computed.items():
        datum = figures.get(name)
        if datum is None:
            continue
        least = (datum.value if datum.lower is None else datum.lower) * (1 - CLOSE)
        most = (datum.value if datum.upper is None else datum.upper) * (1 + CLOSE)
        if not least <= value <= most:
            told = f"comes to {value:,.0f} from the architecture; {datum.value:,.0f} is published"
            yield Fault(record, name, told)


def of_model(model: ModelSpec) -> Iterator[Fault]:
    """Parameters, all and active, against those published."""
    yield from of_counts(model.name, {"parameters": model.parameters}, model.passports)
    published = model.passports.get("active_parameters")
    if published is not None:
        # Publishers count the embedding table among the active parameters or not, and cut to two digits or round.
        least = 0.975 * (model.active_parameters - model.embedding_parameters)
        if not least <= published.value <= (1 + CLOSE) * model.active_parameters:
            told = f"comes to {model.active_parameters:,d} from the architecture; {published.value:,.0f} is published"
            yield Fault(model.name, "active_parameters", told)


def of_layered(model: LayeredModel) -> Iterator[Fault]:
    """Parameters and multiply-adds against those published."""
    computed = {"parameters": model.parameters, "multiply_adds": model.multiply_adds}
    return of_counts(model.name, computed, model.passports)


def twins(records: Iterable[Any], content: Callable[[Any], object]) -> Iterator[Fault]:
    """Records whose names are spelled the same, and records of different names with the same content."""
    names: dict[str, str] = {}
    contents: dict[object, str] = {}
    for each in records:
        for spelling in {fold(each.name), fold(each.full_name)}:
            other = names.setdefault(spelling, each.full_name)
            if other != each.full_name:
                yield Fault(each.full_name, "name", f"is also a name of {other}")
        other = contents.setdefault(content(each), each.full_name)
        if other != each.full_name:
            yield Fault(each.full_name, "record", f"is the same as {other}")


def _machine_content(machine: HardwareNode) -> object:
    # Where two generations agree in every figure, a note says so.
    told = machine.datum("memory_bandwidth").note
    return frozenset(machine.peak.items()), machine.memory, machine.memory_bandwidth, machine.link, machine.tdp, told


def _model_content(model: ModelSpec) -> object:
    # DeepSeek-R1 is DeepSeek-V3 trained further: the same architecture from another source is another model.
    source = model.passports["parameters"].source if "parameters" in model.passports else ""
    return source, *(getattr(model, each.name) for each in fields(model) if each.name not in ("name", "passports"))


def _machines() -> tuple[dict[str, Figures], list[Fault]]:
    machines = list(registry.Hardware)
    faults = [fault for each in machines for fault in of_machine(each)] + list(twins(machines, _machine_content))
    faults += _arrays()
    return {each.full_name: {name: each.datum(name) for name in each._figures()} for each in machines}, faults


def _models() -> tuple[dict[str, Figures], list[Fault]]:
    models = [*registry.Models, *registry.Models.EncoderDecoder]
    faults = [fault for each in models for fault in of_model(each)] + list(twins(models, _model_content))
    return {each.name: each.passports for each in models}, faults


def _layered() -> tuple[dict[str, Figures], list[Fault]]:
    models = list(registry.Models.Layered)
    faults = [fault for each in models for fault in of_layered(each)] + list(twins(models, lambda each: each.layers))
    return {each.name: each.passports for each in models}, faults


def _fabrics() -> tuple[dict[str, Figures], list[Fault]]:
    fabrics = list(shelf())
    faults = [fault for each in fabrics for fault in of_fabric(each)]
    return {each.name: {name: each.datum(name) for name in ("link", "nic")} for each in fabrics}, faults


def _constants() -> tuple[dict[str, Figures], list[Fault]]:
    return {name: registry.constants(name) for name in registry.files("constants")}, []


def _tables() -> tuple[dict[str, Figures], list[Fault]]:
    data: dict[str, Figures] = {}
    for name in registry.files("tables"):
        for key, table in registry.tables(name).items():
            entries = {f"{column}[{row}]": each for column, cells in table.items() for row, each in enumerate(cells)}
            data[f"{name}.{key}"] = {place: each for place, each in entries.items() if isinstance(each, Datum)}
    return data, []


def _calibration() -> tuple[dict[str, Figures], list[Fault]]:
    data: dict[str, Figures] = {}
    faults: list[Fault] = []
    for name in ("machines", "models", "networks"):
        content = registry._read(f"calibration/{name}.toml")
        sources = content.pop("source")
        for key, entry in content.items():
            if name == "machines":
                machine = registry._machine("tiny" if "core" in entry else "cloud", entry, sources)
                data[f"calibration.{key}"] = {each: machine.datum(each) for each in machine._figures()}
                faults += of_machine(machine)
            elif name == "models":
                data[f"calibration.{key}"] = registry._model(entry, sources).passports
            else:
                figures = ("multiply_adds", "parameters")
                data[f"calibration.{key}"] = {
                    each: registry._datum(each, entry[each], "1", entry, sources) for each in figures
                }
    return data, faults


_SHELVES: dict[str, Callable[[], tuple[dict[str, Figures], list[Fault]]]] = {
    "machines": _machines,
    "models": _models,
    "layered": _layered,
    "fabrics": _fabrics,
    "constants": _constants,
    "tables": _tables,
    "calibration": _calibration,
}


def _day(given: date | str | None) -> date:
    if given is None:
        return datetime.now(UTC).date()
    try:
        return given if isinstance(given, date) else date.fromisoformat(given)
    except (TypeError, ValueError):
        raise InvalidValue("today", given, "it must be a day", "today=2026-11-21") from None
