"""Examples on a page, run as the page is made: what it shows is what the simulator says.

The blocks of a page run one after another in one namespace. `run` shows code and what it prints, `command` a command
line and its output, and the role `figure` the value of an expression. What fails, fails the build.
"""

import io
import shlex
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

from mlsysim.check import InvalidInput
from mlsysim.cli import main


class Run(SphinxDirective):
    """Code and what it prints; `explain` names an answer whose whiteboard follows.

    With `refused` it has to be refused, and the sentence is shown; with `hide` nothing is.
    """

    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "refused": directives.flag,
        "hide": directives.flag,
        "explain": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """The nodes."""
        code = "\n".join(self.content)
        try:
            with redirect_stdout(io.StringIO()) as said:
                exec(compile(code, self.env.docname, "exec"), _names(self.env))
            told = said.getvalue()
            if "explain" in self.options:
                told += eval(self.options["explain"], _names(self.env)).explain().partition("\nInputs")[0]
        except InvalidInput as error:
            if "refused" not in self.options:
                raise self.error(f"refused: {error}") from error
            told = f"{type(error).__name__}: {error}"
        except Exception as error:
            raise self.error(f"{type(error).__name__}: {error}") from error
        else:
            if "refused" in self.options:
                raise self.error("this is not refused any more")
        if "hide" in self.options:
            return []
        return [_shown(code, "python", "code"), *([_shown(told.rstrip(), "text", "says")] if told else [])]


class Command(SphinxDirective):
    """A line for the command line, and its output; `code` is the exit code where it is not 0."""

    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {"code": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        """The nodes."""
        line = " ".join(each.strip().removesuffix("\\") for each in self.content)
        program, *arguments = shlex.split(line)
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            try:
                code = main(arguments)
            except SystemExit as exit:
                code = int(exit.code or 0)
        if program != "mlsysim" or code != self.options.get("code", 0):
            raise self.error(f"{line!r} ended with {code}: {said.getvalue()}")
        return [
            _shown("\n".join(self.content), "text", "code"),
            _shown(said.getvalue().rstrip(), "text", "says", "wide"),
        ]


class Figure(SphinxRole):
    """The value of an expression, as text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """The nodes."""
        try:
            value = eval(self.text, _names(self.env))
        except Exception as error:
            told = f"{self.text}: {type(error).__name__}: {error}"
            return [], [self.inliner.reporter.error(told, line=self.lineno)]
        return [nodes.Text(str(value))], []


def _names(env: BuildEnvironment) -> dict[str, Any]:
    """The page's namespace."""
    document: Any = env.current_document
    found: dict[str, Any] = document.setdefault("worked", {"__name__": "page"})
    return found


def _shown(text: str, language: str, *kinds: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language, classes=list(kinds))


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_directive("run", Run)
    app.add_directive("command", Command)
    app.add_role("figure", Figure())
    return {"parallel_read_safe": True}
