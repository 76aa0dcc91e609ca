"""Assemble the browser runtime: Pyodide, its standard library, the wheels and the lock file that names them."""

import functools
import gzip
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import archive
import bytecode
import fetch
import lock as locked
import node as nodes
import pyodidelock
import registry
import thin as thinning
from archive import Files
from folders import new_folder
from node import Node

Say = Callable[[str], None]
STDLIB = "python_stdlib.zip"
CHARTS = locked.recipe()["charts"]["script"]


@dataclass(frozen=True)
class RuntimeReport:
    """What was written. `key` is the hash of everything it was made from."""

    key: str
    files: int
    bytes: int
    gzip_bytes: int
    packages: dict[str, str]
    seconds: float
    reused: bool


def key(extra_wheels: Sequence[Path], thin: bool) -> str:
    """The hash of all that a runtime is made from: this folder's files, the lock among them, and the extra wheels."""
    recipe = sorted(path for path in locked.HERE.iterdir() if path.suffix in {".py", ".mjs", ".toml", ".json"})
    parts = [(path.name, registry.digest(path.read_bytes())) for path in [*recipe, *sorted(extra_wheels)]]
    return registry.digest(json.dumps([parts, thin]).encode())


def note(out: Path) -> Path:
    """Where the report of the runtime at `out` is kept: beside it, so that it is not served."""
    return out.with_name(out.name + ".report.json")


def recall(out: Path, made_from: str) -> RuntimeReport | None:
    """The report of a runtime that is there already, whole, and made from the same things."""
    try:
        report = RuntimeReport(**json.loads(note(out).read_text(encoding="utf-8")))
        sizes = [path.stat().st_size for path in out.iterdir()]
    except (OSError, ValueError, TypeError):
        return None
    return report if (report.key, report.files, report.bytes) == (made_from, len(sizes), sum(sizes)) else None


def collect(lock: locked.Lock, folder: Path, extra_wheels: Sequence[Path]) -> dict[str, Files]:
    """The content of every wheel, by the file name it will have."""
    wheels: dict[str, Files] = {}
    for pin in lock.pins:
        data = folder.joinpath(pin.file).read_bytes()
        if pin.source:
            name = f"{pin.name.lower()}-{pin.version}-py3-none-any.whl"
            wheels[name] = archive.from_source(pin.name, pin.version, pin.source, data)
        else:
            wheels[pin.file] = archive.read(pin.file, data)
    return wheels | {path.name: archive.read(path.name, path.read_bytes()) for path in extra_wheels}


def chart_script(lock: locked.Lock, folder: Path) -> bytes:
    """The chart libraries as one script, each under its licence."""
    pieces = []
    for name, script in locked.recipe()["charts"]["npm"].items():
        files = fetch.npm_files(folder.joinpath(lock.tarball(name)).read_bytes(), ["LICENSE", script["file"]])
        code = re.sub(rb"\s*//# sourceMappingURL=.*", b"", files[script["file"]])
        pieces.append(b"/*! %s\n%s*/\n%s\n" % (name.encode(), files["LICENSE"], code))
    return b"".join(pieces)


def pack(name: str, files: Files) -> bytes:
    return archive.write(files) if name.endswith(".whl") else archive.pack(files)


def compiled(
    trees: Mapping[str, Files], home: Mapping[str, bytes], cache: Path, find_node: Callable[[], Node], say: Say
) -> dict[str, bytes]:
    """Each tree packed as byte-code; what was compiled before comes from the cache."""
    folder = cache / "compiled"
    folder.mkdir(parents=True, exist_ok=True)
    places = {name: folder / bytecode.key(name, files, home) for name, files in trees.items()}
    missing = {name: trees[name] for name, place in places.items() if not place.is_file()}
    if missing:
        say(f"compiling {len(missing)} packages for the browser's Python")
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            bytecode.write_tree(home, Path(temporary))
            stems = {name.removesuffix(".zip"): files for name, files in missing.items()}
            for name, files in bytecode.compile_trees(stems, Path(temporary), find_node()).items():
                full = name if name in missing else f"{name}.zip"
                fresh = Path(temporary, "fresh")
                fresh.write_bytes(pack(full, files))
                fresh.replace(places[full])
    return {name: place.read_bytes() for name, place in places.items()}


def assemble(
    out: Path, cache: Path, extra_wheels: Sequence[Path] = (), say: Say = print, *, thin: bool = True
) -> RuntimeReport:
    """Write the runtime to `out`; a second call with nothing changed does nothing.

    With `thin=False` the wheels and the standard library are the registries' own, whole and uncompiled.
    """
    started = time.perf_counter()
    made_from = key(extra_wheels, thin)
    if earlier := recall(out, made_from):
        return replace(earlier, seconds=time.perf_counter() - started, reused=True)
    cache.mkdir(parents=True, exist_ok=True)
    lock = locked.read()
    find_node = functools.cache(lambda: nodes.find(cache, say))
    folder = fetch.fetch(lock, cache, find_node, say)
    wheels = collect(lock, folder, extra_wheels)
    about = {name: pyodidelock.describe(files) for name, files in wheels.items()}
    shipped = locked.recipe()["pyodide"]["files"]
    tarball = folder.joinpath(lock.tarball("pyodide")).read_bytes()
    npm = fetch.npm_files(tarball, [*shipped, "pyodide-lock.json", "package.json"])
    info = json.loads(npm["pyodide-lock.json"])["info"]
    if thin:
        trees = {name: thinning.thin(about[name].name, files) for name, files in wheels.items()}
        trees[STDLIB] = thinning.thin("python-stdlib", archive.unzip(npm[STDLIB]))
        ready = compiled(trees, npm, cache, find_node, say)
    else:
        ready = {name: archive.write(files) for name, files in wheels.items()} | {STDLIB: npm[STDLIB]}
    triples = [(about[name], name, registry.digest(ready[name])) for name in wheels]
    content = {name: npm[name] for name in shipped} | ready
    content[CHARTS] = chart_script(lock, folder)
    content["pyodide-lock.json"] = pyodidelock.render(info, triples).encode()
    with new_folder(out) as fresh:
        bytecode.write_tree(content, fresh)
    report = RuntimeReport(
        key=made_from,
        files=len(content),
        bytes=sum(map(len, content.values())),
        gzip_bytes=sum(len(gzip.compress(data, 6)) for data in content.values()),
        packages={package.name: package.version for package in about.values()},
        seconds=time.perf_counter() - started,
        reused=False,
    )
    note(out).write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    return report
