"""What compression did to published models, by method, and how often published networks are right."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from mlsysim import registry
from mlsysim.check import InvalidValue, choice, fold
from mlsysim.estimate import Estimate
from mlsysim.records import Datum


class Measured(NamedTuple):
    """One model's perplexity before and after."""

    model: str
    before: Datum
    after: Datum

    @property
    def change(self) -> float:
        """Increase, as a fraction of the figure before."""
        return self.after.value / self.before.value - 1.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A method's published effects on perplexity, and their spread."""

    method: str
    rows: tuple[Measured, ...]
    model: str

    @property
    def change(self) -> Estimate:
        """Increase of perplexity: least, median and most over the models of the table."""
        changes = [each.change for each in self.rows]
        return Estimate(min(changes), median(changes), max(changes), "1")

    @property
    def own(self) -> Measured | None:
        """The row of the very model; None where the table does not have it."""
        return next((each for each in self.rows if fold(each.model) == fold(self.model)), None)

    def sentence(self) -> str:
        """The spread, and whether the model itself was measured."""
        spread = self.change
        said = f"{self.method}: perplexity {spread.expected:+.1%}, {spread.lower:+.1%} to {spread.upper:+.1%}"
        said += f" over {len(self.rows)} model{'s' if len(self.rows) > 1 else ''}"
        return said + (f"; {self.own.model} itself {self.own.change:+.1%}" if self.own else "; not this one")


def accuracy(form: str, method: str | None, model: str) -> Accuracy | None:
    """What a method did in a format, such as int4 or 2:4; None where no method is named."""
    if method is None:
        return None
    known = {name.partition("_")[2]: rows for name, rows in _tables().items() if name.startswith(f"{form}_")}
    if not known:
        rule = f"no published table for {form} is here; leave the method out"
        raise InvalidValue("method", method, rule, "method=None")
    name = choice("method", method, known)
    return Accuracy(name, known[name], model)


def top1(model: str, side: int, precision: str = "fp16") -> Datum | None:
    """Share of ImageNet's pictures of that side named at the first guess; None where nobody published it.

    Arithmetic of 16 bits or more is taken to guess as the network that was trained.

    >>> top1("MobileNetV1", 224, "int8").value
    0.697
    """
    known = registry.tables("imagenet")
    table = known[choice("model", model, known)]
    column = "int8" if precision == "int8" else "trained"
    found = {each.value: datum for each, datum in zip(table["side"], table[column], strict=True)}
    return found.get(side)


def keywords(model: str) -> Datum:
    """Share of spoken words, of twelve classes, that a network of the registry names right.

    >>> keywords("DS_CNN").value
    0.934
    """
    table = registry.tables("keywords")["arm_zoo"]
    known: dict[str, Datum] = dict(zip(table["models"], table["right"], strict=True))
    return known[choice("model", model, known)]


def _tables() -> dict[str, tuple[Measured, ...]]:
    return {
        name: tuple(Measured(*row) for row in zip(table["models"], table["before"], table["after"], strict=True))
        for name, table in registry.tables("accuracy").items()
    }
