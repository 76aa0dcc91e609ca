"""python -m mlsysim.calibration predict CASES.csv -o OUT.csv, and python -m mlsysim.calibration fit."""

from __future__ import annotations

import csv
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from mlsysim.calibration import cases
from mlsysim.check import InvalidInput

OK, BAD_INPUT = 0, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    parser = ArgumentParser(prog="python -m mlsysim.calibration", description="Predictions for measured cases.")
    commands = parser.add_subparsers(required=True, metavar="command")
    made = commands.add_parser("predict", help="a prediction with its range for each case of a CSV file")
    made.add_argument("cases", help="a CSV file; columns that hold what was measured are never read")
    made.add_argument("-o", "--out", required=True, help="the CSV file to write")
    made.set_defaults(run=_predict)
    made = commands.add_parser("fit", help="fits the efficiencies again and writes them into the package's data")
    made.set_defaults(run=_fit)
    options = parser.parse_args(arguments)
    try:
        print(options.run(options))
    except InvalidInput as error:
        print(f"mlsysim.calibration: {error}", file=sys.stderr)
        return BAD_INPUT
    return OK


def _predict(options: Namespace) -> str:
    from mlsysim.calibration.predict import COLUMNS, predict

    if os.path.exists(options.out) and os.path.exists(options.cases) and os.path.samefile(options.out, options.cases):
        raise InvalidInput(f"{options.out} holds the cases; name another file to write to.")
    found = predict(cases.read(options.cases))
    try:
        with open(options.out, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(each.cells() for each in found)
    except OSError as error:
        raise InvalidInput(f"{options.out} cannot be written: {error.strerror or error}.") from None
    answered = sum(each.status == "predicted" for each in found)
    return f"{answered:,d} of {len(found):,d} cases predicted; {options.out} says why the others are not."


def _fit(options: Namespace) -> str:
    from mlsysim.calibration.store import refit

    return f"{len(refit()):,d} rows fitted."


if __name__ == "__main__":
    sys.exit(main())
