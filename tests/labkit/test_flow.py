"""What the kit shows: the reveal names the right assumption, and no text of a student becomes markup."""

import json
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.elements import Panel, element
from labkit.figures import number, with_unit
from labkit.flow import Assumption, Lab, off_by, reading_markup
from labkit.plan import Choice, Lock, Part, Slider
from labkit.reading import Reading

LOCK = Lock("speedup", "How many times?", unit="×", units={"x": 1})
PART = Part("A", "First", "Look.", (Choice("bits", "Bits", (16, 8), 16), Slider("batch", "Batch", (1, 2, 4), 1)))


def double(x):
    return Reading(2.0 * x, "s", f"{2 * x} s", "twice", f"x = {x}", equation=["T = 2 x"])


LAB = Lab(
    name="vol1/lab_99",
    version="1",
    lede="Lede.",
    briefing=(),
    lock=LOCK,
    parts=(PART,),
    log_prompt="Write.",
    readings=(double,),
)


ASSUMED = (Assumption(3.2, "You compared arithmetic."), Assumption(1.0, "You took them for equal."))


def reveal(answer, assumptions=ASSUMED):
    said = {"answer": answer}
    return LAB.reveal(LOCK, said, 1.6, "1.6×", assumptions, "Neither.", "Just so.", ["T = D/BW"]).text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (1.6, "Just so."),
        (1.9, "Just so."),
        (3.2, "You compared arithmetic."),
        (2.7, "You compared arithmetic."),
        (1.1, "You took them for equal."),
        (20.0, "Neither."),
        (0.01, "Neither."),
    ],
)
def test_the_reveal_names_the_nearest_assumption(answer, sentence):
    assert sentence in reveal(answer)


def test_without_assumptions_the_reveal_still_speaks():
    assert "Neither." in reveal(5.0, ())


def test_the_reveal_sets_three_figures_side_by_side_and_records_them():
    text = reveal(3.2)
    assert re.findall(r"<dd>(.*?)</dd>", text) == ["3.2×", "1.6×", "2.0×"]
    fact = json.loads(unescape(re.search(r'<lab-fact data-spec="(.*?)"', text)[1]))
    assert (fact["kind"], fact["lock"], fact["said"], fact["says"], fact["unit"]) == (
        "revealed",
        "speedup",
        3.2,
        1.6,
        "×",
    )
    assert fact["factor"] == pytest.approx(2.0)


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_a_factor_is_symmetric_and_at_least_one(said, says):
    assert off_by(said, says) == pytest.approx(off_by(says, said)) and off_by(said, says) >= 1


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (3.2, "×", "3.2×"),
        (2000.0, "GB/s", "2,000 GB/s"),
        (448.0, "sequences", "448 sequences"),
        (1e-5, "s", "1e-5 s"),
        (8e6, "×", "8,000,000×"),
        (999_999_999.0, "", "1e9"),
    ],
)
def test_a_figure_is_shown_as_a_person_writes_it(value, unit, text):
    assert with_unit(value, unit) == text


@given(st.floats(1e-300, 1e300), st.sampled_from((1.0, -1.0)))
def test_a_figure_as_shown_is_the_figure(size, sign):
    assert float(number(sign * size).replace(",", "")) == pytest.approx(sign * size, rel=6e-3)


@given(st.text())
def test_no_text_becomes_markup(text):
    reading = Reading(1.0, "s", text, text, text, text, text, [text])
    markup = reading_markup(reading, "double", {"x": text})
    assert not re.search(r"<(?!/?(?:div|p|strong|lab-pin|details|summary|pre)\b)", markup)
    spec = json.loads(unescape(re.search(r'data-spec="(.*?)"', markup, re.DOTALL)[1]))
    assert spec["text"] == text and spec["settings"] == {"x": text}


def test_an_element_refuses_what_is_not_json():
    with pytest.raises(ValueError, match="JSON"):
        element("lab-pin", {"value": float("nan")})


@pytest.mark.parametrize(
    ("sent", "now"),
    [
        ({"bits": 8, "batch": 4}, {"bits": 8, "batch": 4}),
        ({"bits": 7, "batch": 2}, {"bits": 16, "batch": 2}),
        ({"bits": "8", "other": 1}, {"bits": 16, "batch": 1}),
        ({"bits": [8]}, {"bits": 16, "batch": 1}),
        (None, {"bits": 16, "batch": 1}),
        ([1, 2], {"bits": 16, "batch": 1}),
    ],
)
def test_a_panel_lets_only_declared_values_through(sent, now):
    panel = Panel(PART.panel_spec())
    panel._update(sent)
    assert panel.value == now


def test_a_control_has_to_start_at_one_of_its_values():
    part = Part("A", "First", "Look.", (Slider("batch", "Batch", (1, 2), 3),))
    with pytest.raises(ValueError, match="'batch' starts at 3"):
        part.panel_spec()


def test_only_declared_readings_can_be_pinned():
    assert "2 s" in LAB.reading(double, x=1)
    with pytest.raises(ValueError, match="not among the readings"):
        LAB.reading(len, x=1)


def test_a_lock_of_choices_has_no_unit():
    spec = Lock("which", "Which?", choices=("a", "b")).spec()
    assert spec["choices"] == ["a", "b"] and "unit" not in spec


CHOSEN = Lock("which", "Which?", choices=("bytes", "arithmetic"))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [("bytes", "Just so."), ("arithmetic", "You compared peaks.")],
)
def test_a_choice_is_met_with_its_misconception(said, sentence):
    wrong = (Assumption("arithmetic", "You compared peaks."),)
    text = LAB.reveal(CHOSEN, {"answer": said}, "bytes", "bytes", wrong, "Neither.", "Just so.", ()).text
    assert sentence in text and "off by" not in text
    fact = json.loads(unescape(re.search(r'<lab-fact data-spec="(.*?)"', text)[1]))
    assert (fact["said"], fact["says"]) == (said, "bytes") and "factor" not in fact


def test_choices_handed_on_are_facts_each_under_its_name():
    facts = [json.loads(unescape(each)) for each in re.findall(r'data-spec="(.*?)"', LAB.carry(bits=8, zero=3).text)]
    assert [(fact["kind"], fact["name"], fact["value"]) for fact in facts] == [
        ("carried", "bits", 8),
        ("carried", "zero", 3),
    ]


def test_a_text_is_what_stands_in_its_field():
    field = LAB.text("design", "A design", '{"nodes": 3}')
    assert field.value == '{"nodes": 3}'
    field._update("anything <b>")
    assert field.value == "anything <b>"


def test_what_an_earlier_lab_handed_on_is_its_default_until_the_page_says():
    assert LAB.carried("vol1/lab_98", bits=16).value == {"found": False, "bits": 16}


@given(st.text(), st.text())
def test_a_harder_question_hides_the_limit_that_answers_it(ask, limit):
    text = LAB.further(ask, limit).text
    assert not re.search(r"<(?!/?(?:section|p|details|summary)\b)", text)
    assert text.index("<summary>") < text.index("</summary>") <= text.rindex("<p>")
