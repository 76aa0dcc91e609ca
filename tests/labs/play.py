"""What somebody does in a lab from first lock to submission: each lab gives one way through, the browser plays it."""

import importlib
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


def play_of(name: str) -> Play:
    """The way through a lab of the catalog: `play_lab_02` for Volume 1, `play_lab_v2_03` for Volume 2."""
    volume, number = name[3], name.split("_")[1]
    play: Play = importlib.import_module(f"play_lab_{number}" if volume == "1" else f"play_lab_v{volume}_{number}").PLAY
    assert play.lab == name
    return play
