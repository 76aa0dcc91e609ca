"""The log's check says what is missing; it can be met, and each of its points can be missed alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.flow import NODE_TERMS
from labkit.log import check, cited, numbers

PINS = [{"text": "6.6 ms"}, {"text": "10 ms"}, {"text": "1,062 sequences"}]
TEXT = (
    "I would buy the smaller machine. A token takes 6.6 ms there and 10 ms on the older one, because the bandwidth of "
    "its memory binds: each token reads every weight once. At 8 users the time is nearly the same. "
) + "The rest is explanation of the choice and its price. " * 10
GOOD = {"term": NODE_TERMS[0], "gave_up": "spare capacity for growth", "text": TEXT}


def missing(draft, pins=PINS):
    return {item.name for item in check(draft, pins) if not item.met}


def test_a_good_log_lacks_nothing():
    assert missing(GOOD) == set()


@pytest.mark.parametrize(
    ("change", "pins", "lacks"),
    [
        ({}, PINS[:2], {"pinned"}),
        ({"text": TEXT.replace("6.6", "some").replace("10 ms", "more").replace("8 users", "few")}, PINS, {"numbers"}),
        ({"text": TEXT.replace("6.6", "7.7").replace("10 ms", "11 ms")}, PINS, {"numbers"}),
        ({"term": ""}, PINS, {"why"}),
        ({"term": NODE_TERMS[2]}, PINS, {"why"}),
        ({"gave_up": "cost"}, PINS, {"tradeoff"}),
        ({"text": TEXT[:300]}, PINS, {"length"}),
        ({"text": TEXT * 3}, PINS, {"length"}),
    ],
)
def test_each_point_can_be_missed_alone(change, pins, lacks):
    assert missing(GOOD | change, pins) == lacks


def test_an_empty_log_lacks_everything():
    assert len(missing({"term": "", "gave_up": "", "text": ""}, [])) == 5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The H100 and the MI300X", []),
        ("6.6 ms, then 10 ms, then 6.6 ms again", [6.6, 10.0]),
        ("1,062 sequences and 2 000 more", [1062.0, 2000.0]),
        ("3,2 times", [3.2]),
        ("batch 8.", [8.0]),
        ("6.6, 10 and 12 ms", [6.6, 10.0, 12.0]),
        ("version 1.2.3", []),
    ],
)
def test_numbers_are_those_a_reader_sees(text, found):
    assert numbers(text) == found


def test_a_reading_is_cited_by_its_figure():
    assert cited("6.6 ms and 1062 sequences", PINS) == 2


@given(st.text(), st.text(), st.sampled_from(["", *NODE_TERMS]))
def test_any_text_is_judged(text, given_up, term):
    assert len(check({"text": text, "gave_up": given_up, "term": term}, PINS)) == 5
