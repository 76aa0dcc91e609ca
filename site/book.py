"""The pages around the labs: laid out from `site/pages/` and the data of the course, then made by Sphinx."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import catalog
import cli
import course
import folders
import handed
import samples
import teaching
import walls
from errors import BuildError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGES = HERE / "pages"
CODE = (
    "mlsysim",
    "site/book.py",
    "site/theme",
    *(
        f"site/{name}.py"
        for name in ("catalog", "cli", "course", "docstrings", "handed", "mathml", "samples", "walls", "worked")
    ),
    *(f"labs/labkit/{name}.py" for name in ("log", "grading/rubric", "grading/sheet")),
)
DATA = (
    "site/pages",
    "labs/catalog.toml",
    "labs/course.toml",
    "labs/ta",
    *(f"labs/{name}.py" for name in samples.labs()),
)
READ = (".md", ".py", ".html", ".css")
SEARCH = ("documentation_options", "doctools", "language_data", "searchtools")


def build(cache: Path, say: Callable[[str], None]) -> Path:
    """The folder of the finished pages. Sphinx runs only when something that it reads has changed.

    Raises
    ------
    BuildError : an example fails, a link leads nowhere, a docstring is no reStructuredText
    """
    out, work = cache / "book", cache / "book-work"
    code = f"{version('sphinx')} {version('myst-parser')} {folders.digest_tree(ROOT, CODE)}"
    key = f"{code} {folders.digest_tree(ROOT, DATA)}"
    stamp = cache / "book.json"
    if folders.stamped(out, stamp, key):
        return out
    say("writing the pages around the labs")
    before = work / "code.txt"
    if not before.is_file() or before.read_text(encoding="utf-8") != code:
        shutil.rmtree(work, ignore_errors=True)  # pages hold the simulator's figures: all of them are read again
    before.unlink(missing_ok=True)  # after a failure Sphinx takes a faulty page for a finished one
    lay_out(work / "source")
    run_sphinx(work, out)
    (out / "ta" / "samples.zip").write_bytes(handed.together(samples.read()))
    before.write_text(code, encoding="utf-8")
    folders.put_stamp(out, stamp, key)
    return out


def run_sphinx(work: Path, out: Path) -> None:
    """Make the pages; every warning is an error."""
    command = [sys.executable, "-P", "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-d", str(work / "doctrees"), str(work / "source"), str(out)]
    path = os.pathsep.join(map(str, (ROOT, HERE, ROOT / "labs", ROOT / "wheel")))
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"}
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if re.search(r"WARNING|ERROR|rror:", line)]
        told = (lines or done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise BuildError(
            f"The pages around the labs cannot be made: {told.replace(str(work / 'source'), 'site/pages')}"
        )


def lay_out(source: Path) -> None:
    """What Sphinx reads: the pages as they are, and those that the data of the course fill in."""
    wanted: dict[Path, bytes] = {}
    for path in sorted([*PAGES.rglob("*"), *(HERE / "theme").rglob("*")]):
        if path.is_file() and (path.suffix in READ or path.name == "theme.toml"):
            below = path.relative_to(PAGES if PAGES in path.parents else HERE)
            wanted[source / below] = path.read_bytes()
    wanted |= {source / name: text.encode() for name, text in generated().items()}
    for path in source.rglob("*"):
        if path.is_file() and path not in wanted:
            path.unlink()
    for path, data in wanted.items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def generated() -> dict[str, str]:
    """Pages by their path, from the templates among the pages."""
    rows, known = course.labs(), {"labs": course.labs(), "semesters": course.semesters(), "terms": course.TERMS}
    pages = {"reference/cli.md": cli.page(filled), "ta/samples.md": samples.page(filled)}
    pages["course.md"] = filled("course.md.jinja", known)
    pages["instructors/syllabus.md"] = filled("instructors/syllabus.md.jinja", known)
    pages["paths.md"] = filled("paths.md.jinja", {"paths": course.paths()})
    pages["ta/index.md"] = filled("ta/index.md.jinja", {"taught": [*filter(teaching.is_there, catalog.read())]})
    for name, text in walls.pages(list(rows.values()), filled).items():
        pages[f"walls/{name}.md"] = text
    for name, group in tomllib.loads((PAGES / "reference/api/api.toml").read_text(encoding="utf-8")).items():
        pages[f"reference/api/{name}.md"] = filled("reference/api/page.md.jinja", {"group": group})
    return pages


def filled(name: str, values: Mapping[str, Any]) -> str:
    """A template of `site/pages/` with these values."""
    pages = Environment(loader=FileSystemLoader(PAGES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return pages.get_template(name).render(values)


def search_script(out: Path) -> str:
    """Sphinx's search as one script, with how it scores before it and its index behind."""
    paths = [HERE / "search.js", *(out / "_static" / f"{name}.js" for name in SEARCH), out / "searchindex.js"]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def place(made: Path, out: Path, names: Mapping[str, str]) -> None:
    """Put what was made into the site, with the names that its files have in this version."""
    for page in made.rglob("*.html"):
        target = out / page.relative_to(made)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = re.sub(r"@(\w+)@", lambda found: names[found[1]], page.read_text(encoding="utf-8"))
        text = re.sub(r'(class="says wide [^>]*><div[^>]*><pre)>', r'\1 tabindex="0">', text)  # it scrolls sideways
        target.write_text(text, encoding="utf-8")
