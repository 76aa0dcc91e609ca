"""The baseline: the same notebook as marimo exports it, with its own front end and the registries' own wheels."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import marimo
from marimo._ast.app import InternalApp
from marimo._ast.load import load_app
from marimo._config.config import DEFAULT_CONFIG
from marimo._export.exporter import Exporter
from marimo._export.requests import WASMExportRequest
from marimo._schemas.export_options import WASMExportOptions, WASMRuntimeConfig

from labkit import bundle
from runtime import CHARTS


def build(out: Path, notebooks: Sequence[Path], runtime: Path) -> list[str]:
    """Export the notebooks to `out` beside marimo's files and an unthinned runtime; returns the pages' names."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(Path(marimo.__file__).parent / "_static", out, ignore=shutil.ignore_patterns("index.html"))
    shutil.copytree(runtime, out / "runtime")
    head = bundle.head((runtime / CHARTS).read_text(encoding="utf-8"))
    for notebook in notebooks:
        page = exported(notebook).replace("</head>", f"{head}</head>")
        (out / f"{notebook.stem}.html").write_text(page, encoding="utf-8")
    return [f"{notebook.stem}.html" for notebook in notebooks]


def exported(notebook: Path) -> str:
    """A notebook's page as marimo exports it."""
    loaded = load_app(notebook)
    assert loaded is not None
    app = InternalApp(loaded)
    app.config.html_head_file = None
    where = WASMRuntimeConfig(
        pyodide_index_url="./runtime/", pyodide_lockfile_url="./runtime/pyodide-lock.json", pypi_index_url="./runtime/"
    )
    request = WASMExportRequest(
        filename=notebook.name,
        app_config=app.config,
        display_config=DEFAULT_CONFIG["display"],
        code=app.to_py(),
        options=WASMExportOptions(mode="run", show_code=False, runtime=where),
    )
    page, _ = Exporter().export_as_wasm(request)
    return page
