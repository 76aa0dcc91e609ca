"""The command line's reference, from the parser itself."""

from argparse import Action, _SubParsersAction
from collections.abc import Callable, Mapping
from typing import Any

from mlsysim.cli import _parser


def page(filled: Callable[[str, Mapping[str, Any]], str]) -> str:
    """Every command with what it takes."""
    found = next(each for each in _parser()._actions if isinstance(each, _SubParsersAction))
    commands = [
        {
            "name": name,
            "told": f"{str(parser.description)[:1].upper()}{str(parser.description)[1:]}",
            "takes": [_row(each) for each in parser._actions if each.dest not in ("help", "format")],
        }
        for name, parser in found.choices.items()
    ]
    return filled("reference/cli.md.jinja", {"commands": commands})


def _row(action: Action) -> tuple[str, str, str]:
    """Its name as it is typed, what it is, and its default."""
    name = ", ".join(action.option_strings) or action.metavar or action.dest
    told = f"One of {', '.join(map(str, action.choices))}." if action.choices else action.help or ""
    default = "" if action.default in (None, False, "", "==SUPPRESS==") else str(action.default)
    return str(name), told[:1].upper() + told[1:] + ("" if told.endswith(".") or not told else "."), default
