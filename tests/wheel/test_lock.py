"""The committed lock: readable, complete, and free of addresses."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lock
from errors import BuildError


def test_it_survives_writing_and_reading(tmp_path: Path) -> None:
    committed = lock.read()
    (tmp_path / "again.json").write_text(lock.to_json(committed))
    assert lock.read(tmp_path / "again.json") == committed
    assert lock.to_json(committed) == lock.LOCK.read_text()


@pytest.mark.parametrize("file", ["runtime.lock.json", "node.txt", "../requirements.txt"])
def test_no_lock_holds_an_address(file: str) -> None:
    text = (lock.HERE / file).read_text()
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("--index", "--extra", "--find", "-f "))]


def test_it_holds_what_the_recipe_asks_for_and_nothing_else() -> None:
    recipe, committed = lock.recipe(), lock.read()
    wanted = {canonicalize_name(Requirement(line).name): Requirement(line) for line in recipe["wheels"]["requirements"]}
    wanted |= {canonicalize_name(name): Requirement(name) for name in recipe["sources"]}
    locked = {canonicalize_name(pin.name): pin for pin in committed.pins}
    assert locked.keys() == wanted.keys()
    for name, pin in locked.items():
        assert wanted[name].specifier.contains(pin.version), f"{pin.name} {pin.version} is not {wanted[name]}"
    scripts = {name: script["version"] for name, script in recipe["charts"]["npm"].items()}
    tools = {"pyodide": recipe["pyodide"]["version"], recipe["rollup"]["name"]: recipe["rollup"]["version"]}
    assert {pin.name: pin.version for pin in committed.npm} == tools | scripts
    assert committed.platform == recipe["pyodide"]["platform"]


def test_every_hash_is_whole() -> None:
    for pin in lock.read().pins:
        assert len(bytes.fromhex(pin.sha256)) == 32
    assert all(pin.integrity.startswith("sha512-") for pin in lock.read().npm)


def test_a_broken_lock_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_text('{"npm": {}}')
    with pytest.raises(BuildError, match=r"The runtime lock lock\.json cannot be read"):
        lock.read(tmp_path / "lock.json")
