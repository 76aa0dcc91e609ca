"""The pages around the labs: every link leads somewhere, each kind of page is fit to read, the reader is recognised."""

import csv
import io
import posixpath
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import Page, expect

import catalog
import roofline
from barriers import dressed, is_fit_to_read
from record import ALL_OPEN
from student import Student

KINDS = [
    "course.html",
    "contents.html",
    "walls/index.html",
    "walls/safety.html",
    "reference/index.html",
    "reference/errors.html",
    "reference/cli.html",
    "reference/calibration.html",
    "reference/registry.html",
    "reference/efficiency.html",
    "reference/limits.html",
    "reference/glossary.html",
    "reference/api/serving.html",
    "reference/api/equations-fleet.html",
    "search.html",
    "paths.html",
    "ta/index.html",
    "ta/samples.html",
    "ta/vol1/lab_02_ml_systems.html",
    "instructors/index.html",
    "instructors/promises.html",
    "instructors/syllabus.html",
]
ALIKE = ("walls/", "reference/api/", "ta/vol")  # one or two of them are among the kinds
ELSEWHERE = ("vol", "tutorials/", "quiz/", "ta/console.html", "index.html")  # in other tests
DOORS = ("course.html", "walls/index.html", "reference/index.html", "ta/index.html", "search.html")
FIRST_WEEKS = ["01-11", "01-18", "01-25", "02-01", "02-08", "02-15", "02-22"]
LOOKS = [(1280, "light"), (390, "dark")]


class Outline(HTMLParser):
    """What a page says of itself, where it leads, and where one can be led to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.meta: dict[str, str] = {}
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.headings = 0
        self._in_title = False
        self._in_body = False  # a picture has titles of its own
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attributes}
        self.ids += [known["id"]] if "id" in known else []
        self._in_body |= tag == "body"
        self._in_title = tag == "title" and not self._in_body
        self.headings += tag == "h1"
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        elif tag == "meta" and "name" in known:
            self.meta[known["name"]] = known["content"]
        elif tag in ("script", "link", "img", "iframe"):
            self.loaded += [known[name] for name in ("src", "href") if name in known]

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.titles.append(data)
            self._in_title = False


@pytest.fixture(scope="module")
def outlines(site: Path) -> dict[str, Outline]:
    """Every page of the site by its path."""
    paths = sorted(site.rglob("*.html"))
    return {path.relative_to(site).as_posix(): Outline(path.read_text(encoding="utf-8")) for path in paths}


def test_there_are_pages_to_look_at(outlines: dict[str, Outline]) -> None:
    assert set(KINDS) <= set(outlines)
    assert len(outlines) > 50


def test_each_kind_of_page_is_looked_at(outlines: dict[str, Outline]) -> None:
    assert [name for name in outlines if name not in KINDS and not name.startswith((*ALIKE, *ELSEWHERE))] == []


def test_every_page_leads_home_and_to_the_rest(outlines: dict[str, Outline]) -> None:
    for name, page in outlines.items():
        leads = {posixpath.normpath(posixpath.join(posixpath.dirname(name), urldefrag(link)[0])) for link in page.links}
        doors = {"index.html"} if name.startswith(("vol", "tutorials/", "ta/vol")) else {"index.html", *DOORS}
        assert doors <= leads | {name}, name


def test_links_to_elsewhere_are_whole(outlines: dict[str, Outline]) -> None:
    for name, page in outlines.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme == "https" and "." in parts.netloc, (name, link)
                assert not re.search(r"[\s<>\"]|[.,;:]$", link), (name, link)


def test_no_link_is_dead(site: Path, outlines: dict[str, Outline]) -> None:
    dead = []
    for name, page in outlines.items():
        for link in [*page.links, *page.loaded]:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            address, anchor = urldefrag(link)
            path = unquote(urlsplit(address).path)  # none: the page itself, asked in another way
            target = (site / name).parent / path if path else site / name
            there = target.resolve()
            below = there.relative_to(site.resolve()).as_posix() if there.is_relative_to(site.resolve()) else ""
            if not there.is_file() or (anchor and below in outlines and unquote(anchor) not in outlines[below].ids):
                dead.append((name, link))
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(outlines: dict[str, Outline]) -> None:
    for name, page in outlines.items():
        assert [
            link for link in page.loaded if not link.startswith("data:") and (urlsplit(link).netloc or link[0] == "/")
        ] == [], name


def test_every_page_says_what_it_is(outlines: dict[str, Outline]) -> None:
    for name, page in outlines.items():
        assert len(page.titles) == 1 and page.titles[0].strip(), name
        assert page.headings == 1, name
        assert len(page.ids) == len(set(page.ids)), name
        assert 20 <= len(page.meta["description"]) <= 200, name
    titles = [page.titles[0] for page in outlines.values()]
    assert len(titles) == len(set(titles))


def test_what_gives_answers_away_is_not_found_by_search_engines(outlines: dict[str, Outline]) -> None:
    for name, page in outlines.items():
        if name.startswith("ta/") and name != "ta/console.html":
            assert page.meta["robots"] == "noindex", name


@pytest.fixture(scope="module")
def reader(module_context) -> Page:  # type: ignore[no-untyped-def]
    return module_context.new_page()


@pytest.mark.parametrize("name", KINDS)
def test_a_page_is_fit_to_read_below_a_sub_path(reader: Page, address: str, name: str) -> None:
    reader.goto(f"{address}/labs/{name}")
    expect(reader.locator("h1")).to_have_count(1)
    assert reader.evaluate("getComputedStyle(document.body).fontFamily").startswith("system-ui")
    for look in LOOKS:
        is_fit_to_read(dressed(reader, look))
    dressed(reader, LOOKS[0])


@pytest.mark.parametrize(
    "name",
    ["course.html", "walls/safety.html", "index.html", "ta/vol1/lab_02_ml_systems.html", "instructors/syllabus.html"],
)
def test_a_page_prints_without_what_is_of_no_use_on_paper(reader: Page, address: str, name: str) -> None:
    reader.goto(f"{address}/{name}")
    reader.emulate_media(media="print")
    expect(reader.locator("main h1")).to_be_visible()
    for each in reader.locator("nav").all():
        expect(each).to_be_hidden()
    reader.emulate_media(media="screen")


@pytest.fixture
def learner(student: Student) -> Iterator[Student]:
    """Somebody who is in the middle of Lab 02."""
    student.has(ALL_OPEN)
    student.page.goto(f"{student.address}/course.html")
    yield student


def test_the_front_page_leads_to_every_lab_and_every_door(reader: Page, address: str) -> None:
    reader.goto(f"{address}/index.html")
    for name in ("Start the first lab", "Teach with it", "Use the simulator"):
        box = reader.get_by_role("link", name=name).bounding_box()
        assert box and box["y"] + box["height"] < 700, name
    expect(reader.locator(".labs [data-lab]")).to_have_text(["not begun"] * len(catalog.read()))


def test_the_front_page_s_roofline_follows_the_batch_by_keyboard(reader: Page, address: str) -> None:
    reader.goto(f"{address}/index.html")
    slider = reader.get_by_role("slider")
    cells = reader.locator("#roofline tbody tr").filter(has_text="MI300X").locator("td")
    before = cells.all_inner_texts()
    place = reader.locator("#roofline circle").first.get_attribute("cx")
    slider.press("End")
    expect(slider).to_have_attribute("aria-valuetext", f"batch {roofline.BATCHES[-1]}")
    (roof,) = (roof for roof in roofline.roofs() if roof.name == "MI300X")
    assert before == [*roof.steps[0][2:]]
    expect(cells).to_have_text([*roof.steps[-1][2:]])
    assert reader.locator("#roofline circle").first.get_attribute("cx") != place


def test_the_front_page_s_points_can_be_dragged(reader: Page, address: str) -> None:
    reader.goto(f"{address}/index.html")
    box = reader.locator("#roofline svg").bounding_box()
    assert box
    reader.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 80)
    reader.mouse.down()
    reader.mouse.move(box["x"] + box["width"], box["y"] + 80, steps=4)
    reader.mouse.up()
    expect(reader.get_by_role("slider")).to_have_value(str(len(roofline.BATCHES) - 1))
    reader.mouse.move(box["x"], box["y"] + 80)  # let go, nothing follows
    expect(reader.locator("#roofline output")).to_have_text(str(roofline.BATCHES[-1]))


def test_the_front_page_leads_back_to_the_lab_one_is_in(learner: Student) -> None:
    learner.page.goto(f"{learner.address}/index.html")
    door = learner.page.get_by_role("link", name="Go on with Lab 02")
    expect(door).to_have_attribute("href", "vol1/lab_02_ml_systems.html")


def test_one_table_of_the_registry_prints_alone(reader: Page, address: str) -> None:
    reader.goto(f"{address}/reference/registry.html#grid")
    reader.emulate_media(media="print")
    expect(reader.get_by_role("region", name="Grids")).to_be_visible()
    expect(reader.get_by_role("region", name="Machines")).to_be_hidden()
    expect(reader.locator("h1")).to_be_hidden()
    reader.goto(f"{address}/reference/index.html")
    reader.goto(f"{address}/reference/registry.html")
    expect(reader.get_by_role("region", name="Machines")).to_be_visible()
    reader.emulate_media(media="screen")


def test_the_course_shows_where_the_reader_is(learner: Student) -> None:
    states = learner.page.locator("[data-lab='vol1/lab_02_ml_systems']")
    expect(states).to_have_text(["in progress"] * 2)
    expect(learner.page.locator("[data-lab='vol1/lab_08_model_train']").first).to_have_text("not begun")


def test_a_lab_opens_after_the_course_was_read_first(student: Student) -> None:
    student.page.goto(f"{student.address}/course.html")
    expect(student.page.locator("[data-lab]").first).to_have_text("not begun")
    student.open()
    expect(student.locks.locator("form")).to_be_visible()
    expect(student.page.locator("#saved")).to_contain_text("Saved")


def test_a_syllabus_has_dates_that_can_be_shifted_shared_and_saved(reader: Page, address: str) -> None:
    reader.goto(f"{address}/instructors/syllabus.html")
    save = reader.get_by_role("button", name="Save Foundations as CSV")
    expect(save).to_be_disabled()
    reader.get_by_label("First day of week 1").fill("2027-01-11")
    reader.get_by_label("No class after weeks").fill("7")
    eighth = reader.locator("[data-name=Foundations] [data-week='8']")
    expect(eighth.locator(".begins")).to_contain_text("Mar 8")
    expect(eighth.locator(".when")).to_contain_text("Mar 14")
    reader.goto(reader.url)
    expect(eighth.locator(".begins")).to_contain_text("Mar 8")
    with reader.expect_download() as waiting:
        save.click()
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"), newline="")))
    assert [row["begins"] for row in rows][:8] == [*(f"2027-{day}" for day in FIRST_WEEKS), "2027-03-08"]
    assert rows[2]["due"] == "2027-01-31 23:59"
    assert rows[2]["address"].endswith("/vol1/lab_02_ml_systems.html")
    assert len(rows) == 16
    reader.get_by_label("Addresses ask for this version").check()
    reader.get_by_label("Section, for the addresses").fill("B 2")
    with reader.expect_download() as waiting:
        save.click()
    assert re.search(
        r"lab_02_ml_systems\.html\?section=B\+2&v=\d+\.\d+\.\d+-\w+\r", Path(waiting.value.path()).read_bytes().decode()
    )
    reader.emulate_media(media="print")
    expect(reader.locator("#dates")).to_be_hidden()
    expect(eighth.locator(".when")).to_be_visible()
    reader.emulate_media(media="screen")


def test_search_finds_without_a_server(reader: Page, address: str) -> None:
    reader.goto(f"{address}/search.html")
    reader.get_by_role("searchbox").fill("ridge point")
    reader.get_by_role("button", name="Search").click()
    found = reader.locator("#search-results a")
    expect(found.first).to_be_visible()
    expect(reader.locator("#search-results")).to_contain_text(re.compile("Glossary|Equations"))
    found.first.click()
    expect(reader.locator("h1")).to_be_visible()
    reader.goto(f"{address}/search.html?q=memory+bandwidth")
    expect(reader.locator("#search-results")).to_contain_text("Wall 3")
