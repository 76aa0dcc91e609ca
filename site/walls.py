"""The walls' pages: equations from the simulator's own list, words and questions from `pages/walls/walls.toml`."""

import re
import tomllib
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import mlsysim
from catalog import Row
from mlsysim.walls import WALLS

HERE = Path(__file__).resolve().parent / "pages" / "walls"
GREEK = {
    **{"alpha": "α", "beta": "β", "delta": "δ", "epsilon": "ε", "eta": "η", "rho": "ρ", "sigma": "σ", "tau": "τ"},
    **{">=": "≥", "<=": "≤", " x ": " × ", " - ": " − "},
}
_SIGN = re.compile("|".join(rf"\b{name}\b" if name.isalpha() else re.escape(name) for name in GREEK))
_SCRIPT = re.compile(r"([_^])([A-Za-zα-ω0-9]+)")
_LETTER = re.compile(r"(?<![\w<&])([A-Za-zα-ω])(?![\w])")


def written(equation: str) -> str:
    """An equation of the simulator's list as HTML.

    >>> written("T >= O / (R eta)")
    '<i>T</i> ≥ <i>O</i> / (<i>R</i> <i>η</i>)'
    >>> written("u = t_c / max(t_c, S / B_n)").startswith("<i>u</i> = <i>t</i><sub>c</sub> / max(")
    True
    """
    marks = {"_": "sub", "^": "sup"}
    text = _SCRIPT.sub(lambda found: f"{found[1]}{{{found[2]}}}", equation)
    text = _SIGN.sub(lambda found: GREEK[found[0]], text.replace("<", "&lt;") if "<=" not in text else text)
    text = re.sub(r"(?<![A-Za-zα-ω])([A-Za-zα-ω])(?![A-Za-zα-ω])(?![^{]*\})", r"<i>\1</i>", text)
    return re.sub(r"([_^])\{(\w+)\}", lambda found: f"<{marks[found[1]]}>{found[2]}</{marks[found[1]]}>", text)


def pages(rows: list[Row], filled: Callable[[str, Mapping[str, Any]], str]) -> dict[str, str]:
    """Each wall's page and their list, by name."""
    told = tomllib.loads((HERE / "walls.toml").read_text(encoding="utf-8"))
    names = list(WALLS)
    made = {}
    for (name, wall), before, after in zip(WALLS.items(), ["", *names], [*names[1:], ""], strict=False):
        symbols = [[cell.strip() for cell in line.split("|")] for line in told[name]["symbols"]]
        made[name.replace(" ", "-")] = filled(
            "walls/wall.md.jinja",
            {
                "wall": wall,
                "page": told[name],
                "equation": written(wall.equation),
                "symbols": [(written(symbol), meaning, unit) for symbol, meaning, unit in symbols],
                "labs": [row for row in rows if name in row.walls],
                "homes": mlsysim._HOME,
                "before": before,
                "after": after,
            },
        )
    domains = [
        (domain, [(wall, written(wall.equation)) for wall in group])
        for domain, group in groupby(WALLS.values(), key=lambda wall: wall.domain)
    ]
    made["index"] = filled("walls/index.md.jinja", {"domains": domains, "names": names})
    return made
