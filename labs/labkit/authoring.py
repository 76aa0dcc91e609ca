"""For lab authors: a new lab that passes every check, and the checks."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

from labkit import lint
from labkit.loading import LabError, load
from mlsysim.check import InvalidInput, InvalidValue

_NAME = re.compile(r"vol\d/lab_\d\d_[a-z0-9_]+")
_ROW = """
["{name}"]
title = "{title}"
question = "What does a token cost?"
walls = ["memory bandwidth"]
machines = ["H100", "A100", "MI300X"]
minutes = 50
terms = ["D/BW", "O/(R·η)", "L"]
"""


def new(folder: Path, name: str) -> Path:
    """Write a lab to begin from, and its row in the catalog; returns the notebook's path.

    Raises
    ------
    InvalidInput : the name is no lab's name, or the lab is there already
    """
    if not _NAME.fullmatch(name):
        raise InvalidValue("lab", name, "a lab is named by volume, number and a word", "vol1/lab_03_ml_workflow")
    notebook, catalog = folder / f"{name}.py", folder / "catalog.toml"
    text = catalog.read_text(encoding="utf-8") if catalog.is_file() else ""
    if notebook.exists() or name in tomllib.loads(text):
        raise InvalidInput(f"{name} is there already: {notebook}")
    title = name.split("_", 2)[2].replace("_", " ").capitalize()
    template = files("labkit").joinpath("template.py.txt").read_text(encoding="utf-8")
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(template.replace("@name@", name).replace("@title@", title), encoding="utf-8")
    catalog.write_text(text + _ROW.format(name=name, title=title), encoding="utf-8")
    return notebook


def check(folder: Path, name: str) -> list[str]:
    """What is wrong with a lab, a sentence each."""
    try:
        return lint.faults(*load(folder / f"{name}.py", name))
    except LabError as error:
        return [str(error)]
