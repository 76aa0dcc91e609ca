"""Folders that change whole or not at all, and stamps that say what they were made from."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A path beside `folder`, for the block to make a folder of; it takes `folder`'s place if the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{folder.name}-", dir=folder.parent, ignore_cleanup_errors=True
    ) as around:
        fresh = Path(around, folder.name)
        yield fresh
        old = Path(around, "old")
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except BaseException:
            if old.exists():
                old.rename(folder)
            raise


def digest_tree(root: Path, names: Iterable[str]) -> str:
    """The hash of the named files and folders below `root`, names and contents."""
    total = hashlib.sha256()
    for name in sorted(names):
        top = root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                data = path.read_bytes()
                total.update(f"{path.relative_to(root).as_posix()}\0{len(data)}\0".encode())
                total.update(data)
    return total.hexdigest()


def census(folder: Path) -> list[int]:
    """How many files the folder holds, and their bytes: enough to notice that somebody removed one."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return [len(sizes), sum(sizes)]


def stamped(folder: Path, stamp: Path, key: str) -> bool:
    """Whether the folder still is what `put_stamp` recorded under this key."""
    try:
        return bool(json.loads(stamp.read_text(encoding="utf-8")) == [key, *census(folder)])
    except (OSError, ValueError):
        return False


def kept(folder: Path, key: str, make: Callable[[Path], object]) -> Path:
    """`folder`, as `make` filled it for this key; made anew when the key or what lies there has changed."""
    stamp = folder.with_name(f"{folder.name}.json")
    if not stamped(folder, stamp, key):
        with new_folder(folder) as fresh:
            fresh.mkdir()
            make(fresh)
        put_stamp(folder, stamp, key)
    return folder


def link(source: str, target: str) -> str:
    """A hard link where the file system has them, else a copy: for files that are never written to."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
    return target


def put_stamp(folder: Path, stamp: Path, key: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(json.dumps([key, *census(folder)]), encoding="utf-8")
