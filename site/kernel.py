"""Runs in the page's worker before marimo asks for anything: imports what every lab imports, and knows what to do
when something is imported that no lab has needed so far."""

import importlib
import io
import sys
import tarfile
from importlib.machinery import PathFinder
from types import ModuleType

import js

SITE = "/lib/python3.14/site-packages"


class Rest:
    """Fetches the rest of the packages the first time that one of their modules is imported."""

    def __init__(self):
        with open(f"{SITE}/_rest.txt") as file:
            self.names = frozenset(file.read().split())

    def find_spec(self, name, path=None, target=None):
        if name not in self.names:
            return None
        sys.meta_path.remove(self)
        request = js.XMLHttpRequest.new()
        request.open("GET", js.rest, False)
        request.responseType = "arraybuffer"
        request.send()
        with tarfile.open(fileobj=io.BytesIO(request.response.to_bytes())) as archive:
            archive.extractall("/", filter="data")
        importlib.invalidate_caches()
        importlib.import_module("micropip").set_index_urls([js.rest])
        return PathFinder.find_spec(name, path, target)


sys.meta_path.append(Rest())
# marimo imports jedi for the sake of a side effect; it completes code in an editor, and a page has none.
sys.modules["jedi"] = ModuleType("jedi")
for name in ("marimo._pyodide.bootstrap", "marimo._pyodide.pyodide_session", "altair", "labkit", "mlsysim"):
    importlib.import_module(name)
