"""The one door: builds the labs, serves them, proves them. `python3 build.py --help` says how."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time

# Older Pythons must be able to parse this file, or they could not be told: nothing here is newer than an f-string.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"The labs need Python 3.11 or newer, and this is Python {sys.version_info[0]}.{sys.version_info[1]}: "
        "install a newer one and start build.py with it."
    )

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server import Server

Say = Callable[[str], None]
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
DIST = ROOT / "dist"
REQUIREMENTS = ROOT / "requirements.txt"
SOURCES = ["mlsysim", "labs", "site", "wheel", "pyproject.toml", "requirements.txt", "build.py", "README.md", "LICENSE"]
PORT = 8000
USAGE = """usage: python3 build.py [verb]

  (none)   build the site if something changed and serve it; what is changed then is built and shown at once
  site     build the site into dist/, pack it as dist.zip, and stop
  test     check style and types, and run every test; further arguments go to pytest (test -k name), such as --cov,
           which takes longer and holds the branch coverage of physics and solvers over 95 %
  bench    measure the built site in a real browser
  lock     refresh requirements.txt and the lock of the browser runtime
  --help   this text
"""

sys.path[:0] = [str(ROOT / "wheel")]

from errors import BuildError  # noqa: E402
from progress import Progress  # noqa: E402


def venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(say: Say) -> None:
    """Make .venv hold exactly what requirements.txt pins; nothing to do when its stamp says so."""
    import registry

    python = venv_python()
    version = ".".join(map(str, sys.version_info[:3]))
    stamp = VENV / "installed.txt"
    wanted = version + " " + hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    found = stamp.read_text() if stamp.is_file() else ""
    if found == wanted and python.exists():
        return
    if Path(sys.prefix) != VENV and (not found.startswith(version + " ") or not python.exists()):
        say("making .venv")
        create_venv()
    stamp.write_text(version + " ")
    say("installing what the build needs into .venv, every file checked against its hash (a minute or two)")
    arguments = ["install", "-q", "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(REQUIREMENTS)]
    registry.pip(arguments, "what the build needs", str(python))
    stamp.write_text(wanted)


def create_venv() -> None:
    advice = "install it (on Debian and Ubuntu: apt install python3-venv) and start again."
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        raise BuildError("This Python comes without venv or ensurepip: " + advice) from None
    try:
        venv.EnvBuilder(with_pip=True, clear=True, symlinks=os.name != "nt").create(VENV)
    except subprocess.CalledProcessError:
        raise BuildError("This Python cannot make a virtual environment with pip in it: " + advice) from None


def enter_venv(arguments: list[str]) -> None:
    """Go on inside .venv: this call does not come back."""
    command = [str(venv_python()), str(ROOT / "build.py"), *arguments]
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def build(say: Say) -> None:
    """Bring dist/ up to date; an earlier one stays in place until the new one is whole."""
    import folders

    key = folders.digest_tree(ROOT, [name for name in SOURCES if (ROOT / name).exists()])
    stamp = CACHE / "dist.json"
    if folders.stamped(DIST, stamp, key):
        return
    import own
    import runtime

    wheel = own.build(ROOT, CACHE / "own", say)
    runtime.assemble(CACHE / "runtime", CACHE, [wheel], say)
    sys.path[:0] = [str(ROOT / "site"), str(ROOT / "labs"), str(ROOT)]
    import assemble

    with folders.new_folder(DIST) as fresh:
        assemble.assemble(fresh, CACHE / "runtime", say)
    folders.put_stamp(DIST, stamp, key)


def pack(say: Say) -> None:
    """The site as one file, for a USB stick: unpacked, any static server serves it."""
    target = DIST.with_suffix(".zip")
    if not target.is_file() or target.stat().st_mtime < DIST.stat().st_mtime:
        say("packing dist.zip")
        shutil.make_archive(str(DIST), "zip", ROOT, DIST.name)


def find_chromium(say: Say) -> str:
    """A Chromium without windows for the tests, which takes a fifth less of the processor, or else a whole one; its
    path. Installed when there is none."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = [path for path in map(shutil.which, names) if path]
    if found:
        return found[0]
    if shutil.which("apt-get") and os.geteuid() == 0:
        say("installing Chromium, which the tests need: apt-get install -y chromium-headless-shell")
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", names[0]], ["install", "-y", "-qq", names[1]]):
            done = subprocess.run(["apt-get", *arguments], capture_output=True, text=True, check=False)
            if shutil.which(names[0]):
                break
        found = [path for path in map(shutil.which, names) if path]
        if found:
            return found[0]
        raise BuildError("Chromium could not be installed with apt-get: " + (done.stderr.strip() or "no reason given"))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if not Path(path).exists():
        say("installing Chromium, which the tests need: playwright install chromium")
        done = subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildError("Playwright could not install Chromium: check the network and try again.")
    whole = Path(path).parents[1]
    shells = whole.with_name(whole.name.replace("chromium-", "chromium_headless_shell-")).glob("*/*headless?shell")
    return str(next(shells, path))


def test(arguments: list[str], chromium: str, types: subprocess.Popen[str]) -> int:
    """Style, types and tests; pytest comes last, so that its summary closes the run."""
    checks = [["ruff", "check", "."], ["ruff", "format", "--check", "."]]
    failed = [command for command in checks if run_module(command)]
    print(types.communicate()[0], end="")
    if types.returncode:
        failed.append(["mypy"])
    for command in failed:
        print("failed: " + " ".join(command))
    workers = str(min(2, os.cpu_count() or 1))
    # In the order of the folders: what takes longest, the browser, comes first.
    spread = ["--dist", "loadscope", "--no-loadscope-reorder"]
    command = ["pytest", "-n", workers, *spread, *arguments]
    code = run_module(command, MLSYSIM_CHROMIUM=chromium)
    return code or (1 if failed else 0)


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module. -P keeps this folder off its path: build.py and site/ would hide others."""
    return [sys.executable, "-P", "-m", name, *arguments]


def run_module(command: list[str], **env: str) -> int:
    return subprocess.call(module(*command), cwd=ROOT, env={**os.environ, **env})


def lock(say: Say) -> None:
    import lock as locked
    import node
    import refresh
    import registry

    options = ["--quiet", "--generate-hashes", "--allow-unsafe", "--strip-extras", "--upgrade", "--no-header"]
    options += ["--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host"]
    for source in (ROOT / "requirements.in", ROOT / "wheel" / "node.in"):
        say("pinning " + source.name)
        command = module("piptools", "compile", *options, "-o", str(source.with_suffix(".txt")), str(source))
        registry.client(command, "the newest packages", "the Python package registry")
    fresh = refresh.refresh(node.find(CACHE, say), say)
    locked.LOCK.write_text(locked.to_json(fresh), encoding="utf-8")


def main(arguments: list[str]) -> int:
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("serve", [])
    if verb in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    if verb not in ("serve", "site", "test", "bench", "lock") or (rest and verb not in ("test", "bench")):
        raise BuildError("There is no such verb: " + " ".join(arguments) + "\n" + USAGE)
    with Progress() as progress:
        install(progress.say)
        if Path(sys.prefix) == VENV:
            if verb == "lock":
                lock(progress.say)
                return 0
            if verb == "bench" and not (ROOT / "bench" / "run.py").is_file():
                raise BuildError("There is nothing to measure yet: bench/run.py is missing.")
            if verb == "test":  # the other core's work while the site is built
                types = subprocess.Popen(module("mypy"), cwd=ROOT, stdout=subprocess.PIPE, text=True)
            build(progress.say)
            if verb == "site":
                pack(progress.say)
            chromium = find_chromium(progress.say) if verb in ("test", "bench") else ""
    if Path(sys.prefix) != VENV:
        enter_venv(arguments)
    if verb == "test":
        return test(rest, chromium, types)
    if verb == "bench":
        command = [sys.executable, str(ROOT / "bench" / "run.py"), *rest]
        return subprocess.call(command, cwd=ROOT, env={**os.environ, "MLSYSIM_CHROMIUM": chromium})
    if verb == "serve":
        serve()
    return 0


def serve() -> None:
    """Serve the site, and build it again when a source changes; open pages then load themselves anew."""
    import server

    with server.listen(DIST, PORT, print, server.Watched) as listening:
        print(f"the labs are at http://localhost:{listening.server_port}/ (Ctrl-C stops)", flush=True)
        threading.Thread(target=watch, args=[listening], daemon=True).start()
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            print("Stopped serving.")


def watch(listening: "Server") -> None:
    """Build in a process of its own, because this one has the old sources loaded."""
    before = newest()
    while True:
        time.sleep(0.5)
        now = newest()
        if now != before:
            before = now
            done = subprocess.run(
                [sys.executable, str(ROOT / "build.py"), "site"], capture_output=True, text=True, check=False
            )
            print("built" if done.returncode == 0 else done.stderr.strip(), flush=True)
            if done.returncode == 0:
                listening.changed()


def newest() -> tuple[int, int]:
    """How many source files there are, and when the last of them was changed."""
    paths = [path for name in SOURCES for path in [ROOT / name, *(ROOT / name).rglob("*")]]
    times = [path.stat().st_mtime_ns for path in paths if path.is_file() and "__pycache__" not in path.parts]
    return len(times), max(times)


if __name__ == "__main__":
    code: int | str
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = "Stopped; what was built before is as it was."
    except BuildError as error:
        code = str(error)
    except OSError as error:
        code = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
    sys.exit(code)
