"""A notebook as marimo exports it, taken apart: what its page needs in the head and at the end of the body."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import marimo
from marimo._ast.app import InternalApp
from marimo._ast.load import load_app
from marimo._config.config import DEFAULT_CONFIG
from marimo._export.exporter import Exporter
from marimo._export.requests import WASMExportRequest
from marimo._schemas.export_options import WASMExportOptions, WASMRuntimeConfig

from errors import BuildError

# The front end's files that no exported page asks for.
UNUSED = ("*.map", "CLAUDE.md", "*.png", "*.ico", "manifest.json", "site.webmanifest", "index.html", "logo*")

_DROPPED = re.compile(
    r'<link rel="(?:icon|preload|apple-touch-icon|manifest)"[^>]*>'
    r'|<meta name="(?:viewport|theme-color|description)"[^>]*>'
    r'|<meta charset="utf-8" />|<title>.*?</title>|<!--.*?-->'
    r"|<script>\s*if \(window\.location\.protocol === 'file:'\).*?</script>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Exported:
    """Markup for the head and for the end of the body of a page that runs the notebook."""

    head: str
    body: str


def export(path: Path) -> Exported:
    """Export a notebook for a page one folder below the site's root."""
    runtime = WASMRuntimeConfig(
        pyodide_index_url="../runtime/",
        pyodide_lockfile_url="../runtime/pyodide-lock.json",
        pypi_index_url="../runtime/",
    )
    loaded = load_app(path)
    if loaded is None:
        raise BuildError(f"{path.name} holds no notebook: it needs `app = marimo.App()` and cells")
    app = InternalApp(loaded)
    app.config.html_head_file = None  # for the notebook editor alone: the page brings the kit itself
    request = WASMExportRequest(
        filename=path.name,
        app_config=app.config,
        display_config=DEFAULT_CONFIG["display"] | {"theme": "system"},
        code=app.to_py(),
        options=WASMExportOptions(mode="run", show_code=False, runtime=runtime),
    )
    page, _ = Exporter().export_as_wasm(request)
    head = page[page.index("<head>") + 6 : page.index("</head>")]
    body = page[page.index("<body>") + 6 : page.index("</body>")].replace('<div id="root"></div>', "")
    head = _DROPPED.sub("", head).replace("./assets/", "../assets/")
    head = re.sub(r'(<link rel="stylesheet"[^>]*)>', r"""\1 media="print" onload="this.media='all'">""", head)
    return Exported(re.sub(r"\n\s*\n+", "\n", head).strip(), body.strip())


def front_end(out: Path, icon: str) -> None:
    """Copy marimo's front end, with three changes: its style sheets go into a layer, so that the page's own style
    always wins; the icon that it sets when idle is the page's, because it looks for its own beside each page; and it
    gives Python minutes to start, not 20 seconds, before it reports an error that is none.
    """
    source = Path(marimo.__file__).parent / "_static" / "assets"
    shutil.copytree(source, out, ignore=shutil.ignore_patterns(*UNUSED))
    for sheet in out.glob("*.css"):
        sheet.write_text(f"@layer marimo {{\n{sheet.read_text(encoding='utf-8')}\n}}\n", encoding="utf-8")
    _replace(out, "panels-*.js", "idle:`./favicon.ico`", f"idle:`{icon}`")
    _replace(out, "state-*.js", "maxRequestTime:2e4", "maxRequestTime:3e5")


def _replace(out: Path, files: str, old: str, new: str) -> None:
    """Change what stands once in marimo's front end."""
    texts = {path: path.read_text(encoding="utf-8") for path in out.glob(files)}
    found = [path for path, text in texts.items() if old in text]
    if len(found) != 1 or texts[found[0]].count(old) != 1:
        raise BuildError(f"marimo's front end no longer has {old} where site/notebook.py changes it")
    found[0].write_text(texts[found[0]].replace(old, new), encoding="utf-8")
