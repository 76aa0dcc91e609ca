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

LAB = "vol1/lab_02_ml_systems"
VISITS = int(os.environ.get("BENCH_VISITS", "3"))
SLIDES = 30
TIMEOUT = 120_000

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
    page: str
    address: str
    count: Count


def visit(browser: Browser, site: Site) -> tuple[dict[str, float], list[float]]:
    """A reader's first visit, the second one, and what moving a slider costs then."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    first = measured(page, site, again=False)
    page.goto("about:blank")
    second = measured(page, site, again=True)
    slides = play_to_b(page)
    context.close()
    return first | {f"second visit, {name}": value for name, value in second.items()}, slides


def measured(page: Page, site: Site, again: bool) -> dict[str, float]:
    """Seconds until each thing is usable, and what was sent for it."""
    site.count.reset()
    started = time.perf_counter()

    def since() -> float:
        return time.perf_counter() - started

    page.goto(site.address + site.page, wait_until="commit")
    page.get_by_text("The budget for faster accelerators is approved").locator("visible=true").first.wait_for(
        timeout=TIMEOUT
    )
    readable = since()
    if again:
        page.locator("lab-lock .frozen .big").locator("visible=true").first.wait_for(timeout=TIMEOUT)
        usable = since()
    else:
        page.locator("lab-lock input[name=answer]").locator("visible=true").first.wait_for(timeout=TIMEOUT)
        usable = since()
        page.locator("lab-lock input[name=answer]").locator("visible=true").first.fill("3.2")
        page.get_by_role("button", name="Lock my prediction").locator("visible=true").first.click()
    page.locator("#root .instrument svg.marks").first.wait_for(timeout=TIMEOUT)
    part_a = since()
    page.wait_for_load_state("networkidle")
    return {
        "text readable, s": readable,
        "lock usable, s": usable,
        "part A usable, s": part_a,
        "requests": site.count.requests,
        "MB": site.count.bytes / 1e6,
        "MB gzipped": site.count.gzip_bytes / 1e6,
    }


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
    page = stock.build(cache / "stock", ROOT / "labs" / f"{LAB}.py", cache / "runtime-stock")
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "stock": []}
    slides: dict[str, list[float]] = {"ours": [], "stock": []}
    with (
        serving(ROOT / "dist") as (ours_at, ours_count),
        serving(cache / "stock") as (stock_at, stock_count),
        sync_playwright() as playwright,
    ):
        sites = [Site("ours", f"{LAB}.html", ours_at, ours_count), Site("stock", page, stock_at, stock_count)]
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
        ours, theirs = (percentile(slides[kind], share) for kind in ("ours", "stock"))
        table[label] = {"ours": round(ours, 1), "stock": round(theirs, 1), "ratio": round(ours / theirs, 3)}
    results = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "chromium": version,
        "visits": VISITS,
        "figures": table,
        "simulator": measured_simulator,
    }
    (ROOT / "bench" / "results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    width = max(map(len, table))
    say(f"{'':{width}}  {'ours':>9} {'stock':>9} {'ratio':>6}")
    for name, row in table.items():
        say(f"{name:{width}}  {row['ours']:9.3g} {row['stock']:9.3g} {row['ratio']:6.2f}")
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
