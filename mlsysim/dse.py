"""Design space exploration: declare what may vary and what must hold, and ask for the best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mlsysim import registry
from mlsysim.check import InvalidValue, UnknownName, number, quantity
from mlsysim.efficiency import Efficiency
from mlsysim.records import HardwareNode, Input, ModelSpec
from mlsysim.solvers.basis import given
from mlsysim.solvers.reason import Reason, write, write_enough
from mlsysim.sweep import sweep
from mlsysim.table import UNITS, Table
from mlsysim.walls import WALLS

NUMBERS = ("batch", "context", *UNITS)
_WALL = {"itl": "streaming", "ttft": "serving", "throughput": "batching", "memory": "memory capacity"}


@dataclass(frozen=True, slots=True)
class DSEResult:
    """All configurations, those that hold all limits, and the best of them first."""

    table: Table
    kept: Table
    objective: str
    largest: bool
    at_most: Mapping[str, float]
    at_least: Mapping[str, float]

    @property
    def best(self) -> dict[str, Any] | None:
        """The best configuration; None where none holds all limits."""
        return self.kept.row(0) if len(self.kept) else None

    def pareto(self, *, minimize: Sequence[str] = (), maximize: Sequence[str] = ()) -> Table:
        """What no other configuration within the limits beats in all of these columns."""
        for name in () if isinstance(minimize, str) or isinstance(maximize, str) else (*minimize, *maximize):
            _column(name)
        return self.kept.pareto(minimize=minimize, maximize=maximize)

    @property
    def feasible(self) -> bool:
        """Whether any configuration holds all limits."""
        return len(self.kept) > 0

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Where none does: the limits that no configuration holds even alone, or else that all hold none together."""
        if self.feasible:
            return ()
        fits = self.table.where()
        if not len(fits):
            return (nothing_fits(self.table),)
        alone = [
            _unmet(fits, name, limit, most)
            for limits, most in ((self.at_most, True), (self.at_least, False))
            for name, limit in limits.items()
            if not len(fits.where({name: limit} if most else {}, {} if most else {name: limit}))
        ]
        return tuple(alone) or (_excluded(self),)

    @property
    def basis(self) -> tuple[Input, ...]:
        """The limits; each configuration's own inputs are those of ServingModel."""
        return tuple(
            Input(name, f"{name} {sign}", given(field, limit, UNITS.get(name, "1")))
            for field, sign, limits in (("at_most", "at most", self.at_most), ("at_least", "at least", self.at_least))
            for name, limit in limits.items()
        )

    def explain(self) -> str:
        """The whiteboard: how many configurations, what each limit left, and the best five."""
        fits = self.table.where()
        lines = [f"{len(self.table):,d} configurations, {len(fits):,d} fit"]
        for limits, most in ((self.at_most, True), (self.at_least, False)):
            for name, limit in limits.items():
                left = fits.where({name: limit} if most else {}, {} if most else {name: limit})
                sign = "<=" if most else ">="
                lines.append(f"{name} {sign} {write(limit, UNITS.get(name, ''))}: {len(left):,d} left")
        for row in self.kept.take(list(range(min(5, len(self.kept))))).rows():
            figures = ", ".join(
                f"{name} {write(row[name], UNITS[name])}" for name in ("itl", "ttft", "throughput", "memory")
            )
            where = f"{row['model']} on {row['hardware']}, {row['precision']}/{row['weights']}"
            lines.append(f"{where}, batch {row['batch']:,d}, context {row['context']:,d}: {figures}")
        return "\n".join([*lines, *(reason.sentence() for reason in self.reasons)])


class DSE:
    """Which configuration is best, without writing nested loops?

    >>> space = DSE(model="Llama3_8B", hardware=["A100", "H100"], batch=[1, 2, 4, 8, 16, 32, 64, 128])
    >>> answer = space.search(maximize="throughput", at_most={"itl": "10 ms"})
    >>> answer.best["hardware"], answer.best["batch"]
    ('H100', 32)
    """

    def __init__(
        self,
        *,
        model: ModelSpec | str | Iterable[ModelSpec | str],
        hardware: HardwareNode | str | Iterable[HardwareNode | str] | None = None,
        batch: int | Iterable[int] = 1,
        context: int | Iterable[int] = 1024,
        precision: str | Iterable[str] = "fp16",
        weights: str | Iterable[str | None] | None = None,
        kv_precision: str | None = None,
        prompt: int | None = None,
        efficiency: float | str | Efficiency = "auto",
    ) -> None:
        """What may vary takes several values; `hardware` is by default every machine of the registry."""
        self._space: dict[str, Any] = {
            "model": model,
            "hardware": list(registry.Hardware) if hardware is None else hardware,
            "batch": batch,
            "context": context,
            "precision": precision,
            "weights": weights,
            "kv_precision": kv_precision,
            "prompt": prompt,
            "efficiency": efficiency,
        }

    def search(
        self,
        *,
        minimize: str | None = None,
        maximize: str | None = None,
        at_most: Mapping[str, float | str] | None = None,
        at_least: Mapping[str, float | str] | None = None,
        executor: Executor | None = None,
    ) -> DSEResult:
        """The configurations that fit and hold the limits, best first.

        Columns are itl, ttft, throughput and memory, each with its _lower and _upper where it has one, batch and
        context. Limits are numbers in the column's unit, or text with a unit.
        """
        if (minimize is None) == (maximize is None):
            raise InvalidValue("minimize", minimize, "give either minimize or maximize", 'minimize="itl"')
        objective = _column(minimize if maximize is None else maximize)
        most, least = _limits("at_most", at_most), _limits("at_least", at_least)
        table = sweep(**self._space, executor=executor)
        kept = table.where(most, least)
        if len(kept):
            kept = kept.best(len(kept), **{"minimize" if maximize is None else "maximize": objective})
        return DSEResult(table, kept, objective, maximize is not None, most, least)


def _column(name: Any) -> str:
    if name not in NUMBERS:
        raise UnknownName("column", str(name), NUMBERS)
    return str(name)


def _limits(field: str, limits: Mapping[str, float | str] | None) -> Mapping[str, float]:
    if limits is None:
        return MappingProxyType({})
    example = f'{field}={{"itl": "20 ms"}}'
    if not isinstance(limits, Mapping):
        raise InvalidValue(field, limits, "it must say which column has which limit", example)
    return MappingProxyType(
        {_column(name): _limit(f"{field}[{name!r}]", name, value) for name, value in limits.items()}
    )


def _limit(field: str, column: str, value: float | str) -> float:
    unit = UNITS.get(column, "")
    if unit:
        return quantity(field, value, unit, {"s": '"20 ms"', "B": '"40 GB"'}.get(unit, '"1000 token/s"'))
    return number(field, value, "1000")


def nothing_fits(table: Table) -> Reason:
    """Why, where no configuration is feasible."""
    smallest = table.best(1, minimize="memory").row(0)
    return Reason(
        verdict="Nothing fits.",
        subject=f"The smallest configuration, {smallest['model']} in {smallest['weights']}, needs "
        f"{write_enough(smallest['memory'], 'B')}.",
        limit="memory capacity",
        wall=WALLS["memory capacity"].number,
        value=smallest["memory"],
        maximum=0.0,
        unit="B",
        mend="Fewer bits, a smaller batch, or machines with more memory that compute in the precision asked for.",
    )


def _unmet(fits: Table, name: str, limit: float, most: bool) -> Reason:
    nearest = fits.best(1, minimize=name).row(0) if most else fits.best(1, maximize=name).row(0)
    unit, value = UNITS.get(name, ""), nearest[name]
    return Reason(
        verdict="No configuration.",
        subject=f"The nearest has {name} {write(value, unit)}, on the {nearest['hardware']} at batch "
        f"{nearest['batch']:,d}; the limit is {write(limit, unit)}.",
        limit=_wall(name),
        wall=WALLS[_wall(name)].number,
        value=value,
        maximum=limit,
        unit=unit,
        mend="Another limit, or a wider space: fewer bits, other machines.",
    )


def _excluded(result: DSEResult) -> Reason:
    limits = {**result.at_least, **result.at_most}
    name = next(iter(limits))
    return Reason(
        verdict="No configuration.",
        subject=f"Each limit can be held, but not {' and '.join(limits)} together.",
        limit=_wall(name),
        wall=WALLS[_wall(name)].number,
        value=limits[name],
        maximum=limits[name],
        unit=UNITS.get(name, ""),
        mend="Give one of them up, or widen the space: fewer bits, other machines.",
    )


def _wall(name: str) -> str:
    return _WALL.get(name.split("_")[0], "batching")
