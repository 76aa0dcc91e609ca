"""Whether it pays to copy a model through its interface, and what a rate limit does about it."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue, count, number, quantity
from mlsysim.physics import extraction
from mlsysim.records import Input
from mlsysim.solvers.basis import given, listed
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.solvers.reliability import duration
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """An attack: its queries, what they cost and how long they take, against what the model is worth."""

    queries: float
    tokens: float
    price: float
    rate: float
    accounts: int
    worth: float
    deadline: float | None

    @property
    def cost(self) -> float:
        """What the attacker pays [USD]."""
        return extraction.extraction_cost(self.queries, self.tokens, self.price)

    @property
    def time(self) -> float:
        """How long it takes against the rate limit [s]."""
        return extraction.extraction_time(self.queries, self.rate, self.accounts)

    @property
    def return_on_attack(self) -> float:
        """What the model is worth, over what copying it costs [-]."""
        return self.worth / self.cost

    @property
    def deterring_price(self) -> float:
        """Price of a token at which copying costs what the model is worth [USD/token]."""
        return self.worth / (self.queries * self.tokens)

    @property
    def feasible(self) -> bool:
        """Whether the model is safe: copying it costs more than it is worth, or takes too long to matter."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it is not."""
        in_time = self.deadline is None or self.time <= self.deadline
        return (_worthwhile(self),) if self.cost < self.worth and in_time else ()

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each input, as it was given."""
        return (
            Input("n", "queries", given("queries", self.queries, "1")),
            Input("t", "tokens of a query and its answer", given("tokens", self.tokens, "1")),
            Input("p", "price of a token", given("price", self.price, "USD/token")),
            Input("r", "queries a second that an account may ask", given("rate", self.rate, "1")),
            Input("a", "accounts", given("accounts", self.accounts, "1")),
            Input("W", "what the model is worth", given("worth", self.worth, "USD")),
        )

    def explain(self) -> str:
        """The whiteboard."""
        lines = [
            f"K = n t p = {self.queries:,.4g} x {self.tokens:,.4g} x {write(self.price, 'USD/token')} = "
            f"{write(self.cost, 'USD')}",
            f"T = n / (a r) = {self.queries:,.4g} / ({self.accounts:,d} x {self.rate:.3g}/s) = {duration(self.time)}",
            f"{self.return_on_attack:,.3g} times the cost is what the model is worth; at "
            f"{write(self.deterring_price, 'USD/token')} it would not pay",
            *(reason.sentence() for reason in self.reasons),
        ]
        return "\n".join([*lines, "", *listed(self.basis)])


class ExtractionModel:
    """Does it pay to copy this model through its interface?

    >>> attack = ExtractionModel().solve(queries=52_000, tokens=500, price="20 USD/Mtoken", rate=1, worth="1 MUSD")
    >>> round(attack.cost), attack.feasible
    (520, False)
    """

    def solve(
        self,
        *,
        tokens: float,
        price: float | str,
        rate: float,
        worth: float | str,
        queries: float | None = None,
        unknowns: float | None = None,
        answers: float = 1,
        accounts: int = 1,
        deadline: float | str | None = None,
    ) -> ExtractionResult:
        """So many `queries`, or as many as `unknowns` need at `answers` numbers each.

        A query and its answer have `tokens`, an account may ask `rate` of them a second. Copying matters where the
        model is `worth` more than it costs, and is done by the `deadline`.
        """
        if (queries is None) == (unknowns is None):
            raise InvalidValue("queries", queries, "give either queries or unknowns", "queries=52_000")
        if unknowns is None:
            asked = number("queries", queries, "queries=52_000", at_most=1e18)
        else:
            sought = number("unknowns", unknowns, "unknowns=1001", at_most=1e18)
            asked = extraction.extraction_queries(sought, number("answers", answers, "answers=1", at_most=1e9))
        return ExtractionResult(
            asked,
            number("tokens", tokens, "tokens=500", at_most=1e9),
            quantity("price", price, "USD/token", 'price="20 USD/Mtoken"'),
            number("rate", rate, "rate=1", at_most=1e9),
            count("accounts", accounts, "accounts=10"),
            quantity("worth", worth, "USD", 'worth="1 MUSD"'),
            None if deadline is None else quantity("deadline", deadline, "s", 'deadline="30 d"'),
        )


def _worthwhile(result: ExtractionResult) -> Reason:
    slower = result.queries / (result.accounts * result.deadline) if result.deadline else None
    limit = f"a limit below {slower:.3g} queries a second, " if slower else ""
    return Reason(
        verdict="Worth copying.",
        subject=f"{result.queries:,.0f} queries cost {write(result.cost, 'USD')} and take {duration(result.time)}; the "
        f"model is worth {write(result.worth, 'USD')}.",
        limit="safety",
        wall=WALLS["safety"].number,
        value=result.cost,
        maximum=result.worth,
        unit="USD",
        mend=f"Answers that give less away, {limit}or a price of {write_enough(result.deterring_price, 'USD/token')} "
        "would make it pointless.",
    )
