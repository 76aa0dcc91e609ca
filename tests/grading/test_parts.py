"""The parts of the grader: schema, answer sheet, likeness, policy, predictions, charts."""

import json
import random
from math import inf

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classroom
from labkit import schema
from labkit.grading import charts
from labkit.grading.alike import COPIED, NEAR, alike, shingles
from labkit.grading.evidence import examine
from labkit.grading.policy import Policy, PolicyError, moment
from labkit.grading.sheet import Sheet
from labkit.plan import Assumption
from labkit.predictions import assumed, closeness, off_by
from labkit.submission import published, read

GOOD = json.loads(classroom.text_of(classroom.work(random.Random(9), "s9")))
JSON = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5000)
    | st.floats(-9, 9)
    | st.text(max_size=5)
    | st.just([])
    | st.just({})
)


# The schema

VALIDATOR = jsonschema.Draft202012Validator(published())


def test_the_published_schema_is_one_and_a_submission_holds_to_it() -> None:
    jsonschema.Draft202012Validator.check_schema(published())
    VALIDATOR.validate(GOOD)
    assert schema.fault(GOOD, published()) == ""


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_another_reader_of_schemas_comes_to_the_same(data: st.DataObject) -> None:
    document = json.loads(json.dumps(GOOD))
    place = document
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.integers(0, 3)):
            place = place[key]
            continue
        if isinstance(place, dict) and data.draw(st.booleans()):
            del place[key]
        else:
            place[key] = data.draw(JSON)
        break
    assert bool(schema.fault(document, published())) == (not VALIDATOR.is_valid(document))


def test_sizes_and_kinds_are_said_in_words() -> None:
    document = json.loads(json.dumps(GOOD))
    document["student"]["id"] = "x" * 401
    assert schema.fault(document, published()) == "student.id has 401 characters; it must have at most 400"
    committed = next(event for event in GOOD["events"] if event["kind"] == "committed")
    wrong = {"events": [committed | {"data": {"lock": "a", "answer": True}}]}
    assert schema.fault(wrong, {"properties": published()["properties"], "$defs": published()["$defs"]}) == (
        "events[0].data.answer is true or false; it must be a number or text"
    )


# The answer sheet


def test_the_sheet_of_a_lab_needs_no_notebook_runtime() -> None:
    code = (
        "import sys; sys.path[:0] = ['labs', 'tests/grading']; import classroom;"
        "classroom.sheet().answers({'context': 128});"
        "assert not {'marimo', 'altair', 'pydantic'} & set(sys.modules), 'a notebook runtime was loaded'"
    )
    classroom_folder = classroom.Path(classroom.__file__).resolve().parents[2]
    done = __import__("subprocess").run([__import__("sys").executable, "-c", code], cwd=classroom_folder, check=False)
    assert done.returncode == 0


NOTEBOOK = """
import marimo
app = marimo.App()
with app.setup:
    import marimo as mo
    from labkit import Assumption, Lab, Lock, Reading, Varied
    VARIANTS = {"model": Varied(("small", "large"), str.upper)}
    FIRST = Lock("which", "Which is {model}?", choices=("one", "two"))

@app.function
def answers(model):
    return {"which": "one" if model == "small" else "two"}

@app.function
def assumptions(model):
    return {"which": (Assumption("two" if model == "small" else "one", "You mixed them up."),)}

@app.cell
def cell():
    lab = Lab(name="vol1/lab_03_x", version="7")
    raise SystemExit
"""


def test_variants_and_choices_are_the_labs_to_declare() -> None:
    sheet = Sheet("vol1/lab_03_x", NOTEBOOK)
    assert sheet.version == "7"
    assert sheet.variant("", "") == {"model": "small"}
    assert {sheet.answers(sheet.variant("B", f"s{n}"))["which"] for n in range(20)} == {"one", "two"}
    assert sheet.question(sheet.locks[0], {"model": "large"}) == "Which is LARGE?"
    assert sheet.challenge([], {"model": "small"}) == {}
    with pytest.raises(ValueError, match="no lab's notebook"):
        Sheet("x", "import os")


def test_a_lab_whose_answer_depends_on_the_student_is_graded_so() -> None:
    sheet = Sheet("vol1/lab_03_x", NOTEBOOK)
    name = next(f"s{n}" for n in range(50) if sheet.variant("B2", f"s{n}")["model"] == "large")
    at = classroom.BEGAN
    step = classroom.timedelta(minutes=3)
    steps = [
        (at, "started", {}),
        (at + step, "committed", {"lock": "which", "answer": "one", "variant": {"model": "huge"}}),
        (at + 2 * step, "revealed", {"lock": "which", "said": "one", "says": "one"}),
        (at + 3 * step, "exported", {}),
    ]
    document = classroom.document(name, classroom.sign(steps), lab="vol1/lab_03_x", lab_version="7")
    told = [flag.sentence for flag in examine(read(classroom.text_of(document)), sheet, Policy())]
    assert "it was worked in the variant of another identifier or section" in told
    assert any("'which' is two here, one there" in each for each in told)


# Likeness


def test_figures_case_and_punctuation_are_no_disguise_and_words_of_ones_own_are_enough() -> None:
    rng = random.Random(1)
    text = classroom.work(rng, "s1")["draft"]["log"]["text"]
    other = classroom.work(rng, "s2")["draft"]["log"]["text"]
    disguised = "".join(str(rng.randint(0, 9)) if sign.isdigit() else sign for sign in text).upper().replace(",", ";")
    ((one, two, similarity),) = alike({"a": text, "b": disguised, "c": other, "d": "", "e": "short"})
    assert {one, two} == {"a", "b"}
    assert similarity == 1.0
    assert COPIED > NEAR


@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=30, max_size=80), st.lists(st.sampled_from("abcdefgh"), min_size=30)
)
def test_likeness_is_the_jaccard_index(one: list[str], other: list[str]) -> None:
    texts = {"a": " ".join(one), "b": " ".join(other)}
    a, b = (shingles(text) for text in texts.values())
    index = len(a & b) / len(a | b)
    found = alike(texts)
    enough = min(len(a), len(b)) >= 25
    assert [pair.similarity for pair in found] == ([round(index, 3)] if enough and index >= NEAR else [])


# Policy


@pytest.mark.parametrize("text", ["2026-11-21", "2026-11-21T10:00", "soon", "", "2026-13-01T00:00Z"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"write it like .*Z"):
        moment(text)


@given(st.floats(0, 30), st.floats(0, 600))
def test_lateness_is_days_begun_after_the_grace(days: float, grace: float) -> None:
    due = moment("2026-11-21T12:00Z")
    policy = Policy(due=due, grace=grace)
    late = policy.days_late(due + classroom.timedelta(days=days, minutes=grace))
    assert days - 1e-6 <= late <= days + 1 + 1e-6
    assert policy.days_late(due + classroom.timedelta(minutes=grace)) == 0
    assert Policy().days_late(due) == 0


# Predictions and charts

POSITIVE = st.floats(1e-9, 1e12)


@given(POSITIVE, POSITIVE)
def test_a_factor_is_the_same_both_ways_and_scores_by_its_logarithm(said: float, says: float) -> None:
    assert off_by(said, says) == off_by(says, said) >= 1
    assert 0 <= closeness(off_by(said, says)) <= 1
    assert closeness(off_by(said, said)) == 1


def test_what_is_not_above_zero_is_infinitely_off() -> None:
    assert off_by(0, 1) == off_by(-1, 1) == inf
    assert closeness(inf) == 0
    assert assumed(-1.0, 1.0, [Assumption(2.0, "two")]) is None


def test_a_misconception_is_the_nearest_assumption_and_never_that_of_a_right_answer() -> None:
    both = [Assumption(3.2, "arithmetic"), Assumption(2.6, "else"), Assumption("b", "a choice")]
    assert assumed(3.1, 1.6, both) is both[0]
    assert assumed(2.5, 1.6, both) is both[1]
    assert assumed(1.7, 1.6, both) is None
    assert assumed(50.0, 1.6, both) is None
    assert assumed("b", "a", both) is both[2]
    assert assumed("a", "a", [Assumption("a", "never")]) is None


@given(st.lists(POSITIVE, max_size=50), POSITIVE)
def test_a_chart_has_a_dot_for_each_answer_inside_its_frame(values: list[float], says: float) -> None:
    drawn = charts.said_number(values, says, "ms", "How long?")
    assert drawn.count("<circle") == len(values)
    for x in classroom.re.findall(r'cx="([^"]+)"', drawn):
        assert 0 <= float(x) <= 640
