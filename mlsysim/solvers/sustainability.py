"""What a computation takes from the grid, the air and the water."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, choice, count, fold, number, quantity, share
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics import energy as physics
from mlsysim.records import Datum, HardwareNode, Input
from mlsysim.solvers.basis import chosen, chosen_factor, given, in_si, known, listed
from mlsysim.solvers.power import server_power
from mlsysim.solvers.reason import Reason, write
from mlsysim.walls import WALLS

JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class SustainabilityResult:
    """Energy at each boundary, named once, and the carbon and water that go with it.

    `device` is what accelerators draw, `it` with their servers, `facility` what the grid delivers [J]. `device` is None
    where only a meter's reading was given, `embodied` where no machines were.
    """

    device: Estimate | None
    it: Estimate
    facility: Estimate
    intensity: Datum
    place: str
    water: Estimate
    operational: Estimate
    embodied: Estimate | None
    carbon_budget: float | None
    water_budget: float | None
    basis: tuple[Input, ...]

    @property
    def carbon(self) -> Estimate:
        """Operational and embodied carbon [kg]."""
        return self.operational if self.embodied is None else Estimate.total((self.operational, self.embodied), "kg")

    @property
    def feasible(self) -> bool:
        """Whether the budgets hold."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        reasons = []
        if self.carbon_budget is not None and self.carbon.expected > self.carbon_budget:
            reasons.append(_too_much_carbon(self, self.carbon_budget))
        if self.water_budget is not None and self.water.expected > self.water_budget:
            reasons.append(_too_much_water(self, self.water_budget))
        return tuple(reasons)

    def explain(self) -> str:
        """The whiteboard: from the chip to the grid, then what follows."""
        lines = [] if self.device is None else [f"E_dev = {_write_energy(self.device)}    accelerators"]
        lines += [
            f"E_IT  = {_write_energy(self.it)}    with servers",
            f"E_fac = {_write_energy(self.facility)}    from the grid: E_IT x PUE",
            "",
            f"m = {_write_energy(self.facility)} x {write(self.intensity.value, 'kg/J')} = "
            f"{self.operational.format(3)}, {self.operational.format_range(3)}    {self.place}",
        ]
        if self.embodied is not None:
            lines.append(f"    + {self.embodied.format(3)} for making the machines, over their life")
        lines.append(f"V = {_write_energy(self.it)} of IT energy x WUE = {self.water.format(3)} of water")
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class SustainabilityModel:
    """What does this computation emit, and how much does the place matter?

    >>> run = SustainabilityModel().solve(energy="500 MWh", region="Virginia")
    >>> run.operational.format(3)
    '195 t'
    """

    def solve(
        self,
        *,
        region: str | None = None,
        intensity: float | str | None = None,
        energy: float | str | None = None,
        boundary: str = "facility",
        hardware: HardwareNode | str | None = None,
        machines: int = 1,
        duration: float | str | None = None,
        utilization: float = 1.0,
        pue: float | None = None,
        wue: float | str | None = None,
        embodied: float | str | None = None,
        lifetime: float | str | None = None,
        saving: float = 0.0,
        elasticity: float = 0.0,
        carbon_budget: float | str | None = None,
        water_budget: float | str | None = None,
    ) -> SustainabilityResult:
        """Carbon and water of a meter's reading, or of machines that run for a time.

        The reading is taken at `boundary`, the facility's meter or the servers'. `saving` is the share of its energy
        that each task no longer takes, and `elasticity` how much more is then asked for. What making the machines
        emitted is spread over their `lifetime`.
        """
        place, grid = _grid(region, intensity)
        over = chosen_factor("pue", pue, "pue=1.15", known("power", "pue"), at_least=1.0)
        drops = chosen("wue", wue, 'wue="0.27 L/kWh"', known("power", "wue"))
        after = _after(saving, elasticity)
        basis: tuple[Input, ...] = (
            Input("I", f"carbon intensity of {place}", grid),
            Input("PUE", "facility energy over IT energy", over),
            Input("WUE", "water over IT energy", drops),
        )
        device: Estimate | None
        made: Estimate | None
        if energy is not None:
            _alone("energy", energy, hardware=hardware, duration=duration, embodied=embodied, lifetime=lifetime)
            read = Estimate.exact(after * quantity("energy", energy, "J", 'energy="500 MWh"'), "J")
            device = made = None
            if choice("boundary", boundary, ("facility", "IT")) == "facility":
                facility, it = read, read.over(spread(over), "J")
            else:
                facility, it = _at_the_meter(read, over), read
        else:
            if hardware is None or duration is None:
                missing = "hardware" if hardware is None else "duration"
                rule = "a meter's reading is needed, or machines and how long they run"
                raise InvalidValue(missing, None, rule, 'energy="500 MWh"')
            machine = registry.machine(hardware)
            fleet = count("machines", machines, "machines=256", at_most=10**8)
            time = quantity("duration", duration, "s", 'duration="30 d"')
            power = server_power(machine, share("utilization", utilization, "utilization=0.6"))
            device, it = (each.scaled(fleet * time * after, "J") for each in (power.device, power.it))
            facility = _at_the_meter(it, over)
            carried = chosen("embodied", embodied, 'embodied="164 kg"', known("energy", "embodied"))
            life = chosen("lifetime", lifetime, 'lifetime="3 y"', known("prices", "lifetime"))
            made = Estimate.of(
                lambda each, years: fleet * physics.embodied_carbon(each, years, time),
                "kg",
                spread(carried),
                falling=(spread(life),),
            )
            basis += (
                *power.basis,
                Input("M", f"carbon of making one {machine.full_name}", carried),
                Input("L", "years of use", life),
            )
        return SustainabilityResult(
            device,
            it,
            facility,
            grid,
            place,
            Estimate.of(physics.water, "L", it, spread(drops)),
            Estimate.of(physics.operational_carbon, "kg", facility, spread(grid)),
            made,
            None if carbon_budget is None else quantity("carbon_budget", carbon_budget, "kg", 'carbon_budget="100 t"'),
            None if water_budget is None else quantity("water_budget", water_budget, "L", 'water_budget="200 m3"'),
            basis,
        )


def regions() -> dict[str, Datum]:
    """The places whose grid is known, each with its carbon intensity [kg/J]."""
    return {name: in_si(datum) for name, datum in registry.constants("grid").items()}


def _grid(region: str | None, intensity: float | str | None) -> tuple[str, Datum]:
    if intensity is not None:
        value = quantity("intensity", intensity, "kg/J", 'intensity="390 g/kWh"')
        return region or "the grid", given("intensity", value, "kg/J")
    if not isinstance(region, str):
        rule = "a place or an intensity is needed, carbon follows from it"
        raise InvalidValue("region", region, rule, 'region="Iowa" or intensity="390 g/kWh"')
    places = regions()
    for name, datum in places.items():
        if fold(name) == fold(region.replace("é", "e")):
            return name, datum
    raise UnknownName("region", region, places)


def _after(saving: float, elasticity: float) -> float:
    saved = share("saving", saving, "saving=0.3")
    if saved == 1.0:
        raise InvalidValue("saving", saving, "it must leave some energy to use", "saving=0.3")
    asked = 0.0 if elasticity == 0 else number("elasticity", elasticity, "elasticity=0.5", at_most=10.0)
    return physics.rebound_energy(1.0, saved, asked)


def _at_the_meter(it: Estimate, pue: Datum) -> Estimate:
    return Estimate.of(physics.facility_energy, "J", it, spread(pue))


def _alone(field: str, value: object, **others: object) -> None:
    for name, other in others.items():
        if other is not None:
            rule = f"{name} was given as well, and energy follows from that"
            raise InvalidValue(field, value, rule, f'energy="500 MWh" without {name}')


def _too_much_carbon(result: SustainabilityResult, budget: float) -> Reason:
    left = budget - (0.0 if result.embodied is None else result.embodied.expected)
    enough = left / result.facility.expected
    mend = (
        f"A grid of {write(enough, 'kg/J')} or less, or {enough / result.intensity.value:.0%} of the energy, would do."
        if left > 0.0
        else "Making the machines alone takes more: fewer of them, for longer."
    )
    return Reason(
        verdict="Too much carbon.",
        subject=f"In {result.place} this emits {result.carbon.format(3)}; the budget is {write(budget, 'kg')}.",
        limit="sustainability",
        wall=WALLS["sustainability"].number,
        value=result.carbon.expected,
        maximum=budget,
        unit="kg",
        mend=mend,
    )


def _too_much_water(result: SustainabilityResult, budget: float) -> Reason:
    enough = budget / result.it.expected
    return Reason(
        verdict="Too much water.",
        subject=f"On site this takes {result.water.format(3)} of water; the budget is {write(budget, 'L')}.",
        limit="sustainability",
        wall=WALLS["sustainability"].number,
        value=result.water.expected,
        maximum=budget,
        unit="L",
        mend=f"Cooling with {write(enough, 'L/J')} of IT energy or less would do.",
    )


def _write_energy(amount: Estimate) -> str:
    return write(amount.expected / JOULES_PER_KWH / 1e3, "MWh")
