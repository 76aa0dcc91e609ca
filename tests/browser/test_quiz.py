"""The quiz in a real browser: consent first, five minutes, nothing lost, no key before its time."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from barriers import LOOKS, dressed, is_fit_to_read
from labkit.quiz import sittings
from labkit.quiz.answers import read_number, score
from labkit.quiz.question import LIMIT
from labkit.quiz.questions import MISCONCEPTIONS, VERSION, questions
from sheets import right
from test_key import everything_rendered, numbers
from typist import tab_to

KIT = Path(sittings.__file__).parents[1] / "page"


class Quiz:
    """The quiz's page, and what one does there."""

    def __init__(self, page: Page, address: str, sitting: str = "pre") -> None:
        self.page, self.address, self.sitting = page, address, sitting
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self.address}/quiz/index.html?sitting={self.sitting}")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def start(self, code: str = "482913", consent: str = "My answers may be used for research") -> None:
        self.page.get_by_label(consent).check()
        self.page.get_by_label("Your code, six digits").fill(code)
        self.button("Start the clock").click()
        expect(self.page.locator("#questions")).to_be_visible()

    def answer(self, **answers: str) -> None:
        for column, said in answers.items():
            field = self.page.locator(f"[name={column}]")
            if "_" in column:
                field.fill(said)
            else:
                self.page.locator(f"[name={column}][value={said}]").check()

    def answers(self) -> dict[str, str]:
        """What stands in the form."""
        return self.page.evaluate("Object.fromEntries(new FormData(document.querySelector('#questions')))")

    def hand_in(self) -> None:
        self.button("Hand in").click()
        blank = self.button("Hand in as it is")
        if blank.is_visible():
            blank.click()
        expect(self.page.locator("#done")).to_be_visible()

    def download(self) -> tuple[str, bytes]:
        with self.page.expect_download() as waiting:
            self.button("Download my answers").click()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()

    def row(self) -> dict[str, str]:
        (row,) = csv.DictReader(io.StringIO(self.download()[1].decode(), newline=""))
        return row


Open = Callable[..., Quiz]


@pytest.fixture
def quiz(context: BrowserContext, address: str) -> Open:
    """Opens a sitting in a tab of its own."""
    return lambda sitting="pre": Quiz(context.new_page(), address, sitting)


def test_consent_and_a_code_come_first(quiz: Open) -> None:
    page = (taken := quiz()).page
    expect(page.locator("#consent")).to_be_visible()
    expect(page.locator("#questions, #done")).to_have_count(2)
    for each in page.locator("#questions, #done").all():
        expect(each).to_be_hidden()
    taken.button("Start the clock").click()
    expect(page.locator("#consent-fault")).to_contain_text("Choose one of the two first")
    page.get_by_label("No research").check()
    for code in ("", "12345", "12a456"):
        page.get_by_label("Your code, six digits").fill(code)
        taken.button("Start the clock").click()
        expect(page.locator("#code-fault")).to_contain_text("A code has six digits")
    taken.button("Draw one for me").click()
    expect(page.get_by_label("Your code, six digits")).to_have_value(re.compile(r"^[1-9]\d{5}$"))
    taken.button("Start the clock").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^(5:00|4:5\d)$"))
    expect(page.locator("#consent")).to_be_hidden()


def test_without_a_sitting_one_chooses(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/quiz/index.html?sitting=middle")
    page.get_by_role("link", name="After the course").click()
    expect(page).to_have_url(re.compile("sitting=post"))
    expect(page.locator("#where")).to_have_text("Second sitting: after")


def test_the_first_sitting_holds_no_key(quiz: Open, context: BrowserContext) -> None:
    fetched: list[str] = []
    texts: list[str] = []
    context.on("response", lambda reply: fetched.append(reply.url))
    taken = quiz()
    taken.start()
    page = taken.page
    shown = everything_rendered(page) + page.content()
    for url in fetched:
        if "/quiz/" in url or "/kit/quiz" in url:
            texts.append(page.request.get(url).text())
    whole = "\n".join([shown, *texts])
    asked = numbers(" ".join(page.locator("#questions fieldset").all_inner_texts()))
    assert 989 in asked
    for question in questions():
        assert question.solution not in whole
        for part in question.parts:
            assert round(part.key, 9) not in asked
        for name in {choice.wrong for choice in question.choices} - {""}:
            assert MISCONCEPTIONS[name] not in whole
    assert page.locator("[name=q1]").evaluate_all("all => new Set(all.map((each) => each.attributes.length)).size") == 1
    taken.answer(**right())
    taken.hand_in()
    expect(taken.button("Show my score")).to_be_hidden()
    assert not [url for url in fetched if "key-" in url]
    assert "points" not in page.locator("#done").inner_text()


def test_answers_are_there_after_a_reload_and_the_clock_went_on(quiz: Open) -> None:
    taken = quiz()
    taken.page.clock.install()
    taken.start()
    taken.answer(q1="b", q6_1="60", q7_2="0,6")
    expect(taken.page.locator("#answered")).to_have_text("1 of 10 answered")
    taken.page.clock.fast_forward(100_000)
    expect(taken.page.get_by_role("timer")).to_have_text(re.compile(r"^3:(1\d|20)$"))
    taken.open()
    expect(taken.page.get_by_text("You are back")).to_be_visible()
    assert taken.answers() == {"q1": "b", "q6_1": "60", "q6_2": "", "q7_1": "", "q7_2": "0,6"}
    expect(taken.page.locator("#consent")).to_be_hidden()


def test_the_end_of_the_time_throws_nothing_away(quiz: Open) -> None:
    taken = quiz()
    page = taken.page
    page.clock.install()
    taken.start()
    taken.answer(q1="b", q2="d", q6_1="75")
    page.clock.fast_forward((LIMIT - 30) * 1000)
    expect(page.locator("#say")).to_have_text("One minute left.")
    page.clock.fast_forward(31_000)
    expect(page.get_by_role("timer")).to_have_text("Time is up")
    expect(page.locator("#say")).to_contain_text("What you have written counts")
    assert taken.answers() == {"q1": "b", "q2": "d", "q6_1": "75", "q6_2": "", "q7_1": "", "q7_2": ""}
    taken.answer(q2="b", q3="c", q6_1="60", q1="a")
    taken.answer(q1="b")
    expect(page.locator(".late")).to_have_count(3)
    taken.open()
    assert taken.answers()["q6_1"] == "60"
    taken.hand_in()
    row = taken.row()
    assert {name: row[name] for name in ("q1", "q2", "q3", "q6_1")} == {"q1": "b", "q2": "d", "q3": "", "q6_1": "75"}
    assert json.loads(row["late"]) == {"q2": "b", "q3": "c", "q6_1": "60"}
    assert LIMIT < int(row["seconds"]) < LIMIT + 60


@pytest.mark.parametrize("consent", ["My answers may be used for research", "No research"])
def test_the_file_is_read_by_the_command_and_scores_what_was_answered(quiz: Open, consent: str) -> None:
    taken = quiz("post")
    taken.start("004217", consent)
    taken.answer(**right() | {"q7_1": "195000 kg", "q7_2": '=1+1,"', "q10": "a"})
    taken.hand_in()
    name, content = taken.download()
    assert name == "quiz-post-004217.csv"
    assert taken.row()["q7_2"] == "'=1+1,\""
    found = sittings.read(name, content)
    assert not found.refused
    (sitting,) = found.sittings
    assert (sitting.code, sitting.sitting) == ("004217", "post")
    assert sitting.research == consent.startswith("My")
    assert sum(score(each, sitting.answers).points for each in questions()) == 12 - 1 - 1


def test_one_may_leave_the_research_afterwards(quiz: Open) -> None:
    taken = quiz()
    taken.start()
    taken.hand_in()
    taken.button("Leave them out after all").click()
    assert taken.row()["consent"] == "no research"
    taken.open()
    taken.button("Let them be used after all").click()
    assert taken.row()["consent"] == "research"


SCORED = [
    right(),
    {},
    {"q1": "a", "q6_1": "60", "q6_2": "75", "q7_1": "195000", "q7_2": "600"},
    {"q6_1": "72", "q6_2": "360", "q7_1": "195.000", "q7_2": "0,6 t"},
    {"q6_1": "73 GPUs", "q6_2": "x", "q7_1": "224", "q7_2": "0.69"},
    {"q6_1": "1e3", "q6_2": "60", "q7_1": "195,000 kg", "q7_2": "600"},
    {"q6_1": "60000", "q6_2": "300000", "q7_1": "1950", "q7_2": "6"},
]


def test_the_second_sitting_may_show_its_own_score_the_same_as_the_command(quiz: Open) -> None:
    page = (taken := quiz("post")).page
    for answers in SCORED:
        record = {"format": "mlsysim-quiz/1", "version": VERSION, "sitting": "post", "code": "482913", "late": {}}
        record |= {"consent": "research", "started": "2026-11-21T09:00:00.000Z", "submitted": "x", "answers": answers}
        page.evaluate("text => localStorage.setItem('mlsysim-quiz post', text)", json.dumps(record))
        taken.open()
        expect(page.locator("#score")).to_be_empty()
        taken.button("Show my score").click()
        earned = [score(each, answers).points for each in questions()]
        expect(page.locator("#score .big")).to_have_text(f"{sum(earned):g} of 12 points")
        told = page.locator("#score li > p:first-child").all_inner_texts()
        assert [float(text.split()[0]) for text in told] == earned
        for question, item in zip(questions(), page.locator("#score li").all(), strict=True):
            for name in score(question, answers).wrong[:1]:
                expect(item).to_contain_text(MISCONCEPTIONS[name])


def test_numbers_are_read_alike_by_page_and_command(quiz: Open) -> None:
    texts = [
        "195",
        "1,950",
        "1,234,567",
        "0,6",
        "0,600",
        "0.6 t",
        "1 500 kg",
        "1.5e3",
        "2 x 10^3",
        "1,2345",
        "~7 T",
        "-3",
        "0",
    ]
    texts += [
        "",
        "abc",
        "3 apples",
        "1.2.3",
        ".5",
        ",5",
        "5.",
        "1’000’000 g",
        "1e400",
        "4E2",
        "1,5e3",
        "+12",
        "12 tonnes.",
    ]
    units = {"t": 1.0, "tonnes": 1.0, "kg": 1e-3, "g": 1e-6}
    source = "".join((KIT / name).read_text() for name in ("dom.js", "number.js"))
    read = (
        "([texts, units]) => { %s return texts.map((text) => readNumber(text, { unit: 't', units }).value ?? null); }"
    )
    told = quiz().page.evaluate(read % source, [texts, units])
    assert dict(zip(texts, told, strict=True)) == pytest.approx({text: read_number(text, units) for text in texts})


def test_an_unreadable_number_is_told_and_kept(quiz: Open) -> None:
    taken = quiz()
    taken.start()
    taken.answer(q7_1="lots")
    taken.page.locator("[name=q7_2]").focus()
    expect(taken.page.locator("#q7_1-fault")).to_contain_text("does not start with a number")
    taken.hand_in()
    assert taken.row()["q7_1"] == "lots"


def test_two_tabs_keep_each_others_answers(quiz: Open) -> None:
    one = quiz()
    one.start()
    other = quiz()
    other.answer(q1="b")
    one.answer(q2="c")
    other.answer(q3="a")
    expect(one.page.locator("[name=q3][value=a]")).to_be_checked()
    one.hand_in()
    row = one.row()
    assert (row["q1"], row["q2"], row["q3"]) == ("b", "c", "a")
    expect(other.page.locator("#done")).to_be_visible()


@pytest.mark.parametrize("text", ["{", '{"format": "other"}', '{"format": "mlsysim-quiz/1", "version": "0"}'])
def test_a_record_that_cannot_be_used_is_set_aside_whole(quiz: Open, text: str) -> None:
    taken = quiz()
    if "version" in text:
        text = json.dumps(json.loads(text) | {"answers": {}, "late": {}, "started": "2026-11-21T09:00:00Z"})
    taken.page.evaluate("text => localStorage.setItem('mlsysim-quiz pre', text)", text)
    taken.open()
    expect(taken.page.locator("#notices")).to_contain_text("set aside")
    with taken.page.expect_download() as waiting:
        taken.button("Download it").click()
    assert Path(waiting.value.path()).read_text() == text
    taken.start()
    kept = taken.page.evaluate("Object.entries(localStorage).filter(([name]) => name.includes('aside'))")
    assert [value for _, value in kept] == [text]


def test_where_nothing_can_be_stored_it_says_so_and_still_hands_over(quiz: Open, context: BrowserContext) -> None:
    context.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })")
    taken = quiz()
    expect(taken.page.locator("#notices")).to_contain_text("This browser stores nothing")
    taken.start()
    taken.answer(q1="b")
    expect(taken.page.locator("#saved")).to_contain_text("Not saved")
    taken.hand_in()
    assert taken.row()["q1"] == "b"


def test_the_next_participant_starts_anew_and_the_second_sitting_knows_the_code(quiz: Open) -> None:
    taken = quiz()
    taken.start("111111")
    taken.hand_in()
    after = quiz("post")
    after.button("111111 sat before on this device: take it").click()
    expect(after.page.get_by_label("Your code, six digits")).to_have_value("111111")
    taken.button("Next participant on this device").click()
    expect(taken.page.locator("#consent")).to_be_visible()
    kept = taken.page.evaluate("Object.entries(localStorage).filter(([name]) => name.includes('aside'))")
    assert [json.loads(text)["code"] for _, text in kept] == ["111111"]


def test_without_the_key_the_score_waits(quiz: Open, context: BrowserContext, guard) -> None:
    context.route("**/key-*.json", lambda route: route.abort())
    guard.expect("Failed to load resource")
    taken = quiz("post")
    taken.start()
    taken.hand_in()
    taken.button("Show my score").click()
    expect(taken.page.locator("#score")).to_contain_text("The key could not be fetched")


def test_with_the_keyboard_alone(quiz: Open) -> None:
    page = (taken := quiz()).page
    press, write = page.keyboard.press, page.keyboard.type
    press("Tab")
    expect(page.get_by_role("link", name="Skip to the quiz")).to_be_focused()
    press("Enter")
    tab_to(page.get_by_label("My answers may be used"))
    press("ArrowDown")
    expect(page.get_by_label("No research")).to_be_checked()
    tab_to(page.get_by_label("Your code, six digits"))
    write("482913")
    press("Enter")
    expect(page.locator("[name=q1]").first).to_be_focused()
    for question in questions():
        if question.choices:
            tab_to(page.locator(f"[name={question.name}]").first)
            press("Space")
            for _ in range("abcd".index(question.right)):
                press("ArrowDown")
        for column, part in zip(question.columns, question.parts, strict=False):
            tab_to(page.locator(f"[name={column}]"))
            write(f"{part.key:g}")
    tab_to(taken.button("Hand in"))
    press("Enter")
    expect(page.locator("#done-title")).to_be_focused()
    tab_to(taken.button("Download my answers"))
    with page.expect_download() as waiting:
        press("Enter")
    (sitting,) = sittings.read("a.csv", Path(waiting.value.path()).read_bytes()).sittings
    assert sum(score(each, sitting.answers).points for each in questions()) == 12


@pytest.fixture(scope="module")
def states(module_context: BrowserContext, address: str) -> Iterator[dict[str, Page]]:
    """The page at each of its stages."""
    made = {"consent": Quiz(module_context.new_page(), address)}
    made["consent"].button("Start the clock").click()
    made["questions"] = Quiz(module_context.new_page(), address)
    made["questions"].start()
    made["questions"].answer(q7_1="lots", q7_2="1", q1="a")
    made["score"] = Quiz(module_context.new_page(), address, "post")
    made["score"].start()
    made["score"].answer(q1="a", q6_1="75", q6_2="300")
    made["score"].hand_in()
    made["score"].button("Show my score").click()
    expect(made["score"].page.locator("#score .big")).to_be_visible()
    pages = {name: each.page for name, each in made.items()}
    pages["choice"] = module_context.new_page()
    pages["choice"].goto(f"{address}/quiz/index.html")
    yield pages


@pytest.mark.parametrize("look", LOOKS, ids=[f"{width} {scheme}" for width, scheme in LOOKS])
@pytest.mark.parametrize("stage", ["choice", "consent", "questions", "score"])
def test_it_is_fit_to_read(states: dict[str, Page], stage: str, look: tuple[int, str]) -> None:
    is_fit_to_read(dressed(states[stage], look))


def test_on_paper_it_is_the_form(states: dict[str, Page]) -> None:
    page = states["consent"]
    page.emulate_media(media="print")
    expect(page.locator("#q10")).to_be_visible()
    expect(page.get_by_text("May your answers be used").or_(page.locator("#consent h2"))).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.pdf().count(b"/Type /Page\n") <= 3
    page.emulate_media(media="screen")
