"""A whole space of configurations: sweep, optimize."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

from mlsysim import registry
from mlsysim.check import InvalidValue, count
from mlsysim.cli.arguments import Verb, figure, names, whole_numbers
from mlsysim.cli.report import Report
from mlsysim.tables import PIECE, Row

if TYPE_CHECKING:
    from mlsysim.table import Table


def verbs(verb: Verb) -> None:
    """Adds the commands."""
    made = verb("sweep", _sweep, "every combination of models, machines, batches and contexts, served")
    _a_space(made)
    made = verb("optimize", _optimize, "the best of a space within limits")
    _a_space(made)
    made.add_argument("--maximize", action="append", default=[], metavar="COLUMN", help="such as throughput")
    made.add_argument("--minimize", action="append", default=[], metavar="COLUMN", help="such as itl, ttft or memory")
    made.add_argument("--at-most", action="append", default=[], metavar="COLUMN=LIMIT", help="such as itl=10ms")
    made.add_argument("--at-least", action="append", default=[], metavar="COLUMN=LIMIT", help="such as throughput=1000")
    made.add_argument("--pareto", action="store_true", help="what nothing else beats in all that is named")
    made.add_argument("--best", type=int, default=10, help="how many configurations to show")


def _a_space(made: ArgumentParser) -> None:
    made.add_argument("model", help="one or more between commas, such as Llama3_8B,Llama3_70B")
    made.add_argument("hardware", nargs="?", default="all", help="one or more between commas; all, if none is named")
    made.add_argument("--batch", default="1", help="such as 1,2,4 or 1:128 or 1:128:x2")
    made.add_argument("--context", default="1024", help="tokens of a sequence so far; ranges as for --batch")
    made.add_argument("--precision", default="fp16", help="one or more between commas")
    made.add_argument("--weights", help="stored in fewer bits, one or more between commas, such as fp16,int4")
    made.add_argument("--kv-precision", help="how the KV cache is stored, such as fp8")
    made.add_argument("--prompt", type=int, help="tokens read before the first is written; without it, the context")
    made.add_argument("--efficiency", type=figure, default="auto", help="a fraction of both peaks, or auto, or eager")


def _space(options: Namespace) -> dict[str, Any]:
    named = options.hardware
    return {
        "model": names(options.model),
        "hardware": list(registry.Hardware) if named == "all" else names(named),
        "batch": whole_numbers("batch", options.batch),
        "context": whole_numbers("context", options.context),
        "precision": names(options.precision),
        "weights": None if options.weights is None else names(options.weights),
        "kv_precision": options.kv_precision,
        "prompt": options.prompt,
        "efficiency": options.efficiency,
    }


def _size(space: dict[str, Any]) -> int:
    return prod(len(axis) for axis in space.values() if isinstance(axis, list))


def _sweep(options: Namespace) -> Report:
    from mlsysim.cli.progress import AtOnce, Progress
    from mlsysim.dse import nothing_fits
    from mlsysim.sweep import sweep

    space = _space(options)
    with Progress() as progress:
        table = sweep(**space, executor=AtOnce(_size(space), progress))
    with Progress() as progress:
        rows = _rows(table, progress)
    return Report(rows, () if any(table["feasible"]) else (nothing_fits(table),))


def _optimize(options: Namespace) -> Report:
    from mlsysim.cli.progress import AtOnce, Progress
    from mlsysim.dse import DSE

    goals = [("minimize", name) for name in options.minimize] + [("maximize", name) for name in options.maximize]
    if not goals or (len(goals) > 1 and not options.pareto):
        rule = "it takes one column to minimize or maximize, or several with --pareto"
        raise InvalidValue("objective", [name for _, name in goals], rule, "--minimize itl")
    best, space = count("best", options.best, "--best 10"), _space(options)
    with Progress() as progress:
        answer = DSE(**space).search(
            **dict(goals[:1]),
            at_most=_limits("at_most", options.at_most),
            at_least=_limits("at_least", options.at_least),
            executor=AtOnce(_size(space), progress),
        )
    if not answer.feasible:
        # Where something fits, physics allows it, and what is missed is what was promised.
        fits = any(answer.table["feasible"])
        sentences = tuple(reason.sentence() for reason in answer.reasons)
        return Report(missed=sentences) if fits else Report(reasons=answer.reasons)
    kept = answer.pareto(minimize=options.minimize, maximize=options.maximize) if options.pareto else answer.kept
    return Report(_rows(kept.take(list(range(min(best, len(kept)))))))


def _limits(field: str, given: list[str]) -> dict[str, float | str]:
    limits: dict[str, float | str] = {}
    for text in given:
        name, equals, limit = text.partition("=")
        if not equals:
            rule = "it must be a column, an equals sign and a limit"
            raise InvalidValue(field, text, rule, f"--{field.replace('_', '-')} itl=10ms")
        limits[name.strip()] = figure(limit)
    return limits


def _rows(table: Table, progress: Callable[[int, int], None] | None = None) -> list[Row]:
    rows: list[Row] = []
    for row in table.named_rows():
        rows.append(row)
        if progress is not None and len(rows) % PIECE == 0:
            progress(len(rows), len(table))
    return rows
