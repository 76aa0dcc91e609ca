"""One's own machine, from a TOML or JSON file."""

from __future__ import annotations

import os.path
from inspect import signature
from typing import Any

from mlsysim.check import InvalidValue, UnknownName
from mlsysim.records import HardwareNode

TEMPLATE = """\
# A machine of one's own. Rates are dense, the link is one direction; every quantity carries its unit.
name = "Mine"
memory = "96 GB"
memory_bandwidth = "4 TB/s"
link = "450 GB/s"
tdp = "700 W"

[peak]
fp16 = "500 TFLOP/s"
int8 = "1000 TFLOP/s"
"""

_FIELDS = [name for name in signature(HardwareNode).parameters if name != "passports"]
_NEEDED = {
    "name": 'name = "Mine"',
    "peak": 'peak = { fp16 = "500 TFLOP/s" }',
    "memory": 'memory = "96 GB"',
    "memory_bandwidth": 'memory_bandwidth = "4 TB/s"',
}


def machine_from_file(path: str) -> HardwareNode:
    """The machine a file describes, checked field by field."""
    content = _content(path)
    for name in content:
        if name not in _FIELDS:
            raise UnknownName(f"field of {path}", str(name), _FIELDS)
    for name, example in _NEEDED.items():
        if name not in content:
            raise InvalidValue(name, None, f"{path} lacks it", example)
    return HardwareNode(**content)


def _content(path: str) -> dict[str, Any]:
    import json
    import tomllib

    example = 'machine.toml, as "mlsysim template" writes it'
    try:
        with open(path, "rb") as file:
            raw = file.read()
    except OSError as error:
        raise InvalidValue("file", path, f"it cannot be read: {error.strerror}", example) from None
    try:
        text = raw.decode()
        content = json.loads(text) if os.path.splitext(path)[1] == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise InvalidValue("file", path, f"it is not well formed: {error}", example) from None
    if not isinstance(content, dict):
        raise InvalidValue("file", path, "it must hold one machine, name by name", example)
    return content
