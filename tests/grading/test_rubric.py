"""The first reading of a log: sure where it can be, and open to a person where it can't."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import FLEET_TERMS, NODE_TERMS
from labkit.grading.rubric import BANDS, QUESTIONS, band_of, marked, pre_read
from labkit.reading import Reading

READINGS = [
    Reading(6.6e-3, "s", "6.6 ms", "time per token", "H100", bound_by="memory bandwidth"),
    Reading(10e-3, "s", "10 ms", "time per token", "A100", bound_by="memory bandwidth"),
    Reading(448.0, "sequences", "448 sequences", "crossover", "H100"),
]
NUMBERS = "A token takes 6.6 ms on the new machine and 10 ms on the old one, with 8 users at once."
WHY = "Memory bandwidth binds, because every token reads all weights again."
TRADEOFF = "What she gives up is room to grow: longer contexts would break the promise."
FILL = (
    "I looked at five machines before I settled on one of them, and I would choose the same again tomorrow. "
    "Nobody has to take my word for it, since the page that I used shows every step in the open for all to see. "
)
GOOD = {"term": "bytes moved, D/BW", "gave_up": "room to grow", "text": " ".join((FILL, NUMBERS, WHY, TRADEOFF))}

TERMS = [
    ("bytes moved, D/BW", "Memory bandwidth binds.", "memory bandwidth"),
    ("arithmetic, O/(R·η)", "Arithmetic binds.", "compute throughput"),
    ("overhead, L", "Launch overhead binds.", "overhead"),
    ("arithmetic, FLOPs/(N·R)", "Arithmetic binds.", "compute throughput"),
    ("efficiency on one device, MFU", "What limits it is the efficiency of one device.", "memory bandwidth"),
    ("communication, η of scaling", "All wait, because communication takes longer.", "communication"),
    ("failures and checkpoints, goodput", "Failures and checkpoints bind this run.", "reliability: rework"),
]


def answers(**change: str) -> dict[str, str]:
    return {name: each.answer for name, each in pre_read(GOOD | change, READINGS).judgements.items()}


def without(*parts: str) -> str:
    text = GOOD["text"]
    for part in parts:
        text = text.replace(part, "")
    return text


def test_a_log_with_all_three_is_in_the_upper_band() -> None:
    assert pre_read(GOOD, READINGS).bands == [(27, 30)]


@pytest.mark.parametrize(
    ("change", "question", "answer"),
    [
        ({"text": without(NUMBERS)}, "numbers", "no"),
        ({"text": GOOD["text"].replace("6.6", "7.7").replace("10 ms", "11 ms")}, "numbers", "unsure"),
        ({"text": GOOD["text"].replace("10 ms", "more")}, "numbers", "unsure"),
        ({"text": without(WHY)}, "why", "no"),
        ({"term": ""}, "why", "unsure"),
        ({"text": GOOD["text"].replace(WHY, "There is bandwidth in it.")}, "why", "unsure"),
        ({"text": GOOD["text"].replace("Memory bandwidth", "Arithmetic"), "term": "arithmetic, O"}, "why", "unsure"),
        ({"text": without(TRADEOFF), "gave_up": ""}, "tradeoff", "no"),
        ({"text": without(TRADEOFF), "gave_up": "lower bills elsewhere"}, "tradeoff", "unsure"),
        ({"gave_up": ""}, "tradeoff", "unsure"),
    ],
)
def test_each_question_can_be_missed_alone(change: dict[str, str], question: str, answer: str) -> None:
    expected = dict.fromkeys(QUESTIONS, "yes") | {question: answer}
    assert answers(**change) == expected


@pytest.mark.parametrize(
    ("term", "cause", "bound_by"),
    TERMS,
)
def test_every_term_that_a_lab_offers_can_be_the_cause(term: str, cause: str, bound_by: str) -> None:
    readings = [replace(reading, bound_by=bound_by) for reading in READINGS]
    log = GOOD | {"term": term, "text": GOOD["text"].replace(WHY, cause)}
    assert pre_read(log, readings).judgements["why"].answer == "yes"
    assert pre_read(log, [replace(readings[0], bound_by="capacity")]).judgements["why"].answer == "unsure"


def test_no_lab_offers_another_term() -> None:
    assert {term for term, _, _ in TERMS} == {*NODE_TERMS, *FLEET_TERMS}


def test_missing_one_and_missing_two_lead_to_the_lower_bands() -> None:
    assert pre_read(GOOD | {"text": without(WHY)}, READINGS).bands == [(18, 22)]
    two = GOOD | {"text": without(WHY, NUMBERS)}
    assert pre_read(two, READINGS).bands == [(6, 12)]
    empty = pre_read({"term": "", "gave_up": "", "text": ""}, [])
    assert empty.bands == []
    assert not empty.borderline


def test_what_cannot_change_the_band_is_not_borderline() -> None:
    found = pre_read(GOOD | {"text": without(WHY, TRADEOFF), "gave_up": ""}, READINGS[:1])
    assert [each.answer for each in found.judgements.values()].count("no") == 2
    assert found.judgements["numbers"].answer == "unsure"
    assert found.bands == [(6, 12)]


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (" ".join((NUMBERS, WHY, TRADEOFF)), "it has 45 words"),
        (" ".join([NUMBERS, WHY, TRADEOFF] * 4), "repeats itself"),
    ],
)
def test_thin_and_padded_texts_are_left_to_a_person(text: str, doubt: str) -> None:
    found = pre_read(GOOD | {"text": text}, READINGS)
    assert all(each.answer == "unsure" and doubt in each.because for each in found.judgements.values())
    assert found.borderline


def test_pins_that_are_not_the_simulators_leave_the_numbers_open() -> None:
    text = GOOD["text"].replace("6.6 ms", "little").replace("10 ms", "more").replace("8 users", "few users")
    assert pre_read(GOOD | {"text": text + " 5"}, [], 0).judgements["numbers"].answer == "no"
    assert pre_read(GOOD | {"text": text + " 5"}, [], 3).judgements["numbers"].answer == "unsure"


def test_bands_are_the_guides() -> None:
    assert [
        band_of(dict(zip(QUESTIONS, yes, strict=True))) for yes in ((1, 1, 1), (1, 0, 1), (0, 0, 1), (0, 0, 0))
    ] == [
        (27, 30),
        (18, 22),
        (6, 12),
        (6, 12),
    ]


def test_pinned_figures_stand_out() -> None:
    pieces = marked("It takes 6.6 ms, not 7 ms, because of bandwidth.", "bytes moved", ["6.6 ms"])
    assert {text: kind for text, kind in pieces if kind} == {
        "6.6": "pinned",
        "7": "number",
        "because": "cause",
        "bandwidth": "term",
    }


@given(st.text(), st.text(), st.sampled_from(["", "bytes moved, D/BW", "arithmetic, O/(R·η)", "overhead, L", "other"]))
def test_any_log_is_read_and_none_of_its_text_is_lost(text: str, gave_up: str, term: str) -> None:
    found = pre_read({"text": text, "gave_up": gave_up, "term": term}, READINGS)
    assert set(found.bands) <= set(BANDS.values())
    assert "".join(piece for piece, _ in marked(text, term, ["6.6 ms"])) == text
