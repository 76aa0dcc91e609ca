"""The project's own wheel, byte for byte the same wherever and whenever it is built."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import folders
from errors import BuildError

EPOCH = "1577836800"  # 2020-01-01: any fixed time that a zip file can hold
SOURCES = ("mlsysim", "labs/labkit", "pyproject.toml", "README.md", "LICENSE")


def build(root: Path, out: Path, say: Callable[[str], None] = lambda text: None) -> Path:
    """Build the wheel of the project at `root` into the folder `out`, which holds it alone; once for each source."""
    key = f"{version('hatchling')} {folders.digest_tree(root, [name for name in SOURCES if (root / name).exists()])}"
    stamp = out.with_name(f"{out.name}.json")
    if folders.stamped(out, stamp, key):
        return next(out.glob("*.whl"))
    say("building the wheel of mlsysim and labkit")
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.whl"):
        old.unlink()
    command = [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    env = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise BuildError(f"The project's own wheel cannot be built: {lines[-1] if lines else 'no reason given'}")
    folders.put_stamp(out, stamp, key)
    return next(out.glob("*.whl"))
