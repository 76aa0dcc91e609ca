"""Which error rates of two groups can be equal, and what the others then are."""

from __future__ import annotations

from dataclasses import dataclass

from mlsysim.check import InvalidValue, number, share
from mlsysim.physics import fairness
from mlsysim.records import Input
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason
from mlsysim.walls import WALLS


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group: its prevalence, and the rates of the classifier on it."""

    name: str
    prevalence: float
    precision: float
    recall: float
    false_positives: float

    @property
    def selected(self) -> float:
        """Share of the group that is flagged."""
        return fairness.selection_rate(self.prevalence, self.recall, self.false_positives)

    @property
    def possible(self) -> bool:
        """Whether any classifier has these rates."""
        return self.false_positives <= 1.0


@dataclass(frozen=True, slots=True)
class FairnessResult:
    """Two or more groups under one policy: what it makes equal, and what it cannot."""

    equal: str
    groups: tuple[GroupRates, ...]
    most_gap: float

    def gap(self, rate: str) -> float:
        """Difference of a rate between the groups: "false_positives", "precision", "recall" or "selected"."""
        rates = [getattr(each, rate) for each in self.groups]
        return float(max(rates) - min(rates))

    @property
    def basis(self) -> tuple[Input, ...]:
        """Each group's prevalence, as it was given; the rates follow from the identity."""
        return tuple(
            Input("p", f"prevalence in {each.name}", given("prevalence", each.prevalence, "1")) for each in self.groups
        )

    @property
    def feasible(self) -> bool:
        """Whether the classifier exists and no error rate differs by more than it may."""
        return not self.reasons

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into; empty where it is feasible."""
        impossible = [each for each in self.groups if not each.possible]
        if impossible:
            return tuple(_impossible(each) for each in impossible)
        rate = max(("false_positives", "precision", "recall"), key=self.gap)
        return (_apart(self, rate),) if self.gap(rate) > self.most_gap + 1e-12 else ()

    def explain(self) -> str:
        """The whiteboard: the identity with each group's numbers."""
        lines = [f"Equal: {self.equal}", ""]
        for each in self.groups:
            p, ppv, tpr = each.prevalence, each.precision, each.recall
            lines.append(
                f"{each.name}: FPR = {p:.3g}/(1 - {p:.3g}) x (1 - {ppv:.3g})/{ppv:.3g} x {tpr:.3g} "
                f"= {each.false_positives:.3g}; {each.selected:.1%} flagged"
            )
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class FairnessModel:
    """Which kinds of fairness can hold at once?

    >>> answer = FairnessModel().equal_precision({"A": 0.5, "B": 0.25}, precision=0.8, recall=0.8)
    >>> [round(each.false_positives, 3) for each in answer.groups]
    [0.2, 0.067]
    """

    def equal_precision(
        self, prevalence: dict[str, float], *, precision: float, recall: float, most_gap: float = 1.0
    ) -> FairnessResult:
        """Groups with the same precision and recall: their false-positive rates follow from the identity."""
        ppv = share("precision", precision, "precision=0.8")
        if not ppv:
            raise InvalidValue("precision", precision, "somebody must be flagged rightly", "precision=0.8")
        tpr = share("recall", recall, "recall=0.8")
        groups = tuple(
            GroupRates(name, p, ppv, tpr, fairness.false_positive_rate(p, ppv, tpr))
            for name, p in _groups(prevalence).items()
        )
        return FairnessResult("precision and recall", groups, share("most_gap", most_gap, "most_gap=0.05"))

    def equal_errors(
        self, prevalence: dict[str, float], *, recall: float, false_positives: float, most_gap: float = 1.0
    ) -> FairnessResult:
        """Groups with the same recall and false-positive rate, equalized odds: their precision follows."""
        tpr = number("recall", recall, "recall=0.8", at_most=1.0)
        fpr = share("false_positives", false_positives, "false_positives=0.1")
        groups = tuple(
            GroupRates(name, p, fairness.precision_of(p, tpr, fpr), tpr, fpr) for name, p in _groups(prevalence).items()
        )
        return FairnessResult("recall and false-positive rate", groups, share("most_gap", most_gap, "most_gap=0.05"))


def _groups(prevalence: dict[str, float]) -> dict[str, float]:
    example = 'prevalence={"A": 0.5, "B": 0.3}'
    if not isinstance(prevalence, dict) or len(prevalence) < 2:
        raise InvalidValue("prevalence", prevalence, "it must name two groups or more", example)
    shares = {}
    for name, value in prevalence.items():
        p = number(f"prevalence[{name!r}]", value, example, at_most=1.0)
        if p == 1.0:
            raise InvalidValue(f"prevalence[{name!r}]", value, "it must be below one", example)
        shares[str(name)] = p
    return shares


def _impossible(group: GroupRates) -> Reason:
    # At FPR = 1 everybody for whom it is not true is flagged: the precision cannot be any lower.
    least = fairness.precision_of(group.prevalence, group.recall, 1.0)
    return Reason(
        verdict="Impossible.",
        subject=f"{group.name} would need a false-positive rate of {group.false_positives:.2f}.",
        limit="safety",
        wall=WALLS["safety"].number,
        value=group.false_positives,
        maximum=1.0,
        unit="1",
        mend=f"Precision is at least {least:.3g} at this recall and prevalence.",
    )


def _apart(result: FairnessResult, rate: str) -> Reason:
    name = rate.replace("false_positives", "false-positive rate")
    high, low = (pick(result.groups, key=lambda each: getattr(each, rate)) for pick in (max, min))
    return Reason(
        verdict="Unequal.",
        subject=f"With equal {result.equal}, the {name} is {getattr(high, rate):.3g} for "
        f"{high.name} and {getattr(low, rate):.3g} for {low.name}; {result.most_gap:g} was the most they may differ.",
        limit="safety",
        wall=WALLS["safety"].number,
        value=result.gap(rate),
        maximum=result.most_gap,
        unit="1",
        mend="Where prevalence differs, no threshold makes both equal: choose which, and say so.",
    )
