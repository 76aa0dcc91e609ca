"""A course with the labs: grade, labs, quiz. What they do belongs to labkit, which is looked for when one is called."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from mlsysim.check import InvalidInput
from mlsysim.cli.arguments import Verb
from mlsysim.cli.report import Report


def verbs(verb: Verb) -> None:
    """Adds the commands."""
    made = verb("grade", _grade, "submissions of a lab: verified, computed again, read for the first time")
    made.add_argument("submissions", help="a folder, a zip, or one file")
    made.add_argument("-o", "--output", help="the table to write; what you filled into an earlier one is kept")
    made.add_argument("--canvas", help="a table for Canvas to write")
    made.add_argument("--moodle", help="a table for Moodle to write")
    made.add_argument("--report", help="an HTML page to write")
    made.add_argument("--marks", help="a table with your marks, where it is not the one to be written")
    made.add_argument("--due", help="with its zone, such as 2026-11-21T23:59Z")
    made.add_argument("--opens", help="when the lab was opened; what claims to be older is back-dated")
    made.add_argument("--grace", type=float, default=0.0, help="minutes that do not count as late")
    made.add_argument("--late-per-day", type=float, default=10.0, help="percent that each day begun costs")
    made.add_argument("--late-days", type=int, default=5, help="days after which nothing is given")
    made.add_argument("--prediction-points", type=float, default=0.0, help="for predictions near the answer")
    made.add_argument("--design-points", type=float, default=0.0, help="for what part C asks")
    made.add_argument("--labs", help="the folder with catalog.toml")

    made = verb("labs", _labs, "the labs, the answer sheet of one, a new one, and whether one is fit to ship")
    made.add_argument("what", choices=("list", "key", "new", "check"))
    made.add_argument("lab", nargs="?", help="such as 1.02 or vol1/lab_02_ml_systems")
    made.add_argument("--section", default="", help="the section's code")
    made.add_argument("--id", default="", help="a student's identifier")
    made.add_argument("--labs", help="the folder with catalog.toml")

    made = verb("quiz", _quiz, "the ten questions, their keys, and what a class learnt between two sittings")
    made.add_argument("what", choices=("analyse", "questions", "key"))
    made.add_argument(
        "files", nargs="*", help="tables of both sittings, or folders of them; of two, the first is before"
    )
    made.add_argument("--pre", action="append", help="a form's table of the sitting before")
    made.add_argument("--post", action="append", help="a form's table of the sitting after")
    made.add_argument("--count-late", action="store_true", help="count answers given after the time, too")
    made.add_argument("-o", "--output", help="a table to write: each participant's points")


def _grade(options: Namespace) -> Report:
    report: Report = _labkit().grade(options)
    return report


def _labs(options: Namespace) -> Report:
    report: Report = _labkit().labs(options)
    return report


def _quiz(options: Namespace) -> Report:
    report: Report = _labkit("quiz").quiz(options)
    return report


def _labkit(part: str = "grading") -> Any:
    """The kit's commands: installed, or beside this package in a checkout."""
    beside = Path(__file__).resolve().parents[2] / "labs"
    if (beside / "labkit").is_dir() and str(beside) not in sys.path:
        sys.path.append(str(beside))
    try:
        return importlib.import_module(f"labkit.{part}.command")
    except ModuleNotFoundError as error:
        raise InvalidInput(f"this needs {error.name}: install the labs with it, pip install 'mlsysim[labs]'") from error
