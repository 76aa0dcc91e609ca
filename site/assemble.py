"""The site: every lab of the catalog as a page, around one runtime, one front end and one kit."""

import shutil
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import catalog
import console
import notebook
from catalog import Row
from errors import BuildError
from labkit import bundle, loading
from labkit.elements import element
from labkit.flow import Lab, closed_markup, opened_markup
from runtime import CHARTS

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
    kit = out / "kit"
    kit.mkdir()
    (kit / "lab.js").write_text(bundle.script(), encoding="utf-8")
    (kit / "lab.css").write_text(bundle.style(), encoding="utf-8")
    editor = HERE.parent / ".cache" / "head.html"
    editor.parent.mkdir(exist_ok=True)
    charts = (runtime / CHARTS).read_text(encoding="utf-8")
    editor.write_text(bundle.head(charts), encoding="utf-8")
    console.write(out / "ta", ICON, TEMPLATES)
    say("copying the front end and the runtime")
    notebook.front_end(out / "assets", ICON)
    shutil.copytree(runtime, out / "runtime", copy_function=_link)
    (out / ".nojekyll").touch()


def load(row: Row) -> tuple[Lab, dict[str, Any]]:
    """The lab of a row, and everything that its notebook defines."""
    try:
        return loading.load(row.notebook, row.name)
    except loading.LabError as error:
        raise BuildError(str(error)) from error


def lab_page(row: Row) -> str:
    """A lab's page: its briefing and lock as HTML of its own, its parts as stand-ins until the notebook is there."""
    lab, _ = load(row)
    exported = notebook.export(row.notebook)
    names = ("Lock", *(part.letter for part in lab.parts), "Log")
    return TEMPLATES.get_template("lab.html").render(
        row=row,
        lab=lab,
        icon=ICON,
        charts=CHARTS,
        steps=[(name, f"part-{name}") for name in names],
        briefing=Markup("".join(f"<p>{escape(text)}</p>" for text in lab.briefing)),
        lock=Markup(standing_lock(lab)),
        waiting=Markup(waiting(lab)),
        notebook_head=Markup(exported.head),
        notebook_body=Markup(exported.body),
    )


def standing_lock(lab: Lab) -> str:
    """The opening lock as HTML that can be read before the script is there."""
    inner = f'<section class="lock"><p class="question">{escape(lab.lock.asked(lab.variants))}</p></section>'
    return element("lab-lock", lab.lock.spec(), inner).replace("<lab-lock ", "<lab-lock data-standing ", 1)


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
