"""A notebook as marimo exports it, taken apart: what its page needs beside the front end."""

import re
from dataclasses import dataclass
from pathlib import Path

from marimo._ast.app import InternalApp
from marimo._ast.load import load_app
from marimo._config.config import DEFAULT_CONFIG
from marimo._export.exporter import Exporter
from marimo._export.requests import WASMExportRequest
from marimo._schemas.export_options import WASMExportOptions, WASMRuntimeConfig

from errors import BuildError

_DROPPED = re.compile(
    r'<link rel="(?:icon|preload|modulepreload|stylesheet|apple-touch-icon|manifest)"[^>]*>'
    r'|<script type="module"[^>]*></script>'
    r'|<meta name="(?:viewport|theme-color|description)"[^>]*>'
    r'|<meta charset="utf-8" />|<title>.*?</title>|<!--.*?-->'
    r"|<script>\s*if \(window\.location\.protocol === 'file:'\).*?</script>",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Exported:
    """Markup from the head and from the body of a page that runs the notebook."""

    head: str
    body: str


def export(path: Path) -> Exported:
    """Export a notebook for a page one folder below the site's root; the page brings front end and runtime itself."""
    runtime = WASMRuntimeConfig(
        pyodide_index_url="../runtime/",
        pyodide_lockfile_url="",
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
    head = _DROPPED.sub("", head)
    return Exported(re.sub(r"\n\s*\n+", "\n", head).strip(), body.strip())
