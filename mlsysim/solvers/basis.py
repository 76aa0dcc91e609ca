"""Where a solver's figures come from: given by the caller, or known with a passport."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mlsysim.check import number, quantity, share
from mlsysim.efficiency import Efficiency
from mlsysim.layered import LayeredModel
from mlsysim.records import Datum, HardwareNode, Input, ModelSpec
from mlsysim.registry import constants
from mlsysim.units import format_quantity, parse_quantity


def known(file: str, name: str) -> Datum:
    """A figure of data/<file>.toml in the SI unit.

    >>> round(known("power", "electricity").value * 3.6e6, 3)  # USD/kWh
    0.081
    """
    return in_si(constants(file)[name])


def in_si(datum: Datum) -> Datum:
    """The same figure, its unit and its spread in the SI unit."""
    if datum.unit == "1":
        return datum
    size, unit = parse_quantity(f"1 {datum.unit}")
    lower, upper = (None if end is None else end * size for end in (datum.lower, datum.upper))
    return replace(datum, value=datum.value * size, unit=unit, lower=lower, upper=upper)


def given(field: str, value: float, unit: str) -> Datum:
    """What the caller stated, as a figure."""
    return Datum(value, unit, f"given as {field}=", "", "estimate")


def chosen(field: str, value: Any, example: str, otherwise: Datum) -> Datum:
    """The quantity that was given, or else the known one."""
    if value is None:
        return otherwise
    return given(field, quantity(field, value, otherwise.unit, example), otherwise.unit)


def chosen_share(field: str, value: Any, example: str, otherwise: Datum) -> Datum:
    """The fraction that was given, or else the known one."""
    return otherwise if value is None else given(field, share(field, value, example), "1")


def chosen_factor(field: str, value: Any, example: str, otherwise: Datum, *, at_least: float) -> Datum:
    """The factor that was given, no less than `at_least`, or else the known one."""
    if value is None:
        return otherwise
    factor = number(field, value, example)
    if factor < at_least:
        from mlsysim.check import InvalidValue

        raise InvalidValue(field, value, f"it must be at least {at_least:g}", example)
    return given(field, factor, "1")


def machine_inputs(
    machine: HardwareNode,
    precision: str,
    eta: Efficiency,
    model: ModelSpec | LayeredModel,
    packed: bool = False,
) -> tuple[Input, ...]:
    """A machine's figures, what software reaches of them, with weights that are `packed`, and the model's published
    size."""
    unpacking = (
        [Input("eta_u", "fraction of that at which packed weights arrive", eta.packing)]
        if packed and eta.packing is not None
        else []
    )
    inputs = [
        Input("BW", f"memory bandwidth of the {machine.full_name}", machine.datum("memory_bandwidth")),
        Input("R", f"peak dense rate in {precision}", machine.datum(f"peak.{precision}")),
        Input("M", "memory capacity", machine.datum("memory")),
        Input("eta_BW", "fraction of the bandwidth reached", eta.passports[0]),
        *unpacking,
        Input("eta_R", "fraction of the peak rate that large operators reach", eta.passports[1]),
        Input("lambda", "time a kernel takes to start and drain", eta.passports[2]),
    ]
    if eta.wave is not None:
        inputs.append(Input("N", "cores that share the tiles of a matrix product", machine.datum("cores")))
        inputs.append(Input("u", "share of them that waits while its last tile is computed", eta.wave))
    for asking in eta.passports[3:]:
        inputs.append(Input("h", "time an operator takes to be issued from Python", asking))
    # Some counts are published rounded, or with an encoder that is not modelled; a changed copy has none.
    if "parameters" in model.passports and abs(model.parameters / model.datum("parameters").value - 1.0) < 0.012:
        inputs.append(Input("P", f"published parameters of {model.name}", model.datum("parameters")))
    return tuple(inputs)


def listed(inputs: Iterable[Input]) -> list[str]:
    """The inputs of an explanation, one a line: symbol, figure, meaning, tier and source."""
    lines = ["Inputs"]
    for symbol, meaning, datum in inputs:
        value = format_quantity(datum.value, "" if datum.unit == "1" else datum.unit, 4)
        lines.append(f"{symbol:<7}{value:<17}{meaning}: {datum.tier}, {datum.source}")
    return lines
