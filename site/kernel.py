"""Runs in the page's worker before marimo asks for anything: imports what every lab imports, and knows what to do
when something is imported that no lab has needed so far."""

import contextlib
import gc
import importlib
import io
import sys
import tarfile
from importlib.machinery import PathFinder
from types import ModuleType

import js

LIBRARY = "/lib/python3.14"
SITE = f"{LIBRARY}/site-packages"


class Rest:
    """Fetches the rest of the packages the first time that one of their modules is imported."""

    def __init__(self):
        with open(f"{SITE}/_rest.txt") as file:
            self.names = frozenset(file.read().split())
        self.here = False

    def find_spec(self, name, path=None, target=None):
        if name not in self.names:
            return None
        if not self.here:
            self.fetch(name)
        # The first part of the standard library is a zip archive, the rest a folder: a package may lie in both.
        parent = name.rpartition(".")[0].replace(".", "/")
        return PathFinder.find_spec(name, [*(path or sys.path), f"{LIBRARY}/{parent}"], target)

    def fetch(self, name):
        print(f"[py] {name} needs the rest of the packages")
        request = js.XMLHttpRequest.new()
        request.open("GET", js.rest, False)
        request.responseType = "arraybuffer"
        request.send()
        if request.status != 200:
            raise ImportError(f"{name} could not be loaded: reload the page; what you wrote is kept")
        with tarfile.open(fileobj=io.BytesIO(request.response.to_bytes())) as archive:
            archive.extractall("/", filter="data")
        self.here = True
        importlib.invalidate_caches()
        importlib.import_module("micropip").set_index_urls([js.rest])


sys.meta_path.append(Rest())
# marimo imports jedi for the sake of a side effect; it completes code in an editor, and a page has none.
sys.modules["jedi"] = ModuleType("jedi")
with open(f"{SITE}/_core.txt") as file:
    for name in file.read().split():
        with contextlib.suppress(ImportError):  # some are there for other systems, and marimo tries them as well
            importlib.import_module(name)

# What the first of its kind takes long for.
importlib.import_module("labkit.kernel")
labkit = importlib.import_module("labkit")
for name in labkit.__all__:
    getattr(labkit, name)
importlib.import_module("mlsysim").ServingModel().solve(model="Llama3_8B", hardware="H100").explain()

# Nothing that is open outlives the moment: Python's memory may be kept for the next visit.
importlib.invalidate_caches()
gc.collect()
