"""The pages around the labs: laid out whole, examples run, nothing made twice."""

import doctest
import re
import shlex
import tomllib
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import book
import cli
import docstrings
import folders
import mathml
import mlsysim
import samples
import walls
from errors import BuildError
from mlsysim.cli import _parser
from mlsysim.walls import WALLS

API = tomllib.loads((book.PAGES / "reference/api/api.toml").read_text(encoding="utf-8"))


def test_every_wall_has_a_page_with_all_the_symbols_of_its_equation() -> None:
    told = tomllib.loads((walls.HERE / "walls.toml").read_text(encoding="utf-8"))
    assert list(told) == list(WALLS)
    for name, page in told.items():
        listed = " ".join(line.split("|")[0] for line in page["symbols"])
        words = {
            "max",
            "exp",
            "ln",
            "over",
            "all",
            "prefill",
            "decode",
            "continuous",
            "static",
            "dln",
            "sum",
            "of",
            "x",
        }
        used = set(re.findall(r"[A-Za-z_^]+'?", WALLS[name].equation)) - words
        symbols = {each for each in used if len(each) == 1 or "_" in each or each in walls.GREEK}
        for symbol in symbols - {"M", "G", "c", "C"}:  # also the names of queues
            assert re.search(rf"(?<!\w){re.escape(symbol.split('^')[0])}", listed), f"{name}: {symbol}"
        assert "{figure}" in page["told"]


def test_the_whole_interface_is_on_a_page_and_once() -> None:
    modules = [module for group in API.values() for module in group["modules"]]
    assert len(modules) == len(set(modules))
    found = {name.split(".", 1)[1] for name in modules_of("solvers", "physics")}
    assert found <= set(modules), found - set(modules)
    assert set(mlsysim._HOME.values()) <= set(modules)


def modules_of(*packages: str) -> set[str]:
    paths = [path for name in packages for path in (book.ROOT / "mlsysim" / name).glob("*.py")]
    names = {f"mlsysim.{path.parent.name}.{path.stem}" for path in paths if path.stem != "__init__"}
    return {name for name in names if public(name)}


def public(module: str) -> bool:
    own = vars(import_module(module))
    return any(not name.startswith("_") and getattr(each, "__module__", "") == module for name, each in own.items())


def test_code_on_a_page_is_run_by_it() -> None:
    for path in book.PAGES.rglob("*.md*"):
        for kind in re.findall(r"^```(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert kind.strip("{}") in ("run", "command", "toctree", "eval-rst", "glossary"), f"{path.name}: {kind}"


def test_a_command_that_needs_files_is_spelt_as_the_parser_takes_it() -> None:
    blocks = [
        block
        for path in book.PAGES.rglob("*.md*")
        for kind, block in re.findall(
            r"^```(.*?)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        if not kind
    ]
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("mlsysim ")]
    assert lines
    for line in lines:
        assert _parser().parse_args(shlex.split(line)[1:])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few pages, made as the site's are."""
    work = tmp_path_factory.mktemp("work")
    pages(work / "source", "# Title\n\n```{run}\nprint(6 * 7)\n```\n\nIt is {figure}`6 * 7`, or $a^2$.\n")
    book.run_sphinx(work, work / "out")
    return work / "out"


def pages(source: Path, text: str) -> None:
    book.lay_out(source)
    for path in source.rglob("*.md"):
        path.unlink()
    (source / "contents.md").write_text(f"---\ndescription: d\n---\n{text}", encoding="utf-8")


def test_what_a_page_shows_is_what_its_code_says(made: Path) -> None:
    text = (made / "contents.html").read_text(encoding="utf-8")
    assert "<p>It is 42, or <math" in text
    assert re.search(r'class="says.*?42', text, re.DOTALL)
    assert "@style@" in text
    assert re.findall(r"<script[^>]*>", text) == ['<script src="./kit/@version@">']


def test_pages_are_placed_with_the_names_of_this_version(made: Path, tmp_path: Path) -> None:
    names = {
        "icon": "data:,",
        "style": "lab-1.css",
        "pages": "pages-1.css",
        "search": "search-1.js",
        "version": "version-1.js",
    }
    book.place(made, tmp_path, names)
    text = (tmp_path / "contents.html").read_text(encoding="utf-8")
    assert 'href="./kit/lab-1.css"' in text or 'href="kit/lab-1.css"' in text
    assert "@" not in text
    assert 'src="kit/search-1.js"' in (tmp_path / "search.html").read_text(encoding="utf-8")
    with pytest.raises(KeyError):
        book.place(made, tmp_path, {"icon": ""})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```{run}\n1 / 0\n```", "ZeroDivisionError"),
        ("```{run}\n:refused:\n1 + 1\n```", "not refused any more"),
        ("```{command}\nmlsysim serve Llama3_8B H1000\n```", "not known"),
        ("```{command}\nmlsysim sing\n```", "ended with 2"),
        ("{figure}`unknown`", "NameError"),
        ("[there](nowhere.md)", "nowhere"),
        ("$\\nonsense$", "nonsense"),
    ],
)
def test_what_fails_on_a_page_fails_the_build(tmp_path: Path, text: str, told: str) -> None:
    pages(tmp_path / "source", f"# Title\n\n{text}\n")
    with pytest.raises(BuildError, match=told) as caught:
        book.run_sphinx(tmp_path, tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_nothing_is_made_again_while_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[bool] = []

    def sphinx(work: Path, out: Path) -> None:
        runs.append((work / "doctrees").exists())
        (work / "doctrees").mkdir(exist_ok=True)
        (out / "ta").mkdir(parents=True, exist_ok=True)
        if len(runs) == 2:
            raise BuildError("a page is faulty")

    digests = iter(["code", "text", "code", "text", "code", "newer", "code", "newer", "newer code", "newer"])
    monkeypatch.setattr(book, "run_sphinx", sphinx)
    monkeypatch.setattr(folders, "digest_tree", lambda root, names: next(digests))
    book.build(tmp_path, print)
    book.build(tmp_path, print)
    assert runs == [False]
    with pytest.raises(BuildError):
        book.build(tmp_path, print)
    assert runs == [False, True]
    book.build(tmp_path, print)
    assert runs == [False, True, False], "what a failure left behind was used"
    book.build(tmp_path, print)
    assert runs == [False, True, False, False], "other code, other figures: every page is read again"


def test_sphinx_reads_no_lab_but_those_with_samples() -> None:
    read = {path for name in (*book.CODE, *book.DATA) for path in [book.ROOT / name, *(book.ROOT / name).rglob("*")]}
    labs = {
        f"{path.parent.name}/{path.stem}"
        for path in read
        if path.parent.name.startswith("vol") and path.suffix == ".py"
    }
    assert labs == set(samples.labs())
    assert all((book.ROOT / name).exists() for name in (*book.CODE, *book.DATA))


class Anchors(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)


@pytest.mark.parametrize("module", [walls, docstrings, mathml], ids=lambda module: module.__name__)
def test_examples_in_the_generator_run(module) -> None:
    assert doctest.testmod(module).failed == 0


def test_an_equation_is_text_that_a_browser_reads() -> None:
    assert Anchors(walls.written("m <= 2 and t_c < x")).tags == ["i", "i", "sub", "i"]


def test_what_the_errors_page_quotes_is_said_by_a_page() -> None:
    errors = (book.PAGES / "reference/errors.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ([^|]+) \|", errors.partition("## On a lab's page")[2].partition("## On the command")[0], re.MULTILINE
    )
    scripts = [*(book.ROOT / "labs/labkit/page").glob("*.js"), *book.HERE.glob("*.js"), book.HERE / "kernel.py"]
    said = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
    assert len(rows) > 5
    assert [quoted for quoted in rows[1:] if quoted not in said] == []


def test_every_option_of_the_command_line_says_what_it_is() -> None:
    told: list[dict[str, Any]] = []
    cli.page(lambda name, values: str(told.extend(values["commands"])))
    assert {"solve", "serve", "grade", "quiz"} <= {command["name"] for command in told}
    assert [(command["name"], name) for command in told for name, says, _ in command["takes"] if len(says) < 5] == []
    assert all(command["told"][0].isupper() for command in told)
