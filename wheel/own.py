"""The project's own wheel, byte for byte the same wherever and whenever it is built."""

import os
import subprocess
import sys
from pathlib import Path

from errors import BuildError

EPOCH = "1577836800"  # 2020-01-01: any fixed time that a zip file can hold


def build(root: Path, out: Path) -> Path:
    """Build the wheel of the project at `root` into the folder `out`, which then holds it alone."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.whl"):
        old.unlink()
    command = [sys.executable, "-P", "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    env = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise BuildError(f"The project's own wheel cannot be built: {lines[-1] if lines else 'no reason given'}")
    return next(out.glob("*.whl"))
