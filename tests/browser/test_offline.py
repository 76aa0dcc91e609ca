"""The site kept in the browser: a server that stops, files that arrive in part, a deploy in the middle of a section."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

import catalog
import server
from record import LAB
from student import BOOT, Student


class Host:
    """A host of the site that can stop, change what it serves, and send files in part."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cut: list[str] = []
        self.cuts = 0
        self.gone: list[str] = []
        self.stopped = False
        self.compresses = False
        self.squeezed: list[str] = []
        host = self

        class Handler(server.Handler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(host.folder))

            def copyfile(self, source: Any, outputfile: Any) -> None:
                if any(name in self.path for name in host.cut):
                    host.cuts += 1
                    outputfile.write(source.read(50_000))
                    self.close_connection = True
                    return
                super().copyfile(source, outputfile)

            def send_head(self) -> Any:
                self.directory = str(host.folder)  # a connection outlives a deploy, and the server's end
                if host.stopped:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return None
                if any(name in self.path for name in host.gone):
                    self.send_error(404)
                    return None
                self.copy = ""
                if "br" in self.headers["Accept-Encoding"] and Path(self.translate_path(self.path) + ".br").is_file():
                    self.copy = ".br" * host.compresses
                return super().send_head()

            def translate_path(self, path: str) -> str:
                return super().translate_path(path) + getattr(self, "copy", "")

            def guess_type(self, path: str) -> str:  # type: ignore[override]
                return super().guess_type(path.removesuffix(".br"))

            def end_headers(self) -> None:
                if getattr(self, "copy", ""):
                    host.squeezed.append(self.path)
                    self.send_header("Content-Encoding", "br")
                super().end_headers()

        self.server = server.Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    def stop(self) -> None:
        if self.stopped:
            return
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def host(site: Path) -> Iterator[Host]:
    host = Host(site)
    yield host
    host.stop()


@pytest.fixture
def reader(chromium: Browser, host: Host) -> Iterator[Student]:
    """Somebody whose browser may keep things."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    yield Student(context.new_page(), f"http://127.0.0.1:{host.port}")
    context.close()


def is_kept(student: Student) -> None:
    """The service worker is there, and has told the reader."""
    expect(student.page.locator("#offline")).to_contain_text("opens without a network", timeout=BOOT)


def is_served(student: Student) -> None:
    """Part A is alive."""
    student.is_live()
    expect(student.page.locator("#root .instrument svg").first).to_be_visible(timeout=BOOT)


def deployed(site: Path, into: Path, old: str, new: str) -> Path:
    """The site with something changed in the lab's page."""
    shutil.copytree(site, into, copy_function=os.link)
    page, worker = into / f"{LAB}.html", into / "sw.js"
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.unlink()
    page.write_text(text.replace(old, new), encoding="utf-8")
    script = worker.read_text(encoding="utf-8")
    found = json.loads(script.partition("const SITE = ")[2].partition(";\n")[0])
    changed = script.replace(found["pages"][f"{LAB}.html"], hashlib.sha256(page.read_bytes()).hexdigest())
    worker.unlink()
    worker.write_text(changed.replace(found["version"], "newer"), encoding="utf-8")
    return into


def test_after_one_visit_to_a_host_that_compresses_the_lab_opens_with_the_server_stopped(
    reader: Student, host: Host
) -> None:
    host.compresses = True
    reader.open()
    reader.lock("3.2", "more arithmetic")
    is_served(reader)
    is_kept(reader)
    sent = {path.split("?")[0].rpartition(".")[2] for path in host.squeezed}
    assert {"html", "js", "css"} <= sent
    host.stop()
    reader.page.goto("about:blank")
    reader.open("?section=B2")
    expect(reader.locks.first.locator(".frozen .big")).to_have_text("3.2×")
    is_served(reader)
    reader.finish()
    expect(reader.locks.nth(1).get_by_label("Your answer")).to_be_visible()
    assert reader.event("committed")["data"]["reason"] == "more arithmetic"
    reader.page.get_by_role("link", name="ML Systems Labs").click()
    expect(reader.page.get_by_role("link", name="Start the first lab")).to_be_visible()


def test_on_request_the_whole_course_opens_with_the_server_stopped(reader: Student, host: Host) -> None:
    reader.page.goto(f"{reader.address}/index.html")
    reader.page.get_by_role("button", name="Keep the whole course for offline").click()
    expect(reader.page.get_by_text("The whole course is on this device")).to_be_visible(timeout=BOOT)
    host.stop()
    reader.page.get_by_role("link", name="Where does the time go?").click()
    reader.lock("3.2")
    is_served(reader)
    expect(reader.page.get_by_text("The whole course is on this device")).to_be_visible()
    # What no lab has needed so far is there as well.
    kernel = next(worker for worker in reader.page.workers if "kernel" in worker.url)
    assert kernel.evaluate("self.pyodide.runPython('import pydantic; pydantic.BaseModel.__name__')") == "BaseModel"
    # So are the tutorials, the pages around the labs, and their search.
    tutorial = catalog.tutorials()[0]
    reader.page.goto(f"{reader.address}/{tutorial.name}.html")
    expect(reader.page.get_by_role("heading", name=tutorial.title, level=1)).to_be_visible()
    reader.page.goto(f"{reader.address}/search.html?q=ridge")
    reader.page.locator("#search-results").get_by_role("link", name="Glossary").click()
    expect(reader.page.get_by_role("heading", name="Glossary", level=1)).to_be_visible()
    assert reader.page.evaluate("getComputedStyle(document.querySelector('.site ul')).display") == "flex"


def test_what_arrived_in_part_is_not_used_and_can_be_asked_for_again(reader: Student, host: Host) -> None:
    host.cut = ["/runtime/own-"]
    reader.open()
    reader.lock("3.2")
    again = reader.page.get_by_role("button", name="Try again")
    expect(again).to_be_visible(timeout=BOOT)
    before = host.cuts
    again.click()
    reader.until(lambda: host.cuts > before, 60)
    expect(again).to_be_visible(timeout=BOOT)
    host.cut = []
    again.click()
    is_served(reader)
    expect(reader.locks.first.locator(".frozen .big")).to_have_text("3.2×")


def test_a_version_that_did_not_arrive_whole_is_not_kept_and_the_lab_works(reader: Student, host: Host) -> None:
    host.gone = ["/index.html"]
    reader.open()
    reader.lock("3.2")
    is_served(reader)
    reader.until(lambda: reader.page.evaluate("navigator.serviceWorker.getRegistration().then((r) => !r)"))
    reader.reload()
    assert reader.page.evaluate("!navigator.serviceWorker.controller")
    expect(reader.locks.first.locator(".frozen .big")).to_have_text("3.2×")


def test_a_deploy_leaves_an_open_lab_alone_and_is_taken_over_on_request(
    reader: Student, host: Host, site: Path, tmp_path: Path
) -> None:
    page = reader.page
    reader.open()
    reader.lock("3.2")
    is_served(reader)
    is_kept(reader)
    host.folder = deployed(site, tmp_path / "newer", "Where does the time go? · ", "Newer · ")
    reader.reload()
    expect(page).to_have_title(re.compile("^Where does the time go"))
    renew = page.get_by_role("button", name="Load the newer version")
    expect(renew).to_be_visible(timeout=BOOT)
    reader.pick("A", weights="4")
    reader.keeps(lambda kept: kept["controls"].get("A", {}).get("weights") == "int4")
    renew.click()
    expect(page).to_have_title(re.compile("^Newer"), timeout=BOOT)
    expect(reader.locks.first.locator(".frozen .big")).to_have_text("3.2×")
    expect(reader.panel("A").get_by_role("radio", name="4", exact=True)).to_be_checked()
    host.stop()
    reader.reload()
    expect(page).to_have_title(re.compile("^Newer"))
    is_served(reader)


def test_a_deploy_that_fails_half_way_leaves_the_old_version_whole(
    reader: Student, host: Host, site: Path, tmp_path: Path
) -> None:
    reader.open()
    reader.lock("3.2")
    is_served(reader)
    is_kept(reader)
    newer = deployed(site, tmp_path / "newer", "Where does the time go? · ", "Newer · ")
    shutil.copy2(site / f"{LAB}.html", tmp_path / "old.html")
    (newer / f"{LAB}.html").unlink()
    shutil.copy2(tmp_path / "old.html", newer / f"{LAB}.html")
    host.folder = newer
    reader.reload()
    reader.page.evaluate("navigator.serviceWorker.getRegistration().then((r) => r.update()).catch(() => {})")
    reader.until(
        lambda: reader.page.evaluate(
            "navigator.serviceWorker.getRegistration().then((r) => !r.installing && !r.waiting)"
        )
    )
    host.stop()
    reader.reload()
    expect(reader.page).to_have_title(re.compile("^Where does the time go"))
    is_served(reader)


def test_a_page_that_was_never_opened_says_so_without_a_network(
    reader: Student, host: Host, site: Path, tmp_path: Path
) -> None:
    other = tmp_path / "two"
    shutil.copytree(site, other, copy_function=os.link)
    worker = other / "sw.js"
    script = worker.read_text(encoding="utf-8")
    worker.unlink()
    worker.write_text(script.replace('"pages": {', '"pages": {"vol1/other.html": "0", '), encoding="utf-8")
    host.folder = other
    reader.open()
    reader.lock("3.2")
    is_served(reader)
    is_kept(reader)
    host.stop()
    reader.page.goto(f"{reader.address}/vol1/other.html")
    expect(reader.page.get_by_text("has not been opened on this device before")).to_be_visible()


def test_on_plain_http_in_a_local_network_the_lab_works_and_offers_nothing_that_cannot_be(
    host: Host, browser_path: str | None
) -> None:
    script = """import json, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    rules = "--host-resolver-rules=MAP labs.example 127.0.0.1"
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox", rules])
    page = browser.new_page()
    page.goto(sys.argv[2], wait_until="commit")
    page.locator("lab-lock input[name=answer]").fill("3.2")
    page.get_by_role("button", name="Lock my prediction").click()
    page.locator("#root .instrument svg").first.wait_for(timeout=120_000)
    print(json.dumps([page.evaluate("isSecureContext"), page.locator("#offline").inner_text()]))
    browser.close()
"""
    # A browser of its own, because the session's resolves no names; in a process of its own, because one is running.
    command = [sys.executable, "-c", script, str(browser_path), f"http://labs.example:{host.port}/{LAB}.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)
    assert json.loads(done.stdout) == [False, ""]


def test_the_archive_runs_from_a_stick_with_pythons_own_server(chromium: Browser, site: Path, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "dist"), "zip", site.parent, site.name)
    shutil.unpack_archive(tmp_path / "dist.zip", tmp_path / "stick")
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "-d",
        str(tmp_path / "stick" / site.name),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        try:
            assert serving.stdout
            port = re.findall(r"port (\d+)", serving.stdout.readline())[0]
            context = chromium.new_context(service_workers="block")
            student = Student(context.new_page(), f"http://127.0.0.1:{port}")
            student.open()
            student.lock("3.2")
            is_served(student)
            context.close()
        finally:
            serving.terminate()


MEMORY = """async (change) => {
  const cache = await caches.open("mlsysim-memory");
  const [request] = await cache.keys();
  const response = await cache.match(request);
  const data = new Uint8Array(await response.arrayBuffer());
  let sum = response.headers.get("X-Sum");
  if (change === "byte") data[data.length >> 1] ^= 1;
  if (change === "all") {
    data.fill(7, 64);
    let hash = 0x811c9dc5;
    const words = new Uint32Array(data.buffer, 0, data.length >> 2);
    for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
    sum = sum.replace(/^\\d+/, hash >>> 0);
  }
  await cache.put(request, new Response(data, { headers: { "X-Sum": sum } }));
}"""


def started(context: BrowserContext, student: Student) -> list[str]:
    """How Python started on the page: the names of what it went through."""
    return student.page.evaluate("performance.getEntriesByType('mark').map((mark) => mark.name)")


def test_the_next_visit_starts_from_the_memory_that_was_kept_and_without_it_when_it_is_damaged(reader: Student) -> None:
    reader.open()
    reader.lock("3.2")
    is_served(reader)
    reader.until(lambda: "kernel-kept" in started(reader.page.context, reader), 30)
    computed = reader.readings("A")
    for change in ("byte", "all"):
        reader.page.evaluate(MEMORY, change)
        reader.reload()
        is_served(reader)
        assert "kernel-ready" in started(reader.page.context, reader)
        assert reader.readings("A") == computed
        reader.until(lambda: "kernel-kept" in started(reader.page.context, reader), 30)
    reader.reload()
    is_served(reader)
    assert "kernel-restored" in started(reader.page.context, reader)
    assert reader.readings("A") == computed
