"""Replace Python sources by byte-code, compiled by Pyodide itself under Node so that the magic number fits.

The layout is the legacy one (`foo.pyc` in the place of `foo.py`), which imports without any source.
"""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from archive import Files
from errors import BuildError
from lock import HERE
from node import Node


def write_tree(files: Mapping[str, bytes], folder: Path) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def read_tree(folder: Path) -> Files:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def key(name: str, files: Mapping[str, bytes], home: Mapping[str, bytes]) -> str:
    """What the compiled tree depends on: its files, the way they are compiled and packed, and Pyodide itself."""
    recipe = [(HERE / name).read_bytes() for name in ("compile.mjs", "compile_inside.py", "archive.py")]
    parts = [*recipe, name.encode(), *(data for _, data in sorted(home.items()))]
    parts += [part for path, data in sorted(files.items()) for part in (path.encode(), data)]
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def run(node: Node, home: Path, work: Path) -> None:
    command = [*node.node, str(HERE / "compile.mjs"), str(home), str(HERE / "compile_inside.py"), str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines()
        raise BuildError(
            f"Pyodide could not compile the wheels under Node: {reason[-1] if reason else 'no reason given'}"
        )


def compile_trees(trees: Mapping[str, Files], home: Path, node: Node) -> dict[str, Files]:
    """Compile each named tree of files; `home` is the folder that holds pyodide.mjs."""
    if not trees:
        return {}
    workers = min(os.cpu_count() or 1, 4, len(trees))
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(workers) as pool:
        load = [0] * workers
        for name, files in sorted(trees.items(), key=lambda item: -sum(map(len, item[1].values()))):
            lightest = load.index(min(load))
            load[lightest] += sum(map(len, files.values()))
            write_tree(files, Path(temporary, str(lightest), name))
        for job in [pool.submit(run, node, home, Path(temporary, str(worker))) for worker in range(workers)]:
            job.result()
        return {name: read_tree(path) for path in Path(temporary).glob("*/*") for name in [path.name]}
