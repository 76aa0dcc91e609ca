"""What a question is: choices, each wrong one with its misconception, or numbers with a tolerance and named errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LETTERS = "abcdef"
LIMIT = 300  # seconds for all questions
NEAR = 0.2  # how far off both numbers may be for half of the points
NAMED = 0.03  # how close to a named error a number has to be


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose; `wrong` names its misconception and is empty for the right one."""

    text: str
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A number to write.

    Parameters
    ----------
    label : what is asked for
    unit : in which unit
    key : the right number
    tolerance : how far off, as a share of the key, still counts as right
    errors : a number for each misconception that leads to it
    units : what a person may write behind the number, and how much of `unit` it is
    """

    label: str
    unit: str
    key: float
    tolerance: float
    errors: Mapping[str, Sequence[float]]
    units: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: `name` is its column in a table, `goal` what it measures, `solution` how the key comes."""

    name: str
    goal: str
    text: str
    solution: str
    choices: tuple[Choice, ...] = ()
    parts: tuple[Part, ...] = ()
    points: int = 1
    table: tuple[tuple[str, ...], ...] = field(default=())

    @property
    def right(self) -> str:
        """The letter of the right choice; empty where numbers are written."""
        return next((letter for letter, choice in self.lettered if not choice.wrong), "")

    @property
    def lettered(self) -> list[tuple[str, Choice]]:
        """The choices with their letters."""
        return list(zip(LETTERS, self.choices, strict=False))

    @property
    def columns(self) -> list[str]:
        """The columns of its answers: one, or one for each number."""
        return [f"{self.name}_{index}" for index, _ in enumerate(self.parts, 1)] or [self.name]


def ascending(figures: Mapping[float, Choice]) -> tuple[Choice, ...]:
    """Choices in the order of their figures, so that the place of the right one says nothing."""
    return tuple(figures[figure] for figure in sorted(figures))
