"""One built site, one server and one Chromium for the session; every page in it is watched."""

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, expect, sync_playwright

import assemble
import build
import catalog
import server
from record import ALL_OPEN, LAB
from student import Student

expect.set_options(timeout=15_000)

NewContext = Callable[..., BrowserContext]
EXCEPTION = re.compile(r'"type":\s*"exception"')


@pytest.fixture(scope="session")
def site() -> Path:
    """The built site: the folder named by MLSYSIM_SITE, else what `build.py site` makes of the sources."""
    if given := os.environ.get("MLSYSIM_SITE"):
        return Path(given)
    build.build(print)
    return build.DIST


class Handler(server.Handler):
    """The site at the root and, like on a host that has other things too, below /labs/."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/labs"))


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served; without a slash at the end."""
    with server.Server(("127.0.0.1", 0), partial(Handler, directory=str(site))) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()


@pytest.fixture(scope="session")
def browser_path() -> str | None:
    """Where Chromium is: as `build.py` says, or what there is."""
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    return os.environ.get("MLSYSIM_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def chromium(browser_path: str | None) -> Iterator[Browser]:
    """A real Chromium that can look up no name and reach no address but this machine's."""
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    once = "--js-flags=--liftoff-only"  # pages live too short here for Python to be compiled a second time
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", alone, once])
        yield browser
        browser.close()


class Guard:
    """Notes everything that must not happen in any page: requests to other origins, errors, failed cells."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.troubles: list[str] = []
        self.expected: list[str] = []
        self.contexts: list[BrowserContext] = []

    def watch(self, context: BrowserContext) -> None:
        self.contexts.append(context)
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(f"page error: {error.error}"))

    def expect(self, pattern: str) -> None:
        """Declare that this test causes a trouble with this text in it; it has to happen, too."""
        self.expected.append(pattern)

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", f"blob:{self.address}/")):
            self.troubles.append(f"request to another origin: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" or EXCEPTION.search(message.text):
            self.troubles.append(f"console: {message.text[:2000]} ({message.location.get('url', '')})")
        # Five megabytes more, which wheel/core.txt spares a lab's reader; a grader may meet any encoding.
        in_lab = message.page is None or "/ta/" not in message.page.url
        if in_lab and "needs the rest of the packages" in message.text:
            self.troubles.append(f"not among the first packages: {message.text[:2000]}")

    def check(self) -> None:
        """Fail with what was noted since the last check."""
        for page in [page for context in self.contexts for page in context.pages]:
            page.evaluate("0")  # what the browser has to say already arrives before the answer
        troubles, self.troubles = self.troubles, []
        expected, self.expected = self.expected, []
        surprises = [text for text in troubles if not any(pattern in text for pattern in expected)]
        missing = [pattern for pattern in expected if not any(pattern in text for text in troubles)]
        assert not surprises, "\n".join(surprises)
        assert not missing, f"expected in the browser and not seen: {missing}"


@pytest.fixture(scope="session")
def session_guard(address: str) -> Guard:
    return Guard(address)


@pytest.fixture(autouse=True)
def guard(session_guard: Guard) -> Iterator[Guard]:
    """Checks, after each test, every page that is open."""
    yield session_guard
    session_guard.check()


@pytest.fixture(scope="session")
def new_context(chromium: Browser, session_guard: Guard) -> NewContext:
    """Makes watched browser contexts: each is a reader of its own, with empty storage."""

    def new(**options: Any) -> BrowserContext:
        usual = {"viewport": {"width": 1280, "height": 900}, "service_workers": "block"}
        context = chromium.new_context(**(usual | options))
        context.set_default_timeout(15_000)
        session_guard.watch(context)
        context.on("close", lambda closed: session_guard.contexts.remove(closed))
        return context

    return new


@pytest.fixture
def context(new_context: NewContext, guard: Guard) -> Iterator[BrowserContext]:
    """A reader with empty storage, for one test."""
    context = new_context()
    yield context
    guard.check()
    context.close()


@pytest.fixture(scope="session")
def regular(new_context: NewContext) -> Iterator[BrowserContext]:
    """The browser of somebody who comes often: what is kept of a visit is there at the next one."""
    context = new_context()
    yield context
    context.close()


@pytest.fixture
def home(regular: BrowserContext, guard: Guard, address: str) -> Iterator[BrowserContext]:
    """A reader with an empty record, for one test; Python's memory is kept from the test before."""
    yield regular
    guard.check()
    for page in regular.pages:
        page.close()
    page = regular.new_page()
    session = regular.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "indexeddb,local_storage"})
    page.close()


@pytest.fixture(scope="module")
def module_context(new_context: NewContext) -> Iterator[BrowserContext]:
    """A reader with empty storage, for all tests of a module."""
    context = new_context()
    yield context
    context.close()


@pytest.fixture
def student(request: pytest.FixtureRequest, address: str) -> Student:
    """Somebody with no page opened yet: at home, or with a fresh browser where the test has to do with that as well."""
    context = request.getfixturevalue("context" if "context" in request.fixturenames else "home")
    return Student(context.new_page(), address)


@pytest.fixture(scope="session")
def explorer(new_context: NewContext, address: str) -> Student:
    """Somebody for whom every part is open. Shared: a test sets the controls that it reads."""
    student = Student(new_context().new_page(), address)
    student.has(ALL_OPEN)
    student.open()
    student.is_live()
    return student


@pytest.fixture(scope="session")
def graduate(new_context: NewContext, address: str) -> Student:
    """Somebody who has pinned readings in all parts, met a failure, and signed off the log. Shared: only to be read."""
    student = Student(new_context().new_page(), address)
    student.has(ALL_OPEN)
    student.open()
    student.is_live()
    student.pin("A", 0)
    student.pin("A", 1)
    student.pin("B", 0)
    student.pin("B", 1)
    student.pin("C", 0)
    student.pick("C", product="completion, 10 ms", machine="MI300X")
    student.until(lambda: [r["label"] for r in student.readings("C")] == ["MI300X, 16 bit, batch 1, 150 km"])
    student.pin("C", 0)
    student.pick("C", machine="T4")
    expect(student.failure("memory")).to_be_visible()
    student.write()
    student.sign()
    student.page.get_by_label("Course identifier").fill("s 17/ä")
    student.page.get_by_label("Section").fill("B2")
    student.keeps(lambda kept: kept["student"] == {"id": "s 17/ä", "section": "B2"})
    return student


class Held:
    """Keeps some of the site's folders away from a context's pages until it is released."""

    def __init__(self, context: BrowserContext, *folders: str) -> None:
        self.released = False
        self.routes: list[Route] = []
        context.route(lambda url: any(f"/{folder}/" in url for folder in folders), self._hold)

    def _hold(self, route: Route) -> None:
        if self.released:
            route.continue_()
        else:
            self.routes.append(route)

    def release(self) -> None:
        self.released = True
        for route in self.routes:
            route.continue_()


@pytest.fixture
def held(context: BrowserContext) -> Held:
    """The runtime is held back in this test's context: Python does not arrive before `release`."""
    return Held(context, "runtime")


@pytest.fixture
def alone(context: BrowserContext) -> Held:
    """The page and its kit are all that arrives in this test's context: no front end, no Python."""
    return Held(context, "assets", "runtime")


@pytest.fixture(scope="session")
def lab() -> Any:
    """The lab as its notebook declares it, here and not in a browser."""
    row = next(row for row in catalog.read() if row.name == LAB)
    return assemble.load(row)[0]


@pytest.fixture(scope="session")
def native(lab: Any) -> ModuleType:
    """The lab's functions, here and not in a browser."""
    return sys.modules[LAB.split("/")[1]]


@pytest.fixture
def landing(student: Student) -> Page:
    """The landing page."""
    student.page.goto(f"{student.address}/index.html")
    return student.page
