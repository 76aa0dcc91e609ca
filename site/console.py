"""The teaching assistant's console: its page, its scripts, and the labs that it grades."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

import catalog
from labkit.grading.intake import LARGEST_ZIP
from labkit.quiz.sittings import LARGEST as LARGEST_TABLE
from labkit.submission import LARGEST
from packs import SITE

HERE = Path(__file__).resolve().parent
FINDER = "sys.meta_path.append(Rest())\n"


def write(out: Path, plan: dict[str, Any], loader: str, named: Callable[..., str]) -> dict[str, str]:
    """Write the console's files to the folder `out`, beside kit/ and runtime/; their names, by what they are.

    Parameters
    ----------
    out : a folder
    plan : of the runtime's files
    loader : text of Pyodide's own loader
    named : writes a text to a folder under a name that its content gives it
    """
    kit, own = files("labkit") / "page", files("labkit") / "grading" / "page"
    parts = (kit / "dom.js", kit / "download.js", own / "console.js", own / "learnt.js")
    script = "\n".join(path.read_text(encoding="utf-8") for path in parts)
    style = "".join((own / name).read_text(encoding="utf-8") for name in ("report.css", "console.css"))
    labs = {row.name: row.notebook.read_text(encoding="utf-8") for row in catalog.read()}
    quiz = sorted((each for each in (files("labkit") / "quiz").iterdir() if each.name.endswith(".py")), key=str)
    modules = {f"/{SITE}labkit/quiz/{each.name}": each.read_text(encoding="utf-8") for each in quiz}
    sources = named(out, "labs", ".json", json.dumps({"labs": labs, "modules": modules}, ensure_ascii=False))
    loading = named(out, "pyodide", ".mjs", loader)
    return {
        "worker": named(out, "worker", ".js", worker(plan, loading, sources)),
        "script": named(out, "console", ".js", f'(() => {{\n"use strict";\n{script}}})();\n'),
        "style": named(out, "console", ".css", style),
    }


def worker(plan: dict[str, Any], loader: str, sources: str) -> str:
    """The worker's script: the grader's own behind what starts Python in a lab's page."""
    kernel = (HERE / "kernel.js").read_text(encoding="utf-8")
    finder = (HERE / "kernel.py").read_text(encoding="utf-8").partition(FINDER)
    assert finder[1]
    own = (files("labkit") / "grading" / "page" / "worker.js").read_text(encoding="utf-8")
    values = {"PLAN": plan, "WARM": "".join(finder[:2]) + "import labkit.grading.console\n", "SOURCES": sources}
    before = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    return f'import {{ loadPyodide }} from "./{loader}";\n{before}{kernel}\n{own}'


def page(templates: Environment, made: dict[str, str], shared: dict[str, Any]) -> str:
    """The console's page."""
    limits = Markup(json.dumps({"file": LARGEST, "zip": LARGEST_ZIP, "table": LARGEST_TABLE}))
    return templates.get_template("console.html").render(made=made, limits=limits, **shared)
