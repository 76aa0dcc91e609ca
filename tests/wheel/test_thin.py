"""What is left out is not missed: read from the sources of everything that is kept."""

from fnmatch import fnmatchcase

import pytest

import imports
import thin
from archive import Files

# (importer, imported): why the import is never executed in a page.
NEVER = {
    ("asyncio/*", "asyncio/windows_events.py"): "on Windows only",
    ("ctypes/util.py", "ctypes/macholib/*"): "on macOS only",
    ("encodings/__init__.py", "encodings/_win_cp_codecs.py"): "on Windows only",
    ("platform.py", "plistlib.py"): "on macOS only",
    ("datetime.py", "_pydatetime.py"): "only when the C module is missing, and it is built in",
    ("heapq.py", "doctest.py"): "when run as a script",
    ("docutils/utils/smartquotes.py", "unittest/__init__.py"): "when run as a script",
    ("urllib/request.py", "ftplib.py"): "for ftp addresses; a page has no ftp",
    ("logging/handlers.py", "smtplib.py"): "to send mail; a page has no SMTP",
    ("multiprocessing/connection.py", "xmlrpc/*"): "between processes; a page has one",
    ("multiprocessing/*", "multiprocessing/managers.py"): "between processes; a page has one",
    ("altair/__init__.py", "altair/_magics.py"): "in IPython only",
    (
        "pymdownx/emoji.py",
        "pymdownx/*emoji_db.py",
    ): "for the other two tables of emoji names; marimo asks for the third",
    ("pydantic/_internal/_generate_schema.py", "pydantic/v1/*"): "to warn of validators in the style of pydantic 1",
    ("narwhals/*", "narwhals/_*/*"): "once a data frame of that library is there; a page has none of them",
    ("marimo/_ast/app.py", "marimo/_cli/cli.py"): "with MARIMO_SCRIPT_EDIT set",
    ("marimo/_cli/files/file_path.py", "marimo/_cli/files/cloudflare.py"): "on the command line",
    ("marimo/_export/file.py", "marimo/_export/offline.py"): "on the command line",
    ("marimo/_server/asgi.py", "marimo/_server/*"): "to serve notebooks; a page is served",
    ("labkit/grading/console.py", "labkit/quiz/*"): "in the console, whose worker brings the quiz along",
    (
        "marimo/_runtime/runner/hooks_post_execution.py",
        "marimo/_runtime/pytest.py",
    ): "for cells that are tests, with pytest",
}


def test_nothing_kept_imports_anything_dropped(whole: dict[str, Files]) -> None:
    owner = {path: package for package, files in whole.items() for path in files if path.endswith(".py")}
    sources = {path: whole[package][path] for path, package in owner.items()}
    gone = {path for path, package in owner.items() if thin.dropped(package, path)}
    found = imports.imports(sources, sources.keys() - gone)
    missed = {(one.importer, one.target) for one in found if one.target in gone}
    excused = {
        pair
        for pair in missed
        if any(fnmatchcase(pair[0], importer) and fnmatchcase(pair[1], target) for importer, target in NEVER)
    }
    assert sorted(missed - excused) == []


def test_every_rule_names_a_package_and_drops_something(whole: dict[str, Files]) -> None:
    for package, (drop, _) in thin.rules().items():
        paths = [path for name, files in whole.items() if package in (name, "every") for path in files]
        for pattern in drop:
            assert any(fnmatchcase(path, pattern) for path in paths), f"{pattern} of {package} drops nothing"


def test_every_exception_to_a_rule_keeps_something(whole: dict[str, Files]) -> None:
    for package, (_, keep) in thin.rules().items():
        for pattern in keep:
            assert any(fnmatchcase(path, pattern) for path in whole[package]), f"{pattern} of {package} keeps nothing"


def test_licences_and_entry_points_stay(whole: dict[str, Files]) -> None:
    for package, files in whole.items():
        legal = {path for path in files if ".dist-info/" in path and "LICEN" in path.upper()}
        assert legal | {path for path in files if path.endswith("entry_points.txt")} <= thin.thin(package, files).keys()


@pytest.mark.parametrize(
    ("package", "path", "dropped"),
    [
        ("jedi", "jedi/third_party/typeshed/stdlib/os.pyi", True),
        ("jedi", "jedi/api/__init__.py", False),
        ("marimo-base", "marimo/_server/main.py", True),
        ("marimo-base", "marimo/_server/models/models.py", False),
        ("unheard-of", "unheard_of/core.pyi", True),
        ("unheard-of", "unheard_of/core.py", False),
    ],
)
def test_dropped(package: str, path: str, dropped: bool) -> None:
    assert thin.dropped(package, path) == dropped


def test_metadata_keeps_its_headers_and_loses_its_essay() -> None:
    files = {"demo-1.0.dist-info/METADATA": b"Name: demo\nVersion: 1.0\n\n# Demo\n\nA long story.\n"}
    assert thin.thin("demo", files) == {"demo-1.0.dist-info/METADATA": b"Name: demo\nVersion: 1.0\n"}
