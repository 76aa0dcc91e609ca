"""What people type is there, nothing else is loaded, and nothing third-party is ever needed."""

import subprocess
import sys

import pytest

import mlsysim


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_every_name_is_there():
    for name in mlsysim.__all__:
        assert getattr(mlsysim, name) is not None
    assert dir(mlsysim) == sorted(mlsysim.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Hardwear'"):
        _ = mlsysim.Hardwear


def test_importing_loads_no_submodule():
    loaded = run("import sys, mlsysim; print(sum(name.startswith('mlsysim.') for name in sys.modules))")
    assert loaded == "0"


def test_solving_loads_nothing_third_party():
    code = """
import sys
sys.path = [p for p in sys.path if "site-packages" not in p] + [{path!r}]
before = set(sys.modules)
import mlsysim
mlsysim.SynthesisSolver().solve(model="Llama3_8B", itl="40 ms").explain()
names = {{name.partition(".")[0] for name in set(sys.modules) - before}} - set(sys.stdlib_module_names)
print(sorted(names))
"""
    path = mlsysim.__path__[0].rsplit("mlsysim", 1)[0]
    assert run(code.format(path=path)) == "['mlsysim']"
