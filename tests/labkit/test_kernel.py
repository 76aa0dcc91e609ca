"""marimo's kernel as a page has it; in an interpreter of its own, because it changes marimo."""

import os
import subprocess
import sys
from pathlib import Path

import assemble
import catalog

CELLS = """
import sys
from marimo._ast.load import load_app
from labkit import kernel
from marimo._runtime.runtime import compile_cell

for path in sys.argv[1:]:
    for read in load_app(path)._cell_manager.cell_data():
        given = compile_cell(read.code, cell_id=read.cell_id, carried_imports=[], filename=None)
        print(given is read.cell._cell)
    print(not kernel.once.read)
    print(compile_cell(read.code, cell_id=read.cell_id) is not given)
    print(compile_cell("x = 1", cell_id=read.cell_id).defs == {"x"})
"""
MESSAGE = """
from labkit import kernel
from marimo._messaging.notification import AlertNotification
from marimo._messaging.serde import deserialize_kernel_message, serialize_kernel_message
from marimo._pyodide import bootstrap

message = serialize_kernel_message(AlertNotification(title="a", description="b"))
print(bootstrap.deserialize_kernel_message(message).name == deserialize_kernel_message(message).name)
"""


def run(script: str, *arguments: str) -> list[str]:
    """What a script prints, line by line."""
    environment = {**os.environ, "PYTHONPATH": str(Path(assemble.__file__).parent.parent / "labs")}
    command = [sys.executable, "-P", "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()


def test_the_kernel_is_given_each_cell_as_it_was_compiled_when_the_notebook_was_read() -> None:
    notebooks = [str(row.notebook) for row in catalog.read()]
    said = run(CELLS, *notebooks)
    assert len(said) > 20 * len(notebooks)
    assert set(said) == {"True"}


def test_a_message_has_the_name_that_marimo_gives_it() -> None:
    assert run(MESSAGE) == ["True"]
