"""Docstrings of the house's kind as reStructuredText: sections by their headings, each parameter with its unit."""

import re
from typing import Any

from sphinx.application import Sphinx

LISTS = ("Parameters", "Attributes", "Returns", "Raises")
ITEM = re.compile(r"(\S.*?) : (.*)")


def rewritten(lines: list[str]) -> list[str]:
    """The docstring with headings as rubrics and lists of names as definitions.

    >>> rewritten(["Time.", "", "Parameters", "----------", "ranks : participants n [-]", "    of one ring"])
    ['Time.', '', '.. rubric:: Parameters', '', '``ranks``', '    participants n [-]', '    of one ring']
    """
    out: list[str] = []
    section = ""
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if line and line[0] != " " and re.fullmatch(r"-{3,}", following):
            section = line
            out += [f".. rubric:: {line}", ""]
        elif re.fullmatch(r"-{3,}", line) and out and out[-2:-1] == [f".. rubric:: {section}"]:
            continue
        elif section in LISTS and (item := ITEM.fullmatch(line)) and not line.startswith(" "):
            out += [f"``{item[1]}``", f"    {item[2]}"]
        else:
            out.append(line)
    return out


def _process(app: Sphinx, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    lines[:] = rewritten(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True}
