"""Measure the built site in Chromium against the same notebook in marimo's stock export, in one run.

Each figure is the median over the visits, ours and stock's taken in turn; `ratio` is ours over stock's.
"""

import json
import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / name) for name in ("bench", "wheel", "site", "labs", "")]

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

import own  # noqa: E402
import runtime  # noqa: E402
import simulator  # noqa: E402
import stock  # noqa: E402
from serve import Count, serving  # noqa: E402

LAB, OTHER = "vol1/lab_02_ml_systems", "vol1/lab_08_model_train"
WORDS = {LAB: "The budget for faster accelerators is approved", OTHER: "keeps an archive of eleven languages"}
SAID = {LAB: "3.2", OTHER: "14"}
RESULTS = ROOT / "bench" / "results.json"
VISITS = int(os.environ.get("BENCH_VISITS", "3"))
SLIDES = 30
TIMEOUT = 120_000
SETTLE = 8_000
PYTHON = "(performance.memory?.usedJSHeapSize ?? 0) + (self.pyodide?._module.HEAP8.length ?? 0)"

SLIDE = """([index]) => new Promise((resolve) => {
  const slider = [...document.querySelectorAll('#root lab-panel input[type=range]')][0];
  const card = slider.closest('.marimo-cell').nextElementSibling;
  const svg = () => [...card.querySelectorAll('lab-chart svg.marks :is(path, text)')].map((n) => n.outerHTML).join('');
  const before = svg();
  const started = performance.now();
  slider.value = index;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const look = () => {
    const now = svg();
    if (now && now !== before) resolve(performance.now() - started);
    else if (performance.now() - started > 5000) resolve(null);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


@dataclass
class Site:
    """One of the two sites under measurement."""

    name: str
    pages: dict[str, str]
    address: str
    count: Count


def visit(browser: Browser, site: Site) -> tuple[dict[str, float], list[float]]:
    """A reader's first visit, another lab after it, the first lab again, and what moving a slider costs then."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    first = measured(page, site, LAB)
    page.goto("about:blank")
    other = measured(page, site, OTHER)
    page.goto("about:blank")
    second = measured(page, site, LAB, again=True)
    slides = play_to_b(page)
    context.close()
    later = {"another lab": other, "second visit": second}
    return first | {f"{when}, {name}": value for when, row in later.items() for name, value in row.items()}, slides


def measured(page: Page, site: Site, lab: str, again: bool = False) -> dict[str, float]:
    """Seconds until each thing of a lab is usable, and what was sent for it; `again` if its lock was answered."""
    site.count.reset()
    started = time.perf_counter()

    def since() -> float:
        return time.perf_counter() - started

    page.goto(site.address + site.pages[lab], wait_until="commit")
    page.get_by_text(WORDS[lab]).locator("visible=true").first.wait_for(timeout=TIMEOUT)
    readable = since()
    if again:
        page.locator("lab-lock .frozen .big").locator("visible=true").first.wait_for(timeout=TIMEOUT)
        usable = since()
    else:
        page.locator("lab-lock input[name=answer]").locator("visible=true").first.wait_for(timeout=TIMEOUT)
        usable = since()
        page.locator("lab-lock input[name=answer]").locator("visible=true").first.fill(SAID[lab])
        page.get_by_role("button", name="Lock my prediction").locator("visible=true").first.click()
    page.locator("#root .instrument svg.marks").first.wait_for(timeout=TIMEOUT)
    part_a = since()
    page.wait_for_load_state("networkidle")
    sent = {"requests": site.count.requests, "MB": site.count.bytes / 1e6, "MB gzipped": site.count.gzip_bytes / 1e6}
    page.wait_for_timeout(SETTLE)  # what the page keeps for the next visit belongs to this one
    return {
        "text readable, s": readable,
        "lock usable, s": usable,
        "part A usable, s": part_a,
        **sent,
        "MB of memory": memory(page),
    }


def memory(page: Page) -> float:
    """What the page and its workers hold: JavaScript's heaps, and Python's memory, which is none of them."""
    heaps = page.evaluate("performance.memory.usedJSHeapSize")
    return (heaps + sum(worker.evaluate(PYTHON) for worker in page.workers)) / 1e6


def play_to_b(page: Page) -> list[float]:
    """Open part B and move its batch slider: milliseconds until the chart has changed."""
    page.get_by_role("button", name="Compare with my prediction").locator("visible=true").click()
    field = page.locator("#root lab-lock input[name=answer]").locator("visible=true")
    field.fill("300")
    page.get_by_role("button", name="Lock my prediction").locator("visible=true").click()
    page.locator("#root lab-panel input[type=range]").first.wait_for(timeout=TIMEOUT)
    page.locator("#root lab-panel input[type=range]").first.scroll_into_view_if_needed()
    page.locator("#root .instrument svg.marks").nth(1).wait_for(timeout=TIMEOUT)
    page.wait_for_timeout(1500)
    times = []
    for slide in range(SLIDES):
        took = page.evaluate(SLIDE, [1 + (slide * 5) % 14])
        if took is not None:
            times.append(took)
        page.wait_for_timeout(150)
    return times


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def main() -> None:
    """Run the benchmark on the built site; prints the table and writes bench/results.json."""
    say, cache = print, ROOT / ".cache"
    say("measuring the simulator and its peer")
    measured_simulator = simulator.measure(cache)
    wheel = own.build(ROOT, cache / "own")
    say("building the baseline: marimo's stock export, wheels unthinned")
    runtime.assemble(cache / "runtime-stock", cache, [wheel], say, thin=False)
    labs = (LAB, OTHER)
    pages = stock.build(cache / "stock", [ROOT / "labs" / f"{lab}.py" for lab in labs], cache / "runtime-stock")
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "stock": []}
    slides: dict[str, list[float]] = {"ours": [], "stock": []}
    with (
        serving(ROOT / "dist") as (ours_at, ours_count),
        serving(cache / "stock") as (stock_at, stock_count),
        sync_playwright() as playwright,
    ):
        ours = Site("ours", {lab: f"{lab}.html" for lab in labs}, ours_at, ours_count)
        sites = [ours, Site("stock", dict(zip(labs, pages, strict=True)), stock_at, stock_count)]
        browser = playwright.chromium.launch(executable_path=os.environ.get("MLSYSIM_CHROMIUM"), args=["--no-sandbox"])
        for number in range(VISITS):
            for site in sites if number % 2 == 0 else reversed(sites):
                say(f"visit {number + 1} of {VISITS}: {site.name}")
                figures, moved = visit(browser, site)
                runs[site.name].append(figures)
                slides[site.name] += moved
        version = browser.version
        browser.close()
    table = {}
    for name in runs["ours"][0]:
        row = {kind: [run[name] for run in runs[kind]] for kind in runs}
        table[name] = summary(row["ours"], row["stock"])
    for label, share in (("slider to chart p50, ms", 0.5), ("slider to chart p95, ms", 0.95)):
        own_slides, theirs = (percentile(slides[kind], share) for kind in ("ours", "stock"))
        table[label] = {"ours": round(own_slides, 1), "stock": round(theirs, 1), "ratio": round(own_slides / theirs, 3)}
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {"figures": {}}
    results = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "chromium": version,
        "visits": VISITS,
        "figures": table,
        "simulator": measured_simulator,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    width = max(map(len, table))
    say(f"{'':{width}}  {'ours':>9} {'stock':>9} {'ratio':>6} {'before':>6}  ours, least to most")
    for name, row in table.items():
        earlier = before["figures"].get(name, {}).get("ratio")
        then = f"{earlier:6.2f}" if earlier is not None else "     -"
        spread = " to ".join(f"{value:.3g}" for value in row.get("ours_range", ()))
        say(f"{name:{width}}  {row['ours']:9.3g} {row['stock']:9.3g} {row['ratio']:6.2f} {then}  {spread}")
    for name, value in {**results["simulator"]["seconds"], **results["simulator"]["ratios"]}.items():
        say(f"{name:{width}}  {value:9.3g}")


def summary(ours: list[float], theirs: list[float]) -> dict[str, Any]:
    """Medians, their ratio, and the ranges."""
    a, b = statistics.median(ours), statistics.median(theirs)
    return {
        "ours": round(a, 3),
        "stock": round(b, 3),
        "ratio": round(a / b, 3),
        "ours_range": [round(min(ours), 3), round(max(ours), 3)],
        "stock_range": [round(min(theirs), 3), round(max(theirs), 3)],
    }


if __name__ == "__main__":
    main()
