"""The labs and the tutorials, as labs/catalog.toml lists them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

LABS = Path(__file__).resolve().parent.parent / "labs"


@dataclass(frozen=True, slots=True)
class Row:
    """One lab or tutorial of the catalog. `name` is its path below labs/ without the suffix."""

    name: str
    title: str
    question: str
    walls: list[str]
    machines: list[str]
    minutes: int
    terms: list[str]

    @property
    def notebook(self) -> Path:
        """Its source."""
        return LABS / f"{self.name}.py"

    @property
    def here(self) -> bool:
        """Whether it is there yet."""
        return self.notebook.is_file()

    @property
    def is_tutorial(self) -> bool:
        """Whether it is a tutorial: shorter, and nothing of it is handed in."""
        return self.name.startswith("tutorials/")

    @property
    def volume(self) -> str:
        """The number of a lab's volume."""
        return self.name.split("/")[0].removeprefix("vol")

    @property
    def number(self) -> str:
        """Its two-digit number, of a lab within the volume."""
        return self.name.split("/")[1].split("_")[1]

    @property
    def anchor(self) -> str:
        """What a lab's section on the course's page is called."""
        return f"lab-{self.volume}-{self.number}"


def read() -> list[Row]:
    """The labs by volume and number: the file is written to as they come."""
    return [row for row in _rows() if not row.is_tutorial]


def tutorials() -> list[Row]:
    """The tutorials by number."""
    return [row for row in _rows() if row.is_tutorial]


def _rows() -> list[Row]:
    table = tomllib.loads((LABS / "catalog.toml").read_text(encoding="utf-8"))
    return [Row(name=name, **table[name]) for name in sorted(table)]
