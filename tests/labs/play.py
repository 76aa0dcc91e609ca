"""What somebody does in a lab from first lock to submission: each lab gives one way through, the browser plays it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Settings = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Play:
    """One way through a lab.

    Parameters
    ----------
    lab : its name in the catalog
    said : what is typed, or chosen, at each lock; wrong answers are welcome
    failures : part, settings of its controls, name of the limit they break; every failure state once
    designs : settings of part C that together hold all that its challenge asks for
    pins : which readings are pinned: the part and the place in its instrument
    term, gave_up : what the log names
    text : the log's text; `{0}`, `{1}` … stand for the pinned readings as shown
    """

    lab: str
    said: Mapping[str, str]
    failures: Sequence[tuple[str, Settings, str]]
    designs: Sequence[Settings]
    pins: Sequence[tuple[str, int]]
    term: str
    gave_up: str
    text: str
