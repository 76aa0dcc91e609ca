"""The labs, as labs/catalog.toml lists them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

LABS = Path(__file__).resolve().parent.parent / "labs"


@dataclass(frozen=True, slots=True)
class Row:
    """One lab of the catalog. `name` is its path below labs/ without the suffix."""

    name: str
    title: str
    question: str
    walls: list[str]
    machines: list[str]
    minutes: int
    terms: list[str]

    @property
    def notebook(self) -> Path:
        """The lab's source."""
        return LABS / f"{self.name}.py"

    @property
    def here(self) -> bool:
        """Whether there is such a lab yet."""
        return self.notebook.is_file()

    @property
    def volume(self) -> str:
        """The number of its volume."""
        return self.name.split("/")[0].removeprefix("vol")

    @property
    def number(self) -> str:
        """Its two-digit number within the volume."""
        return self.name.split("/")[1].split("_")[1]

    @property
    def anchor(self) -> str:
        """What its section on the course's page is called."""
        return f"lab-{self.volume}-{self.number}"


def read() -> list[Row]:
    """All rows, by volume and number: the file is written to as labs come."""
    table = tomllib.loads((LABS / "catalog.toml").read_text(encoding="utf-8"))
    return [Row(name=name, **table[name]) for name in sorted(table)]
