"""The assembled runtime: complete, consistent with its lock file, and alive."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import archive
import fetch
import lock
import node
import registry
import runtime
from errors import BuildError

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache"
ASKED_BY_THE_PAGE = [
    *("micropip", "msgspec", "marimo-base", "markdown", "pymdown-extensions", "narwhals", "packaging"),
    *("pyodide-http", "jedi", "pygments", "docutils"),
]


@pytest.fixture(scope="module")
def pyodide_lock(assembled: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((assembled / "pyodide-lock.json").read_text())
    return content


@pytest.fixture(scope="module")
def session(assembled: Path) -> dict[str, Any]:
    """What a marimo session in the assembled runtime reports, with the network cut off."""
    found = node.find(CACHE, print)
    command = [*found.node, str(HERE / "boot.mjs"), str(assembled), str(HERE / "session.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return report


def test_a_marimo_session_runs_in_it_without_a_network(session: dict[str, Any]) -> None:
    pins = {pin.name: pin.version for pin in lock.read().pins}
    expected = {name: pins[name] for name in ("altair", "msgspec", "pydantic")} | {"marimo": pins["marimo-base"]}
    assert expected.items() <= session["versions"].items()
    assert session["python"].startswith(lock.read().python)


def test_text_controls_and_charts_appear_and_only_the_wrong_cell_fails(session: dict[str, Any]) -> None:
    assert {"text/html", "text/markdown", "application/vnd.vegalite.v6+json"} <= set(session["kinds"])
    assert session["errors"] == ["division by zero"]
    for piece in ("marimo-slider", "<table>", "codehilite", "admonition", "<h1"):
        assert piece in session["html"], piece


def test_docutils_still_writes_html(session: dict[str, Any]) -> None:
    assert "<em>word</em>" in session["rst"]


def test_the_projects_own_docstrings_are_whole(session: dict[str, Any]) -> None:
    assert "\n" in session["docstring"]


def test_what_the_page_asks_for_by_name_is_in_the_lock(pyodide_lock: dict[str, Any]) -> None:
    assert set(ASKED_BY_THE_PAGE) <= pyodide_lock["packages"].keys()


def test_the_own_wheel_is_found_by_its_imports(pyodide_lock: dict[str, Any]) -> None:
    assert pyodide_lock["packages"]["mlsysim"]["imports"] == ["labkit", "mlsysim"]


def test_every_dependency_is_in_the_lock(pyodide_lock: dict[str, Any]) -> None:
    packages = pyodide_lock["packages"]
    assert {name for package in packages.values() for name in package["depends"]} <= packages.keys()


def test_every_file_is_the_one_in_the_lock(assembled: Path, pyodide_lock: dict[str, Any]) -> None:
    named = {package["file_name"]: package["sha256"] for package in pyodide_lock["packages"].values()}
    assert named.keys() == {path.name for path in assembled.glob("*.whl")}
    for name, sha256 in named.items():
        assert registry.digest((assembled / name).read_bytes()) == sha256
    rest = {path.name for path in assembled.iterdir()} - named.keys()
    assert rest == {
        "pyodide.mjs",
        "pyodide.asm.mjs",
        "pyodide.asm.wasm",
        "python_stdlib.zip",
        "pyodide-lock.json",
        "vega.js",
    }


def test_wheels_hold_byte_code_of_the_runtimes_own_python_and_no_sources(assembled: Path) -> None:
    magic = set()
    for path in [*assembled.glob("*.whl"), assembled / runtime.STDLIB]:
        data = path.read_bytes()
        files = archive.unzip(data) if path.suffix == ".zip" else archive.read(path.name, data)
        assert not [name for name in files if name.endswith(".py")], path.name
        magic |= {content[:4] for name, content in files.items() if name.endswith(".pyc")}
    assert len(magic) == 1


def test_a_second_call_does_nothing_and_takes_no_time(assembled: Path, own_wheel: Path) -> None:
    before = (assembled / "pyodide-lock.json").stat().st_mtime_ns
    started = time.perf_counter()
    report = runtime.assemble(assembled, CACHE, [own_wheel])
    assert time.perf_counter() - started < 0.5
    assert report.reused
    assert (assembled / "pyodide-lock.json").stat().st_mtime_ns == before


def test_a_runtime_that_lost_a_file_is_made_again(assembled: Path, own_wheel: Path, tmp_path: Path) -> None:
    out = tmp_path / "runtime"
    first = runtime.assemble(out, CACHE, [own_wheel])
    next(out.glob("altair*.whl")).unlink()
    again = runtime.assemble(out, CACHE, [own_wheel])
    assert not again.reused
    assert again.bytes == first.bytes
    for path in out.iterdir():
        assert path.read_bytes() == (assembled / path.name).read_bytes(), path.name


def test_a_failure_leaves_the_earlier_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "runtime"
    out.mkdir()
    (out / "pyodide-lock.json").write_text("earlier")

    def refuse(*_: object) -> Path:
        raise BuildError("no")

    monkeypatch.setattr(fetch, "fetch", refuse)
    with pytest.raises(BuildError):
        runtime.assemble(out, tmp_path / "cache")
    assert (out / "pyodide-lock.json").read_text() == "earlier"


def test_unthinned_it_is_what_the_registries_sent(files: Path, tmp_path: Path) -> None:
    runtime.assemble(tmp_path / "stock", CACHE, thin=False)
    for pin in lock.read().pins:
        if not pin.source:
            sent, stands = ((folder / pin.file).read_bytes() for folder in (files, tmp_path / "stock"))
            record = f"{archive.info_folder(archive.unzip(sent))}/RECORD"
            assert archive.unzip(sent) | {record: b""} == archive.unzip(stands) | {record: b""}, pin.file


def test_a_changed_own_wheel_changes_the_key(own_wheel: Path, assembled: Path, tmp_path: Path) -> None:
    files = archive.read(own_wheel.name, own_wheel.read_bytes()) | {"mlsysim/extra.txt": b"1"}
    (tmp_path / own_wheel.name).write_bytes(archive.write(files))
    assert runtime.recall(assembled, runtime.key([own_wheel], thin=True))
    assert not runtime.recall(assembled, runtime.key([tmp_path / own_wheel.name], thin=True))
