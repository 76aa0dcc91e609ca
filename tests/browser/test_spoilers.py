"""What a lock asks is answered by no page that one reads before it: every figure on them against every key."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest

from labkit.grading import library
from labkit.grading.sheet import Sheet
from labkit.variants import count, from_number

TOLD = 3  # digits from which a figure with its unit is a key's
BARE = 4  # digits where no unit stands behind it, as in code
SCALES = {"": 1.0, "n": 1e-9, "µ": 1e-6, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
TIMES = {"s": 1.0, "min": 60.0, "h": 3600.0, "hours": 3600.0, "days": 86400.0}
UNITS = ("B", "FLOP/s", "B/s", "s")
NUMBER = re.compile(r"(?<![\w.,-])(\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)(\.\.\.)?\s?(×|%|times\b|[A-Za-zµ/]+)?")
OF_NO_LOCK = ("ta/", "vol", "tutorials/", "quiz/", "reference/registry.html", "reference/calibration.html")


def scaled(unit: str) -> tuple[str, float]:
    """What a unit measures, and how much of it one is.

    >>> scaled("ms"), scaled("GB/s"), scaled("times"), scaled("tokens")
    (('s', 0.001), ('B/s', 1000000000.0), ('×', 1.0), ('tokens', 1.0))
    """
    if unit in TIMES:
        return "s", TIMES[unit]
    for base in UNITS:
        if unit.removesuffix(base) in SCALES and unit.endswith(base):
            return base, SCALES[unit.removesuffix(base)]
    return {"times": "×"}.get(unit, unit), 1.0


class Figure(NamedTuple):
    """A number on a page in units of one, and by how much less it may have been written than it is, and more."""

    value: float
    less: float
    more: float
    digits: int
    unit: str
    place: str

    def tells(self, key: float, scale: float = 1.0) -> bool:
        """Whether it is this key."""
        return (self.value - self.less) * scale <= key <= (self.value + self.more) * scale


def figures(text: str) -> Iterator[Figure]:
    """Each number of a text. What is rounded may lie half a step off, what is cut off by dots a step above."""
    for found in NUMBER.finditer(text):
        mantissa, _, power = found[1].replace(",", "").partition("e")
        unit, scale = scaled(found[3] or "")
        scale *= 10.0 ** int(power or 0)
        step = scale * 10.0 ** -len(mantissa.partition(".")[2])
        less, more = (0.001 * step, step) if found[2] else (0.501 * step, 0.501 * step)
        digits = len(mantissa.replace(".", "").lstrip("0"))
        place = text[max(0, found.start() - 40) : found.end() + 20]
        yield Figure(float(mantissa) * scale, less, more, digits, unit, place)


def keys() -> Iterator[tuple[str, float, str]]:
    """Every answer to every lock, in every variant: of which lock, its value, its unit."""
    for name, source in library.sources().items():
        sheet = Sheet(name, source)
        for variant in (from_number(sheet.alternatives, each) for each in range(count(sheet.alternatives))):
            for lock, answer in sheet.answers(variant).items():
                unit, scale = scaled(next(each.unit for each in sheet.locks if each.name == lock))
                if not isinstance(answer, str):
                    yield f"{name}, {lock}", answer * scale, unit


def given_away(text: str, known: Mapping[tuple[float, str], str]) -> list[tuple[str, str]]:
    """The locks that a text answers, each with where it does."""
    found = []
    for figure in figures(text):
        for (key, unit), lock in known.items():
            if figure.unit == unit and figure.unit:
                told = figure.digits >= TOLD and figure.tells(key)
            else:  # in code, any prefix may be meant
                scales = SCALES.values() if unit in UNITS else (1.0,)
                told = not figure.unit and figure.digits >= BARE and any(figure.tells(key, each) for each in scales)
            if told:
                found.append((lock, figure.place))
    return found


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("it takes 3.89 ms", True),
        ("it takes 0.003889 s", True),
        (">>> 1e3 * time # ms 3.888...", True),
        ("it takes 3.95 ms", False),
        ("3.89 J", False),
        ("3.9 ms", False),
        (">>> count 3889", True),
        ("arXiv 3889.12345", False),
    ],
)
def test_a_key_is_found_in_every_dress(text: str, given: bool) -> None:
    assert bool(given_away(text, {(3.8889e-3, "s"): "ring"})) == given


def test_no_page_around_the_labs_answers_what_a_lock_asks(site: Path) -> None:
    known = {(key, unit): lock for lock, key, unit in keys()}
    assert len(known) > 50
    pages = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    read = {name: text for name, text in pages.items() if not name.startswith(OF_NO_LOCK)}
    assert {"index.html", "walls/energy.html", "reference/cli.html", "reference/api/serving.html"} <= set(read)
    given = {}
    for name, page in read.items():
        plain = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
        text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", re.sub(r"</(td|th|p|li|dd)>", " ", plain))))
        if found := given_away(text, known):
            given[name] = found
    assert given == {}
