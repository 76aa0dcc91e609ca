"""The committed lock of the browser runtime: which files, from which registry, with which hashes."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import BuildError

HERE = Path(__file__).parent
LOCK = HERE / "runtime.lock.json"


@dataclass(frozen=True)
class Pin:
    """One file of the Python registry; `source` is the folder to take from a source distribution."""

    name: str
    version: str
    file: str
    sha256: str
    source: str = ""


@dataclass(frozen=True)
class NpmPin:
    """One tarball of the npm registry, with npm's own integrity string."""

    name: str
    version: str
    file: str
    integrity: str


@dataclass(frozen=True)
class Lock:
    npm: NpmPin
    rollup: NpmPin
    python: str
    platform: str
    pins: tuple[Pin, ...]


def recipe() -> dict[str, Any]:
    """The human-written input of the lock."""
    return tomllib.loads((HERE / "runtime.toml").read_text(encoding="utf-8"))


def from_json(data: Mapping[str, Any]) -> Lock:
    return Lock(
        npm=NpmPin(**data["npm"]),
        rollup=NpmPin(**data["rollup"]),
        python=data["python"],
        platform=data["platform"],
        pins=tuple(Pin(**pin) for pin in data["pins"]),
    )


def to_json(lock: Lock) -> str:
    def fields(value: Pin | NpmPin) -> dict[str, str]:
        return {key: item for key, item in vars(value).items() if item}

    data = {
        "npm": fields(lock.npm),
        "rollup": fields(lock.rollup),
        "python": lock.python,
        "platform": lock.platform,
        "pins": [fields(pin) for pin in sorted(lock.pins, key=lambda pin: pin.name)],
    }
    return json.dumps(data, indent=2) + "\n"


def read(path: Path = LOCK) -> Lock:
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(f"The runtime lock {path.name} cannot be read: {error}") from error
