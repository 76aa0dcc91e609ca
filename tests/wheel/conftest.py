"""The runtime as `build.py` assembles it, shared by the tests that look into it."""

from pathlib import Path

import pytest

import archive
import fetch
import lock
import node
import own
import pyodidelock
import runtime
from archive import Files

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
collect_ignore = ["session.py"]  # runs in the browser's Python


@pytest.fixture(scope="session")
def own_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own.build(ROOT, tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="session")
def assembled(own_wheel: Path) -> Path:
    """The thinned runtime with the project's own wheel in it."""
    runtime.assemble(CACHE / "runtime", CACHE, [own_wheel])
    return CACHE / "runtime"


@pytest.fixture(scope="session")
def files() -> Path:
    """The folder of every locked file, as the registries sent them."""
    return fetch.fetch(lock.read(), CACHE, lambda: node.find(CACHE, print), print)


@pytest.fixture(scope="session")
def whole(files: Path, own_wheel: Path) -> dict[str, Files]:
    """What the wheels hold, the project's own among them, by package, and the standard library as `python-stdlib`."""
    wheels = runtime.collect(lock.read(), files, [own_wheel])
    stdlib = fetch.npm_files((files / lock.read().tarball("pyodide")).read_bytes(), [runtime.STDLIB])[runtime.STDLIB]
    packages = {pyodidelock.describe(content).name: content for content in wheels.values()}
    return packages | {"python-stdlib": archive.unzip(stdlib)}
