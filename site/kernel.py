"""Runs in the page's worker before marimo asks for anything: imports what every lab imports, and knows what to do
when something is imported that no lab has needed so far."""

import gc
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
        print(f"[py] {name} needs the rest of the packages")
        request = js.XMLHttpRequest.new()
        request.open("GET", js.rest, False)
        request.responseType = "arraybuffer"
        request.send()
        if request.status != 200:
            raise ImportError(f"{name} could not be loaded: reload the page; what you wrote is kept")
        sys.meta_path.remove(self)
        with tarfile.open(fileobj=io.BytesIO(request.response.to_bytes())) as archive:
            archive.extractall("/", filter="data")
        importlib.invalidate_caches()
        importlib.import_module("micropip").set_index_urls([js.rest])
        return PathFinder.find_spec(name, path, target)


sys.meta_path.append(Rest())
# marimo imports jedi for the sake of a side effect; it completes code in an editor, and a page has none.
sys.modules["jedi"] = ModuleType("jedi")
with open(f"{SITE}/_core.txt") as file:
    for name in file.read().split():
        try:
            importlib.import_module(name)
        except ImportError:  # some are there for other systems, and marimo tries them as well
            pass

import altair
import labkit  # noqa: F401
import mlsysim

# What the first of each kind takes long for: reading the registries, checking a chart against its schema.
mlsysim.ServingModel().solve(model="Llama3_8B", hardware="H100").explain()
altair.Chart(altair.Data(values=[{"x": 1}])).mark_point().encode(altair.X("x:Q").axis(grid=False)).to_dict()

# Nothing that is open outlives the moment: Python's memory may be kept for the next visit.
importlib.invalidate_caches()
gc.collect()
