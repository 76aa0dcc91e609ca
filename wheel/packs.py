"""What a page fetches of the runtime: few files, each named by the hash of its content and compressed for any host.

`core` holds the standard library and the packages as far as labs import them (core.txt), `own` the project's own
wheel, `rest` everything else: a page fetches it only if something of it is imported after all.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import archive
import registry
from archive import Files
from errors import BuildError
from lock import HERE

SITE = "lib/python3.14/site-packages/"
LIBRARY = "lib/python3.14/"
STDLIB = "python_stdlib.zip"
CORE = HERE / "core.txt"


def core() -> frozenset[str]:
    """The modules that labs import."""
    return frozenset(CORE.read_text(encoding="utf-8").split())


def module(path: str) -> str:
    """The name of the module that a file is; empty when it is none."""
    stem, dot, suffix = path.partition(".")
    if not dot or suffix.split(".")[-1] not in ("pyc", "so"):
        return ""
    return stem.replace("/", ".").removesuffix(".__init__")


def is_legal(path: str) -> bool:
    return (".dist-info/" in path and path.rsplit("/", 1)[-1] in ("RECORD", "WHEEL")) or "licen" in path.lower()


def split(files: Mapping[str, bytes], wanted: frozenset[str]) -> tuple[Files, Files]:
    """A package's files: those that come first, and the rest."""
    first = {path for path in files if module(path) in wanted}
    if first:
        first |= {path for path in files if not module(path) and not is_legal(path)}
    return {p: files[p] for p in files if p in first}, {p: files[p] for p in files if p not in first}


def tar(files: Mapping[str, bytes]) -> bytes:
    """The files in one archive; alike next to alike, because gzip looks back 32 KB."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archived:
        for path in sorted(files, key=lambda path: (path.rsplit(".", 1)[-1], path)):
            item = tarfile.TarInfo(path)
            item.size = len(files[path])
            archived.addfile(item, io.BytesIO(files[path]))
    return out.getvalue()


def put(out: Path, stem: str, suffix: str, data: bytes, packed: bool = True) -> dict[str, Any]:
    """Write a file under its content's name; what the page has to know of it."""
    sent = gzip.compress(data, 9, mtime=0) if packed else data
    name = f"{stem}-{registry.digest(data)[:10]}{suffix}"
    (out / name).write_bytes(sent)
    return {"file": name, "sent": len(sent), "size": len(data)}


def stored(files: Mapping[str, bytes]) -> bytes:
    """A zip archive that is not compressed: it lies inside one that is."""
    return archive.pack(files, compressed=False)


def write(out: Path, runtime: Path) -> dict[str, Any]:
    """Write the files to the folder `out` and return the plan by which a page fetches them.

    Raises
    ------
    BuildError : core.txt names a module that no package holds
    """
    wanted, found = core(), set()
    first: Files = {}
    rest: Files = {}
    own: Files = {}
    for path in sorted(runtime.glob("*.whl")):
        files = archive.unzip(path.read_bytes())
        found |= {module(name) for name in files}
        if path.name.startswith("mlsysim-"):
            own = {SITE + name: data for name, data in files.items() if not is_legal(name)}
            continue
        for part, kept in zip((first, rest), split(files, wanted), strict=True):
            part.update({SITE + name: data for name, data in kept.items()})
    library = archive.unzip((runtime / STDLIB).read_bytes())
    found |= {module(name) for name in library}
    if missing := sorted(wanted - found):
        raise BuildError(f"wheel/core.txt names {missing[0]}, which no package holds: take that line out.")
    kept, left = split(library, wanted)
    first[STDLIB] = stored(kept)
    rest |= {LIBRARY + name: data for name, data in left.items()}
    names = sorted(filter(None, (module(path.removeprefix(SITE).removeprefix(LIBRARY)) for path in rest)))
    firsts = ["marimo._pyodide.bootstrap", *sorted(name for name in wanted if not name.startswith(("os", "site")))]
    first[SITE + "_core.txt"] = "\n".join(firsts).encode()
    first[SITE + "_rest.txt"] = "\n".join(names).encode()
    out.mkdir()
    return {
        "core": put(out, "core", ".pack", tar(first)),
        "own": put(out, "own", ".pack", tar(own)),
        "rest": put(out, "rest", ".pack", tar(rest)),
        "wasm": put(out, "pyodide", ".wasm.pack", (runtime / "pyodide.asm.wasm").read_bytes()),
        "script": put(out, "pyodide", ".mjs", (runtime / "pyodide.asm.mjs").read_bytes(), packed=False),
        "libraries": sorted("/" + path for path in first if path.endswith(".so")),
        "info": json.loads((runtime / "pyodide-lock.json").read_text(encoding="utf-8"))["info"],
    }


def sizes(plan: Mapping[str, Any], names: Iterable[str]) -> int:
    """The bytes that the named files take on the wire."""
    return sum(plan[name]["sent"] for name in names)
