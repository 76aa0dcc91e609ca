"""One's own machine or model, from a TOML or JSON file."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from inspect import signature
from typing import Any, TypeVar

from mlsysim.architecture import Encoder, Experts, Latent
from mlsysim.blocks import play
from mlsysim.check import Checks, InvalidValue, UnknownName, text
from mlsysim.layered import LayeredModel, Recipe
from mlsysim.records import Datum, HardwareNode, ModelSpec

T = TypeVar("T")

LARGEST = 1 << 20
"""Most bytes of a file that is read."""

TEMPLATES = {
    "machine": """\
# A machine of one's own. Rates are dense, the link is one direction; every quantity carries its unit.
name = "Mine"
memory = "96 GB"
memory_bandwidth = "4 TB/s"
link = "450 GB/s"
tdp = "700 W"

[peak]
fp16 = "500 TFLOP/s"
int8 = "1000 TFLOP/s"
""",
    "model": """\
# A decoder-only transformer of one's own; its parameters follow. Without kv_heads there are as many as heads, without
# head_dim a head is hidden / heads wide. A mixture of experts has the table below.
name = "Mine"
layers = 32
hidden = 4096
heads = 32
kv_heads = 8
ffn = 14336
vocab = 128256
max_context = 8192
tied = false

# [experts]
# count = 8
# active = 2
# inner = 14336
""",
}

TOLD = 10
"""Most unknown fields that are named, with those they are closest to."""
_MISSING = "it is missing"
_MACHINE = [name for name in signature(HardwareNode).parameters if name != "passports"]
_MODEL = [each.name for each in fields(ModelSpec) if each.name != "passports"]
_LAYERED = ["name", "family", "input", "blocks", "vectors"]
_NEEDED = {
    "name": 'name = "Mine"',
    "peak": 'peak = { fp16 = "500 TFLOP/s" }',
    "memory": 'memory = "96 GB"',
    "memory_bandwidth": 'memory_bandwidth = "4 TB/s"',
    "layers": "layers = 32",
    "hidden": "hidden = 4096",
    "heads": "heads = 32",
    "ffn": "ffn = 14336",
    "vocab": "vocab = 128256",
    "max_context": "max_context = 8192",
    "input": "input = [224, 224, 3]",
    "blocks": 'blocks = [{ op = "conv", out = 64, stride = 2 }, { op = "average" }, { op = "dense", out = 10 }]',
}


def machine_from_file(path: str) -> HardwareNode:
    """The machine a file describes; all that is wrong with it is told at once."""
    return machine_from(content_of(path))


def model_from_file(path: str) -> ModelSpec | LayeredModel:
    """The model a file describes; all that is wrong with it is told at once."""
    content = content_of(path)
    if "model_type" in content:
        rule = "it is a config.json, which is imported first"
        raise InvalidValue("file", path, rule, "mlsysim import config.json > model.toml")
    return model_from(content)


def machine_from(content: Mapping[str, Any]) -> HardwareNode:
    """The machine that these fields describe."""
    each = Checks()
    given = _fields(content, "machine", _MACHINE, ("name", "peak", "memory", "memory_bandwidth"), each)
    return _made(HardwareNode, given, each)


def model_from(content: Mapping[str, Any]) -> ModelSpec | LayeredModel:
    """The model that these fields describe: a transformer by its architecture, anything else by its blocks."""
    return layered_from(content) if "blocks" in content else transformer_from(content)


def transformer_from(content: Mapping[str, Any], passports: Mapping[str, Datum] | None = None) -> ModelSpec:
    """A transformer, by its architecture."""
    each = Checks()
    needed = ("name", "layers", "hidden", "heads", "ffn", "vocab", "max_context")
    given = _fields(content, "model", _MODEL, needed, each)
    for key, kind in (("experts", Experts), ("latent", Latent)):
        if isinstance(given.get(key), dict):
            given[key] = each(_part, key, kind, given[key])
    if isinstance(given.get("encoder"), dict):
        given["encoder"] = each(_encoder, given["encoder"], given.get("hidden"))
    given["passports"] = passports or {}
    return _made(ModelSpec, given, each)


def layered_from(content: Mapping[str, Any]) -> LayeredModel:
    """A model that is counted layer by layer."""
    each = Checks()
    given = _fields(content, "model", _LAYERED, ("name", "input", "blocks"), each)
    each(text, "name", given["name"], _NEEDED["name"])
    each(text, "family", given.get("family", ""), 'family = "CNN"', empty=True)
    recipe = Recipe(given["input"], given["blocks"], given.get("vectors", 1))
    tape = each(play, *recipe)
    _finish(each)
    assert tape is not None
    return LayeredModel(given["name"], tuple(tape.layers), given.get("family", ""), recipe=recipe)


def _fields(
    content: Mapping[str, Any], what: str, known: Iterable[str], needed: Iterable[str], each: Checks
) -> dict[str, Any]:
    """The fields that are known; those that are needed and not there are None."""
    names = list(known)
    _known(f"field of a {what}", content, names, each)
    given = {name: value for name, value in content.items() if name in names}
    for name in needed:
        if name not in given:
            each.refuse(name, None, _MISSING, _NEEDED[name])
            given[name] = None
    return given


def _known(what: str, content: Iterable[str], names: list[str], each: Checks) -> None:
    """Which fields there is no such thing as; of very many the first, as each is compared with all that are known."""
    unknown = [str(name) for name in content if name not in names]
    each.found += [UnknownName(what, name, names) for name in unknown[:TOLD]]
    if len(unknown) > TOLD:
        each.refuse("fields", len(unknown), "so many are not known", _NEEDED["name"])


def _made(kind: Callable[..., T], given: dict[str, Any], each: Checks) -> T:
    """The record, or all that is wrong: what is missing is told once."""
    missing = {error.field for error in each.found if isinstance(error, InvalidValue) and error.rule == _MISSING}
    before = len(each.found)
    made = each(kind, **given)
    each.found[before:] = [error for error in each.found[before:] if getattr(error, "field", "") not in missing]
    _finish(each)
    assert made is not None
    return made


def _finish(each: Checks) -> None:
    each.found = list({str(error): error for error in each.found}.values())
    each.finish()


def _part(key: str, kind: type, given: dict[str, Any]) -> Any:
    each = Checks()
    names = [field.name for field in fields(kind)]
    _known(f"field of {key}", given, names, each)
    known = {name: None for name in names if name in _NEEDED_OF[key]} | {
        name: value for name, value in given.items() if name in names
    }
    made = each(kind, **known)
    each.finish()
    return made


_NEEDED_OF = {"experts": ("count", "active", "inner"), "latent": ("kv_rank", "content", "position", "value")}


def _encoder(given: dict[str, Any], width: Any) -> Encoder:
    each = Checks()
    _known("field of encoder", given, ["input", "blocks"], each)
    tape = each(play, given.get("input", []), given.get("blocks", []))
    each.finish()
    assert tape is not None
    if len(tape.shape) != 2 or tape.shape[1] != width:
        rule = f"it has to bring forth tokens as wide as the decoder, {width}"
        raise InvalidValue("encoder", tape.shape, rule, '{ op = "embedded", width = 768 }')
    return Encoder(layers=tuple(tape.layers), tokens=tape.shape[0])


def content_of(path: str, form: str = "") -> dict[str, Any]:
    """What a file holds. It is TOML unless its name ends in .json or `form` says so."""
    if not os.path.exists(path):
        raise _unreadable(path, "there is no such file")
    if not os.path.isfile(path):
        raise _unreadable(path, "it is no file")
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, f"it cannot be read: {error.strerror}") from None
    return parsed(raw, path, form or os.path.splitext(path)[1].removeprefix(".").lower())


def parsed(raw: bytes, where: str, form: str) -> dict[str, Any]:
    """The same of bytes that came from somewhere."""
    if len(raw) > LARGEST:
        raise _unreadable(where, f"it is longer than the {LARGEST:,d} bytes that are read")
    try:
        read = _json if form == "json" else _toml
        content = read(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable(where, f"it is not well formed: byte {error.start:,d} is no UTF-8") from None
    except RecursionError:
        raise _unreadable(where, "it is not well formed: it is nested too deeply") from None
    except ValueError as error:
        raise _unreadable(where, f"it is not well formed: {_short(str(error))}") from None
    if not isinstance(content, dict):
        raise _unreadable(where, "it must hold one thing, name by name")
    return content


def _toml(line: str) -> Any:
    import tomllib

    return tomllib.loads(line)


def _json(line: str) -> Any:
    import json

    return json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _short(told: str) -> str:
    return told if len(told) <= 160 else told[:157] + "..."


def _unreadable(path: str, rule: str) -> InvalidValue:
    return InvalidValue("file", path, rule, 'a file as "mlsysim template" writes it')


def to_toml(content: Mapping[str, Any]) -> str:
    """The content as a file: what `tomllib` reads back the same.

    >>> print(to_toml({"name": "Mine", "layers": 2, "experts": {"count": 8}}), end="")
    name = "Mine"
    layers = 2
    experts = { count = 8 }
    """
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in content.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n" + "".join(f"  {_value(each)},\n" for each in value) + "]"
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return repr(value)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _quoted(name)


def _quoted(line: str) -> str:
    import json

    # JSON's escapes are TOML's, but for one character that JSON lets stand.
    return json.dumps(line, ensure_ascii=False).replace("\x7f", "\\u007f")
