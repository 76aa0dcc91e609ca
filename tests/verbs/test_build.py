"""build.py as a newcomer meets it: in a checkout of its own, with stand-ins for the slow parts."""

import ast
import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

import archive

ROOT = Path(__file__).resolve().parents[2]
SITE = """
import time
from errors import BuildError

def assemble(out, runtime, say):
    say("assembling")
    out.mkdir()
    (out / "index.html").write_text("built")
    {then}
"""


def run(checkout: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "build.py"), *arguments]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **more}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=env)


def site(checkout: Path, then: str) -> None:
    (checkout / "site" / "assemble.py").write_text(SITE.replace("{then}", then))


def assert_one_sentence(done: subprocess.CompletedProcess[str], pattern: str) -> None:
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert re.search(pattern, lines[0]), lines[0]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout with nothing installed, whose wheel and runtime are stand-ins."""
    shutil.copy(ROOT / "build.py", tmp_path)
    shutil.copytree(ROOT / "wheel", tmp_path / "wheel", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "wheel" / "own.py").write_text("def build(root, out, say):\n    return out\n")
    (tmp_path / "wheel" / "runtime.py").write_text("def assemble(out, cache, extra, say):\n    pass\n")
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "site").mkdir()
    site(tmp_path, "pass")
    return tmp_path


@pytest.fixture
def checkout(bare: Path) -> Path:
    """The same, with its .venv already there."""
    venv.EnvBuilder(with_pip=False).create(bare / ".venv")
    version = ".".join(map(str, sys.version_info[:3]))
    empty = hashlib.sha256(b"").hexdigest()
    (bare / ".venv" / "installed.txt").write_text(f"{version} {empty}")
    return bare


def test_it_parses_on_a_python_that_is_too_old() -> None:
    ast.parse((ROOT / "build.py").read_text(), feature_version=(3, 6))


def test_a_python_that_is_too_old_is_told_so() -> None:
    script = (
        "import runpy, sys; sys.version_info = (3, 10, 4, 'final', 0); runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    command = [sys.executable, "-c", script, str(ROOT / "build.py"), "site"]
    assert_one_sentence(
        subprocess.run(command, capture_output=True, text=True, check=False), r"need Python 3\.11 or newer, .* 3\.10"
    )


def test_help_needs_nothing_installed(bare: Path) -> None:
    done = run(bare, "--help")
    assert done.returncode == 0
    assert all(verb in done.stdout for verb in ("site", "test", "bench", "lock"))
    assert not (bare / ".venv").exists()


def test_an_unknown_verb_shows_the_verbs(bare: Path) -> None:
    done = run(bare, "polish")
    assert done.returncode != 0
    assert "There is no such verb: polish" in done.stderr
    assert "usage:" in done.stderr


def test_site_builds_and_then_has_nothing_to_do(checkout: Path) -> None:
    first = run(checkout, "site")
    assert first.returncode == 0, first.stderr
    assert "assembling" in first.stdout
    assert (checkout / "dist" / "index.html").read_text() == "built"
    again = run(checkout, "site")
    assert (again.returncode, again.stdout) == (0, "")


def test_a_changed_source_or_a_damaged_site_is_built_again(checkout: Path) -> None:
    run(checkout, "site")
    site(checkout, "(out / 'index.html').write_text('newer')")
    assert "assembling" in run(checkout, "site").stdout
    assert (checkout / "dist" / "index.html").read_text() == "newer"
    (checkout / "dist" / "index.html").unlink()
    assert "assembling" in run(checkout, "site").stdout


@pytest.mark.parametrize(
    ("then", "sentence"),
    [
        ("raise BuildError('lab_02.py does not compile, line 3: oops')", "lab_02.py does not compile, line 3: oops"),
        ("open('/proc/no/such/file', 'w')", "/proc/no/such/file cannot be used: No such file or directory"),
        ("raise PermissionError(13, 'Permission denied', 'dist')", "dist cannot be used: Permission denied"),
    ],
)
def test_a_failure_is_one_sentence_and_leaves_the_earlier_site(checkout: Path, then: str, sentence: str) -> None:
    run(checkout, "site")
    site(checkout, then)
    assert_one_sentence(run(checkout, "site"), sentence)
    assert [path.name for path in (checkout / "dist").iterdir()] == ["index.html"]
    assert (checkout / "dist" / "index.html").read_text() == "built"
    assert not list(checkout.glob(".dist*"))


def test_a_folder_that_cannot_be_written_is_one_sentence(checkout: Path) -> None:
    (checkout / ".cache").write_text("in the way")
    assert_one_sentence(run(checkout, "site"), r"\.cache.* cannot be used")


def test_ctrl_c_half_way_is_one_sentence_and_leaves_the_earlier_site(checkout: Path) -> None:
    run(checkout, "site")
    site(checkout, "time.sleep(60)")
    command = [sys.executable, "-u", str(checkout / "build.py"), "site"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        while "assembling" not in process.stdout.readline():
            pass
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert_one_sentence(subprocess.CompletedProcess(command, process.returncode, out, err), "^Stopped")
    assert (checkout / "dist" / "index.html").read_text() == "built"


def wanting(bare: Path) -> dict[str, str]:
    """A checkout that has to install something, and an index on a port that nobody listens on."""
    (bare / "requirements.txt").write_text(f"demo==1.0 --hash=sha256:{'0' * 64}\n")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"http://127.0.0.1:{port}/",
        "PIP_FIND_LINKS": "",
        "PIP_EXTRA_INDEX_URL": "",
    }


def test_an_unreachable_registry_is_one_sentence(bare: Path) -> None:
    done = run(bare, "site", **wanting(bare))
    assert_one_sentence(done, r"^the Python package registry cannot be reached, .* try again\.$")
    assert not (bare / "dist").exists()


def test_a_file_with_another_hash_is_refused_in_one_sentence(bare: Path) -> None:
    shelf = bare / "shelf"
    shelf.mkdir()
    info = "demo-1.0.dist-info"
    files = {
        "demo.py": b"",
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    (shelf / "demo-1.0-py3-none-any.whl").write_bytes(archive.write(files))
    done = run(bare, "site", **wanting(bare) | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shelf)})
    assert_one_sentence(done, r"does not have the hash that was locked \(demo==1\.0\)")


def test_a_python_without_ensurepip_is_told_what_to_install(bare: Path) -> None:
    (bare / "lacking").mkdir()
    (bare / "lacking" / "ensurepip.py").write_text("raise ImportError")
    done = run(bare, "site", PYTHONPATH=str(bare / "lacking"))
    assert_one_sentence(done, "without venv or ensurepip: .*python3-venv")


def test_it_serves_within_five_seconds_on_the_next_free_port_until_ctrl_c(checkout: Path) -> None:
    run(checkout, "site")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        except OSError:
            pass  # somebody else holds it, which serves as well
        started = time.monotonic()
        command = [sys.executable, str(checkout / "build.py")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert "port 8000 is taken" in process.stdout.readline()
            address = re.search(r"http://localhost:(\d+)/", process.stdout.readline())
            assert time.monotonic() - started < 5
            assert address
            connection = http.client.HTTPConnection("127.0.0.1", int(address[1]))
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"built"
            connection.close()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
    assert err == ""


def test_while_it_serves_a_changed_source_is_built_and_open_pages_hear_of_it(checkout: Path) -> None:
    site(checkout, "(out / 'index.html').write_text('<body>first</body>')")
    run(checkout, "site")
    command = [sys.executable, "-u", str(checkout / "build.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        address = next(filter(None, (re.search(r"http://localhost:(\d+)/", line) for line in process.stdout)))
        port = int(address[1])
        changes = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        changes.request("GET", "/.changes")
        told = changes.getresponse()
        assert told.readline() == b": listening\n"

        time.sleep(1)  # the watch has seen the folder as it is
        site(checkout, "raise BuildError('lab_02.py does not compile')")
        assert "lab_02.py does not compile" in process.stdout.readline()
        assert b"<body>first" in page(port)

        site(checkout, "(out / 'index.html').write_text('<body>second</body>')")
        assert told.read().strip() == b"data: built"
        assert b"<body>second" in page(port) and b"EventSource('/.changes')" in page(port)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def page(port: int) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    text = connection.getresponse().read()
    connection.close()
    return text


def test_what_follows_the_verb_goes_to_pytest_and_a_fault_in_types_fails_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import build

    def types(code: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", f"raise SystemExit({code})"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    commands: list[list[str]] = []
    monkeypatch.setattr(build.subprocess, "call", lambda command, **_: commands.append(command) or 0)
    assert build.test(["-k", "walls"], "chromium", types(0)) == 0
    assert "pytest" in commands[-1] and commands[-1][-2:] == ["-k", "walls"]
    assert build.test([], "chromium", types(1)) == 1
