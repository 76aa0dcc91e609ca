"""A lab's page is made again when something it is made from has changed, and only then."""

from pathlib import Path
from typing import Any

import pytest

import assemble
import catalog
import teaching


def test_a_page_is_made_again_for_another_notebook_kit_or_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = tmp_path / "notebook.py"
    notebook.write_text("first")
    monkeypatch.setattr(catalog.Row, "notebook", notebook)
    monkeypatch.setattr(teaching, "is_there", lambda row: False)
    monkeypatch.setattr(assemble, "load", lambda row: (None, {}))
    monkeypatch.setattr(assemble, "lab_page", lambda row, lab, shared: notebook.read_text())
    row, said = catalog.read()[0], []

    def make(code: str = "kit", **shared: Any) -> str:
        folder = assemble.pages(row, shared, code, tmp_path / "cache", said.append)
        return (folder / f"{row.name}.html").read_text()

    assert (make(), make()) == ("first", "first")
    assert said == [f"building {row.name}"]
    notebook.write_text("second")
    assert make() == "second"
    make(code="another kit")
    make(front="another front end")
    assert len(said) == 4
