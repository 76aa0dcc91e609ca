"""Each thing that the page cannot have written is found by itself, and what it can have written is not."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

import classroom
from classroom import LAB, SOURCE, Document
from labkit.grading.book import grade
from labkit.grading.evidence import Flag
from labkit.grading.intake import from_files
from labkit.grading.policy import Policy, moment

Events = list[Document]


def flags(change: Callable[[Events], object], policy: Policy | None = None) -> list[Flag]:
    """What is found in an honest submission after a change that was signed anew."""
    document = classroom.resigned(classroom.work(random.Random(11), "s1"), change)
    (found,) = grade(from_files([("a.json", classroom.text_of(document))]), {LAB: SOURCE}, policy).grades
    return list(found.flags)


def of(events: Events, kind: str) -> Document:
    return next(event for event in events if event["kind"] == kind)


def set_(kind: str, **values: Any) -> Callable[[Events], object]:
    return lambda events: of(events, kind)["data"].update(values)


def moved(kind: str, to: int) -> Callable[[Events], object]:
    """The first event of a kind in another place; the times stay in order."""

    def change(events: Events) -> None:
        times = [event["at"] for event in events]
        events.insert(to, events.pop(events.index(of(events, kind))))
        for event, at in zip(events, times, strict=True):
            event["at"] = at

    return change


def shifted(kind: str, **by: float) -> Callable[[Events], object]:
    """The last event of a kind and all after it at another time."""

    def change(events: Events) -> None:
        at = max(index for index, event in enumerate(events) if event["kind"] == kind)
        for event in events[at:]:
            event["at"] = (datetime.fromisoformat(event["at"]) + timedelta(**by)).isoformat()

    return change


def test_an_honest_submission_has_no_flag() -> None:
    assert flags(lambda events: None) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda events: events.pop(0), "the chain begins with 'committed'"),
        (lambda events: events.pop(), "the chain ends with 'logged'"),
        (moved("pinned", 1), "'pinned' comes before any prediction was locked"),
        (lambda events: events.remove(of(events[::-1], "part_done")), "signed off before part C"),
        (lambda events: of(events, "part_done")["data"].update(part="B"), "the parts were ended in the order B, B, C"),
        (set_("committed", lock="nothing"), "the lab has no lock 'nothing'"),
        (set_("committed", answer="much"), "the answer to 'speedup' is none that its lock can have"),
        (set_("committed", typed="77"), "'77' was typed for 'speedup'"),
        (set_("pinned", value=1.0), "the simulator says"),
        (set_("pinned", text="1.0 ms"), "reads 1.0 ms, the instrument shows"),
        (set_("pinned", reading="verdict"), "can't be computed"),
        (set_("revealed", says=2.5), "the simulator's answer to 'speedup' is 1.589 here, 2.5 there"),
        (set_("revealed", said=2.5), "the prediction 'speedup' was 2.5 when it was revealed"),
        (shifted("logged", days=-2), "the clock goes back to"),
    ],
)
def test_what_was_signed_anew_is_found(change: Callable[[Events], object], sentence: str) -> None:
    found = flags(change)
    assert sentence in " | ".join(flag.sentence for flag in found if flag.kind == "tampered")


def test_another_computers_clock_is_no_crime_and_makes_nothing_earlier() -> None:
    change = shifted("logged", hours=-3)
    assert [flag.kind for flag in flags(change)] == ["look"]
    document = classroom.work(random.Random(11), "s1")
    early = classroom.resigned(document, change)
    due = moment(document["events"][-3]["at"]) - timedelta(minutes=1)
    files = [("a.json", classroom.text_of(early))]
    assert grade(from_files(files), {LAB: SOURCE}, Policy(due=due)).grades[0].days_late == 1


def test_work_from_before_the_lab_was_opened_or_from_tomorrow_is_back_dated_or_a_wrong_clock() -> None:
    opened = Policy(opens=moment("2026-12-01T00:00Z"))
    assert "before the lab was opened" in flags(lambda events: None, opened)[0].sentence
    now = Policy(now=moment("2026-11-01T00:00Z"))
    assert "which is still to come" in flags(lambda events: None, now)[0].sentence


def test_a_time_on_no_calendar_is_found() -> None:
    document = classroom.work(random.Random(11), "s1")
    for event in document["events"]:
        event["at"] = "2026-02-31T10:00:00.000Z"
    previous = "0" * 64
    for event in document["events"]:
        event |= {"prev": previous}
        rest = {name: value for name, value in event.items() if name != "hash"}
        previous = classroom.hashlib.sha256(classroom.rfc8785.dumps(rest)).hexdigest()
        event["hash"] = previous
    (found,) = grade(from_files([("a.json", classroom.text_of(document))]), {LAB: SOURCE}).grades
    assert found.flags[0].sentence == "a time in the chain is on no calendar"


def test_a_lab_in_a_minute_is_worth_a_look() -> None:
    def change(events: Events) -> None:
        for index, event in enumerate(events):
            event["at"] = (classroom.BEGAN + timedelta(seconds=index)).isoformat()

    (found,) = flags(change)
    assert (found.kind, found.sentence[:19]) == ("look", "the whole lab took ")
