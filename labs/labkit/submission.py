"""Submission files: read with suspicion, verified against their own chain, computed again with the simulator."""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import inf, isfinite
from typing import Any

import rfc8785

from labkit import schema
from labkit.reading import Reading

FORMAT = "mlsysim-submission/1"
LARGEST = 2_000_000
DEEPEST = 12
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


def read(content: str | bytes) -> Submission:
    """A submission from the content of its file.

    Raises
    ------
    SubmissionError : too large, not UTF-8, not JSON, of another form, or a chain that was cut, re-ordered or edited
    """
    document = parse(content)
    fault = schema.fault(document, published())
    if fault:
        raise SubmissionError(fault)
    _verify(document["events"])
    return Submission(
        document["lab"],
        document["lab_version"],
        document["simulator_version"],
        document["student"],
        document["events"],
        document.get("draft", {}),
    )


def parse(content: str | bytes) -> dict[str, Any]:
    """The JSON object in a file that a stranger wrote, if it says that it is a submission.

    Raises
    ------
    SubmissionError : see `read`
    """
    if len(content) > LARGEST:
        raise SubmissionError(f"the file has {len(content):,} bytes; a submission has at most {LARGEST:,}")
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SubmissionError("the file is not UTF-8 text") from error
    if _depth(text) > DEEPEST:
        raise SubmissionError("the file nests deeper than any submission does")
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise SubmissionError("the file holds half a character") from error
    except SubmissionError:
        raise
    except ValueError as error:
        raise SubmissionError(f"the file is not complete JSON: {error}") from error
    found = document.get("format") if isinstance(document, dict) else None
    if not isinstance(document, dict) or found != FORMAT:
        if isinstance(found, str) and found.startswith("mlsysim-lab-record/"):
            raise SubmissionError("the file is a lab's own record: ask for the one of “Download the submission”")
        if isinstance(found, str) and found.startswith(FORMAT.partition("/")[0] + "/"):
            raise SubmissionError(f"the file is of another version, {found[:60]!r}; this one reads {FORMAT!r}")
        told = schema.kind_of(document) if found is None else f"of format {repr(found)[:60]}"
        raise SubmissionError(f"the file is no submission, but {told}")
    return document


@functools.cache
def published() -> dict[str, Any]:
    """The schema of a submission, as published."""
    found: dict[str, Any] = json.loads((files("labkit") / "submission.schema.json").read_text(encoding="utf-8"))
    return found


def recompute(submission: Submission, readings: Sequence[Callable[..., Reading]]) -> list[float]:
    """How far each pinned figure is from the simulator's, relative; infinity where it can't be computed at all."""
    functions = {function.__name__: function for function in readings}
    return [deviation(pin, reading_of(pin, functions)) for pin in submission.pins]


def reading_of(pin: Mapping[str, Any], functions: Mapping[str, Callable[..., object]]) -> Reading | None:
    """What the simulator makes of a pin's settings; None where it makes nothing of them."""
    function, settings = functions.get(str(pin.get("reading"))), pin.get("settings")
    if function is None or not isinstance(settings, dict) or not all(map(_settable, settings.values())):
        return None
    try:
        found = function(**settings)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None
    return found if isinstance(found, Reading) else None


def deviation(pin: Mapping[str, Any], found: Reading | None) -> float:
    """How far a pinned figure is from the simulator's, relative; infinity where there is none."""
    if found is None:
        return inf
    claimed: float = pin["value"]
    return abs(claimed - found.value) / abs(found.value) if found.value else abs(claimed)


def _settable(value: object) -> bool:
    """Whether a control can stand there, or a machine of one's own as text: strangers wrote the settings."""
    return (isinstance(value, str) and len(value) <= 500) or (isinstance(value, int | float) and abs(value) <= 1e12)


def _verify(events: Sequence[Any]) -> None:
    previous = GENESIS
    for index, event in enumerate(events):
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


def _finite(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise SubmissionError(f"{digits[:40]} is larger than any number a submission can hold")
    return value


# One alternative for all of a string, closed or not, so that no text is looked at twice.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)


def _depth(text: str) -> int:
    """How deep brackets nest: known before anything recursive looks at the text."""
    depth = deepest = 0
    for match in _TOKEN.finditer(text):
        sign = text[match.start()]
        if sign in "[{":
            depth += 1
            if depth > deepest:
                deepest = depth
        elif sign in "]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> float:
    raise SubmissionError(f"{name} is not a number a submission can hold")
