"""Two versions of the site on one host: a link says which it wants, work is there in both, each is kept by itself."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from record import LAB
from student import Student
from test_offline import Host

NEWER = "0.2.0-0badcafe"
REGISTER = "async () => { await navigator.serviceWorker.register('sw.js'); await navigator.serviceWorker.ready }"


@pytest.fixture(scope="module")
def versions(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newer version of the site at labs/, and this one, kept for a semester, at labs/f26/."""
    root = tmp_path_factory.mktemp("host")
    shutil.copytree(site, root / "labs", copy_function=os.link)
    shutil.copytree(site, root / "labs" / "f26", copy_function=os.link)
    for name in ("version.json", "sw.js"):
        text = (site / name).read_text(encoding="utf-8").replace(version(site), NEWER)
        (root / "labs" / name).unlink()
        (root / "labs" / name).write_text(text, encoding="utf-8")
    return root


def version(site: Path) -> str:
    found: str = json.loads((site / "version.json").read_text(encoding="utf-8"))["version"]
    return found


@pytest.fixture
def host(versions: Path) -> Iterator[Host]:
    host = Host(versions)
    yield host
    host.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    yield context
    context.close()


def test_a_page_of_another_version_leads_to_the_copy_and_the_work_is_there(context: BrowserContext, host: Host) -> None:
    reader = Student(context.new_page(), f"http://127.0.0.1:{host.port}/labs")
    page = reader.page
    reader.open("?section=B2&v=f26")
    notice = page.locator(".notice")
    expect(notice).to_contain_text(f"This link asks for version f26 of the labs; this is version {NEWER}")
    page.get_by_label("Your course identifier").fill("s17")
    reader.keeps(lambda kept: kept["student"]["id"] == "s17")
    notice.get_by_role("link", name="Open version f26").click()
    expect(page).to_have_url(f"{reader.address}/f26/{LAB}.html?section=B2&v=f26")
    expect(page.get_by_label("Your course identifier")).to_have_value("s17")
    page.wait_for_load_state("networkidle")
    expect(notice).to_have_count(0)


def test_where_there_is_no_such_copy_the_page_says_so(context: BrowserContext, host: Host, site: Path) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    address = f"http://127.0.0.1:{host.port}/labs/index.html"
    page.goto(f"{address}?v=0.1.9")
    expect(page.locator(".notice")).to_contain_text("No copy of the other lies here")
    for fitting in (NEWER, "0.2.0"):
        page.goto(f"{address}?v={fitting}", wait_until="networkidle")
        expect(page.locator(".notice")).to_have_count(0)
    for odd in ("//example.org", "..", "%2e%2e/f26", ""):
        page.goto(f"{address}?v={odd}", wait_until="networkidle")
        expect(page.locator(".notice")).to_have_count(1 if odd else 0)
    assert all(url.startswith(f"http://127.0.0.1:{host.port}/labs/") for url in asked if "0.1.9" not in url)


def test_each_page_says_at_its_foot_which_version_it_is(context: BrowserContext, host: Host, site: Path) -> None:
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{host.port}/labs/f26/instructors/promises.html")
    expect(page.locator(".foot")).to_contain_text(version(site))


def test_both_are_kept_side_by_side(context: BrowserContext, host: Host, site: Path) -> None:
    page = context.new_page()
    address = f"http://127.0.0.1:{host.port}/labs"
    folders = {"": NEWER, "/f26": version(site)}
    for folder in folders:
        page.goto(f"{address}{folder}/index.html")
        page.evaluate(
            "async () => { await navigator.serviceWorker.register('sw.js'); await navigator.serviceWorker.ready }"
        )
        page.reload()
        page.wait_for_function("navigator.serviceWorker.controller")
    page.goto(f"{address}/index.html")
    host.stop()
    for folder, expected in folders.items():
        page.goto(f"{address}{folder}/index.html")
        expect(page.get_by_role("link", name=re.compile("Start the first lab"))).to_be_visible()
        assert page.evaluate("fetch('version.json').then((reply) => reply.json())") == {"version": expected}


def test_whoever_has_opened_one_page_with_its_runtime_finds_the_others(context: BrowserContext, host: Host) -> None:
    page = context.new_page()
    address = f"http://127.0.0.1:{host.port}/labs/f26"
    page.goto(f"{address}/index.html")
    page.evaluate(REGISTER)
    page.reload()  # from now on the page asks what is kept
    names = ["paths.html", "reference/glossary.html", f"{LAB}.html", "search.html"]
    kept = "(names) => Promise.all(names.map((name) => caches.match(new URL(name, location)).then(Boolean)))"
    styles = page.locator("link[rel=stylesheet]").evaluate_all("all => all.map(({ href }) => href)")
    Student(page, address).until(lambda: all(page.evaluate(kept, [*names, *styles])), 60)
    host.stop()
    for name in names:
        page.goto(f"{address}/{name}")
        expect(page.locator("h1")).to_be_visible()
