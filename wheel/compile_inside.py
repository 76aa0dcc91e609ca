"""Runs in Pyodide, under compile.mjs: below /work, replaces each foo.py by a sourceless foo.pyc.

Docstrings go, as under `python -OO` (asserts stay): a reader of labs is never shown them. Two exceptions: the
project's own wheel keeps its own whole, and altair, which refuses to be imported without, its first lines.
"""

import ast
import os
from importlib._bootstrap_external import _code_to_hash_pyc  # type: ignore[attr-defined]

WHOLE = "mlsysim-"
FIRST_LINE = "altair-"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def shorten_docstrings(tree, first_line):
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            if first_line:
                node.body[0].value.value = text.partition("\n")[0]
            else:
                node.body[:1] = [] if node.body[1:] else [ast.copy_location(ast.Pass(), node.body[0])]


for folder, _, names in os.walk("/work"):
    for name in names:
        if name.endswith(".py"):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                source = file.read()
            # /work/<root>/<path in the wheel>: what a traceback names is where the file will be installed
            _, _, root, inside = path.split("/", 3)
            prefix = "/lib/python314.zip/" if root == "python_stdlib" else "/lib/python3.14/site-packages/"
            tree = ast.parse(source)
            if not root.startswith(WHOLE):
                shorten_docstrings(tree, root.startswith(FIRST_LINE))
            code = compile(tree, prefix + inside, "exec", dont_inherit=True, optimize=0)
            with open(path + "c", "wb") as file:
                file.write(_code_to_hash_pyc(code, bytes(8), False))
            os.remove(path)
