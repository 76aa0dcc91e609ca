"""What the README shows runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_its_examples_run_one_after_another(capsys):
    assert len(BLOCKS) >= 3
    names = {}
    for block in BLOCKS:
        exec(block, names)
    assert "memory bandwidth" in capsys.readouterr().out


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
def test_its_links_lead_somewhere(target):
    assert (ROOT / target).exists()
