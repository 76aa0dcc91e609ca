"""Every tutorial's cells, run without a browser: with wrong predictions, each control at both of its ends."""

import sys
from types import SimpleNamespace

import pytest

import assemble
import catalog
from labkit.plan import Lock

ROWS = {row.name: row for row in catalog.tutorials()}


def ends(part):
    """A part's controls as they start, then each by itself at its first and last value."""
    start = {control.name: control.value for control in part.controls}
    yield start
    for control in part.controls:
        for end in (control.values[0], control.values[-1]):
            yield start | {control.name: end}


@pytest.mark.parametrize("name", ROWS)
def test_every_cell_runs_wherever_the_controls_stand(name):
    tutorial, defined = assemble.load(ROWS[name])
    module = sys.modules[ROWS[name].notebook.stem]
    locks = [each.name for each in defined.values() if isinstance(each, Lock)]
    wrong = {lock: assumed[0].value for lock, assumed in defined["assumptions"]().items()}
    said = [SimpleNamespace(value={"answer": wrong[lock]}) for lock in locks]
    given = dict(zip(("first", "second", "third"), said, strict=False))
    for part in tutorial.parts:
        letter = part.letter.lower()
        given |= {f"done_{letter}": SimpleNamespace(value=True), f"{letter}_is_open": True}
    runs = [list(ends(part)) for part in tutorial.parts]
    for at in range(max(map(len, runs))):
        panels = {
            part.letter.lower(): SimpleNamespace(value=run[at % len(run)], tried=[])
            for part, run in zip(tutorial.parts, runs, strict=True)
        }
        shown, _ = module.app.run(defs=given | panels)
        page = "".join(each.text for each in shown if hasattr(each, "text"))
        assert page.count('class="reveal') == page.count('class="remember') == len(tutorial.parts)
        assert page.count('class="typed"') >= len(tutorial.parts)
