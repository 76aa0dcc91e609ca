"""The project's own wheel."""

import os
import shutil
from pathlib import Path

import pytest

import archive
import own
from errors import BuildError

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("mlsysim", "labs/labkit")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project in another folder, every file with another time."""
    target = tmp_path / "copy"
    for part in PARTS:
        shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, target / name)
    for path in target.rglob("*"):
        os.utime(path, (1, 1))
    return target


def test_it_is_the_same_byte_for_byte_wherever_it_is_built(copy: Path, tmp_path: Path) -> None:
    here, there = own.build(ROOT, tmp_path / "here"), own.build(copy, tmp_path / "there")
    assert here.name == there.name
    assert here.read_bytes() == there.read_bytes()


def test_it_is_pure_and_holds_both_packages_and_their_data(tmp_path: Path) -> None:
    wheel = own.build(ROOT, tmp_path)
    files = archive.read(wheel.name, wheel.read_bytes())
    assert wheel.name.endswith("-py3-none-any.whl")
    sources = {path.relative_to(ROOT) for part in PARTS for path in (ROOT / part).rglob("*") if path.is_file()}
    expected = {path.as_posix().removeprefix("labs/") for path in sources if "__pycache__" not in path.parts}
    assert expected <= files.keys()
    assert {path.split("/")[0] for path in files} == {"mlsysim", "labkit", archive.info_folder(files)}


def test_a_project_that_cannot_be_built_is_said_in_one_sentence(copy: Path, tmp_path: Path) -> None:
    (copy / "mlsysim" / "__init__.py").write_text("")
    with pytest.raises(BuildError, match=r"own wheel cannot be built: .*version"):
        own.build(copy, tmp_path / "out")
