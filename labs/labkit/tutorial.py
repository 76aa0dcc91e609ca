"""A tutorial: a lab's shorter form, with the code one would type, and the reader's own words at its end."""

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from html import escape
from textwrap import dedent
from typing import ClassVar

import marimo as mo

from labkit.elements import element
from labkit.flow import Flow, log_markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutorial(Flow):
    """A tutorial as its notebook declares it: one part or more, then a text of the reader's. Nothing is handed in.

    Parameters
    ----------
    reflect : the question that the reader answers in their own words
    """

    log_title: ClassVar[str] = "In your own words"
    log_step: ClassVar[str] = "Words"

    reflect: str

    def code(self, text: str) -> str:
        """Markup of code as one would type it, and of what it prints: it runs as it is shown."""
        code = dedent(text).strip()
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, self.name, "exec"), {"__name__": self.name})
        return (
            f'<div class="typed" role="group" aria-label="Code and what it prints">'
            f"<pre><code>{escape(code)}</code></pre><pre><samp>{escape(printed.getvalue().rstrip())}</samp></pre></div>"
        )

    def words(self) -> mo.Html:
        """The reader's own words: a draft that is kept, and a button that ends the tutorial."""
        return mo.Html(log_markup(self.log_title) + element("lab-words", {"prompt": self.reflect}))
