"""Points, partial credit and what a wrong answer shows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.quiz.answers import chosen, key, read_number, score
from labkit.quiz.questions import MISCONCEPTIONS, questions
from sheets import right

ASKED = {each.name: each for each in questions()}


def points(name: str, *texts: str) -> float:
    return score(ASKED[name], dict(zip(ASKED[name].columns, texts, strict=False))).points


def test_all_right_is_twelve_and_nothing_is_nothing() -> None:
    assert sum(score(each, right()).points for each in questions()) == 12
    assert sum(score(each, {}).points for each in questions()) == 0


@pytest.mark.parametrize(
    ("texts", "earned"),
    [
        (("60", "300"), 2),
        (("60 GPUs", "300"), 2),
        (("60", "75"), 1),
        (("75", "300"), 1),
        (("60", ""), 1),
        (("59", "299"), 1),
        (("72", "360"), 1),
        (("73", "299"), 0),
        (("75", "75"), 0),
        (("300", "60"), 0),
        (("many", "more"), 0),
        (("", ""), 0),
    ],
)
def test_the_fleet_is_worth_two_points(texts: tuple[str, str], earned: float) -> None:
    assert points("q6", *texts) == earned


@pytest.mark.parametrize(
    ("texts", "earned", "shown"),
    [
        (("195", "0.6"), 2, ()),
        (("200 t", "0,6"), 2, ()),
        (("195,000 kg", "600 kg"), 2, ()),
        (("175.6", "0.541"), 2, ()),
        (("175", "0.6"), 1, ()),
        (("195000", "600"), 1, ("units",)),
        (("0.195", "0.0006"), 1, ("units",)),
        (("195", "600"), 1, ("units",)),
        (("195000", "0.0006"), 0, ("units",)),
        (("224", "0.69"), 1, ("PUE",)),
        (("1950", "6"), 0, ()),
        (("=195", "-1"), 0, ()),
    ],
)
def test_tonnes_are_worth_two_points(texts: tuple[str, str], earned: float, shown: tuple[str, ...]) -> None:
    scored = score(ASKED["q7"], dict(zip(ASKED["q7"].columns, texts, strict=True)))
    assert (scored.points, scored.wrong) == (earned, shown)


def test_what_is_no_number_is_told() -> None:
    assert score(ASKED["q7"], {"q7_1": "lots", "q7_2": ""}).unread == ("lots",)


@pytest.mark.parametrize("question", [each for each in questions() if each.choices], ids=lambda each: each.name)
def test_a_choice_is_known_by_letter_and_by_text(question) -> None:
    for letter, choice in question.lettered:
        for text in (
            letter,
            letter.upper(),
            f"({letter}) {choice.text}",
            f"{letter}. {choice.text}",
            f" {choice.text} ",
        ):
            assert chosen(question, text) == letter
        earned = score(question, {question.name: choice.text})
        assert earned.points == (0 if choice.wrong else question.points)
        assert earned.wrong == ((choice.wrong,) if choice.wrong else ())
    for text in ("", "e", "ab", "=a", "About"):
        assert chosen(question, text) == ""


@pytest.mark.parametrize("part", [part for each in questions() for part in each.parts], ids=lambda part: part.label)
def test_every_named_error_is_recognised(part) -> None:
    question = next(each for each in questions() if part in each.parts)
    column = question.columns[question.parts.index(part)]
    for name, values in part.errors.items():
        for value in values:
            assert score(question, {column: f"{value:.6g}"}).wrong == (name,)


@given(st.floats(1e-6, 1e9), st.sampled_from(["{:.9g}", "{:.9g} t", "about {:.9g}", "{:,.3f}", "{:.9e}", "'{:.9g}"]))
def test_numbers_are_read_as_they_are_written(value: float, style: str) -> None:
    read = read_number(style.format(value), {"t": 1.0})
    assert read == pytest.approx(value, rel=1e-8, abs=6e-4) or value < 6e-4


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=40))
def test_no_text_is_too_odd_to_be_scored(text: str) -> None:
    for question in questions():
        scored = score(question, dict.fromkeys(question.columns, text))
        assert 0 <= scored.points <= question.points
        assert set(scored.wrong) <= set(MISCONCEPTIONS)


def test_the_key_for_the_page_names_every_key() -> None:
    named = key()["questions"]
    assert [each.get("right") or [part["key"] for part in each["parts"]] for each in named.values()] == [
        each.right or [part.key for part in each.parts] for each in questions()
    ]
