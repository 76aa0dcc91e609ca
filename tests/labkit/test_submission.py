"""Submissions are believed only as far as their chain and the simulator bear them out."""

import hashlib
import json
from math import inf

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.reading import Reading
from labkit.submission import FORMAT, GENESIS, LARGEST, SubmissionError, read, recompute


def chain(*steps):
    """Events with their hashes, as the page writes them."""
    events, previous = [], GENESIS
    for seq, (kind, data) in enumerate(steps):
        event = {"seq": seq, "at": "2026-11-21T10:00:00.000Z", "kind": kind, "data": data, "prev": previous}
        previous = hashlib.sha256(rfc8785.dumps(event)).hexdigest()
        events.append(event | {"hash": previous})
    return events


def document(events, **changes):
    return {
        "format": FORMAT,
        "lab": "vol1/lab_02_ml_systems",
        "lab_version": "1",
        "simulator_version": "0.1.0",
        "student": {"id": "s17", "section": "B"},
        "events": events,
        "draft": {},
    } | changes


def pinned(value, **changes):
    return (
        "pinned",
        {"reading": "doubled", "settings": {"x": 3}, "value": value, "unit": "s", "text": "6 s"} | changes,
    )


def doubled(x):
    return Reading(2.0 * x, "s", f"{2 * x} s", "twice", f"x = {x}")


STEPS = (
    ("started", {}),
    ("committed", {"lock": "first", "answer": 3.2, "reason": "naïve “quotes” \u2028"}),
    pinned(6.0),
)


def test_an_honest_submission_reads_back():
    submission = read(json.dumps(document(chain(*STEPS))))
    assert submission.of("committed")[0]["answer"] == 3.2
    assert [pin["value"] for pin in submission.pins] == [6.0]
    assert recompute(submission, [doubled]) == [0.0]
    assert submission.code == chain(*STEPS)[-1]["hash"][:8].upper()


def test_a_pin_taken_back_is_not_graded():
    events = chain(*STEPS)
    events = chain(*STEPS, ("unpinned", {"pin": events[2]["hash"]}))
    assert read(json.dumps(document(events))).pins == []


@pytest.mark.parametrize(
    ("claim", "deviation"),
    [(6.0, 0.0), (6.6, 0.1), (0, 1.0)],
)
def test_figures_are_computed_again(claim, deviation):
    submission = read(json.dumps(document(chain(pinned(claim)))))
    assert recompute(submission, [doubled]) == [pytest.approx(deviation)]


@pytest.mark.parametrize(
    "change",
    [
        {"reading": "system"},
        {"settings": {"y": 3}},
        {"settings": {"x": "3" * 501}},
        {"settings": {"x": [3]}},
        {"settings": {"x": 1e300}},
    ],
)
def test_a_pin_that_names_no_reading_is_infinitely_off(change):
    assert recompute(read(json.dumps(document(chain(pinned(6.0, **change))))), [doubled]) == [inf]


@settings(deadline=None)
@given(st.integers(0, 2), st.sampled_from(["kind", "at", "data", "prev", "hash", "seq"]))
def test_any_edit_breaks_the_chain(index, field):
    events = chain(*STEPS)
    event = events[index]
    event[field] = {
        "kind": "unpinned",
        "at": "2026-11-21T09:00:00.000Z",
        "data": {**event["data"], "pin": "x"},
        "seq": 7,
    }.get(field, str(event[field])[::-1].replace("0", "1"))
    with pytest.raises(SubmissionError, match=r"chain breaks at event|has no"):
        read(json.dumps(document(events)))


@pytest.mark.parametrize(
    "spoil",
    [lambda events: events[1:], lambda events: events[::-1], lambda events: [events[0], events[2]]],
    ids=["beheaded", "reversed", "cut"],
)
def test_moved_or_missing_events_break_the_chain(spoil):
    with pytest.raises(SubmissionError, match="chain breaks at event"):
        read(json.dumps(document(spoil(chain(*STEPS)))))


GOOD = json.dumps(document(chain(*STEPS)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not complete JSON"),
        (GOOD[:-40], "not complete JSON"),
        ("[]", "no submission, but a list"),
        ("{}", "no submission, but an object"),
        (GOOD.replace(FORMAT, "mlsysim-submission/9"), "mlsysim-submission/9"),
        (GOOD.replace('"lab": ', '"lab": 3, "lab": '), "'lab' stands twice"),
        (GOOD.replace("3.2", "NaN"), "NaN is not a number"),
        (GOOD.replace('"student": {', '"student": [], "old": {'), "student is a list; it must be an object"),
        (json.dumps(document([])), "events has 0 entries"),
        (json.dumps(document(["x"])), r"events\[0\] is text; it must be an object"),
        ("[" * 100_000, "nests deeper"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (GOOD.encode("utf-16"), "not UTF-8"),
        (GOOD.replace("3.2", "1e999"), "1e999 is larger than any number"),
        (GOOD.replace('"s17"', r'"\ud800"'), "half a character"),
        (GOOD.replace('"s17"', "17"), "student.id is a number; it must be text"),
        (GOOD.replace(FORMAT, "mlsysim-lab-record/1"), "own record: ask for the one of"),
        (GOOD.replace("vol1/lab_02_ml_systems", "../../etc/passwd"), "not of its form"),
        ("x" * (LARGEST + 1), "at most"),
        (GOOD.replace("3.2", "1" + "0" * 30), "chain breaks|canonically"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(text, sentence):
    with pytest.raises(SubmissionError, match=sentence):
        read(text)


@settings(deadline=None)
@given(st.text() | st.binary())
def test_noise_is_refused_and_nothing_else_is_raised(noise):
    with pytest.raises(SubmissionError):
        read(noise)
