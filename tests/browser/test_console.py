"""The console in a real browser: the same result as the command line, by keyboard, for everybody, and nothing runs."""

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

import classroom
from barriers import LOOKS, dressed, is_fit_to_read
from labkit.codes import Code, encode
from labkit.submission import published
from mlsysim.cli import main
from sheets import form, person, right, table

STARTS = 120_000
GRADES = 120_000
EVIL = '"><img src=x onerror="document.title=1"><script>document.title=2</script>'


class Console:
    """The console, and what one does there."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.page.goto(f"{address}/ta/console.html")
        expect(self.state).to_contain_text("ready", timeout=STARTS)

    @property
    def state(self) -> Locator:
        return self.page.locator("#state")

    @property
    def log(self) -> Locator:
        return self.page.locator("#log")

    def take(self, *files: tuple[str, bytes]) -> None:
        """Hand files over."""
        self.page.locator("#state").evaluate("node => { node.textContent = '' }")
        self.give(*files)
        expect(self.state).to_contain_text("Graded", timeout=GRADES)

    def give(self, *files: tuple[str, bytes]) -> None:
        """Choose files that lie on the disk."""
        with TemporaryDirectory() as folder:
            paths = [Path(folder, name) for name, _ in files]
            for path, (_, content) in zip(paths, files, strict=True):
                path.write_bytes(content)
            self.page.get_by_label("Files or a zip").set_input_files(paths)
            expect(self.state).not_to_have_text("", timeout=GRADES)
            expect(self.state).not_to_contain_text("Reading", timeout=GRADES)

    def saved(self, button: str) -> bytes:
        """Press a button that hands over a file."""
        with self.page.expect_download() as waiting:
            self.page.get_by_role("button", name=button).click()
        return Path(waiting.value.path()).read_bytes()

    def rows(self) -> dict[str, dict[str, str]]:
        """The table of grades, by identifier."""
        text = self.saved("Save grades.csv").decode()
        return {row["identifier"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}

    def forget(self) -> None:
        """Forget the files."""
        self.page.get_by_role("button", name="Forget the files").click()
        expect(self.state).to_contain_text("forgotten")


@pytest.fixture(scope="module")
def console(module_context: BrowserContext, address: str) -> Console:
    return Console(module_context, address)


@pytest.fixture(scope="module")
def handed() -> list[tuple[str, bytes]]:
    return list(classroom.whole())


@pytest.fixture
def empty(console: Console) -> Iterator[Console]:
    console.forget()
    yield console
    console.forget()


def few() -> list[tuple[str, bytes]]:
    """Three logs, one of which is borderline."""
    rng = random.Random(21)
    good, poor = (classroom.work(rng, name, kind) for name, kind in (("s1", "good"), ("s2", "poor")))
    open_ = classroom.work(rng, "s3")
    log = open_["draft"]["log"] | {"gave_up": "a word elsewhere"}
    log["text"] = " ".join(each for each in log["text"].split(". ") if "give" not in each)
    thin = open_ | {"draft": {"log": log | {"text": "Bandwidth binds, because 7.0 ms and 11 ms are bytes."}}}
    events = [event for event in thin["events"] if event["kind"] != "logged"]
    thin = classroom.resigned(thin | {"events": events}, lambda _: None)
    return [(f"{name}.json", classroom.text_of(each)) for name, each in (("s1", good), ("s2", poor), ("s3", thin))]


def test_a_class_of_180_gets_the_same_grades_as_on_the_command_line(console: Console, handed, tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    for name, content in handed:
        (folder / name).write_bytes(content)
    written = {name: tmp_path / name for name in ("grades.csv", "canvas.csv", "moodle.csv", "report.html")}
    options = {"-o": "grades.csv", "--canvas": "canvas.csv", "--moodle": "moodle.csv", "--report": "report.html"}
    assert (
        main(["grade", str(folder), *(str(each) for name, file in options.items() for each in (name, written[file]))])
        == 0
    )
    console.take(*handed)
    assert "180 files" in console.state.inner_text()
    for button, name in (
        ("Save grades.csv", "grades.csv"),
        ("For Canvas", "canvas.csv"),
        ("For Moodle", "moodle.csv"),
        ("HTML report", "report.html"),
    ):
        assert console.saved(button) == written[name].read_bytes(), name
    counts = Counter(row["status"] for row in csv.DictReader(io.StringIO(written["grades.csv"].read_text())))
    told = console.page.locator("#counts").inner_text().split("\n")
    assert told == [f"{counts[name]} {name}" for name in ("graded", "to read", "flagged", "superseded", "refused")]


def test_the_debrief_shows_predictions_and_misconceptions(console: Console, handed) -> None:
    charts = console.page.locator("#found svg.dots")
    expect(charts).to_have_count(3)
    expect(charts.first).to_have_attribute(
        "aria-label", classroom.re.compile(r"157 predictions, median .* above, .* below")
    )
    expect(console.page.locator("#found .answers").first).to_contain_text("You compared arithmetic.")


@pytest.mark.parametrize("look", LOOKS, ids=[f"{width} {scheme}" for width, scheme in LOOKS])
def test_it_is_fit_to_read(console: Console, handed, look: tuple[int, str]) -> None:
    console.page.locator("#which").select_option("to read")
    expect(console.log).to_be_visible()
    is_fit_to_read(dressed(console.page, look))
    dressed(console.page, (1280, "light"))


def test_the_queue_is_graded_by_keyboard_and_decisions_last(
    empty: Console, context: BrowserContext, address: str
) -> None:
    page = empty.page
    empty.take(*few())
    assert {name: row["status"] for name, row in empty.rows().items()} == {
        "s1": "graded",
        "s2": "graded",
        "s3": "to read",
    }
    page.locator("#which").select_option("to read")
    expect(page.locator("#left")).to_have_text("1 left")
    expect(empty.log).to_contain_text("s3 · section B2")
    expect(empty.log.locator("mark.pinned")).to_have_text(["7.0", "11"])
    expect(page.get_by_role("button", name="Decide, next")).to_be_disabled()
    empty.log.focus()
    for key in ("1", "2", "3", "3"):
        page.keyboard.press(key)
    expect(page.locator("#questions strong")).to_have_text(["yes", "yes", "no"])
    expect(page.locator("#band")).to_have_text("18 to 22 points")
    empty.log.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#nothing")).to_be_visible()
    row = empty.rows()["s3"]
    assert (row["status"], row["total"], row["your_tradeoff"]) == ("graded", "20", "no")

    # The browser keeps it; the table carries it to another one.
    table = empty.saved("Save grades.csv")
    page.reload()
    expect(empty.state).to_contain_text("ready", timeout=STARTS)
    empty.take(*few())
    assert empty.rows()["s3"]["total"] == "20"
    elsewhere = Console(context, address)
    elsewhere.take(*few(), ("grades.csv", table))
    assert elsewhere.rows()["s3"]["total"] == "20"


def test_points_and_a_note_are_a_persons_to_give(empty: Console) -> None:
    page = empty.page
    empty.take(*few())
    page.locator("#which").select_option("all")
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Back").click()
    expect(empty.log).to_contain_text("s1 · section B2")
    page.get_by_label("Points, if others").fill("30")
    page.get_by_label("Note to the student").fill("=Well weighed")
    page.get_by_role("button", name="Decide, next").click()
    expect(empty.log).to_contain_text("s2 · section B2")
    row = empty.rows()["s1"]
    assert (row["total"], row["your_note"]) == ("30", "'=Well weighed")
    assert "'=Well weighed" in empty.saved("For Moodle").decode()


def test_when_it_was_due_counts(empty: Console) -> None:
    page = empty.page
    empty.take(few()[0])
    page.get_by_text("When it was due").click()
    page.get_by_label("Due").fill("2026-11-19T12:00")
    expect(page.get_by_role("cell", name=classroom.re.compile(r"^\d d$"))).to_be_visible()
    assert int(empty.rows()["s1"]["days_late"]) >= 1
    page.get_by_label("Due").fill("")
    page.get_by_text("When it was due").click()


def test_hostile_text_stays_text_and_nothing_runs(empty: Console) -> None:
    document = classroom.work(random.Random(4), EVIL)
    evil = {"term": EVIL, "gave_up": EVIL, "text": EVIL * 3}
    document = classroom.resigned(
        document | {"student": {"id": EVIL, "section": EVIL}, "draft": {"log": evil}},
        lambda events: [event["data"].update(evil) for event in events if event["kind"] in ("logged", "pinned")],
    )
    empty.take((f"{EVIL.replace('/', '')}.json", classroom.text_of(document)), ("x.json", EVIL.encode()), few()[0])
    page = empty.page
    page.locator("#which").select_option("all")
    expect(page.locator("#found")).to_contain_text("<script>")
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#text")).to_contain_text("<script>")
    page.locator("#codes").fill(EVIL)
    expect(page.locator("#misheard")).to_contain_text("<img")
    page.locator("#codes").fill("")
    expect(page).to_have_title("Grading console · ML Systems Labs")
    expect(page.locator("#main :is(img, script, iframe)")).to_have_count(0)
    assert "'" + "s1" not in empty.rows()
    report = page.context.new_page()
    report.set_content(empty.saved("HTML report").decode())
    expect(report.locator("img, script")).to_have_count(0)
    expect(report).to_have_title("Grades")
    report.close()


def test_large_and_mauled_files_are_named_and_the_rest_graded(empty: Console) -> None:
    bomb = classroom.zipped({"bomb.json": b"0" * 60_000_000, "s2.json": few()[1][1]})
    deep = b'{"a":' * 300_000
    empty.take(few()[0], ("class.zip", bomb), ("deep.json", deep), ("huge.json", b" " * 30_000_000), ("cut.zip", b"PK"))
    found = empty.page.locator("#found")
    for told in ("class.zip/bomb.json", "nests deeper", "30,000,000 bytes", "can't be opened"):
        expect(found).to_contain_text(told)
    assert {name for name in empty.rows() if name} == {"s1", "s2"}


def test_marks_that_are_none_are_said_and_the_files_are_graded(empty: Console) -> None:
    empty.take(few()[0])
    empty.give(("roster.csv", b"name,mark\r\nx,1\r\n"))
    expect(empty.state).to_contain_text("roster.csv: it is no table of grades")
    assert "s1" in empty.rows()


def test_pasted_codes_become_one_chart(console: Console) -> None:
    page = console.page
    codes = [encode(Code(1, 2, 0, (value,))) for value in (3.2, 3.2, 1.6, 1.0)]
    page.locator("#codes").fill("\n".join([*codes, "10A-RDB"]))
    drawn = page.locator("#drawn svg")
    expect(drawn).to_have_attribute("aria-label", classroom.re.compile("4 predictions, median 2.4×"))
    expect(page.locator("#misheard")).to_have_text(
        "10A-RDB: its check sign does not fit: a sign was misheard or swapped"
    )
    page.locator("#codes").fill("")


def test_the_quiz_s_tables_are_analysed_as_on_the_command_line(console: Console, tmp_path: Path, capsys) -> None:
    page = console.page
    people = {"100001": {}, "100002": {**right(), "q1": "a"}, "100003": right(), "100004": {"consent": "no research"}}
    files = {
        "Before": table(*(person(code, "pre", **given) for code, given in people.items())),
        "After": form(*(person(code, "post", **right()) for code in people)),
    }
    for label, content in files.items():
        (tmp_path / f"{label}.csv").write_bytes(content)
        page.get_by_label(label, exact=True).set_input_files(tmp_path / f"{label}.csv")
    learnt = page.locator("#learnt")
    expect(learnt).to_contain_text("3 participants sat both times", timeout=GRADES)
    expect(learnt).to_contain_text("1 participant said “no research” and is left out")
    names = [str(tmp_path / f"{label}.csv") for label in files]
    assert main(["quiz", "analyse", *names, "-o", str(tmp_path / "points.csv"), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert console.saved("Save each participant’s points") == (tmp_path / "points.csv").read_bytes()
    last = learnt.locator("section").first.locator("tbody tr").last.locator("td").all_inner_texts()
    overall = said["rows"][-1]
    assert last[0] == "all"
    assert [float(cell) for cell in last[1:6]] == pytest.approx([*overall.values()][1:6], rel=5e-3)
    expect(learnt.locator("h3")).to_have_text(["Points by goal", "Effect size", "Answers", "Misconceptions"])
    is_fit_to_read(dressed(page, (390, "dark")))
    dressed(page, (1280, "light"))


def test_a_folder_is_taken_whole(empty: Console, tmp_path: Path) -> None:
    for name, content in few():
        (tmp_path / "section" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "section" / name).write_bytes(content)
    empty.page.get_by_label("A folder").set_input_files(tmp_path / "section")
    expect(empty.state).to_contain_text("Graded 3 files", timeout=GRADES)
    assert empty.rows()["s1"]["file"] == "section/s1.json"


def test_the_page_carries_the_labs_and_asks_for_nothing_else(console: Console, address: str, site: Path) -> None:
    asked = console.page.evaluate_handle("performance.getEntriesByType('resource').map(({name}) => name)").json_value()
    assert asked
    assert all(name.startswith(f"{address}/") for name in asked)
    (labs,) = (path for path in (site / "ta").iterdir() if path.name.startswith("labs-"))
    sources = json.loads(labs.read_text(encoding="utf-8"))
    assert sources["labs"][classroom.LAB] == classroom.SOURCE
    schema = console.page.context.request.get(f"{address}/ta/submission.schema.json").text()
    assert json.loads(schema) == published()


@pytest.fixture(scope="module")
def kit(module_context: BrowserContext, address: str) -> Page:
    """A page with the kit's encoder of short codes."""
    page = module_context.new_page()
    page.goto(f"{address}/index.html")
    source = (Path(classroom.__file__).resolve().parents[2] / "labs/labkit/page/code.js").read_text(encoding="utf-8")
    page.add_script_tag(content=f"{source}\nwindow.predictionCode = predictionCode;")
    return page


def test_the_pages_short_codes_are_pythons(kit: Page) -> None:
    rng = random.Random(3)
    given = [
        (
            rng.choice((1, 2)),
            rng.randrange(32),
            rng.randrange(16),
            [
                rng.choice((None, 10 ** rng.uniform(-14, 25), rng.randrange(1, 10**6) / 8, 2.125, 9.995, 999.5))
                for _ in range(3)
            ],
        )
        for _ in range(300)
    ]
    told = kit.evaluate("given => given.map((each) => predictionCode(...each))", given)
    assert told == [encode(Code(volume, lab, variant, tuple(said))) for volume, lab, variant, said in given]
