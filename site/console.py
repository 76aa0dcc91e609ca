"""The teaching assistant's console: its page, its script, and the labs that it grades."""

import json
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

import catalog
from labkit.grading.intake import LARGEST_ZIP
from labkit.submission import LARGEST


def write(out: Path, icon: str, templates: Environment) -> None:
    """Write the console to the folder `out`, beside the folders kit/ and runtime/."""
    out.mkdir()
    kit, own = files("labkit") / "page", files("labkit") / "grading" / "page"
    limits = Markup(json.dumps({"file": LARGEST, "zip": LARGEST_ZIP}))
    page = templates.get_template("console.html").render(icon=icon, limits=limits)
    script = (kit / "dom.js").read_text(encoding="utf-8") + (own / "console.js").read_text(encoding="utf-8")
    style = "".join((own / name).read_text(encoding="utf-8") for name in ("report.css", "console.css"))
    schema = (files("labkit") / "submission.schema.json").read_text(encoding="utf-8")
    labs = {row.name: row.notebook.read_text(encoding="utf-8") for row in catalog.read()}
    for name, text in (
        ("console.html", page),
        ("console.js", f'(() => {{\n"use strict";\n{script}}})();\n'),
        ("console.css", style),
        ("worker.js", (own / "worker.js").read_text(encoding="utf-8")),
        ("submission.schema.json", schema),
        ("labs.json", json.dumps(labs, ensure_ascii=False)),
    ):
        (out / name).write_text(text, encoding="utf-8")
