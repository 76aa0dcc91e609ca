"""What comes from a registry is used only when it is what the lock says."""

import os
import socket
from pathlib import Path

import pytest

import fetch
import registry
from errors import BuildError
from lock import Lock, NpmPin, Pin
from node import Node

DATA = b"the locked bytes"
PIN = Pin("demo", "1.0", "demo-1.0-py3-none-any.whl", registry.digest(DATA))
NPM = NpmPin("demo", "1.0.0", "demo-1.0.0.tgz", registry.integrity(DATA))
TOOL = NpmPin("@demo/tool", "2.0.0", "demo-tool-2.0.0.tgz", registry.integrity(DATA))
LOCK = Lock((NPM, TOOL), "3.14", "pyemscripten_2026_0_wasm32", (PIN,))


def no_node() -> Node:
    raise AssertionError("nothing is missing from npm, so Node is not needed")


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A cache that holds every locked file."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / PIN.file).write_bytes(DATA)
    (folder / NPM.file).write_bytes(DATA)
    (folder / TOOL.file).write_bytes(DATA)
    return tmp_path


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registries are on a port of this machine that nobody listens on."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    for name in [name for name in os.environ if name.startswith(("PIP_", "npm_", "NPM_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", address)


def test_a_full_cache_needs_no_registry(filled: Path, nowhere: None) -> None:
    assert fetch.fetch(LOCK, filled, no_node, print) == filled / "files"


@pytest.mark.parametrize("name", [PIN.file, NPM.file, TOOL.file])
def test_a_file_that_changed_in_the_cache_is_refused(filled: Path, name: str) -> None:
    (filled / "files" / name).write_bytes(DATA + b"!")
    with pytest.raises(BuildError, match=f"{name} does not have the hash that was locked"):
        fetch.fetch(LOCK, filled, no_node, print)


def test_an_unreachable_registry_is_said_in_one_sentence(filled: Path, nowhere: None) -> None:
    (filled / "files" / PIN.file).unlink()
    with pytest.raises(BuildError, match=r"^the Python package registry cannot be reached, .* try again\.$"):
        fetch.fetch(LOCK, filled, no_node, print)
    assert not (filled / "files" / PIN.file).exists()


def test_npm_files_gives_the_named_files_only() -> None:
    import io
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as target:
        for name in ("a.mjs", "b.d.ts"):
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(DATA)
            target.addfile(member, io.BytesIO(DATA))
    assert fetch.npm_files(out.getvalue(), ["a.mjs"]) == {"a.mjs": DATA}
