"""What the caller stated, as inputs with a passport."""

from __future__ import annotations

from mlsysim.records import Datum, Input


def given(*rows: tuple[str, str, float, str]) -> tuple[Input, ...]:
    """Symbol, meaning, value and unit of each.

    >>> given(("c", "servers", 2, "1"))[0].datum.tier
    'estimate'
    """
    return tuple(
        Input(symbol, meaning, Datum(float(value), unit, "given", "", "estimate"))
        for symbol, meaning, value, unit in rows
    )
