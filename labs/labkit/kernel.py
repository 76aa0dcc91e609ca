"""marimo's kernel, as a page needs it that nobody edits. To be imported once, in the page, before marimo is started.

marimo takes every page for an editor's: it compiles each cell four times, tells of every variable, and reads each
message twice before it is sent. Everything here is private to marimo; its version is pinned.
"""

import functools
from typing import Any

import msgspec
from marimo._ast import compiler
from marimo._ast.cell import CellImpl
from marimo._entrypoints import registry
from marimo._pyodide import bootstrap, pyodide_session
from marimo._runtime import runtime
from marimo._session.model import SessionMode

A_COMMAND = '{"type": "update-ui-element", "objectIds": [], "values": []}'


class Session(pyodide_session.PyodideSession):
    """Runs the page and does not edit it; keeps no copy of what it says."""

    def __init__(self, app: Any, mode: SessionMode, on_write: Any, metadata: Any, config: Any) -> None:
        config["runtime"]["show_tracebacks"] = True
        super().__init__(app, SessionMode.RUN, on_write, metadata, config)
        del self.consumers[1:]


class Message(msgspec.Struct):
    """Of a message, what is asked before it is passed on."""

    name: str = msgspec.field(name="op")


class Once:
    """Compiles a cell when the notebook is read; the kernel, which then asks for the same cell, is given that one."""

    def __init__(self, compile_cell: Any) -> None:
        self.compile_cell = compile_cell
        self.read: dict[tuple[str, str], CellImpl] = {}

    def __call__(self, code: str, cell_id: str, *rest: Any, **options: Any) -> CellImpl:
        cell: CellImpl = self.compile_cell(code, cell_id, *rest, **options)
        self.read[cell_id, code] = cell
        return cell

    def again(self, code: str, cell_id: str, **options: Any) -> CellImpl:
        """The cell that was read, the first time; compiled anew after that."""
        return self.read.pop((cell_id, code), None) or self.compile_cell(code, cell_id, **options)


once = Once(compiler.compile_cell)
entry_points = functools.cache(registry.entry_points)  # type: ignore[attr-defined]
for place, name, mine in (
    (pyodide_session, "PyodideSession", Session),
    (bootstrap, "deserialize_kernel_message", msgspec.json.Decoder(Message).decode),
    (compiler, "compile_cell", once),
    (runtime, "compile_cell", once.again),
    (runtime.Kernel, "_handle_markdown_cells_on_instantiate", lambda *_: None),  # cells of text run like all others
    (registry, "entry_points", entry_points),
):
    if not hasattr(place, name):
        raise AttributeError(f"marimo no longer has {place.__name__}.{name}, which labkit.kernel replaces")
    setattr(place, name, mine)

# The first of each takes long; Python's memory is kept for the next visit after this.
entry_points()
pyodide_session.parse_command(A_COMMAND)
