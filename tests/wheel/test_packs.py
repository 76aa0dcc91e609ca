"""The archives that a page fetches hold the whole runtime, each file once, under names that say what is in them."""

import gzip
import io
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

import archive
import packs
import registry
from errors import BuildError


@pytest.fixture(scope="module")
def packed(assembled: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("packs") / "runtime"
    return out, packs.write(out, assembled)


def content(out: Path, part: dict[str, Any]) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress((out / part["file"]).read_bytes()))) as opened:
        return {item.name: opened.extractfile(item).read() for item in opened}  # type: ignore[union-attr]


def test_every_file_of_the_runtime_is_in_one_archive_and_unchanged(
    assembled: Path, packed: tuple[Path, dict[str, Any]]
) -> None:
    out, plan = packed
    parts = [content(out, plan[name]) for name in ("core", "own", "rest")]
    library = archive.unzip(parts[0].pop(packs.STDLIB))
    found: dict[str, bytes] = {packs.LIBRARY + name: data for name, data in library.items()}
    for part in parts:
        assert not part.keys() & found.keys()
        found |= part
    expected = {
        packs.LIBRARY + name: data for name, data in archive.unzip((assembled / packs.STDLIB).read_bytes()).items()
    }
    for path in assembled.glob("*.whl"):
        expected |= {packs.SITE + name: data for name, data in archive.unzip(path.read_bytes()).items()}
    missing = {name for name in expected if name not in found and not packs.is_legal(name)}
    assert not missing
    assert all(
        expected[name] == data for name, data in found.items() if not name.endswith(("/_core.txt", "/_rest.txt"))
    )


def test_licences_stay(packed: tuple[Path, dict[str, Any]]) -> None:
    out, plan = packed
    assert [name for name in content(out, plan["rest"]) if "/marimo_base" in name and "LICENSE" in name]


def test_names_say_what_is_in_them_and_sizes_are_true(packed: tuple[Path, dict[str, Any]]) -> None:
    out, plan = packed
    for name in ("core", "own", "rest", "wasm"):
        part = plan[name]
        data = gzip.decompress((out / part["file"]).read_bytes())
        assert registry.digest(data).startswith(re.findall(r"-([0-9a-f]{10})\.", part["file"])[0])
        assert (part["sent"], part["size"]) == ((out / part["file"]).stat().st_size, len(data))


def test_a_module_that_no_package_holds_is_named(
    assembled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "core", lambda: frozenset({"marimo", "unheard.of"}))
    with pytest.raises(BuildError, match=r"names unheard\.of, which no package holds"):
        packs.write(tmp_path / "out", assembled)
