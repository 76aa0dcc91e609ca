"""The site: every lab of the catalog as a page, around one runtime, one front end and one kit."""

import contextlib
import importlib.util
import io
import shutil
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import catalog
import mlsysim
import notebook
import sheet
from catalog import Row
from errors import BuildError
from labkit import bundle
from labkit.elements import element
from labkit.flow import Lab, closed_markup, opened_markup
from labkit.plan import Lock

HERE = Path(__file__).resolve().parent
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 13 8 5h6' "
    "fill='none' stroke='%230b5a68' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"
)
TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)


def assemble(out: Path, runtime: Path, say: Callable[[str], None]) -> None:
    """Write the whole site to `out`, a folder that does not exist yet.

    Raises
    ------
    BuildError : a lab's notebook does not compile, does not run, or declares no lab
    """
    rows = catalog.read()
    out.mkdir(parents=True)
    for row in rows:
        say(f"building {row.name}")
        page = out / f"{row.name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(lab_page(row), encoding="utf-8")
    (out / "index.html").write_text(landing_page(rows), encoding="utf-8")
    say("building the reference")
    (out / "reference").mkdir()
    (out / "reference" / "registry.html").write_text(sheet.page(TEMPLATES, ICON), encoding="utf-8")
    kit = out / "kit"
    kit.mkdir()
    (kit / "lab.js").write_text(bundle.script(), encoding="utf-8")
    (kit / "lab.css").write_text(bundle.style(), encoding="utf-8")
    editor = HERE.parent / ".cache" / "head.html"
    editor.parent.mkdir(exist_ok=True)
    editor.write_text(bundle.head(), encoding="utf-8")
    say("copying the front end and the runtime")
    notebook.front_end(out / "assets", ICON)
    shutil.copytree(runtime, out / "runtime", copy_function=_link)
    (out / ".nojekyll").touch()


def load(row: Row) -> tuple[Lab, dict[str, Any]]:
    """Run a lab's notebook here and now: the lab that it declares, and everything that it defines."""
    if not row.notebook.is_file():
        raise BuildError(f"labs/catalog.toml lists {row.name}, but {row.notebook.name} is not there")
    spec = importlib.util.spec_from_file_location(row.notebook.stem, row.notebook)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[row.notebook.stem] = module
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            spec.loader.exec_module(module)
            _, defined = module.app.run()
    except SyntaxError as error:
        raise BuildError(f"{row.notebook.name} does not compile, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        raise BuildError(f"{row.notebook.name} does not run: {type(error).__name__}: {error}") from error
    lab = defined.get("lab")
    if not isinstance(lab, Lab) or lab.name != row.name:
        raise BuildError(f"{row.notebook.name} defines no `lab = Lab({row.name!r}, …)`")
    return lab, dict(defined)


def lab_page(row: Row) -> str:
    """A lab's page: its briefing and lock as HTML of its own, its parts as stand-ins until the notebook is there."""
    lab, _ = load(row)
    exported = notebook.export(row.notebook)
    names = ("Lock", *(part.letter for part in lab.parts), "Log")
    return TEMPLATES.get_template("lab.html").render(
        row=row,
        lab=lab,
        simulator_version=mlsysim.__version__,
        icon=ICON,
        steps=[(name, f"part-{name}") for name in names],
        briefing=Markup("".join(f"<p>{escape(text)}</p>" for text in lab.briefing)),
        lock=Markup(standing_lock(lab.lock)),
        waiting=Markup(waiting(lab)),
        notebook_head=Markup(exported.head),
        notebook_body=Markup(exported.body),
    )


def standing_lock(lock: Lock) -> str:
    """The opening lock as HTML that can be read before the script is there."""
    inner = f'<section class="lock"><p class="question">{escape(lock.question)}</p></section>'
    return element("lab-lock", lock.spec(), inner).replace("<lab-lock ", "<lab-lock data-standing ", 1)


def waiting(lab: Lab) -> str:
    """Stand-ins for the parts: A with its controls, ready for when the lock is committed; B, C and the log closed."""
    first, *later = lab.parts
    panel = element("lab-panel", first.panel_spec())
    stand = '<div class="stand">The simulator is starting. What you set here is kept.</div>'
    note = '<p class="closed-note small">Opens when your prediction is locked.</p>'
    return (
        opened_markup(first, note + panel + stand)
        + "".join(closed_markup(part, f"after part {chr(ord(part.letter) - 1)}") for part in later)
        + lab.log_heading(closed=True)
    )


def landing_page(rows: list[Row]) -> str:
    """The page one arrives at."""
    volumes = [(volume, list(group)) for volume, group in groupby(rows, key=lambda row: row.volume)]
    minutes = max(row.minutes for row in rows)
    return TEMPLATES.get_template("index.html").render(volumes=volumes, minutes=minutes, icon=ICON)


def _link(source: str, target: str) -> str:
    """A hard link where the file system has them, else a copy: the runtime is large and never written to."""
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
    return target
