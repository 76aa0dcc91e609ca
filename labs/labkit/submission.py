"""Submission files: read with suspicion, verified against their own chain, computed again with the simulator."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import rfc8785

from labkit.reading import Reading

FORMAT = "mlsysim-submission/1"
LARGEST = 2_000_000
GENESIS = "0" * 64


class SubmissionError(ValueError):
    """A submission that can't be used, with the reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission whose form and chain hold.

    Attributes
    ----------
    lab, lab_version, simulator_version : what it was made with
    student : identifier and section, as typed
    events : the chain, oldest first
    draft : the log as it stood when the file was written
    """

    lab: str
    lab_version: str
    simulator_version: str
    student: Mapping[str, str]
    events: Sequence[Mapping[str, Any]]
    draft: Mapping[str, Any]

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The data of all events of a kind."""
        return [event["data"] for event in self.events if event["kind"] == kind]

    @property
    def pins(self) -> list[Mapping[str, Any]]:
        """Pinned readings that were not taken back."""
        dropped = {data.get("pin") for data in self.of("unpinned")}
        return [event["data"] for event in self.events if event["kind"] == "pinned" and event["hash"] not in dropped]

    @property
    def code(self) -> str:
        """The short code to read out."""
        return str(self.events[-1]["hash"])[:8].upper()


def read(text: str | bytes) -> Submission:
    """A submission from the text of its file.

    Raises
    ------
    SubmissionError : too large, not UTF-8, not JSON, of another form, or a chain that was cut, re-ordered or edited
    """
    if len(text) > LARGEST:
        raise SubmissionError(f"the file has {len(text)} bytes; a submission has at most {LARGEST}")
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise SubmissionError("the file is not UTF-8 text") from error
    except RecursionError as error:
        raise SubmissionError("the file nests deeper than any submission does") from error
    except SubmissionError:
        raise
    except ValueError as error:
        raise SubmissionError(f"the file is not complete JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else type(document).__name__
        raise SubmissionError(f"the file's format is {found!r}; this version reads {FORMAT!r}")
    for name, kind in (("lab", str), ("lab_version", str), ("simulator_version", str), ("student", dict)):
        if not isinstance(document.get(name), kind):
            raise SubmissionError(f"the field {name!r} is missing or not a {kind.__name__}")
    events = document.get("events")
    if not isinstance(events, list) or not events:
        raise SubmissionError("the file holds no events")
    _verify(events)
    draft = document.get("draft")
    return Submission(
        document["lab"],
        document["lab_version"],
        document["simulator_version"],
        document["student"],
        events,
        draft if isinstance(draft, dict) else {},
    )


def recompute(submission: Submission, readings: Sequence[Callable[..., Reading]]) -> list[float]:
    """How far each pinned figure is from the simulator's, relative; infinity where it can't be computed at all."""
    functions = {function.__name__: function for function in readings}
    return [_deviation(pin, functions) for pin in submission.pins]


def _deviation(pin: Mapping[str, Any], functions: Mapping[str, Callable[..., Reading]]) -> float:
    function, claimed = functions.get(str(pin.get("reading"))), pin.get("value")
    if function is None or not isinstance(claimed, int | float) or isinstance(claimed, bool) or not isfinite(claimed):
        return inf
    try:
        value = function(**pin["settings"]).value
    except (TypeError, ValueError, LookupError):
        return inf
    return abs(claimed - value) / abs(value) if value else abs(claimed)


def _verify(events: Sequence[Any]) -> None:
    previous = GENESIS
    for index, event in enumerate(events):
        if not isinstance(event, dict) or not isinstance(event.get("data"), dict) or "kind" not in event:
            raise SubmissionError(f"event {index} is not an event")
        rest = {name: value for name, value in event.items() if name != "hash"}
        try:
            digest = hashlib.sha256(rfc8785.dumps(rest)).hexdigest()
        except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
            raise SubmissionError(f"event {index} can't be written canonically: {error}") from error
        if rest.get("seq") != index or rest.get("prev") != previous or event.get("hash") != digest:
            raise SubmissionError(f"the chain breaks at event {index}: it was cut, moved or edited")
        previous = digest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise SubmissionError(f"the key {double!r} stands twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise SubmissionError(f"{name} is not a number a submission can hold")
