"""Short codes come back as they went out, and a misheard one is noticed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom import sheet
from labkit.codes import SIGNS, Choice, Code, CodeError, decode, encode, rounded
from labkit.grading.distribution import of_codes

NUMBERS = st.floats(1e-12, 9.9e23).map(rounded)
PREDICTIONS = st.lists(st.none() | NUMBERS | st.integers(0, 300).map(Choice), min_size=1, max_size=9).map(tuple)
CODES = st.builds(Code, st.sampled_from([1, 2]), st.integers(0, 31), st.integers(0, 15), PREDICTIONS)


@given(CODES)
def test_a_code_comes_back(code: Code) -> None:
    assert decode(encode(code)) == code


@given(CODES, st.data())
def test_any_single_sign_misheard_and_any_two_swapped_are_noticed(code: Code, data: st.DataObject) -> None:
    signs = encode(code).replace("-", "")
    at = data.draw(st.integers(0, len(signs) - 1))
    other = data.draw(st.sampled_from([sign for sign in SIGNS if sign != signs[at]]))
    with pytest.raises(CodeError, match="check sign"):
        decode(signs[:at] + other + signs[at + 1 :])
    for index, (one, next_one) in enumerate(pairwise(signs)):
        if one != next_one:
            with pytest.raises(CodeError, match="check sign"):
                decode(signs[:index] + next_one + one + signs[index + 2 :])


def test_it_is_short_and_says_three_digits() -> None:
    assert len(encode(Code(1, 2, 0, (3.2,)))) == 7
    assert len(encode(Code(2, 16, 15, (3.2, 448.0, 377.0)))) == 15
    assert decode(encode(Code(1, 2, 0, (1234.5, 0.0123456)))).predictions == (1230.0, 0.0123)


def test_it_is_heard_as_it_is_said() -> None:
    code = encode(Code(1, 2, 0, (3.2,)))
    assert decode(code.lower().replace("0", "o").replace("1", "l").replace("-", " ")) == decode(code)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "6, 9 or 12"), ("10A-RD", "this has 5"), ("10A-RDU", "'U' is in no code"), ("10A RDZ", "check")],
)
def test_what_is_no_code_is_said(text: str, reason: str) -> None:
    with pytest.raises(CodeError, match=reason):
        decode(text)


@given(st.text())
def test_noise_is_refused_and_nothing_else_is_raised(text: str) -> None:
    try:
        decode(text)
    except CodeError:
        return
    assert len(text) >= 6


def test_pasted_codes_become_a_distribution_and_misheard_ones_a_list() -> None:
    said = [3.2, 3.2, 1.6, 1.7, 1.0]
    lines = [encode(Code(1, 2, 0, (value,))) for value in said]
    text = "\n".join([", ".join(lines[:2]), *lines[2:], "10A-RDB", encode(Code(2, 16, 0, (5.0,)))])
    (found,), refused = of_codes(text, {"1.02": sheet()})
    assert [each.said for each in found.answers] == said
    assert found.lock == sheet().locks[0]
    assert dict(found.misconceptions).keys() == {each.text for each in sheet().assumptions({"context": 128})["speedup"]}
    assert [reason for _, reason in refused] == [
        "its check sign does not fit: a sign was misheard or swapped",
        "there is no lab 16 in volume 2 here",
    ]
    assert "<svg" in found.chart()


def test_a_code_that_answers_what_a_lock_can_not_have_is_refused() -> None:
    _, refused = of_codes(encode(Code(1, 2, 0, (Choice(1),))), {"1.02": sheet()})
    assert "what that lock can't have" in refused[0][1]
    _, refused = of_codes(encode(Code(1, 2, 7, (2.0,))), {"1.02": sheet()})
    assert refused[0][1] == "the lab has no variant number 7"
