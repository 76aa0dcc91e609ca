"""The command line: mlsysim solve, serve, train, plan, sweep, optimize, synthesize, explain, tiny, zoo, walls, audit,
template, import, grade, labs, quiz, calibrate.

Exit code 0: an answer. 1: the registry has a fault. 2: input that cannot be used. 3: infeasible. 4: feasible, but a
promise is not kept as expected.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence

from mlsysim import __version__
from mlsysim.check import InvalidInput
from mlsysim.cli import calibration, course, fleet, known, machine, space
from mlsysim.cli.report import Report
from mlsysim.tables import FORMATS

OK, FAULTY, BAD_INPUT, INFEASIBLE, MISSED = range(5)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        report: Report = options.run(options)
    except InvalidInput as error:
        print(f"mlsysim: {error}", file=sys.stderr)
        return BAD_INPUT
    try:
        report.print(options.format)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read, as `head` does, has read enough; nothing may be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if report.faults:
        return FAULTY
    return INFEASIBLE if report.reasons else MISSED if report.missed else OK


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="mlsysim", description="First-principles performance of machine learning systems.")
    parser.add_argument("--version", action="version", version=f"mlsysim {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    def verb(name: str, run: Callable[[Namespace], Report], told: str) -> ArgumentParser:
        made = commands.add_parser(name, help=told, description=told)
        made.add_argument("--format", choices=FORMATS, default="text", help="text, json, csv or markdown")
        made.set_defaults(run=run)
        return made

    for concept in (machine, fleet, space, known, calibration, course):
        concept.verbs(verb)
    return parser
