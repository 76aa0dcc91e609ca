"""Every example in every docstring runs, and every equation is documented in the house's order."""

import doctest
import inspect
import pkgutil
from importlib import import_module

import pytest

import mlsysim

MODULES = ["mlsysim", *(found.name for found in pkgutil.walk_packages(mlsysim.__path__, "mlsysim."))]
EQUATIONS = [
    (name, function)
    for module in MODULES
    if module.startswith("mlsysim.physics.")
    for name, function in inspect.getmembers(import_module(module), inspect.isfunction)
    if function.__module__ == module
]
SECTIONS = [".. math::", "Parameters\n", "Returns\n", "Assumptions\n", "Examples\n", ">>> ", "References\n"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    failed, _ = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


@pytest.mark.parametrize(("name", "function"), EQUATIONS, ids=lambda part: getattr(part, "__name__", ""))
def test_an_equation_is_documented_in_order(name, function):
    text = inspect.getdoc(function)
    places = [text.find(section) for section in SECTIONS]
    assert -1 not in places, f"{name} lacks {SECTIONS[places.index(-1)]}"
    assert places == sorted(places)
    for parameter in inspect.signature(function).parameters:
        line = next(line for line in text.splitlines() if line.startswith(f"{parameter} : "))
        assert line.rstrip().endswith("]"), f"{name}: {parameter} has no unit"


def test_there_are_equations_to_look_at():
    assert len(EQUATIONS) >= 15
