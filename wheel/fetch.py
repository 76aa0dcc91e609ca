"""Bring every locked file into the cache, each verified against the lock."""

import io
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import registry
from errors import BuildError
from lock import Lock, NpmPin, Pin
from node import Node

Say = Callable[[str], None]


def verify(file: Path, pin: Pin | NpmPin) -> bytes:
    """The file's bytes, if they are the locked ones."""
    data = file.read_bytes()
    found, locked = (
        (registry.digest(data), pin.sha256) if isinstance(pin, Pin) else (registry.integrity(data), pin.integrity)
    )
    if found != locked:
        raise BuildError(
            f"{file.name} does not have the hash that was locked, and was not used: delete {file.parent} "
            "and try again; if it stays so, find out who changed the file before refreshing the lock."
        )
    return data


def target(platform: str, python: str) -> list[str]:
    """pip's words for the browser's Python."""
    abi = "cp" + python.replace(".", "")
    tags = ["--implementation", "cp", "--abi", abi, "--abi", "abi3", "--abi", "none", "--platform", platform]
    return ["--only-binary=:all:", "--python-version", python, *tags]


SOURCE = ["--no-binary=:all:", "--no-build-isolation"]


def download(pins: Sequence[Pin], options: Sequence[str], into: Path, what: str) -> None:
    """Have pip fetch the pinned files and nothing else."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.writelines(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n" for pin in pins)
    wanted = Path(file.name)
    try:
        locked = ["--no-deps", "--require-hashes", "-d", str(into), "-r", str(wanted)]
        registry.pip(["download", "-q", *options, *locked], what)
    finally:
        wanted.unlink()


def fetch(lock: Lock, cache: Path, find_node: Callable[[], Node], say: Say) -> Path:
    """Fetch what the cache lacks; the folder that then holds every locked file, all verified."""
    folder = cache / "files"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [pin for pin in lock.pins if not (folder / pin.file).is_file()]
    npm = [pin for pin in lock.npm if not (folder / pin.file).is_file()]
    if missing or npm:
        say(f"fetching the browser runtime: {len(missing) + len(npm)} files, about 21 MB")
        with tempfile.TemporaryDirectory(dir=cache) as temporary, ThreadPoolExecutor() as pool:
            jobs = []
            into = Path(temporary)
            wheels = [pin for pin in missing if not pin.source]
            sources = [pin for pin in missing if pin.source]
            if wheels:
                options = target(lock.platform, lock.python)
                jobs.append(pool.submit(download, wheels, options, into, "the browser's Python packages"))
            if sources:
                jobs.append(pool.submit(download, sources, SOURCE, into, "the browser's Python packages"))
            if npm:
                jobs.append(pool.submit(pack, npm, into, find_node))
            for job in jobs:
                job.result()
            fresh: list[Pin | NpmPin] = [*missing, *npm]
            for new in fresh:
                if not (into / new.file).is_file():
                    raise BuildError(f"{new.file} is locked, but the registry sent another file for {new.name}.")
                verify(into / new.file, new)
                (into / new.file).replace(folder / new.file)
    locked: list[Pin | NpmPin] = [*lock.pins, *lock.npm]
    for pin in locked:
        verify(folder / pin.file, pin)
    return folder


def pack(pins: Sequence[NpmPin], into: Path, find_node: Callable[[], Node]) -> None:
    """Have npm fetch these tarballs."""
    node = find_node()
    names = [f"{pin.name}@{pin.version}" for pin in pins]
    registry.npm(node.npm, ["pack", *names, "--silent", "--pack-destination", str(into)], ", ".join(names), node.path)


def npm_files(tarball: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """The named files of an npm tarball."""
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        members = {member.name.removeprefix("package/"): member for member in archive if member.isfile()}
        return {name: file.read() for name in names if (file := archive.extractfile(members[name]))}
