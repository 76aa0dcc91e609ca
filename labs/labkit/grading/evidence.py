"""What in a submission the page cannot have written. Anybody can hash a chain anew; what stands in it must still agree.

A submission carries no secret, so a chain that was made up throughout, with figures from the simulator and plausible
times, can't be told from one that was lived. Everything short of that is looked for here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import isclose
from typing import Any, Literal

import mlsysim
from labkit.grading.intake import printable
from labkit.grading.policy import Policy, moment
from labkit.grading.sheet import Sheet
from labkit.submission import Submission, deviation

Kind = Literal["tampered", "copied", "look"]

EXACT = 1e-9  # what two computers may differ by in the last places of the same figure
CLOCK = timedelta(minutes=5)  # what a clock may be set back while somebody works
OTHER_CLOCK = timedelta(hours=12)  # and how far behind the clock of another computer may be, where work goes on there
QUICK = timedelta(minutes=5)  # a whole lab in less was not worked through at this sitting


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that does not fit.

    `tampered`: the page can't have written it. `copied`: it was somebody else's. `look`: a person should see it.
    """

    kind: Kind
    sentence: str


def examine(submission: Submission, sheet: Sheet, policy: Policy) -> list[Flag]:
    """Everything that does not fit, the gravest first."""
    same = _versions(submission) == {(sheet.version, mlsysim.__version__)}
    found = [
        *_order(submission),
        *_times(submission, policy),
        *_answers(submission, sheet),
        *_figures(submission, sheet, same),
        *_origin(submission, sheet, same),
    ]
    return sorted(found, key=lambda flag: flag.kind == "look")


def _order(submission: Submission) -> Iterator[Flag]:
    kinds = [event["kind"] for event in submission.events]
    if kinds[0] != "started":
        yield Flag("tampered", f"the chain begins with {kinds[0]!r}; the page begins it with 'started'")
    if kinds[-1] != "exported":
        yield Flag("tampered", f"the chain ends with {kinds[-1]!r}; the page ends a submission with 'exported'")
    first = kinds.index("committed") if "committed" in kinds else len(kinds)
    early = next((kind for kind in kinds[:first] if kind in ("pinned", "revealed", "part_done", "logged")), None)
    if early:
        yield Flag("tampered", f"{early!r} comes before any prediction was locked")
    done = [data["part"] for data in submission.of("part_done")]
    if done != sorted(set(done)):
        yield Flag("tampered", f"the parts were ended in the order {', '.join(done)}")
    if "logged" in kinds and "C" not in done:
        yield Flag("tampered", "the log was signed off before part C was ended")


def _times(submission: Submission, policy: Policy) -> Iterator[Flag]:
    try:
        times = [moment(event["at"]) for event in submission.events]
    except ValueError:
        yield Flag("tampered", "a time in the chain is on no calendar")
        return
    far, back = max(((early - late, late) for early, late in pairwise(times)), default=(timedelta(0), times[0]))
    if far > CLOCK:
        kind: Kind = "tampered" if far > OTHER_CLOCK else "look"
        yield Flag(kind, f"the clock goes back to {_short(back)} in the middle of the chain")
    if policy.opens and times[0] < policy.opens - CLOCK:
        yield Flag("tampered", f"it begins at {_short(times[0])}, before the lab was opened")
    if policy.now and times[-1] > policy.now + timedelta(days=1):
        yield Flag("tampered", f"it ends at {_short(times[-1])}, which is still to come")
    if submission.of("logged") and timedelta(0) <= times[-1] - times[0] < QUICK:
        yield Flag("look", f"the whole lab took {(times[-1] - times[0]).total_seconds():.0f} seconds")


def _answers(submission: Submission, sheet: Sheet) -> Iterator[Flag]:
    locks = {lock.name: lock for lock in sheet.locks}
    said: dict[str, Any] = {}
    for data in submission.of("committed"):
        name, answer = data["lock"], data["answer"]
        if name in said:
            yield Flag("tampered", f"the prediction {name!r} was locked twice")
        said.setdefault(name, answer)
        if name not in locks:
            yield Flag("tampered", f"the lab has no lock {name[:40]!r}")
        elif isinstance(answer, str) != bool(locks[name].choices) or (
            isinstance(answer, str) and answer not in locks[name].choices
        ):
            yield Flag("tampered", f"the answer to {name!r} is none that its lock can have")
        elif not isinstance(answer, str) and _plainly_other(data.get("typed", ""), answer):
            yield Flag(
                "tampered", f"{data['typed'][:20]!r} was typed for {name!r}, and {answer:g} stands as the answer"
            )
    for data in submission.of("revealed"):
        if data["lock"] in said and data["said"] != said[data["lock"]]:
            yield Flag("tampered", f"the prediction {data['lock']!r} was {_told(data['said'])} when it was revealed")


def _plainly_other(typed: str, answer: float) -> bool:
    """Whether a plain decimal number was typed, without unit or exponent, and another one stands as the answer."""
    digits = typed.strip()
    return digits.isascii() and digits.replace(".", "", 1).isdigit() and not isclose(float(digits), answer)


def _figures(submission: Submission, sheet: Sheet, same: bool) -> Iterator[Flag]:
    """Figures against the simulator. Other versions of lab or simulator may honestly differ."""
    kind: Kind = "tampered" if same else "look"
    wrong = {}
    for pin in submission.of("pinned"):
        reading = sheet.reading(pin)
        if reading is None:
            wrong[_named(pin)] = "can't be computed"
        elif deviation(pin, reading) > EXACT:
            wrong[_named(pin)] = f"is {printable(pin['text'][:20])}, the simulator says {reading.text}"
        elif pin["text"] != reading.text:
            wrong[_named(pin)] = f"reads {printable(pin['text'][:20])}, the instrument shows {reading.text}"
    for name, told in list(wrong.items())[:3]:
        yield Flag(kind, f"the pinned figure {name} {told}")
    if len(wrong) > 3:
        yield Flag(kind, f"{len(wrong) - 3} more pinned figures are not the simulator's")
    answers = sheet.answers(worked_in(submission, sheet))
    for data in submission.of("revealed"):
        says = answers.get(data["lock"])
        if says is not None and not _same(data["says"], says):
            yield Flag(
                kind, f"the simulator's answer to {data['lock']!r} is {_told(says)} here, {_told(data['says'])} there"
            )


def _origin(submission: Submission, sheet: Sheet, same: bool) -> Iterator[Flag]:
    if not submission.student["id"].strip():
        yield Flag("look", "it carries no identifier")
    if not same:
        made = printable(
            ", ".join(f"lab {lab[:20]} and simulator {own[:20]}" for lab, own in sorted(_versions(submission)))
        )
        yield Flag("look", f"made with {made[:200]}; graded with {sheet.version} and {mlsysim.__version__}")
    given, own = _given(submission), sheet.variant(submission.student["section"], submission.student["id"])
    if given is not None and given != own and given == sheet.variant("", ""):
        yield Flag("look", "it was worked without the section's code, in the variant for readers on their own")
    elif given is not None and given != own:
        yield Flag("copied", "it was worked in the variant of another identifier or section")


def worked_in(submission: Submission, sheet: Sheet) -> Mapping[str, Any]:
    """The variant to judge by: what the work says that it showed, if the lab has such a one, else the student's own."""
    given = _given(submission)
    alternatives = sheet.alternatives
    if given and given.keys() == alternatives.keys() and all(given[name] in alternatives[name] for name in given):
        return given
    return sheet.variant(submission.student["section"], submission.student["id"])


def _given(submission: Submission) -> Mapping[str, Any] | None:
    """The variant that the first prediction froze; None in a lab without variants."""
    given = [data.get("variant") for data in submission.of("committed")[:1]]
    return given[0] if given and isinstance(given[0], dict) else None


def _versions(submission: Submission) -> set[tuple[str, str]]:
    """Versions of lab and simulator that the work was done with; it may go on with newer ones."""
    later = submission.of("continued")
    return {(submission.lab_version, submission.simulator_version)} | {
        (str(data.get("lab_version")), str(data.get("simulator_version"))) for data in later
    }


def _same(one: object, other: object) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    assert isinstance(one, int | float) and isinstance(other, int | float)
    return isclose(one, other, rel_tol=EXACT)


def _named(pin: Mapping[str, Any]) -> str:
    return printable(str(pin.get("label") or pin["reading"])[:60])


def _told(value: float | str) -> str:
    return printable(value[:40]) if isinstance(value, str) else f"{value:.4g}"


def _short(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def shared(chains: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Which chains of hashes have an event in common with which others.

    An event's hash covers its time to the millisecond and all events before it, so that two people never have one in
    common; but for the first, which holds a time and nothing else.

    >>> shared({"a": ["0", "1", "2"], "b": ["0", "1"], "c": ["0", "7"]})
    {'a': ['b'], 'b': ['a']}
    """
    owners: dict[str, list[str]] = {}
    for name, hashes in chains.items():
        for digest in hashes[1:2]:
            owners.setdefault(digest, []).append(name)
    groups = [names for names in owners.values() if len(names) > 1]
    return {name: [other for other in names if other != name] for names in groups for name in names}
