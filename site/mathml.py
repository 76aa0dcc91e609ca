"""Equations as MathML: browsers set it themselves, so that a page needs neither a script nor a picture for it."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

NARROW = 12
"""Signs of an equation that fits everywhere."""
log = logging.getLogger(__name__)


def mathml(node: nodes.Element, *, block: bool) -> str:
    """An equation as MathML; a warning where it is not the LaTeX that can be told."""
    try:
        return str(tex2mathml(node.astext().replace(r"\dots", r"\ldots"), as_block=block))
    except MathError as error:
        log.warning("%s: %s", node.astext(), error, location=node)
        return ""


def signs(tex: str) -> int:
    """How many signs an equation shows, about.

    >>> signs(r"T = 2\\frac{n-1}{n}\\,\\mathrm{max}(a, b)")
    15
    """
    return len(re.sub(r"\\[,;! ]|\\[A-Za-z]+|[{}\s_^]", "", tex))


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(mathml(node, block=False))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    reach = ' tabindex="0"' if signs(node.astext()) > NARROW else ""  # it may scroll sideways on a phone
    writer.body.append(f'<div class="math"{reach}>{mathml(node, block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True}
