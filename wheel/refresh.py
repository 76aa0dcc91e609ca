"""Refresh the runtime lock from the registries: the newest files that runtime.toml allows."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

import archive
import fetch
import lock as locked
import pyodidelock
import registry
from fetch import Say
from lock import Lock, NpmPin, Pin
from node import Node


def exact_needs(files: Mapping[str, bytes]) -> list[str]:
    """What a wheel needs in one version and no other, such as pydantic's own core."""
    package = pyodidelock.describe(files)
    return [str(need) for need in package.requires if not need.marker and str(need.specifier).startswith("==")]


def download(requirements: Sequence[str], options: Sequence[str], into: Path) -> None:
    registry.pip(["download", "-q", "--no-deps", *options, "-d", str(into), *requirements], "the newest packages")


def newest_wheels(requirements: Sequence[str], options: Sequence[str], into: Path) -> list[Path]:
    """The newest wheels, those that others need in one exact version in that version."""
    download(requirements, options, into)
    exact = [need for path in into.glob("*.whl") for need in exact_needs(archive.read(path.name, path.read_bytes()))]
    wanted = {canonicalize_name(Requirement(line).name): line for line in requirements}
    for need in exact:
        name = canonicalize_name(Requirement(need).name)
        if name in wanted:
            for path in into.glob("*.whl"):
                if parse_wheel_filename(path.name)[0] == name:
                    path.unlink()
            download([need], options, into)
    return sorted(into.glob("*.whl"))


def npm_pin(node: Node, name: str, version: str, into: Path) -> NpmPin:
    """What the npm registry holds under this name and version."""
    folder = into / name.replace("/", "-")
    folder.mkdir()
    arguments = ["pack", f"{name}@{version}", "--silent", "--pack-destination", str(folder)]
    registry.npm(node.npm, arguments, name, node.path)
    tarball = next(folder.iterdir())
    return NpmPin(name, version, tarball.name, registry.integrity(tarball.read_bytes()))


def refresh(node: Node, say: Say) -> Lock:
    recipe = locked.recipe()
    pyodide, rollup = recipe["pyodide"], recipe["rollup"]
    options = fetch.target(pyodide["platform"], pyodide["python"])
    with tempfile.TemporaryDirectory() as temporary:
        wheels, sources, npm = (Path(temporary, name) for name in ("wheels", "sources", "npm"))
        npm.mkdir()
        say("asking the registries for the newest files that runtime.toml allows")
        pins = []
        for path in newest_wheels(recipe["wheels"]["requirements"], options, wheels):
            name, version, _, _ = parse_wheel_filename(path.name)
            pins.append(Pin(name, str(version), path.name, registry.digest(path.read_bytes())))
        download(list(recipe["sources"]), fetch.SOURCE, sources)
        folders = {canonicalize_name(name): (name, folder) for name, folder in recipe["sources"].items()}
        for path in sorted(sources.iterdir()):
            canonical, version = parse_sdist_filename(path.name)
            name, folder = folders[canonical]
            pins.append(Pin(name, str(version), path.name, registry.digest(path.read_bytes()), folder))
        wanted = {"pyodide": pyodide["version"], rollup["name"]: rollup["version"]}
        wanted |= {name: script["version"] for name, script in recipe["charts"]["npm"].items()}
        tarballs = tuple(npm_pin(node, name, version, npm) for name, version in wanted.items())
    return Lock(tarballs, pyodide["python"], pyodide["platform"], tuple(pins))
