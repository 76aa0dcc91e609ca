"""A network on a microcontroller: does it fit, is it in time, and how long does the battery last?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, fold, quantity
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.layered import LayeredModel
from mlsysim.physics import tiny
from mlsysim.records import Datum, HardwareNode, Input
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.units import format_quantity
from mlsysim.walls import WALLS

INTERPRETED = ("TFLM", "CMSIS-NN", "ESP-NN")
"""Runtimes in which an interpreter walks the layers; the others compile them."""


@dataclass(frozen=True, slots=True)
class TinyResult:
    """What an inference needs and costs on a microcontroller."""

    model: LayeredModel
    hardware: HardwareNode
    runtime: str
    cycles: Datum
    latency: Estimate
    arena: float
    sram: Estimate
    flash: Estimate
    deadline: float | None
    period: float | None
    battery: Datum | None

    @property
    def energy(self) -> Estimate | None:
        """Energy of one inference [J]; None where the chip's power is not known."""
        if self.hardware.active_power is None:
            return None
        power = spread(self.hardware.datum("active_power"))
        return _each(tiny.inference_energy, "J", power, self.latency)

    @property
    def duty(self) -> Estimate | None:
        """Share of the time spent computing [-]; None without a period."""
        if self.period is None:
            return None
        period = self.period
        return _each(lambda time: min(1.0, time / period), "1", self.latency)

    @property
    def power(self) -> Estimate | None:
        """Average power over a period [W]; None without a period or where the chip's power is not known."""
        machine, duty = self.hardware, self.duty
        if duty is None or machine.active_power is None or machine.sleep_power is None:
            return None
        active, sleep = spread(machine.datum("active_power")), spread(machine.datum("sleep_power"))
        return _each(tiny.average_power, "W", active, sleep, duty)

    @property
    def battery_life(self) -> Estimate | None:
        """How long the battery lasts [s]; None without one, or without an average power."""
        if self.battery is None or self.power is None:
            return None
        full, power = spread(self.battery), self.power
        return Estimate(
            tiny.battery_life(full.lower, power.upper),
            tiny.battery_life(full.expected, power.expected),
            tiny.battery_life(full.upper, power.lower),
            "s",
        )

    @property
    def feasible(self) -> bool:
        """Whether it fits and can be in time."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        found = []
        for place, needed, limit in (
            ("SRAM", self.sram.lower, self.hardware.memory),
            ("flash", self.flash.lower, self.hardware.flash),
        ):
            if limit is not None and needed > limit:
                found.append(_out_of(self, place, needed, limit))
        for promise, value in (("deadline", self.deadline), ("period", self.period)):
            if value is not None and self.latency.lower > value:
                found.append(_too_slow(self, promise, value))
        return tuple(found)

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        inputs = [Input("c", f"cycles per multiply-add, {self.hardware.core} with {self.runtime}", self.cycles)]
        for symbol, meaning, figure in (
            ("f", "clock", "clock"),
            ("SRAM", "SRAM", "memory"),
            ("flash", "flash", "flash"),
            ("P_a", "power while computing", "active_power"),
            ("P_s", "power while sleeping", "sleep_power"),
        ):
            if getattr(self.hardware, figure) is not None:
                inputs.append(Input(symbol, f"{meaning} of the {self.hardware.name}", self.hardware.datum(figure)))
        if self.battery is not None:
            inputs.append(Input("E", "energy in the battery", self.battery))
        return tuple(inputs)

    def explain(self) -> str:
        """The whiteboard."""
        machine, size = self.hardware, self.model.multiply_adds
        figures = f"{size:,.0f} x {self.cycles.value:g} cycles / {write(machine.clock or 0.0, 'Hz')}"
        flash = "" if machine.flash is None else f" of {write(machine.flash, 'B')}"
        lines = [
            f"{self.model.name} in INT8 on the {machine.full_name} with {self.runtime}",
            "",
            f"T     = {figures} = {write(self.latency.expected, 's')}, {self.latency.format_range()}",
            f"SRAM  = {write(self.sram.expected, 'B')} of {write(machine.memory, 'B')}: activations at their widest "
            f"{write(self.arena, 'B')}, the rest the runtime's",
            f"flash = {write(self.flash.expected, 'B')}{flash}: weights and runtime",
        ]
        if self.energy is not None:
            lines.append(f"E     = P_a T = {write(self.energy.expected, 'J')} an inference")
        if self.power is not None:
            lines.append(f"P     = d P_a + (1 - d) P_s = {write(self.power.expected, 'W')} on average")
        if self.battery_life is not None:
            ends = (self.battery_life.lower, self.battery_life.expected, self.battery_life.upper)
            low, middle, high = (f"{each / 86400:,.3g}" for each in ends)
            lines.append(f"battery lasts {middle} days, between {low} and {high}")
        lines += ["", *(reason.sentence() for reason in self.reasons), "Inputs"]
        for symbol, meaning, datum in self.basis:
            value = format_quantity(datum.value, "" if datum.unit == "1" else datum.unit, 4)
            lines.append(f"{symbol:<7}{value:<15}{meaning}: {datum.tier}, {datum.source}")
        return "\n".join(lines)


class TinyModel:
    """Does this network run on this microcontroller, in time, and for how long?

    >>> answer = TinyModel().solve(model="DS_CNN", hardware="nRF52840", deadline="30 ms")
    >>> answer.reasons[0].verdict
    'Missed deadline.'
    """

    def solve(
        self,
        *,
        model: LayeredModel | str,
        hardware: HardwareNode | str,
        runtime: str = "auto",
        deadline: float | str | None = None,
        period: float | str | None = None,
        battery: float | str | None = None,
    ) -> TinyResult:
        """One inference in INT8. `runtime` names kernels measured on the machine's core, or is the core's usual one;
        `period` is the time between two inferences; `battery` an energy, or CR2032."""
        spec, machine = registry.layered(model), registry.machine(hardware)
        name, cycles, clock = _kernels(machine, runtime)
        within = None if deadline is None else quantity("deadline", deadline, "s", 'deadline="30 ms"')
        every = None if period is None else quantity("period", period, "s", 'period="1 s"')
        cell = None if battery is None else _battery(battery, machine, every)
        known = registry.constants("runtimes")
        # Weights are bytes, one bias for each channel is four, as in the int8 scheme of TensorFlow Lite.
        weights = sum(each.weights + 4 * each.vectors for each in spec.layers)
        code = kept = Estimate.exact(0.0, "B")
        if name in INTERPRETED:
            code, kept = spread(known["interpreter_flash"]), spread(known["interpreter_layer"])
        return TinyResult(
            spec,
            machine,
            name,
            cycles,
            _each(lambda each: tiny.core_time(spec.multiply_adds, each, clock), "s", spread(cycles)),
            spec.peak,
            _each(lambda each: spec.peak + len(spec.layers) * each, "B", kept),
            _each(lambda each: weights + each, "B", code),
            within,
            every,
            cell,
        )


def runtimes(machine: HardwareNode) -> dict[str, Datum]:
    """The runtimes measured on a machine's core, the usual one first.

    >>> list(runtimes(registry.machine("nRF52840")))
    ['CMSIS-NN', 'X-CUBE-AI', 'TFLM']
    """
    pairs = ((key.split(", "), datum) for key, datum in registry.constants("cycles").items())
    return {name: datum for (core, name), datum in pairs if core == machine.core}


def _kernels(machine: HardwareNode, runtime: Any) -> tuple[str, Datum, float]:
    known = runtimes(machine)
    if machine.clock is None or not known:
        cores = sorted({key.split(", ")[0] for key in registry.constants("cycles")})
        rule = f"it needs a clock and a core with measured kernels: {', '.join(cores)}"
        raise InvalidValue("hardware", machine.name, rule, 'hardware="nRF52840"')
    if not isinstance(runtime, str):
        raise InvalidValue("runtime", runtime, "it must be the name of a runtime", 'runtime="CMSIS-NN"')
    if runtime == "auto":
        runtime = next(iter(known))
    for name, datum in known.items():
        if fold(name) == fold(runtime):
            return name, datum, machine.clock
    raise UnknownName("runtime", runtime, known)


def _battery(battery: float | str, machine: HardwareNode, period: float | None) -> Datum:
    if period is None:
        rule = "a battery's life follows from how often it computes: period= is missing"
        raise InvalidValue("battery", battery, rule, 'battery="CR2032", period="1 s"')
    if machine.active_power is None or machine.sleep_power is None:
        rule = f"the {machine.name} has no sourced power while computing and sleeping"
        raise InvalidValue("battery", battery, rule, 'hardware="nRF52840"')
    if isinstance(battery, str) and fold(battery) == "cr2032":
        return registry.constants("runtimes")["cr2032"]
    return given("battery", quantity("battery", battery, "J", 'battery="2430 J"'), "J")


def _each(equation: Callable[..., float], unit: str, *inputs: Estimate) -> Estimate:
    """The equation at both ends and in the middle, where it grows with each input."""
    return Estimate(
        equation(*(each.lower for each in inputs)),
        equation(*(each.expected for each in inputs)),
        equation(*(each.upper for each in inputs)),
        unit,
    )


def _out_of(result: TinyResult, place: str, needed: float, limit: float) -> Reason:
    enough = write_enough(needed, "B")
    mend = "Smaller activations: fewer channels or a smaller input" if place == "SRAM" else "Fewer weights"
    return Reason(
        verdict=f"Out of {place}.",
        subject=f"{result.model.name} with {result.runtime} needs {enough} of {place}; the {result.hardware.name} has "
        f"{write(limit, 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=needed,
        maximum=limit,
        unit="B",
        mend=f"{mend}, or a machine with {enough} or more would carry it.",
    )


def _too_slow(result: TinyResult, promise: str, value: float) -> Reason:
    least = result.latency.lower
    return Reason(
        verdict="Missed deadline." if promise == "deadline" else "Falls behind.",
        subject=f"{result.model.name} with {result.runtime} takes at least {write_enough(least, 's')} on the "
        f"{result.hardware.name}; the {promise} is {write(value, 's')}.",
        limit="compute throughput",
        wall=WALLS["compute throughput"].number,
        value=least,
        maximum=value,
        unit="s",
        mend=f"Faster kernels, fewer multiply-adds, or a {promise} of {write_enough(least, 's')} or more would do.",
    )
