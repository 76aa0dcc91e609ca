"""The site: every lab and tutorial of the catalog as a page, around one runtime, one front end and one kit."""

import functools
import gzip
import json
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.resources import files as files_of
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import book
import catalog
import console
import course
import front as frontend
import lock as locked
import mlsysim
import node as nodes
import notebook
import packs
import quiz
import registry
import roofline
import sheet
import squeeze
import teaching
from catalog import Row
from errors import BuildError
from folders import digest_tree, kept, link
from labkit import bundle, loading
from labkit.elements import element
from labkit.flow import Flow, closed_markup, opened_markup
from mlsysim.calibration import page as calibration
from mlsysim.calibration.report import calibrate
from runtime import CHARTS

HERE = Path(__file__).resolve().parent
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 13 8 5h6' "
    "fill='none' stroke='%230b5a68' stroke-width='2.4' stroke-linecap='round'/%3E%3C/svg%3E"
)
LARGE = 1_000_000
TEMPLATES = Environment(loader=FileSystemLoader([HERE, HERE / "theme"]), autoescape=True, undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Kit:
    """The pages' own scripts and style sheets, by their names in kit/; `script` holds `offline` and `version` too."""

    script: str
    offline: str
    charts: str
    style: str
    pages: str
    progress: str
    dates: str
    version: str
    roofline: str


def assemble(out: Path, runtime: Path, say: Callable[[str], None]) -> None:
    """Write the whole site to `out`, a folder that does not exist yet.

    Raises
    ------
    BuildError : a lab's notebook does not compile, does not run, or declares no lab
    """
    rows, cache = catalog.read(), runtime.parent
    out.mkdir(parents=True)
    plan = write_runtime(out / "runtime", runtime)
    node = functools.cache(lambda: nodes.find(cache, say))
    rollup = cache / "files" / locked.read().tarball(locked.recipe()["rollup"]["name"])
    with ThreadPoolExecutor(1) as other:  # the one is Node's work, the other Python's: each takes a core
        joining = other.submit(frontend.build, cache, rollup.read_bytes(), ICON, node, say)
        written = book.build(cache, say)
    folder, front = joining.result()
    shutil.copytree(folder, out / "assets", copy_function=link, ignore=shutil.ignore_patterns("front.json"))
    front = replace(front, worker=named(out / "assets", "kernel", ".js", kernel(front.worker, plan)))
    charts = (runtime / CHARTS).read_text(encoding="utf-8")
    kit = write_kit(out / "kit", charts)
    needed = {
        "kit": (kit.script, kit.offline, kit.charts, kit.style, kit.pages, kit.progress, kit.roofline, kit.version),
        "assets": (front.script, front.style, front.worker),
    }
    needed["runtime"] = tuple(plan[name]["file"] for name in ("core", "own", "wasm", "script"))
    first = [f"{place}/{name}" for place, names in needed.items() for name in names]
    loader = (runtime / "pyodide.mjs").read_text(encoding="utf-8")
    search = named(out / "kit", "search", ".js", book.search_script(written))
    made = console.write(out / "ta", plan, loader, named)
    samples = named(out / "ta", "samples", ".zip", (written / "ta" / "samples.zip").read_bytes())
    quiz.write(out, TEMPLATES, named, {"kit": kit, "icon": ICON})
    files = worth_keeping(out, set(first))
    shared: dict[str, Any] = {"kit": kit, "front": front, "icon": ICON}
    shared["bytes"] = packs.sizes(plan, ("core", "own", "wasm"))
    # To a tenth of a megabyte: the console holds the labs' sources, and one edited lab is no reason to write all pages.
    shared["whole"] = round(sum(len(gzip.compress((out / name).read_bytes(), 1)) for name in files), -5)
    code = digest_tree(HERE.parent, ["labs/labkit", "mlsysim", "site", "requirements.txt"])
    for row in [*rows, *catalog.tutorials()]:
        shutil.copytree(pages(row, shared, code, cache, say), out, copy_function=link, dirs_exist_ok=True)
    (out / "index.html").write_text(landing_page(rows, shared), encoding="utf-8")
    book.place(written, out, {"icon": ICON, "search": search, "samples": samples, **asdict(kit)})
    shutil.copytree(reference(shared, code, cache, say), out / "reference", copy_function=link, dirs_exist_ok=True)
    (out / "ta" / "console.html").write_text(console.page(TEMPLATES, made, shared), encoding="utf-8")
    schema = files_of("labkit") / "submission.schema.json"
    (out / "ta" / schema.name).write_text(schema.read_text(encoding="utf-8"), encoding="utf-8")
    version, worker = service_worker(out, first, files)
    (out / "sw.js").write_text(worker, encoding="utf-8")
    (out / "version.json").write_text(json.dumps({"version": version}), encoding="utf-8")
    say("compressing what words there are")
    words = [path.relative_to(out).as_posix() for path in out.rglob("*.html")]
    squeeze.beside(out, [*first, *words, "sw.js"], cache / "squeezed")
    editor = cache / "head.html"
    editor.write_text(bundle.head(charts), encoding="utf-8")
    (out / ".nojekyll").touch()


def write_runtime(out: Path, runtime: Path) -> dict[str, Any]:
    """The runtime's archives, compressed once for each runtime; the plan by which a page fetches them."""
    made_from = digest_tree(runtime.parent, [runtime.name]) + digest_tree(
        HERE.parent / "wheel", ["packs.py", "core.txt"]
    )

    def make(folder: Path) -> None:
        plan = packs.write(folder / "runtime", runtime)
        (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")

    folder = kept(runtime.parent / "packs", made_from, make)
    shutil.copytree(folder / "runtime", out, copy_function=link)
    found: dict[str, Any] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    return found


def reference(shared: dict[str, Any], code: str, cache: Path, say: Callable[[str], None]) -> Path:
    """Every figure of the simulator with its source, and its predictions against what was measured."""

    def make(folder: Path) -> None:
        say("building the reference")
        (folder / "registry.html").write_text(sheet.page(TEMPLATES, shared), encoding="utf-8")
        report = {"style": Markup(calibration.STYLE), "body": Markup(calibration.body(calibrate()))}
        text = TEMPLATES.get_template("calibration.html").render(**report, **shared)
        (folder / "calibration.html").write_text(text, encoding="utf-8")

    kit: Kit = shared["kit"]
    return kept(cache / "reference", f"{code} {kit.style} {kit.pages}", make)


def pages(row: Row, shared: dict[str, Any], code: str, cache: Path, say: Callable[[str], None]) -> Path:
    """A folder with a lab's page and, if there is one, its page for teaching assistants, where they lie in the site."""
    sources = [path.read_text(encoding="utf-8") for path in (row.notebook, teaching.source(row)) if path.is_file()]

    def make(folder: Path) -> None:
        say(f"building {row.name}")
        lab, defined = load(row)
        made = {row.name: lab_page(row, lab, shared)}
        if teaching.is_there(row):
            body = Markup(teaching.body(row, defined))
            made[f"ta/{row.name}"] = TEMPLATES.get_template("teaching.html").render(row=row, body=body, **shared)
        for name, text in made.items():
            page = folder / f"{name}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")

    key = registry.digest(json.dumps([code, repr(row), repr(shared), sources]).encode())
    return kept(cache / "pages" / row.name.replace("/", "_"), key, make)


def named(folder: Path, stem: str, suffix: str, content: str | bytes) -> str:
    """Write a file under a name that its content gives it, so that it never changes where it lies; that name."""
    folder.mkdir(exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    name = f"{stem}-{registry.digest(data)[:10]}{suffix}"
    (folder / name).write_bytes(data)
    return name


def write_kit(folder: Path, charts: str) -> Kit:
    """The pages' own scripts and style sheet."""
    names = ("loading.js", "offline.js", "version.js")
    loading, offline, version = ((HERE / name).read_text(encoding="utf-8") for name in names)
    return Kit(
        script=named(folder, "lab", ".js", bundle.script() + loading + offline + version),
        offline=named(folder, "offline", ".js", offline),
        charts=named(folder, "charts", ".js", charts),
        style=named(folder, "lab", ".css", bundle.style()),
        pages=named(folder, "pages", ".css", (HERE / "theme" / "pages.css").read_text(encoding="utf-8")),
        dates=named(folder, "dates", ".js", (HERE / "dates.js").read_text(encoding="utf-8")),
        version=named(folder, "version", ".js", version),
        roofline=named(folder, "roofline", ".js", (HERE / "roofline.js").read_text(encoding="utf-8")),
        progress=named(
            folder, "progress", ".js", bundle.script(("store",), (HERE / "progress.js").read_text(encoding="utf-8"))
        ),
    )


def worth_keeping(out: Path, first: set[str]) -> list[str]:
    """The files of unchanging names that the whole course may ask for; large ones that no lab's page needs are not."""
    folders = ("assets", "kit", "quiz", "runtime", "ta")
    paths = [path for folder in folders for path in sorted((out / folder).iterdir()) if path.suffix != ".html"]
    sizes = {path.relative_to(out).as_posix(): path.stat().st_size for path in paths}
    return [name for name, size in sizes.items() if size < LARGE or name in first or name.startswith("runtime/")]


def service_worker(out: Path, first: list[str], files: list[str]) -> tuple[str, str]:
    """The site's version, which follows from every page and file; the script that keeps it in a browser."""
    pages = {
        path.relative_to(out).as_posix(): registry.digest(path.read_bytes()) for path in sorted(out.rglob("*.html"))
    }
    site = {"pages": pages, "first": first, "files": files}
    version = f"{mlsysim.__version__}-{registry.digest(json.dumps(site).encode())[:8]}"
    known = json.dumps({"version": version, **site})
    return version, f"const SITE = {known};\n{(HERE / 'sw.js').read_text(encoding='utf-8')}"


def kernel(worker: str, plan: dict[str, Any]) -> str:
    """The worker's script: the plan of the runtime's files, marimo's worker, and what starts Python before it."""
    begin = re.compile(r"await (\w+)\(\{packages:\[`micropip`.*?convertNullToNone:!0\}\)")
    found = begin.findall(worker)
    if len(found) != 1:
        raise BuildError("marimo's worker no longer starts Pyodide where site/assemble.py changes it")
    warm = (HERE / "kernel.py").read_text(encoding="utf-8")
    own = (HERE / "kernel.js").read_text(encoding="utf-8")
    before = f"const PLAN = {json.dumps(plan)};\nconst WARM = {json.dumps(warm)};\n"
    return f"{before}{begin.sub('await begun', worker)}\n{own}\nconst begun = start({found[0]});\n"


def load(row: Row) -> tuple[Flow, dict[str, Any]]:
    """The lab or tutorial of a row, and everything that its notebook defines."""
    try:
        return loading.load(row.notebook, row.name)
    except loading.LabError as error:
        raise BuildError(str(error)) from error


def lab_page(row: Row, lab: Flow, shared: dict[str, Any]) -> str:
    """The page of a lab or tutorial: briefing and lock as HTML, its parts as stand-ins until the notebook is there."""
    exported = notebook.export(row.notebook)
    steps = [("Lock", "Lock"), *((part.letter, part.letter) for part in lab.parts), ("Log", lab.log_step)]
    return TEMPLATES.get_template("lab.html").render(
        row=row,
        lab=lab,
        steps=steps,
        briefing=Markup("".join(f"<p>{escape(text)}</p>" for text in lab.briefing)),
        lock=Markup(standing_lock(lab)),
        waiting=Markup(waiting(lab)),
        notebook_head=Markup(exported.head),
        notebook_body=Markup(exported.body),
        **shared,
    )


def standing_lock(lab: Flow) -> str:
    """The opening lock as HTML that can be read before the script is there."""
    inner = f'<section class="lock"><p class="question">{escape(lab.lock.asked(lab.variants))}</p></section>'
    return element("lab-lock", lab.lock.spec(), inner).replace("<lab-lock ", "<lab-lock data-standing ", 1)


def waiting(lab: Flow) -> str:
    """Stand-ins for the parts: A with its controls, ready for when the lock is committed; those after it closed."""
    first, *later = lab.parts
    panel = element("lab-panel", first.panel_spec())
    stand = '<div class="stand">The simulator is starting. What you set here is kept.</div>'
    note = '<p class="closed-note small">Opens when your prediction is locked.</p>'
    return (
        opened_markup(first, note + panel + stand)
        + "".join(closed_markup(part, f"after part {chr(ord(part.letter) - 1)}") for part in later)
        + lab.log_closed().text
    )


def landing_page(rows: list[Row], shared: dict[str, Any]) -> str:
    """The page one arrives at."""
    rows = [row for row in course.labs().values() if row in rows]
    volumes = [(volume, list(group)) for volume, group in groupby(rows, key=lambda row: row.volume)]
    known = {
        "minutes": max(row.minutes for row in rows),
        "first": rows[0],
        "here": len(rows),
        "planned": len(course.labs()),
    }
    return TEMPLATES.get_template("index.html").render(volumes=volumes, **known, **roofline.drawn(), **shared)
