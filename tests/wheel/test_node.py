"""Which Node compiles the wheels."""

import os
import stat
from pathlib import Path

import pytest

import node


@pytest.mark.parametrize(("said", "number"), [("v20.1.0\n", 20), ("v8.0.0", 8), ("", 0), ("command not found", 0)])
def test_major(said: str, number: int) -> None:
    assert node.major(said) == number


@pytest.mark.parametrize(("version", "good"), [("v16.20.0", False), ("v18.0.0", True)])
def test_a_node_that_is_too_old_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, good: bool
) -> None:
    for name in ("node", "npm"):
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\necho {version}\n")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    found = node.on_this_machine()
    assert (found is not None) == good


def test_a_machine_without_npm_has_no_node_of_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert node.on_this_machine() is None
