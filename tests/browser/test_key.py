"""Nothing that can be read before the lock is committed gives its answer away."""

import re
from types import ModuleType
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from record import LAB
from student import Student

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def numbers(text: str) -> set[float]:
    return {float(number.replace(",", "")) for number in NUMBER.findall(text)}


def near(found: set[float], key: float) -> list[float]:
    """The numbers that would count as the key, to two digits."""
    return [number for number in found if abs(number - key) <= 0.03 * key]


@pytest.fixture(scope="module")
def keys(native: ModuleType) -> dict[str, float]:
    return native.answers()


def everything_rendered(page: Page) -> str:
    """Text, values and labels of everything on the page, seen or not, in shadow trees too; scripts and source aside."""
    return page.evaluate(
        """() => {
          const texts = [];
          const walk = (node) => {
            if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
            if (node.nodeType === Node.ELEMENT_NODE) {
              if (["SCRIPT", "STYLE", "MARIMO-CODE"].includes(node.tagName)) return;
              for (const name of ["aria-label", "title", "alt", "placeholder", "value"])
                if (node.hasAttribute(name)) texts.push(node.getAttribute(name));
              if (node.shadowRoot) walk(node.shadowRoot);
            }
            node.childNodes.forEach(walk);
          };
          walk(document.body);
          return texts.join("\\n");
        }"""
    )


def test_the_search_would_find_a_key(keys: dict[str, float], native: ModuleType) -> None:
    speedup, crossover = keys["speedup"], keys["crossover"]
    shown = f"it is {speedup:.1f} times as fast, from batch {crossover:,.0f} on"
    assert near(numbers(shown), speedup)
    assert near(numbers(shown), crossover)


def test_the_raw_page_outside_the_notebooks_source_names_no_key(address: str, keys: dict[str, float]) -> None:
    with urlopen(f"{address}/{LAB}.html") as reply:
        html = reply.read().decode()
    outside, sources = re.subn(r"<marimo-code.*?</marimo-code>", "", html, flags=re.DOTALL)
    assert sources == 1
    for name, key in keys.items():
        assert not re.search(rf"(?<![\d.]){re.escape(f'{key:.3g}')}(?!\d)", outside), name
    text = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", " ", outside, flags=re.DOTALL)
    for name, key in keys.items():
        assert not near(numbers(text), key), name


def test_the_notebooks_source_names_no_key(address: str, keys: dict[str, float], native: ModuleType) -> None:
    with open(native.__file__, encoding="utf-8") as file:
        source = file.read()
    for name, key in keys.items():
        assert not near(numbers(source) - set(map(float, native.BATCHES)), key), name


def test_before_python_nothing_rendered_names_a_key(student: Student, held, keys: dict[str, float]) -> None:
    student.open()
    expect(student.locks.locator("form")).to_be_visible()
    text = everything_rendered(student.page)
    assert student.page.get_by_text("H100").count()
    for name, key in keys.items():
        assert not near(numbers(text), key), name


def test_with_python_there_and_the_lock_open_no_part_is_on_the_page(student: Student, keys: dict[str, float]) -> None:
    student.open()
    student.is_live()
    page = student.page
    for letter in "ABC":
        expect(page.locator(f"#part-{letter}")).to_contain_text("Opens")
    expect(page.locator("lab-panel, .instrument, .reading, .reveal, .remember, svg[role]")).to_have_count(0)
    text = everything_rendered(page)
    for name, key in keys.items():
        assert not near(numbers(text), key), name
