"""Leave out of each wheel what a reader of labs never needs; thin.toml says what and why."""

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

from archive import Files
from lock import HERE


@cache
def rules() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Per package, and for `every` package: patterns to drop, and patterns to keep all the same."""
    table = tomllib.loads((HERE / "thin.toml").read_text(encoding="utf-8"))
    return {name: (tuple(rule.get("drop", ())), tuple(rule.get("keep", ()))) for name, rule in table.items()}


def dropped(package: str, path: str) -> bool:
    applying = [rules()[name] for name in ("every", package) if name in rules()]
    drop = any(fnmatchcase(path, pattern) for rule in applying for pattern in rule[0])
    return drop and not any(fnmatchcase(path, pattern) for rule in applying for pattern in rule[1])


def headers_only(metadata: bytes) -> bytes:
    """METADATA without the long description that follows its headers."""
    return metadata.partition(b"\n\n")[0].rstrip() + b"\n"


def thin(package: str, files: Mapping[str, bytes]) -> Files:
    kept = {path: data for path, data in files.items() if not dropped(package, path)}
    return {path: headers_only(data) if path.endswith(".dist-info/METADATA") else data for path, data in kept.items()}
