"""A serving fleet as a whole: its sites, its promises, its bill, its carbon, and the input it leans on most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from types import MappingProxyType
from typing import Any, NamedTuple

from mlsysim.check import InvalidValue, count, number, quantity, share, text
from mlsysim.estimate import Estimate
from mlsysim.records import Input
from mlsysim.solvers.basis import listed
from mlsysim.solvers.economics import EconomicsModel, EconomicsResult, Owned, Rented
from mlsysim.solvers.reason import Reason, write
from mlsysim.solvers.serving_fleet import MOST_NODES, ServingFleetModel, ServingFleetResult
from mlsysim.solvers.sustainability import SustainabilityModel, SustainabilityResult
from mlsysim.walls import WALLS

_EXAMPLE = 'sites=[Site("America", 6, "Iowa", 0.6), Site("Europe", 4, "Paris", 0.4)]'
# Of a bill's inputs: the option that states it, its worse end, and how that is written.
_WORSE = {
    "p": ("price", "upper", "price {}"),
    "r": ("price", "upper", "price {}"),
    "f": ("server", "upper", "servers × {}"),
    "L": ("lifetime", "lower", "used for {}"),
    "PUE": ("pue", "upper", "PUE {}"),
    "c": ("electricity", "upper", "power {}"),
}


class Site(NamedTuple):
    """Nodes at one place, the grid they draw from, and the share of all requests that is sent from there."""

    name: str
    nodes: int
    region: str
    share: float


@dataclass(frozen=True, slots=True)
class FleetDesignResult:
    """Nodes at several sites: what they answer, cost and emit.

    `asked` is the question to `ServingFleetModel`, without the nodes; `bill` is None where no price is known;
    `footprints` holds energy and carbon of each site.
    """

    sites: tuple[Site, ...]
    fleet: ServingFleetResult
    bill: EconomicsResult | None
    footprints: Mapping[str, SustainabilityResult]
    carbon_budget: float | None
    terms: Rented | Owned
    asked: Mapping[str, Any]

    @property
    def carbon(self) -> Estimate:
        """Of all sites, operational and embodied [kg]."""
        return Estimate.total((each.carbon for each in self.footprints.values()), "kg")

    @property
    def at_home(self) -> dict[str, Estimate]:
        """What the users of each site ask, over what its own nodes answer [-]; nothing where there is no replica."""
        fleet = self.fleet
        return {
            site.name: Estimate.exact(site.share * fleet.demand.rate, "1/s").over(
                fleet.capacity.scaled(site.nodes / fleet.nodes, "1/s"), "1"
            )
            for site in self.sites
            if fleet.replicas
        }

    @property
    def taken(self) -> dict[str, Estimate]:
        """Of each limit, the share that the design takes [-]: above 1 it is broken."""
        fleet, asked, promised = self.fleet, self.fleet.demand, self.fleet.promises
        room = fleet.longest.memory
        found = {"memory": Estimate.exact(room.total / room.capacity, "1")}
        if promised.itl is not None:
            found["time for a token"] = fleet.itl.scaled(1 / promised.itl, "1")
        if promised.ttft is not None and fleet.ttft is not None:
            found["first token"] = fleet.ttft.scaled(1 / promised.ttft, "1")
        if fleet.replicas:
            found["requests"] = Estimate.exact(asked.rate, "1/s").over(fleet.capacity, "1")
            found |= {f"{name}’s own": asks for name, asks in self.at_home.items()}
        if fleet.replicas and fleet.nodes > 1:
            found["without a node"] = Estimate.exact(asked.after_loss, "1/s").over(fleet.left, "1")
        if self.bill is not None and self.bill.budget is not None:
            found["bill"] = self.bill.total.scaled(1 / self.bill.budget, "1")
        if self.carbon_budget is not None:
            found["carbon"] = self.carbon.scaled(1 / self.carbon_budget, "1")
        return found

    @property
    def feasible(self) -> bool:
        """Whether every limit holds, as expected."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into. What does not fit is told alone: there is nothing to time, to pay or to emit."""
        found = list(self.fleet.reasons)
        if not self.fleet.replicas or not self.fleet.longest.feasible:
            return tuple(found)
        name, asked = max(self.at_home.items(), key=lambda item: item[1].expected)
        if asked.expected > 1.0:
            found.append(_abroad(self, name, asked.expected))
        if self.bill is None:
            found.append(_unpriced(self))
        else:
            found += self.bill.reasons
        if self.carbon_budget is not None and self.carbon.expected > self.carbon_budget:
            found.append(_too_much_carbon(self, self.carbon_budget))
        return tuple(found)

    def doubts(self, longer: float = 1.25) -> dict[str, float]:
        """What each input at the worse end of its published range adds to the bill for the same demand, the most first:
        by the machines that are needed then, or by what each costs [-]. Prompts and answers have no such range: they
        are taken `longer` by a factor. Nothing without a bill.
        """
        if self.bill is None:
            return {}
        bill, fleet, eta = self.bill, self.fleet, self.fleet.full.efficiency
        factor = number("longer", longer, "longer=1.25")

        def more(**changed: Any) -> float:
            slow = ServingFleetModel().solve(**{**self.asked, "nodes": 1, **changed})
            return fleet.replica_rate.expected / slow.replica_rate.expected - 1

        def dearer(option: str, end: float) -> float:
            changed: Any = {option: end}
            again = _bill(fleet, bill.duration, bill.utilization, replace(self.terms, **changed), None)
            return 0.0 if again is None else again.total.expected / bill.total.expected - 1

        prompt, output = (round(factor * tokens) for tokens in (fleet.demand.prompt, fleet.demand.output))
        found = {f"prompts of {prompt:,d}": more(prompt=prompt), f"answers of {output:,d}": more(output=output)}
        for what, name in (("arithmetic", "compute"), ("bandwidth", "bandwidth")):
            end = getattr(eta, name).lower
            changed: Any = {name: Estimate.exact(end, "1")}
            found[f"{what} at {end:.0%}"] = more(efficiency=replace(eta, **changed))
        for each in bill.basis:
            option, end_name, wording = _WORSE.get(each.symbol, ("", "", ""))
            worse = getattr(each.datum, end_name) if option else None
            if worse is not None:
                shown = f"{worse:g}" if each.datum.unit == "1" else write(worse, each.datum.unit)
                found[wording.format(shown)] = dearer(option, worse)
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, with its source and tier."""
        parts = [self.fleet.basis, () if self.bill is None else self.bill.basis]
        parts += [each.basis for each in self.footprints.values()]
        return tuple({(each.symbol, each.meaning): each for part in parts for each in part}.values())

    def explain(self) -> str:
        """The whiteboard: the fleet, where it stands, what it costs and emits, what it leans on."""
        fleet, doubts = self.fleet, self.doubts()
        lines = [*fleet.explain().split("\n\n")[0].splitlines(), ""]
        for site in self.sites:
            home = f", asked for {self.at_home[site.name].expected:.0%} of what they answer" if fleet.replicas else ""
            emitted = self.footprints[site.name].carbon.format(3)
            lines.append(f"{site.name}: {site.nodes:,d} nodes{home}, {emitted} in {site.region}")
        if self.bill is not None:
            lines += [f"{each.working} = {each.amount.format(3)}    {each.name}" for each in self.bill.costs]
        lines += [f"{100 * adds:+.0f} % of the bill with {name}" for name, adds in doubts.items()]
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class FleetDesignModel:
    """Does this fleet keep every limit, and which of its inputs should be trusted least?

    >>> design = FleetDesignModel().solve(
    ...     sites=[Site("America", 7, "Montreal", 0.6), Site("Europe", 5, "Paris", 0.4)],
    ...     terms=Owned(lifetime="3 y"), budget="5 MUSD", model="Llama3_70B", hardware="H100", precision="fp8",
    ...     gpus=2, batch=128, rate=1000, prompt=256, output=128,
    ... )
    >>> design.feasible, next(iter(design.doubts()))
    (True, 'price 40,000 USD')
    """

    def solve(
        self,
        *,
        sites: Sequence[Site],
        terms: str | Rented | Owned = "on-demand",
        duration: float | str = "3 y",
        utilization: float = 1.0,
        budget: float | str | None = None,
        carbon_budget: float | str | None = None,
        **serving: Any,
    ) -> FleetDesignResult:
        """`serving` asks `ServingFleetModel` for the fleet, all sites together. Demand is `utilization` of its rate on
        average, and that share of the machines is busy. What making them emitted is spread over their life, as is their
        price.
        """
        if "nodes" in serving:
            raise InvalidValue("nodes", serving["nodes"], "each site has its own", _EXAMPLE)
        places = _sites(sites)
        mean = share("utilization", utilization, "utilization=0.6")
        limit = None if carbon_budget is None else quantity("carbon_budget", carbon_budget, "kg", '"200 t"')
        fleet = ServingFleetModel().solve(nodes=sum(site.nodes for site in places), **serving)
        busy = mean * min(1.0, fleet.load)
        bill = _bill(fleet, duration, busy, terms, budget)
        footprints = {
            site.name: SustainabilityModel().solve(
                hardware=fleet.hardware,
                machines=site.nodes * fleet.gpus_per_node,
                duration=duration,
                utilization=busy,
                region=site.region,
                lifetime=terms.lifetime if isinstance(terms, Owned) else None,
            )
            for site in places
        }
        if isinstance(terms, str):
            terms = Owned() if bill is not None and bill.terms == "owned" else Rented(terms)
        return FleetDesignResult(
            places, fleet, bill, MappingProxyType(footprints), limit, terms, MappingProxyType(serving)
        )


def _sites(sites: Sequence[Site]) -> tuple[Site, ...]:
    if not isinstance(sites, Sequence) or isinstance(sites, str) or not sites:
        raise InvalidValue("sites", sites, "it must list at least one site", _EXAMPLE)
    for site in sites:
        if not isinstance(site, Site):
            raise InvalidValue("sites", site, "each must be a Site: its name, nodes, region and share", _EXAMPLE)
        text("name", site.name, 'Site("America", 6, "Iowa", 0.6)')
        count("nodes", site.nodes, "nodes=6", at_most=MOST_NODES)
        share("share", site.share, "share=0.6")
    if len({site.name for site in sites}) < len(sites):
        raise InvalidValue("sites", [site.name for site in sites], "each must have a name of its own", _EXAMPLE)
    together = sum(site.share for site in sites)
    if abs(together - 1.0) > 1e-9:
        raise InvalidValue("share", together, "the shares of all sites must add up to 1", _EXAMPLE)
    return tuple(sites)


def _bill(
    fleet: ServingFleetResult,
    duration: float | str,
    busy: float,
    terms: str | Rented | Owned,
    budget: float | str | None,
) -> EconomicsResult | None:
    """What the machines cost over the time; None where no price of them is known."""
    try:
        return EconomicsModel().solve(
            hardware=fleet.hardware,
            machines=fleet.accelerators,
            duration=duration,
            terms=terms,
            utilization=busy,
            budget=budget,
        )
    except InvalidValue as error:
        if error.field != "price" or error.value is not None:
            raise
        return None


def _abroad(design: FleetDesignResult, name: str, asked: float) -> Reason:
    site = next(each for each in design.sites if each.name == name)
    sent = design.fleet.demand.rate * site.share
    return Reason(
        verdict="Users sent abroad.",
        subject=f"{name}’s {site.nodes:,d} nodes answer {sent / asked:,.0f} requests a second; its users send "
        f"{sent:,.0f}.",
        limit="placement",
        wall=None,
        value=sent / asked,
        maximum=sent,
        unit="1/s",
        mend=f"{ceil(site.nodes * asked):,d} nodes there would do.",
    )


def _unpriced(design: FleetDesignResult) -> Reason:
    fleet = design.fleet
    plan = "owned" if isinstance(design.terms, Owned) else design.terms.plan
    return Reason(
        verdict="No price.",
        subject=f"{fleet.accelerators:,d} x {fleet.hardware.name} are asked for, {plan}; no such price is known.",
        limit="economic cost",
        wall=WALLS["economic cost"].number,
        value=float(fleet.accelerators),
        maximum=0.0,
        unit="1",
        mend="Other terms, another machine, or terms with a price would do.",
    )


def _too_much_carbon(design: FleetDesignResult, budget: float) -> Reason:
    made = sum(each.embodied.expected for each in design.footprints.values() if each.embodied is not None)
    left = (budget - made) / (design.carbon.expected - made)
    mend = (
        f"Cleaner grids, or {left:.0%} of the energy, would do."
        if left > 0.0
        else "Making the machines alone takes more: fewer of them would do."
    )
    return Reason(
        verdict="Too much carbon.",
        subject=f"All sites together emit {design.carbon.format(3)}; the budget is {write(budget, 'kg')}.",
        limit="sustainability",
        wall=WALLS["sustainability"].number,
        value=design.carbon.expected,
        maximum=budget,
        unit="kg",
        mend=mend,
    )
