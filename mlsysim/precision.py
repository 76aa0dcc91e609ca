"""Number formats: what a number takes in memory, and what arithmetic it can be used in."""

from __future__ import annotations

from functools import cache
from typing import Any

from mlsysim.check import InvalidValue, UnknownName, fold

# A format's size is in its name.
BYTES = {"fp64": 8.0, "fp32": 4.0, "fp16": 2.0, "bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "int4": 0.5}


def resolve(field: str, name: Any) -> str:
    """The format's own name.

    >>> resolve("precision", "FP-16")
    'fp16'
    """
    if type(name) is str and name in BYTES:
        return name
    if not isinstance(name, str):
        raise InvalidValue(field, name, "it must be the name of a number format", f'{field}="fp16"')
    folded = fold(name)
    if folded not in BYTES:
        raise UnknownName(field, name, BYTES)
    return folded


@cache
def stored_bytes(name: str) -> float:
    """Bytes of one weight in a checkpoint whose weights alone are quantized, with its share of scales and zero points.

    A group of int4 weights shares a scale and a zero point. Wider formats carry one scale for each output channel,
    below 0.1 % for any layer wider than 2,000, and left out.

    >>> stored_bytes("int4") * 8  # bits
    4.15625
    """
    if name not in ("int4", "fp4"):
        return BYTES[name]
    from mlsysim.registry import constants

    group = constants("quantization")
    metadata = group["scale_bits"].value + group["zero_point_bits"].value
    return BYTES[name] + metadata / group["group_size"].value / 8.0
