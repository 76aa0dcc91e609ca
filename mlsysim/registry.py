"""Machines, models and constants, read from data/ when first asked for."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Generic, Protocol, TypeGuard, TypeVar

from mlsysim.check import InvalidValue, UnknownName, fold
from mlsysim.layered import LayeredModel, Recipe
from mlsysim.records import Datum, HardwareNode, ModelSpec

_DATA = os.path.join(os.path.dirname(__file__), "data")


class Named(Protocol):
    """What a shelf holds: records with a short and a full name."""

    @property
    def name(self) -> str:
        """As people say it."""

    @property
    def full_name(self) -> str:
        """With the exact variant."""


Record = TypeVar("Record", bound=Named)
T = TypeVar("T")

# How TOML spells each figure of a machine, with the unit in its name, and what it becomes.
_FIGURES = {
    "peak_FLOP_per_s": ("peak", "FLOP/s"),
    "sparse_peak_FLOP_per_s": ("sparse_peak", "FLOP/s"),
    "memory_B": ("memory", "B"),
    "memory_visible_B": ("memory_visible", "B"),
    "cache_B": ("cache", "B"),
    "memory_bandwidth_B_per_s": ("memory_bandwidth", "B/s"),
    "flash_B": ("flash", "B"),
    "link_B_per_s": ("link", "B/s"),
    "tdp_W": ("tdp", "W"),
    "cores": ("cores", "1"),
    "torus": ("torus", "1"),
    "pod": ("pod", "1"),
    "clock_Hz": ("clock", "Hz"),
    "active_power_W": ("active_power", "W"),
    "sleep_power_W": ("sleep_power", "W"),
}


class Shelf(Generic[Record]):
    """The records of one file, as attributes: Hardware.Cloud.H100."""

    def __init__(self, title: str, records: Mapping[str, Record], also: Mapping[str, Record] | None = None) -> None:
        self._title, self._records, self._also = title, records, also or {}

    def __getattr__(self, name: str) -> Record:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._records[name]
        except KeyError:
            raise UnknownName(self._title, name, self._records) from None

    def __repr__(self) -> str:
        return f"<{self._title}: {', '.join(self._records)}>"

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def __dir__(self) -> list[str]:
        return list(self._records)

    def by_spelling(self) -> dict[str, Record]:
        """The records by every spelling of their names, folded."""
        return {fold(spelling): record for spelling, record in self._also.items()} | {
            fold(spelling): record
            for key, record in self._records.items()
            for spelling in (key, record.name, record.full_name)
        }


class _Machines:
    """Hardware.Cloud, Hardware.Edge, Hardware.Tiny, each a shelf of machines."""

    def __getattr__(self, name: str) -> Shelf[HardwareNode]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name.lower() not in _shelves():
            raise UnknownName("hardware", name, (shelf.title() for shelf in _shelves()))
        return _shelf(name.lower())

    def __iter__(self) -> Iterator[HardwareNode]:
        return (machine for shelf in _shelves() for machine in _shelf(shelf))

    def __dir__(self) -> list[str]:
        return [shelf.title() for shelf in _shelves()]


class _Models:
    """Models.Llama3_8B, Models.ResNet50 and their neighbours; iterating gives the decoder-only transformers.

    Models.EncoderDecoder is the shelf of those with an encoder, Models.Layered of those counted layer by layer.
    """

    @property
    def EncoderDecoder(self) -> Shelf[ModelSpec]:
        """Transformers whose decoder attends to an encoder."""
        return _encoder_decoders()

    @property
    def Layered(self) -> Shelf[LayeredModel]:
        """Convolutional networks, encoders, recommenders, state-space and diffusion models."""
        return _layered()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        for shelf in (_encoder_decoders(), _layered()):
            if name not in dir(_models()) and name in dir(shelf):
                return getattr(shelf, name)
        return getattr(_models(), name)

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(_models())

    def __dir__(self) -> list[str]:
        return ["EncoderDecoder", "Layered", *dir(_models()), *dir(_encoder_decoders()), *dir(_layered())]


Hardware = _Machines()
Models = _Models()


def machine(given: HardwareNode | str) -> HardwareNode:
    """A machine, given itself or by name.

    >>> machine("a100").full_name
    'A100 SXM4 80GB'
    """
    if isinstance(given, HardwareNode):
        return given
    if is_file(given):
        from mlsysim.own import machine_from_file

        return machine_from_file(given)
    found = _machines_by_name().get(_name("hardware", given, 'hardware="H100"'))
    if found is None:
        hint = f" {given!r} is a model: pass it as model=." if _transformer(fold(given)) else ""
        raise UnknownName("hardware", given, (each.name for each in Hardware), hint)
    return found


def model(given: ModelSpec | str) -> ModelSpec:
    """A model, given itself or by name.

    >>> model("llama-3-8b").name
    'Llama-3-8B'
    """
    if isinstance(given, ModelSpec):
        return given
    if is_file(given):
        return _of_kind(ModelSpec, given, "it is counted layer by layer: Engine.solve and ForwardModel answer for it")
    found = _transformer(_name("model", given, 'model="Llama3_8B"'))
    if found is None:
        hint = f" {given!r} is a machine: pass it as hardware=." if fold(given) in _machines_by_name() else ""
        if fold(given) in _layered_by_name():
            hint = f" {given!r} is no decoder: Engine.solve and ForwardModel answer for it."
        raise UnknownName("model", given, (each.name for each in (*Models, *Models.EncoderDecoder)), hint)
    return found


def layered(given: LayeredModel | str) -> LayeredModel:
    """A model that is counted layer by layer, given itself or by name.

    >>> layered("resnet50").name
    'ResNet-50'
    """
    if isinstance(given, LayeredModel):
        return given
    if is_file(given):
        return _of_kind(LayeredModel, given, "it is a decoder: Engine.solve and ServingModel answer for it")
    found = _layered_by_name().get(_name("model", given, 'model="ResNet50"'))
    if found is None:
        hint = f" {given!r} is a machine: pass it as hardware=." if fold(given) in _machines_by_name() else ""
        if _transformer(fold(given)):
            hint = f" {given!r} is a decoder: Engine.solve and ServingModel answer for it."
        raise UnknownName("model", given, (each.name for each in Models.Layered), hint)
    return found


def is_file(given: object) -> TypeGuard[str]:
    """Whether this is not a name but a file that describes a machine or a model.

    >>> is_file("mine.toml"), is_file("H100")
    (True, False)
    """
    return isinstance(given, str) and given.lower().endswith((".toml", ".json"))


def _of_kind(kind: type[T], path: str, otherwise: str) -> T:
    from mlsysim.own import model_from_file

    found = model_from_file(path)
    if not isinstance(found, kind):
        raise InvalidValue("model", path, otherwise, 'model="Llama3_8B"')
    return found


def any_model(given: ModelSpec | LayeredModel | str) -> ModelSpec | LayeredModel:
    """A model of either kind.

    >>> any_model("ResNet50").name, any_model("Llama3_8B").name
    ('ResNet-50', 'Llama-3-8B')
    """
    if isinstance(given, LayeredModel):
        return given
    if is_file(given):
        from mlsysim.own import model_from_file

        return model_from_file(given)
    if isinstance(given, str) and not _transformer(name := _folded(given)):
        if name in _layered_by_name():
            return layered(given)
        if name and name not in _machines_by_name():
            everything = (*Models, *Models.EncoderDecoder, *Models.Layered)
            raise UnknownName("model", given, (each.name for each in everything))
    return model(given)


@cache
def constants(name: str) -> Mapping[str, Datum]:
    """The figures of data/<name>.toml, each with its passport."""
    content = _read(f"{name}.toml")
    sources = content.pop("source")
    return {key: _datum(key, entry.pop("value"), entry.pop("unit"), entry, sources) for key, entry in content.items()}


@cache
def tables(name: str) -> Mapping[str, Mapping[str, Any]]:
    """The tables of data/<name>.toml: columns of names as they are, columns of figures each with its passport."""
    content = _read(f"{name}.toml")
    sources = content.pop("source")
    read: dict[str, Mapping[str, Any]] = {}
    for key, table in content.items():
        stamp = {each: table.pop(each) for each in ("source", "note") if each in table}
        read[key] = {
            column: [entry if isinstance(entry, str) else _datum(key, entry, "1", stamp, sources) for entry in entries]
            for column, entries in table.items()
        }
    return read


@cache
def files(kind: str) -> tuple[str, ...]:
    """The names that `constants` or `tables` reads.

    >>> files("tables")
    ('accuracy', 'arrays', 'imagenet', 'keywords')
    """
    found = []
    for name in sorted(each.removesuffix(".toml") for each in os.listdir(_DATA) if each.endswith(".toml")):
        entries = [entry for key, entry in _read(f"{name}.toml").items() if key != "source"]
        single = all("value" in entry for entry in entries)
        several = all(any(isinstance(column, list) for column in entry.values()) for entry in entries)
        if single if kind == "constants" else several and not single:
            found.append(name)
    return tuple(found)


def _name(field: str, given: object, example: str) -> str:
    if isinstance(given, (HardwareNode, ModelSpec, LayeredModel)):
        rule = "it is on the wrong side: model= takes a model and hardware= a machine"
        raise InvalidValue(field, given.name, rule, example)
    if not isinstance(given, str) or not given.strip():
        raise InvalidValue(field, given, "it must be a name or a record", example)
    return _folded(given)


_folded = cache(fold)


@cache
def _shelves() -> tuple[str, ...]:
    return tuple(sorted(os.path.splitext(name)[0] for name in os.listdir(os.path.join(_DATA, "hardware"))))


@cache
def _shelf(name: str) -> Shelf[HardwareNode]:
    content = _read(os.path.join("hardware", f"{name}.toml"))
    sources = content.pop("source")
    boards = {key: entry.pop("also", []) for key, entry in content.items()}
    machines = {key: _machine(name, entry, sources) for key, entry in content.items()}
    return Shelf("hardware", machines, {board: machines[key] for key in boards for board in boards[key]})


@cache
def _models() -> Shelf[ModelSpec]:
    return _transformers("models")


@cache
def _encoder_decoders() -> Shelf[ModelSpec]:
    return _transformers("encoder_decoder")


def _transformers(folder: str) -> Shelf[ModelSpec]:
    found: dict[str, ModelSpec] = {}
    for name in sorted(os.listdir(os.path.join(_DATA, folder))):
        content = _read(os.path.join(folder, name))
        sources = content.pop("source")
        found |= {key: _model(entry, sources) for key, entry in content.items()}
    return Shelf("model", found)


@cache
def _layered() -> Shelf[LayeredModel]:
    from mlsysim.blocks import unfold

    found: dict[str, LayeredModel] = {}
    for name in sorted(os.listdir(os.path.join(_DATA, "layered"))):
        content = _read(os.path.join("layered", name))
        sources = content.pop("source")
        for key, entry in content.items():
            stamp = {"source": entry.get("source"), "note": entry.get("note", "")}
            published = {
                figure: _datum(figure, entry[f"published_{figure}"], "1", stamp, sources)
                for figure in ("parameters", "trained_parameters", "multiply_adds")
                if f"published_{figure}" in entry
            }
            recipe = Recipe(entry["input"], entry["blocks"], entry.get("vectors", 1))
            found[key] = LayeredModel(entry["name"], unfold(*recipe), entry["family"], published, recipe)
    return Shelf("model", found)


@cache
def _layered_by_name() -> dict[str, LayeredModel]:
    return _layered().by_spelling()


@cache
def _machines_by_name() -> dict[str, HardwareNode]:
    return {name: record for shelf in _shelves() for name, record in _shelf(shelf).by_spelling().items()}


@cache
def _transformer(name: str) -> ModelSpec | None:
    """By a folded name; encoders are counted layer by layer, which waits until one is asked for."""
    return _models_by_name().get(name) or _encoder_decoders().by_spelling().get(name)


@cache
def _models_by_name() -> dict[str, ModelSpec]:
    return _models().by_spelling()


def _read(path: str) -> dict[str, Any]:
    import tomllib

    with open(os.path.join(_DATA, path), "rb") as file:
        return tomllib.load(file)


def _machine(kind: str, entry: dict[str, Any], sources: dict[str, Any]) -> HardwareNode:
    default, passports = entry.pop("source"), entry.pop("passport", {})
    known: dict[str, Datum] = {}
    for spelled, (name, unit) in _FIGURES.items():
        figures = entry.pop(spelled, None)
        if figures is None:
            continue
        entry[name] = figures
        stamp = {"source": default} | passports.pop(name, {})
        if isinstance(figures, dict):
            for key, value in figures.items():
                of_key = stamp | passports.pop(f"{name}.{key}", {})
                known[f"{name}.{key}"] = _datum(f"{name}.{key}", value, unit, of_key, sources)
        else:
            known[name] = _datum(name, figures, unit, stamp, sources)
    if passports:
        raise InvalidValue("passport", next(iter(passports)), "there is no such figure in the record", "tdp")
    return HardwareNode(kind=kind, passports=known, **entry)


def _model(entry: dict[str, Any], sources: dict[str, Any]) -> ModelSpec:
    from mlsysim.own import transformer_from

    stamp = {"source": entry.pop("source"), "note": entry.pop("note", "")}
    count, rounding = entry.pop("published_parameters"), entry.pop("published_rounding", None)
    ends = {"lower": count - rounding, "upper": count + rounding} if rounding else {}
    published = {"parameters": _datum("parameters", count, "1", stamp | ends, sources)}
    active = entry.pop("published_active_parameters", None)
    if active is not None:
        published["active_parameters"] = _datum("active_parameters", active, "1", stamp, sources)
    return transformer_from(entry, published)


def _datum(name: str, value: float, unit: str, stamp: Mapping[str, Any], sources: Mapping[str, Any]) -> Datum:
    if not stamp.get("source"):
        raise InvalidValue(name, value, "a figure without a source does not load", 'source = "nvidia_h100"')
    if stamp["source"] not in sources:
        raise UnknownName(f"source of {name}", stamp["source"], sources)
    source = sources[stamp["source"]]
    return Datum(
        value=float(value),
        unit=unit,
        source=source["url"],
        read=str(source["read"]),
        tier=stamp.get("tier", source["tier"]),
        note=stamp.get("note") or source.get("note", ""),
        checked=source.get("checked", ""),
        lower=stamp.get("lower"),
        upper=stamp.get("upper"),
    )
