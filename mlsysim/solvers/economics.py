"""What it costs to own or rent machines, and what a token costs on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mlsysim import registry
from mlsysim.check import InvalidValue, choice, count, quantity, share
from mlsysim.efficiency import spread
from mlsysim.estimate import Estimate
from mlsysim.physics import economics
from mlsysim.records import Datum, HardwareNode, Input
from mlsysim.solvers.basis import chosen, chosen_factor, given, in_si, known, listed
from mlsysim.solvers.power import ServerPower, server_power
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.serving import ServingResult
from mlsysim.walls import WALLS

TERMS = ("on-demand", "reserved", "spot", "owned")


@dataclass(frozen=True, slots=True)
class Rented:
    """Machines by the hour: a known price, or `price` per machine and hour.

    On spot terms a job loses work: it is interrupted every `between` on average, saves its state every `interval`,
    which takes `write`, and needs `restart` to go on.
    """

    plan: str = "on-demand"
    price: float | str | None = None
    between: float | str | None = None
    interval: float | str = "30 min"
    write: float | str = "2 min"
    restart: float | str = "5 min"


@dataclass(frozen=True, slots=True)
class Owned:
    """Machines of one's own: price of a card, servers and network over it, years of use, power, staff for the fleet."""

    price: float | str | None = None
    server: float | None = None
    lifetime: float | str | None = None
    electricity: float | str | None = None
    pue: float | None = None
    staff: float | str = "0 USD/y"


class Cost(NamedTuple):
    """One line of a bill: what for, how it was worked out, how much [USD]."""

    name: str
    working: str
    amount: Estimate


@dataclass(frozen=True, slots=True)
class EconomicsResult:
    """The bill of a fleet over a time, and what useful work it buys."""

    hardware: HardwareNode
    machines: int
    duration: float
    terms: str
    utilization: float
    costs: tuple[Cost, ...]
    useful: Estimate
    serving: ServingResult | None
    budget: float | None
    basis: tuple[Input, ...]

    @property
    def total(self) -> Estimate:
        """All costs [USD]."""
        return Estimate.total((each.amount for each in self.costs), "USD")

    @property
    def rate(self) -> Estimate:
        """Cost of one machine while it is there [USD/s]."""
        return self.total.scaled(1.0 / (self.machines * self.duration), "USD/s")

    @property
    def useful_rate(self) -> Estimate | None:
        """Cost of one machine for each second of work that is not lost or idle [USD/s]; None where there is none."""
        if not self.utilization:
            return None
        return self.rate.scaled(1.0 / self.utilization, "USD/s").over(self.useful, "USD/s")

    @property
    def per_token(self) -> Estimate | None:
        """Cost of a decoded token [USD/token]; None without a serving result, or where the model does not fit."""
        if self.serving is None or not self.serving.feasible or not self.utilization:
            return None
        rate, useful, speed = self.rate, self.useful, self.serving.throughput
        return Estimate.of(
            lambda cost, tokens, kept: economics.cost_per_token(cost, tokens * kept, self.utilization),
            "USD/token",
            rate,
            falling=(speed, useful),
        )

    @property
    def tokens(self) -> Estimate | None:
        """Tokens decoded by all machines over the time; None as for their cost."""
        if self.serving is None or not self.serving.feasible:
            return None
        busy = self.machines * self.duration * self.utilization
        return self.serving.throughput.times(self.useful, "token").scaled(busy, "token")

    @property
    def feasible(self) -> bool:
        """Whether the model fits its machine and the bill its budget."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        reasons = () if self.serving is None else self.serving.reasons
        over = self.budget is not None and self.total.expected > self.budget
        return (*reasons, _too_dear(self)) if over else reasons

    def explain(self) -> str:
        """The whiteboard: the bill, line by line, then what it buys."""
        name = f"{self.machines:,d} x {self.hardware.full_name}"
        lines = [f"{name}, {self.terms}, for {write(self.duration, 's')}, busy {self.utilization:.0%} of it", ""]
        lines += [f"{each.working} = {each.amount.format(3)}    {each.name}" for each in self.costs]
        lines += ["", f"K = {self.total.format(3)}, {self.total.format_range(3)}"]
        lines.append(f"K / (N t) = {self.rate.format(3)} a machine")
        if self.useful.expected < 1.0:
            lines.append(f"g = {self.useful.expected:.3g} of the time survives interruptions")
        if self.per_token is not None:
            lines.append(f"k = K / tokens = {self.per_token.format(3)}, {self.per_token.format_range(3)}")
        lines += [reason.sentence() for reason in self.reasons]
        return "\n".join([*lines, "", *listed(self.basis)])


class EconomicsModel:
    """What does this fleet cost, and what does a token cost on it?

    >>> bill = EconomicsModel().solve(hardware="H100", machines=8, duration="1 y", terms="reserved")
    >>> bill.total.format(3)
    '190,618 USD'
    """

    def solve(
        self,
        *,
        hardware: HardwareNode | str,
        machines: int = 1,
        duration: float | str = "1 y",
        terms: str | Rented | Owned = "on-demand",
        utilization: float = 1.0,
        serving: ServingResult | None = None,
        budget: float | str | None = None,
    ) -> EconomicsResult:
        """The bill for `machines` over `duration`, and, with the answer of a serving question, the cost of a token.

        `utilization` is the share of the time in which they work; it is paid for all of it.
        """
        machine = registry.machine(hardware)
        fleet = count("machines", machines, "machines=8", at_most=10**8)
        time = quantity("duration", duration, "s", 'duration="1 y"')
        busy = share("utilization", utilization, "utilization=0.6")
        limit = None if budget is None else quantity("budget", budget, "USD", 'budget="5 MUSD"')
        if serving is not None:
            _same_machine(serving, machine)
        agreed = _terms(terms)
        if isinstance(agreed, Owned):
            costs, basis = _own(agreed, machine, fleet, time, busy)
            return EconomicsResult(
                machine, fleet, time, "owned", busy, costs, Estimate.exact(1.0, "1"), serving, limit, basis
            )
        costs, useful, basis = _rent(agreed, machine, fleet, time)
        return EconomicsResult(machine, fleet, time, agreed.plan, busy, costs, useful, serving, limit, basis)

    def break_even(
        self,
        *,
        hardware: HardwareNode | str,
        rented: str | Rented = "on-demand",
        owned: Owned | None = None,
        utilization: float = 1.0,
    ) -> Estimate | None:
        """Time after which buying a machine has cost less than renting it [s]; None where the range includes never."""
        rent = _terms(rented)
        if isinstance(rent, Owned):
            raise InvalidValue("rented", rented, "it must be rental terms", 'rented="reserved"')
        busy = share("utilization", utilization, "utilization=0.6")
        machine, own = registry.machine(hardware), owned or Owned()
        if not isinstance(own, Owned):
            raise InvalidValue("owned", owned, "it must say how machines are owned", 'owned=Owned(price="30 kUSD")')
        rate = _rent(rent, machine, 1, 1.0)[0][0].amount
        bill = {each.name: each.amount for each in _own(own, machine, 1, 1.0, busy)[0]}
        purchase = _purchase(own, machine)
        price = spread(purchase[0]).times(spread(purchase[1]), "USD")
        running = Estimate.total((bill["electricity"], bill["staff"]), "USD")
        if rate.lower <= running.upper:
            return None
        return Estimate.of(
            lambda bought, ran, rents: economics.break_even_time(bought, rents, ran),
            "s",
            price,
            running,
            falling=(rate,),
        )


def _terms(terms: str | Rented | Owned) -> Rented | Owned:
    if isinstance(terms, Owned):
        return terms
    if isinstance(terms, Rented):
        choice("plan", terms.plan, TERMS[:3])
        return terms
    name = choice("terms", terms, TERMS)
    return Owned() if name == "owned" else Rented(name)


def _price(machine: HardwareNode, plan: str, instead: str) -> Datum:
    prices = registry.constants("prices")
    name = f"{machine.name}_{plan}"
    if name not in prices:
        rule = f"no {plan} price of the {machine.name} is known, and a bill follows from it"
        raise InvalidValue("price", None, rule, instead)
    return in_si(prices[name])


def _rent(
    terms: Rented, machine: HardwareNode, machines: int, time: float
) -> tuple[tuple[Cost, ...], Estimate, tuple[Input, ...]]:
    plan, example = choice("plan", terms.plan, TERMS[:3]), 'terms=Rented(price="2.50 USD/h")'
    if terms.price is None:
        price = _price(machine, plan, example)
    else:
        price = given("price", quantity("price", terms.price, "USD/s", example), "USD/s")
    amount = spread(price).scaled(machines * time, "USD")
    costs = (Cost("rent", f"{machines:,d} x {write(time, 's')} x {write(price.value, 'USD/s')}", amount),)
    basis: tuple[Input, ...] = (Input("r", f"{plan} price of the {machine.full_name}", price),)
    if plan != "spot":
        return costs, Estimate.exact(1.0, "1"), basis
    between = chosen("between", terms.between, 'between="10 h"', known("prices", "interruption"))
    interval, writing, restart = (
        quantity(name, getattr(terms, name), "s", f'{name}="5 min"') for name in ("interval", "write", "restart")
    )
    useful = Estimate.of(lambda mean: economics.useful_share(interval, writing, restart, mean), "1", spread(between))
    return costs, useful, (*basis, Input("M", "mean time between interruptions", between))


def _purchase(terms: Owned, machine: HardwareNode) -> tuple[Datum, Datum, Datum]:
    example = 'terms=Owned(price="30 kUSD")'
    if terms.price is None:
        price = _price(machine, "purchase", example)
    else:
        price = given("price", quantity("price", terms.price, "USD", example), "USD")
    server = chosen_factor("server", terms.server, "server=1.4", known("prices", "server"), at_least=1.0)
    lifetime = chosen("lifetime", terms.lifetime, 'lifetime="5 y"', known("prices", "lifetime"))
    return price, server, lifetime


def _own(
    terms: Owned, machine: HardwareNode, machines: int, time: float, utilization: float
) -> tuple[tuple[Cost, ...], tuple[Input, ...]]:
    price, server, lifetime = _purchase(terms, machine)
    tariff = chosen("electricity", terms.electricity, 'electricity="0.08 USD/kWh"', known("power", "electricity"))
    pue = chosen_factor("pue", terms.pue, "pue=1.15", known("power", "pue"), at_least=1.0)
    staff = _staff(terms.staff)
    power = server_power(machine, utilization)
    return (
        _capital(price, server, lifetime, machines, time),
        _electricity(power, pue, tariff, machines, time),
        Cost("staff", f"{write(time, 's')} of staff", Estimate.exact(staff * time, "USD")),
    ), (
        Input("p", f"price of one {machine.full_name}", price),
        Input("f", "servers and network over the price of the accelerators", server),
        Input("L", "time until it is written off", lifetime),
        *power.basis,
        Input("PUE", "facility energy over IT energy", pue),
        Input("c", "price of electricity", tariff),
    )


def _capital(price: Datum, server: Datum, lifetime: Datum, machines: int, time: float) -> Cost:
    amount = Estimate.of(
        lambda card, factor, life: machines * economics.amortized_cost(card * factor, life, time),
        "USD",
        spread(price),
        spread(server),
        falling=(spread(lifetime),),
    )
    each = f"{price.value:,.0f} USD x {server.value:g}"
    return Cost("capital", f"{machines:,d} x {each} x {write(time, 's')} / {write(lifetime.value, 's')}", amount)


def _electricity(power: ServerPower, pue: Datum, tariff: Datum, machines: int, time: float) -> Cost:
    drawn = power.it
    amount = Estimate.of(
        lambda watts, over, price: machines * economics.electricity_cost(watts, over, price, time),
        "USD",
        drawn,
        spread(pue),
        spread(tariff),
    )
    working = f"{machines:,d} x {drawn.format(3)} x {pue.value:g} x {write(tariff.value, 'USD/J')} x {write(time, 's')}"
    return Cost("electricity", working, amount)


def _staff(staff: float | str) -> float:
    if staff in (0, "0 USD/y") and not isinstance(staff, bool):
        return 0.0
    return quantity("staff", staff, "USD/s", 'staff="200000 USD/y"')


def _same_machine(serving: ServingResult, machine: HardwareNode) -> None:
    if not isinstance(serving, ServingResult):
        example = 'serving=ServingModel().solve(model="Llama3_8B", hardware="H100")'
        raise InvalidValue("serving", serving, "it must be the answer of a serving question", example)
    if serving.hardware != machine:
        rule = f"the machines that are paid are {machine.name}s"
        raise InvalidValue("serving", serving.hardware.name, rule, f'hardware="{serving.hardware.name}"')


def _too_dear(result: EconomicsResult) -> Reason:
    total, budget = result.total.expected, float(result.budget or 0.0)
    fleet = int(result.machines * budget / total)
    mend = f"A budget of {write_enough(total, 'USD')}" + (f", or {fleet:,d} machines," if fleet else "")
    return Reason(
        verdict="Too dear.",
        subject=f"{result.machines:,d} x {result.hardware.name} cost {result.total.format(3)}; "
        f"the budget is {write(budget, 'USD')}.",
        limit="economic cost",
        wall=WALLS["economic cost"].number,
        value=total,
        maximum=budget,
        unit="USD",
        mend=f"{mend} would do.",
    )
