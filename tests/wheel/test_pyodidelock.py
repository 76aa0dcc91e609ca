"""The lock file that the page reads."""

import json

import pytest

import pyodidelock
from errors import BuildError

INFO = {"abi_version": "2026_0", "arch": "wasm32", "platform": "emscripten_5_0_3", "python": "3.14.0"}


def wheel(name: str, version: str, *requires: str) -> dict[str, bytes]:
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    meta += "".join(f"Requires-Dist: {line}\n" for line in requires)
    info = f"{name}-{version}.dist-info"
    return {f"{name.lower()}/__init__.py": b"", f"{info}/METADATA": meta.encode(), f"{info}/WHEEL": b""}


def render(*wheels: dict[str, bytes]) -> dict[str, dict[str, object]]:
    described = [pyodidelock.describe(files) for files in wheels]
    text = pyodidelock.render(INFO, [(package, f"{package.name}.whl", "00") for package in described])
    assert json.loads(text)["info"] == INFO
    packages: dict[str, dict[str, object]] = json.loads(text)["packages"]
    return packages


def test_names_are_canonical_and_dependencies_follow() -> None:
    packages = render(wheel("Needs_It", "1.0", "The.Thing>=2"), wheel("The-Thing", "2.1"))
    assert packages["needs-it"]["depends"] == ["the-thing"]
    assert packages["the-thing"]["imports"] == ["the-thing"]


def test_markers_are_those_of_the_browser() -> None:
    others = ('a; sys_platform != "emscripten"', 'b; extra == "more"', 'c; python_version < "3.14"')
    assert render(wheel("demo", "1.0", *others))["demo"]["depends"] == []


def test_a_dependency_that_is_not_there_is_refused() -> None:
    with pytest.raises(BuildError, match=r"demo 1\.0 needs other, and the browser runtime has none"):
        render(wheel("demo", "1.0", "other"))


def test_a_dependency_in_the_wrong_version_is_refused() -> None:
    with pytest.raises(BuildError, match=r"needs other<2, and the browser runtime has 2\.0"):
        render(wheel("demo", "1.0", "other<2"), wheel("other", "2.0"))


def test_single_modules_and_extension_modules_are_imports_and_metadata_is_not() -> None:
    files = wheel("demo", "1.0") | {
        "single.py": b"",
        "fast/core.so": b"",
        "demo-1.0.data/x.py": b"",
        "notes/a.txt": b"",
    }
    assert pyodidelock.describe(files).imports == ("demo", "fast", "single")
