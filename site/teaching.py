"""The teaching assistant's page of each lab: prose from labs/ta/, its figures computed by the lab's own functions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import markdown
from jinja2 import Environment, StrictUndefined
from jinja2.exceptions import TemplateError

from catalog import LABS, Row
from errors import BuildError


def source(row: Row) -> Path:
    """Where a lab's page for teaching assistants is written."""
    return LABS / "ta" / f"vol{row.volume}" / f"lab_{row.number}.md"


def is_there(row: Row) -> bool:
    """Whether a lab has such a page."""
    return source(row).is_file()


def body(row: Row, defined: Mapping[str, Any]) -> str:
    """The page's content as HTML.

    Raises
    ------
    BuildError : an expression in it names nothing that the notebook defines, or does not compute
    """
    path = source(row)
    page = Environment(undefined=StrictUndefined, autoescape=False)
    try:
        text = page.from_string(path.read_text(encoding="utf-8")).render(defined)
    except (TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        raise BuildError(f"labs/ta/vol{row.volume}/{path.name}: {type(error).__name__}: {error}") from error
    return str(markdown.markdown(text, extensions=["tables"]))
