"""Predictions against measurements: calibrate."""

from __future__ import annotations

from argparse import Namespace

from mlsysim.cli.arguments import Verb
from mlsysim.cli.report import Report


def verbs(verb: Verb) -> None:
    """Adds the command."""
    made = verb("calibrate", _calibrate, "published measurements against predictions, fitted and left out")
    made.add_argument("--html", metavar="FILE", help="write the page with the scatter as well")


def _calibrate(options: Namespace) -> Report:
    from mlsysim.calibration.report import calibrate

    found = calibrate()
    if options.html:
        from mlsysim.calibration.page import write

        write(found, options.html)
    more = {"yardsticks, on rows left out": found.yardsticks(), "not predicted": found.unpredicted()}
    return Report(found.summary(), more=more)
