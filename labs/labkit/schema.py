"""The words of JSON Schema that the published schema uses, and no others; what breaks it is said in a sentence."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "object": ("an object", lambda value: isinstance(value, dict)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "string": ("text", lambda value: isinstance(value, str)),
    "number": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "integer": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
}


def fault(value: Any, schema: Schema) -> str:
    """The first thing about a JSON value that a schema forbids, as a sentence; empty where there is none.

    >>> fault({"seq": "1"}, {"properties": {"seq": {"type": "integer"}}})
    'seq is text; it must be a whole number'
    """
    return _fault(value, schema, schema, "")


def _fault(value: Any, schema: Schema, root: Schema, place: str) -> str:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    name = place or "the document"
    if "type" in schema:
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not any(_KINDS[kind][1](value) for kind in kinds):
            wanted = " or ".join(_KINDS[kind][0] for kind in kinds)
            return f"{name} is {kind_of(value)}; it must be {wanted}"
    if "const" in schema and value != schema["const"]:
        return f"{name} is {_shown(value)}; it must be {_shown(schema['const'])}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{name} is {_shown(value)}; it must be one of {', '.join(map(_shown, schema['enum']))}"
    if isinstance(value, str):
        return _text_fault(value, schema, name)
    if isinstance(value, list):
        return _list_fault(value, schema, root, place)
    if isinstance(value, dict):
        return _object_fault(value, schema, root, place)
    if isinstance(value, int | float) and "minimum" in schema and value < schema["minimum"]:
        return f"{name} is {value}; it must be at least {schema['minimum']}"
    return ""


def _list_fault(value: Sequence[Any], schema: Schema, root: Schema, place: str) -> str:
    found = _size_fault(len(value), schema, "Items", "entries", place or "the document")
    for index, each in enumerate(value) if "items" in schema else ():
        found = found or _fault(each, schema["items"], root, f"{place}[{index}]")
    return found


def _object_fault(value: Mapping[str, Any], schema: Schema, root: Schema, place: str) -> str:
    """Fields of an object; an `if` names the constant of one field, and nothing more."""
    for name in schema.get("required", ()):
        if name not in value:
            return f"{place or 'the document'} has no {name!r}"
    found = _size_fault(len(value), schema, "Properties", "fields", place or "the document")
    for name, rule in schema.get("properties", {}).items():
        if not found and name in value:
            found = _fault(value[name], rule, root, f"{place}.{name}" if place else name)
    for branch in schema.get("allOf", ()) if not found else ():
        ((name, rule),) = branch["if"]["properties"].items()
        if value.get(name) == rule["const"]:
            return _fault(value, branch["then"], root, place)
    return found


def _text_fault(value: str, schema: Schema, name: str) -> str:
    if "pattern" in schema and not re.search(schema["pattern"].replace("$", r"\Z"), value):
        return f"{name} is {_shown(value)}, which is not of its form"
    return _size_fault(len(value), schema, "Length", "characters", name)


def _size_fault(size: int, schema: Schema, what: str, unit: str, name: str) -> str:
    least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}", size)
    if size < least:
        return f"{name} has {size} {unit}; it must have at least {least}"
    return f"{name} has {size} {unit}; it must have at most {most}" if size > most else ""


def kind_of(value: Any) -> str:
    """What a JSON value is, in words.

    >>> kind_of([]), kind_of(None), kind_of(True)
    ('a list', 'null', 'true or false')
    """
    return next((word for word, holds in _KINDS.values() if holds(value)), "null")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
