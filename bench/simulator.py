"""Measure the simulator against the public package of the same name, each in an environment of its own."""

import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

import node

ROOT = Path(__file__).resolve().parent.parent
PEER = "mlsysim==0.3.0"
RUNS = 3

IMPORT = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"
OURS = """
import time, mlsysim as ms
solve = lambda: ms.Engine.solve("Llama3_8B", "H100", batch=1, precision="fp16")
solve()
t = time.perf_counter()
for _ in range(2000): solve()
print((time.perf_counter() - t) / 2000)
"""
THEIRS = """
import time, mlsysim as ms
solve = lambda: ms.Engine.solve(ms.Models.Language.Llama3_8B, ms.Hardware.Cloud.H100, batch_size=1, precision="fp16")
solve()
t = time.perf_counter()
for _ in range(100): solve()
print((time.perf_counter() - t) / 100)
"""
SWEEP = """
import time, mlsysim as ms
machines = ["A100", "H100", "MI300X", "L40S"]
grid = dict(model="Llama3_8B", hardware=machines, batch=range(1, 251), context=range(8, 8008, 8))
ms.Engine.sweep(**grid | {"batch": 1})
t = time.process_time()
table = ms.Engine.sweep(**grid)
print((time.process_time() - t) / len(table))
"""
IN_LISTS = """
import time, mlsysim as ms
try:
    import numpy
except ImportError:
    machines = ["A100", "H100", "MI300X", "L40S"]
    grid = dict(model="Llama3_8B", hardware=machines, batch=range(1, 51), context=range(160, 8160, 160))
    ms.Engine.sweep(**grid | {"batch": 1})
    t = time.process_time()
    table = ms.Engine.sweep(**grid)
    took = time.process_time() - t
    assert len(table) == 10_000
    print(took)
"""
PLAN = """
import time, mlsysim as ms
t = time.process_time()
ms.ParallelismOptimizer().solve(model="Llama-3.1-405B", fabric="DGX H100", gpus=16384, global_batch=2048, context=8192)
print(time.process_time() - t)
"""


def peer_python(cache: Path) -> Path:
    """An interpreter that has the peer and nothing of ours."""
    home = cache / "peer"
    python = home / "bin" / "python"
    if not (home / "ready").is_file():
        venv.EnvBuilder(with_pip=True, clear=True).create(home)
        subprocess.run([python, "-m", "pip", "install", "-qq", PEER], check=True)
        (home / "ready").touch()
    return python


def seconds(command: Sequence[Path | str], code: str, cwd: Path) -> float:
    """What one fresh process prints that is given the code."""
    done = subprocess.run([*command, code], cwd=cwd, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(cache: Path) -> dict[str, dict[str, float]]:
    """Medians over fresh processes, taken in turn."""
    ours, peer = (sys.executable, "-c"), (peer_python(cache), "-c")
    browser = (*node.find(cache, print).node, ROOT / "bench" / "browser_python.mjs", cache / "runtime")
    cases = {
        "import mlsysim": (ours, IMPORT.format("mlsysim"), ROOT),
        "import pydantic": (ours, IMPORT.format("pydantic"), ROOT),
        "import the peer": (peer, IMPORT.format("mlsysim"), cache),
        "Engine.solve": (ours, OURS, ROOT),
        "the peer's Engine.solve": (peer, THEIRS, cache),
        "sweep, CPU for one configuration": (ours, SWEEP, ROOT),
        "10,000 configurations in the browser's Python, without numpy, CPU": (browser, IN_LISTS, ROOT),
        "every plan of 405B on 16,384 GPUs, CPU": (ours, PLAN, ROOT),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(RUNS):
        for name, case in cases.items():
            times[name].append(seconds(*case))
    median = {name: statistics.median(values) for name, values in times.items()}
    return {
        "seconds": median,
        "ratios": {
            "import, ours over pydantic": median["import mlsysim"] / median["import pydantic"],
            "import, the peer over ours": median["import the peer"] / median["import mlsysim"],
            "Engine.solve, the peer over ours": median["the peer's Engine.solve"] / median["Engine.solve"],
        },
    }
