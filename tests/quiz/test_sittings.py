"""Tables as people hand them over: of the page, of a form, damaged, hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.quiz.questions import questions
from labkit.quiz.sittings import LARGEST, QuizError, read
from sheets import form, person, right, table


def test_the_pages_table_comes_back_as_it_was() -> None:
    late = '{"q3": "a", "q6_1": "61"}'
    found = read("a.csv", table(person("482913", **right(), late=late)))
    (sitting,) = found.sittings
    assert sitting.answers == right()
    assert sitting.late == {"q3": "a", "q6_1": "61"}
    assert (sitting.code, sitting.sitting, sitting.research) == ("482913", "pre", True)
    assert not found.refused


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\r\n", b"\n"),
        lambda text: text.replace(b",", b";"),
        lambda text: text.replace(b",", b"\t"),
        lambda text: text + b"\r\n,,,\r\n",
        lambda text: text.replace(b"code,", b" Code ,"),
    ],
    ids=["BOM", "line ends", "semicolons", "tabs", "empty rows", "title"],
)
def test_what_spreadsheets_do_to_a_table_does_not_matter(change) -> None:
    (sitting,) = read("a.csv", change(table(person("482913", **right())))).sittings
    assert sitting.answers == right()


def test_a_code_keeps_its_zeros() -> None:
    codes = [each.code for each in read("a.csv", table(person("'004217"), person("4217"), person("4217.0"))).sittings]
    assert codes == ["004217"] * 3


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (person("Ada"), "“Ada” is no code of six digits"),
        (person("1234567"), "no code of six digits"),
        (person("=1+1"), "no code of six digits"),
        (person("482913", "before"), "“before” is no sitting: it is pre or post"),
        (person("482913", consent=""), "“” is no consent"),
        (person("482913", version="7"), "answered version “7” of the quiz"),
        (person("482913", late="[1"), "is no list of late answers"),
        (person("482913", late='{"q1": 1}'), "is no list of late answers"),
        (person("482913", late="[" * 9000), "is no list of late answers"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_others_count(row: dict[str, str], why: str) -> None:
    found = read("a.csv", table(person("111111"), row))
    assert len(found.sittings) == 1
    ((where, told),) = found.refused
    assert where == "a.csv, row 3"
    assert why in told


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.csv is empty"),
        (b"\n\n", "a.csv is empty"),
        (b"code,sitting,consent,q1\n482913,pre,research,\xff\n", "a.csv is not UTF-8 text, at byte 44"),
        ("code,sitting,q1\n".encode("utf-16"), "is not UTF-8 text, at byte 0"),
        (b"x" * (LARGEST + 1), "at most 20,000,000 are read"),
        (b'code,sitting,consent,q1\n"482913', "is no table of comma-separated values"),
        (b'"' + b"x" * 200_000 + b'"', "is no table of comma-separated values"),
        (b"code,sitting,consent,q1\n" + b"1\n" * 50_001, "at most 50,000 are read"),
        (b"code,sitting,q1\n", "has no column consent and no q2"),
        (b"name,score\nAda,3\n", "does not say which sitting it is"),
        (b"\x00\x01\x02", "does not say which sitting it is"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(QuizError, match=r"a\.csv") as error:
        read("a.csv", content)
    assert sentence in str(error.value)


@given(st.binary(max_size=300))
def test_no_file_is_too_odd(content: bytes) -> None:
    for sitting in ("", "pre"):
        try:
            read("a.csv", content, sitting)
        except QuizError as error:
            assert str(error).startswith("a.csv")


def test_a_forms_table_gives_the_same_answers() -> None:
    found = read(
        "form.csv", form(person("482913", **right()), person("111111", consent="no research", **right())), "post"
    )
    assert [each.sitting for each in found.sittings] == ["post", "post"]
    assert [each.research for each in found.sittings] == [True, False]
    for question in questions():
        for column in question.columns:
            told = dict(question.lettered)[question.right].text if question.choices else right()[column]
            assert found.sittings[0].answers[column] == told


@pytest.mark.parametrize(
    "title",
    [
        lambda column, text: f"Q{column}. {text}",
        lambda column, text: f"Question {column}",
        lambda column, text: column,
        lambda column, text: text,
    ],
    ids=["Q1. text", "Question 1", "1", "the text alone"],
)
def test_a_forms_columns_are_found_by_number_or_by_text(title) -> None:
    names = [(each, column) for each in questions() for column in each.columns]
    head = ["Timestamp", "Your code", *(title(each.name[1:], each.text).replace('"', "'") for each, _ in names)]
    cells = ["2026/11/21", "482913", *(column for _, column in names)]
    text = "\n".join(",".join(f'"{cell}"' for cell in line) for line in (head, cells))
    (sitting,) = read("f.csv", text.encode(), "pre").sittings
    assert sitting.answers == {column: column for _, column in names}


def test_no_research_may_stand_beside_the_code() -> None:
    found = read("f.csv", form(person("482913 NO RESEARCH"), person("111111"), consent=False), "pre")
    assert [(each.code, each.research) for each in found.sittings] == [("482913", False), ("111111", True)]
    assert "has no column about consent" in found.notes[0]


@pytest.mark.parametrize("consent", ["", "No", "I do not agree", "no-research", "Don't use them"])
def test_without_a_yes_in_the_column_of_consent_nobody_takes_part(consent: str) -> None:
    text = form(person("482913", **right())).replace(b"I agree", consent.encode())
    (sitting,) = read("f.csv", text, "pre").sittings
    assert not sitting.research


def test_a_form_without_a_question_or_with_one_twice_says_which() -> None:
    whole = form(person("482913"))
    for old, new in ((b"4. Data", b"Data? "), (b"Timestamp", b"4. When")):
        with pytest.raises(QuizError, match="none or too many columns for q4"):
            read("f.csv", whole.replace(old, new).replace(b"parallelism trains", b""), "pre")
    with pytest.raises(QuizError, match="no column with the participant’s code"):
        read("f.csv", whole.replace(b"Participant ID", b"Who"), "pre")
