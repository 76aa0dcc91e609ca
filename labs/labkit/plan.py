"""What a lab or a tutorial declares: its lock, its parts and their controls. Plain values, no marimo."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Lock:
    """A question to be answered before the part opens: a number with a unit, or one of several choices.

    Parameters
    ----------
    name : key of the answer in the reader's record
    question : one sentence that ends in a question mark; `{name}` stands for a value of the reader's variant
    unit : unit of the answer as shown; "×" for a factor
    units : other spellings of units the answer may carry, each with its factor to `unit`
    choices : the answers to choose from, where the answer is a category; the chosen text is the answer
    reason_hint : what the field for the reason shows while it is empty
    """

    name: str
    question: str
    unit: str = ""
    units: Mapping[str, float] = field(default_factory=dict)
    choices: Sequence[str] = ()
    reason_hint: str = "because …"

    def asked(self, variants: Mapping[str, "Varied"]) -> str:
        """The question as whoever learns alone reads it."""
        return self.question.format(**{name: one.text(one.values[0]) for name, one in variants.items()})

    def spec(self) -> dict[str, object]:
        """What the page needs to show the lock."""
        units = {self.unit: 1.0, **self.units}
        spec: dict[str, object] = {"name": self.name, "question": self.question, "reason_hint": self.reason_hint}
        return spec | ({"choices": list(self.choices)} if self.choices else {"unit": self.unit, "units": units})


@dataclass(frozen=True, slots=True)
class Varied:
    """A value of the lab that differs between the students of a section.

    Parameters
    ----------
    values : the alternatives, the one for readers on their own first; the lesson holds for each of them
    text : how a value is written in a question
    """

    values: Sequence[Value]
    text: Callable[[Any], str] = str

    def spec(self) -> dict[str, object]:
        """What the page needs to pick one and to write it."""
        return {"values": list(self.values), "texts": [self.text(value) for value in self.values]}


@dataclass(frozen=True, slots=True)
class Probe:
    """A question put to a reader whose settings so far show where they are stuck.

    Parameters
    ----------
    when : tells from the settings tried, oldest first, whether to ask
    ask : the question; it leads on and gives nothing away
    """

    when: Callable[[Sequence[Mapping[str, Value]]], bool]
    ask: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value one arrives at by assuming something, or a choice that shows it; and what was assumed."""

    value: float | str
    text: str


@dataclass(frozen=True, slots=True)
class Slider:
    """A control that steps through ordered values."""

    name: str
    label: str
    values: Sequence[Value]
    value: Value
    text: Callable[[Value], str] = str
    kind: Literal["slider"] = "slider"


@dataclass(frozen=True, slots=True)
class Choice:
    """A control that picks one of a few values, all in sight."""

    name: str
    label: str
    values: Sequence[Value]
    value: Value
    text: Callable[[Value], str] = str
    kind: Literal["choice"] = "choice"


def control_spec(control: Slider | Choice) -> dict[str, object]:
    """What the page needs to show a control."""
    if control.value not in control.values:
        raise ValueError(f"control {control.name!r} starts at {control.value!r}, which is not one of its values")
    return {
        "kind": control.kind,
        "name": control.name,
        "label": control.label,
        "values": list(control.values),
        "texts": [control.text(value) for value in control.values],
        "value": control.value,
    }


@dataclass(frozen=True, slots=True)
class Part:
    """One of the parts, of which a lab has three.

    Parameters
    ----------
    letter, title, intro : what stands above the controls
    controls : what can be moved
    hint : read on request; in a section it is held back until the part's time is half over
    probes : questions for whoever is stuck, the first that fits is put
    """

    letter: Literal["A", "B", "C"]
    title: str
    intro: str
    controls: Sequence[Slider | Choice]
    hint: str = ""
    probes: Sequence[Probe] = ()

    def probe(self, tried: Sequence[Mapping[str, Value]]) -> str:
        """The question that fits the settings tried so far; empty when none does."""
        return next((probe.ask for probe in self.probes if probe.when(tried)), "")

    def panel_spec(self) -> dict[str, object]:
        """What the page needs to show the part's controls."""
        controls = [control_spec(control) for control in self.controls]
        return {"name": self.letter, "title": f"Controls of part {self.letter}", "controls": controls}
