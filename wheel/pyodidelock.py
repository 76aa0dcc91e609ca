"""The lock file that Pyodide and marimo's page read: which wheel gives which import, and what it needs."""

import email.parser
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pyodide_lock import PackageSpec

from archive import info_folder
from errors import BuildError


@dataclass(frozen=True)
class Package:
    """What a wheel says about itself."""

    name: str
    version: str
    requires: tuple[Requirement, ...]
    imports: tuple[str, ...]


def describe(files: Mapping[str, bytes]) -> Package:
    info = info_folder(files)
    meta = email.parser.HeaderParser().parsestr(files[f"{info}/METADATA"].decode("utf-8"))
    tops = {path.split("/")[0] for path in files if path.endswith((".py", ".so"))}
    return Package(
        name=canonicalize_name(meta["Name"]),
        version=meta["Version"],
        requires=tuple(Requirement(line) for line in meta.get_all("Requires-Dist") or ()),
        imports=tuple(sorted(top.removesuffix(".py") for top in tops if not top.endswith((".dist-info", ".data")))),
    )


def environment(info: Mapping[str, str]) -> dict[str, str]:
    """The markers that hold in the browser."""
    python = info["python"]
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": info["arch"],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Emscripten",
        "platform_version": "",
        "python_full_version": python,
        "python_version": python.rsplit(".", 1)[0],
        "sys_platform": "emscripten",
        "extra": "",
    }


def depends(package: Package, known: Mapping[str, Package], markers: Mapping[str, str]) -> list[str]:
    """The packages it needs in the browser; every one must be there, in a version that fits."""
    names = []
    for requirement in package.requires:
        if requirement.marker and not requirement.marker.evaluate(dict(markers)):
            continue
        name = canonicalize_name(requirement.name)
        found = known.get(name)
        if found is None or not requirement.specifier.contains(found.version, prereleases=True):
            has = f"has {found.version}" if found else "has none"
            raise BuildError(f"{package.name} {package.version} needs {requirement}, and the browser runtime {has}.")
        names.append(name)
    return sorted(set(names))


def render(info: Mapping[str, str], wheels: Sequence[tuple[Package, str, str]]) -> str:
    """The lock file's text, from (package, file name, sha256) triples."""
    known = {package.name: package for package, _, _ in wheels}
    markers = environment(info)
    packages: dict[str, Any] = {}
    for package, file, sha256 in sorted(wheels, key=lambda wheel: wheel[0].name):
        packages[package.name] = PackageSpec(
            name=package.name,
            version=package.version,
            file_name=file,
            install_dir="site",
            sha256=sha256,
            imports=list(package.imports),
            depends=depends(package, known, markers),
        ).model_dump()
    return json.dumps({"info": dict(info), "packages": packages}, sort_keys=True, indent=1) + "\n"
