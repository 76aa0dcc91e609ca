"""The page's script and style: one file each, from the sources in page/."""

from collections.abc import Sequence
from importlib.resources import files

# In the order in which they need each other.
SCRIPTS = (
    *("vendor/sha256.min", "store", "download", "dom", "code", "variant", "number", "lock"),
    *("panel", "text", "readings", "chart", "log", "words", "work", "section", "page", "start"),
)


def script(names: Sequence[str] = SCRIPTS[1:], more: str = "") -> str:
    """The page's script; or of its parts those named, and what another page does with them."""
    page = files("labkit") / "page"
    vendor, *own = ((page / f"{name}.js").read_text(encoding="utf-8") for name in (SCRIPTS[0], *names))
    body = "\n".join([*own, more] if more else own)
    return f'{vendor}\n(() => {{\n"use strict";\n{body}}})();\n'


def style() -> str:
    """The page's style sheet."""
    return (files("labkit") / "page" / "lab.css").read_text(encoding="utf-8")


def head(charts: str) -> str:
    """Style and scripts, the chart library's among them, for the head of a notebook that no page surrounds."""
    return f"<style>{style()}</style>\n<script>{charts}</script>\n<script>{script()}</script>\n"
