"""What a first visit and each further lab fetch, against bench/budget.toml."""

import tomllib
from pathlib import Path

from playwright.sync_api import Browser

import catalog
from record import LAB
from serve import gzipped, serving
from student import Student

BUDGET = tomllib.loads((Path(__file__).resolve().parents[2] / "bench" / "budget.toml").read_text(encoding="utf-8"))


def test_the_first_lab_stays_within_its_budget(chromium: Browser, site: Path) -> None:
    with serving(site) as (address, count):
        context = chromium.new_context(service_workers="block")
        student = Student(context.new_page(), address.rstrip("/"))
        student.open()
        student.lock("3.2")
        student.is_live()
        student.page.locator("#root .instrument svg").first.wait_for()
        student.page.wait_for_load_state("networkidle")
        context.close()
        limit = BUDGET["first_lab"]
        assert count.requests <= limit["requests"], f"{count.requests} requests for {LAB}"
        assert count.gzip_bytes <= limit["MB"] * 1e6, f"{count.gzip_bytes / 1e6:.2f} MB for {LAB}"


def test_each_further_lab_is_its_page_alone(site: Path) -> None:
    for row in [*catalog.read(), *catalog.tutorials()]:
        size = gzipped(site / f"{row.name}.html")
        assert size <= BUDGET["further_lab"]["MB"] * 1e6, f"{size / 1e6:.3f} MB for {row.name}"
