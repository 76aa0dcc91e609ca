"""The course week by week, as labs/course.toml and labs/catalog.toml tell it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

import catalog
from catalog import LABS, Row

MINUTES = 50
"""What a lab takes that is not here yet."""

TERMS = {
    "D/BW": "bytes moved over bandwidth",
    "O/(R·η)": "operations over the peak rate that software reaches",
    "L": "overhead that neither bytes nor operations explain",
    "η": "efficiency: the share of the peak that is left",
    "FLOPs/(N·R)": "the operations of a run over all machines' peaks",
    "MFU": "the share of one machine's peak that its model uses",
    "η of scaling": "what is left after machines have waited for each other",
    "goodput": "what is left after failures, checkpoints and restarts",
}


@dataclass(frozen=True, slots=True)
class Week:
    """One week: what is read, built, explored and due, and what the hardware kit is for."""

    number: int
    part: str
    read: str
    page: str
    build: str
    module: str
    lab: Row
    kit: str
    due: list[str]


@dataclass(frozen=True, slots=True)
class Semester:
    """One semester; `parts` names its parts by their numerals."""

    name: str
    volume: int
    lede: str
    parts: dict[str, str]
    weeks: list[Week]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((LABS / "course.toml").read_text(encoding="utf-8"))


@cache
def labs() -> dict[str, Row]:
    """Every lab of the course by its name, in the order of the weeks; of those not here yet what is planned."""
    known = {row.name: row for row in catalog.read()}
    planned = {name: Row(name=name, minutes=MINUTES, **fields) for name, fields in _table()["planned"].items()}
    weeks = [week["lab"] for semester in _table()["semester"] for week in semester["weeks"]]
    return {name: known.get(name) or planned[name] for name in weeks}


def planned() -> set[str]:
    """The labs that are described as planned."""
    return set(_table()["planned"])


def semesters() -> list[Semester]:
    """Both semesters."""
    return [_semester(table) for table in _table()["semester"]]


def _semester(table: dict[str, Any]) -> Semester:
    book, weeks = _table()["book"], table["weeks"]
    made = []
    for number, week in enumerate(weeks, 1):
        lab, module = labs()[week["lab"]], week.get("module", "")
        due = [f"Decision Log {lab.number}"]
        if module and all(other.get("module") != module for other in weeks[number:]):
            due.append(f"Module {week['build'].split()[0]}")
        if number % 2 == 0:
            due.append(f"Design Challenge {lab.number}")
        made.append(
            Week(
                number=number,
                part=week["part"],
                read=week["read"],
                page=f"{book}vol{table['volume']}/{week['page']}.html",
                build=week.get("build", ""),
                module=f"{book}{table['build_folder']}{module}_ABOUT.html" if module else "",
                lab=lab,
                kit=week.get("kit", ""),
                due=due,
            )
        )
    return Semester(table["name"], table["volume"], table["lede"], table["parts"], made)


def tutorial(number: int) -> dict[str, Any]:
    """A tutorial, with its name where it is here already; of one not here yet what is planned."""
    here = next((row for row in catalog.tutorials() if int(row.number) == number), None)
    if here is None:
        return {"number": number, "name": "", **_table()["tutorials"][str(number)]}
    shown = {"title": here.title, "question": here.question, "minutes": here.minutes}
    return {"number": number, "name": here.name, **shown}


def paths() -> list[dict[str, Any]]:
    """The ways through: each with its labs as rows, its tutorials, those of them to take home, and how long it is."""
    found = []
    for path in _table()["path"]:
        steps = [tutorial(number) for number in path["tutorials"]]
        there = [labs()[name] for name in path["labs"]]
        times = {"minutes": sum(step["minutes"] for step in steps), "lab_minutes": sum(row.minutes for row in there)}
        found.append({"plan": [], "home": [], **times, **path, "tutorials": steps, "labs": there})
    return found
