"""The quiz's page, and its key in a file of its own."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment

from labkit.quiz.answers import key
from labkit.quiz.question import LIMIT
from labkit.quiz.questions import VERSION, questions

SCRIPTS = ("dom.js", "number.js", "download.js")


def write(out: Path, templates: Environment, named: Callable[..., str], shared: dict[str, Any]) -> None:
    """Write quiz/index.html and what it needs to the site at `out`.

    Parameters
    ----------
    out : the site's folder, with the kit in it
    templates : where quiz.html is found
    named : writes a text to a folder under a name that its content gives it
    shared : the kit's names and the icon
    """
    kit, own = files("labkit") / "page", files("labkit") / "quiz" / "page"
    parts = [
        *((kit / name).read_text(encoding="utf-8") for name in SCRIPTS),
        (own / "quiz.js").read_text(encoding="utf-8"),
    ]
    script = "\n".join(parts)
    made = {
        "script": named(out / "kit", "quiz", ".js", f'(() => {{\n"use strict";\n{script}}})();\n'),
        "style": named(out / "kit", "quiz", ".css", (own / "quiz.css").read_text(encoding="utf-8")),
        "key": named(out / "quiz", "key", ".json", json.dumps(key(), ensure_ascii=False)),
    }
    page = templates.get_template("quiz.html")
    text = page.render(questions=questions(), limit=LIMIT, version=VERSION, made=made, **shared)
    (out / "quiz" / "index.html").write_text(text, encoding="utf-8")
