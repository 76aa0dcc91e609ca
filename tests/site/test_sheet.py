"""The registry's sheet: every table and every source."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

import assemble
import sheet
from mlsysim import Hardware, Models, registry, zoo

VOID = {"meta", "link", "br"}
SHARED = {"kit": {"style": "lab.css", "pages": "pages.css"}, "icon": "data:,"}


class Outline(HTMLParser):
    """Tags that are balanced, tables by their heading, addresses and anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.section = ""

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.tags.add(tag)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[key] for key in ("href", "src") if key in known]
        if known.get("role") == "region":
            self.section = known["aria-labelledby"]
        if tag == "tr":
            self.rows.setdefault(self.section, []).append([])
        if tag in ("td", "th"):
            self.rows[self.section][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[self.section][-1][-1] += data


@pytest.fixture(scope="module")
def text() -> str:
    return sheet.page(assemble.TEMPLATES, SHARED)


@pytest.fixture(scope="module")
def outline(text: str) -> Outline:
    found = Outline()
    found.feed(text)
    assert found.open == []
    return found


def test_it_holds_every_table_of_the_zoo(outline: Outline) -> None:
    for name in zoo.names():
        assert len(outline.rows[name]) == 1 + len(zoo.rows(name)), name
        assert len({len(row) for row in outline.rows[name]}) == 1, name
    machines = {row[0] for row in outline.rows["machines"]}
    assert {machine.full_name for machine in Hardware} <= machines
    models = {row[0] for name in ("models", "encoder-decoders", "layered") for row in outline.rows[name]}
    assert {each.name for each in (*Models, *Models.EncoderDecoder, *Models.Layered)} <= models


def test_figures_are_the_registry_s(outline: Outline) -> None:
    head, *rows = outline.rows["machines"]
    (h100,) = (dict(zip(head, row, strict=True)) for row in rows if row[0] == "H100 SXM5 80GB")
    assert (h100["peak"], h100["memory"], h100["link"]) == ("989 TFLOP/s", "80 GB", "450 GB/s")


def test_every_row_has_a_source_that_is_listed(outline: Outline) -> None:
    assert len(outline.ids) == len(set(outline.ids))
    anchors = [link.removeprefix("#") for link in outline.links if link.startswith("#")]
    assert set(anchors) <= set(outline.ids)
    for name in zoo.names():
        head, *rows = outline.rows[name]
        place = head.index("source")
        assert all(f"source-{number}" in outline.ids for row in rows for number in row[place].split())
        assert all(row[place].strip() for row in rows)


def test_what_a_note_says_is_text_not_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = dict(registry.constants("fibre"))
    name, datum = next(iter(figures.items()))
    known = registry.constants
    hostile = {name: replace(datum, note="<script>alert(1)</script>", source="https://example.org/?<b>&c")}
    monkeypatch.setattr(registry, "constants", lambda file: hostile if file == "fibre" else known(file))
    text = sheet.page(assemble.TEMPLATES, SHARED)
    assert "<script>" not in text
    assert "https://example.org/?&lt;b&gt;&amp;c" in text


def test_the_landing_page_links_to_it() -> None:
    assert 'href="reference/registry.html"' in (assemble.HERE / "index.html").read_text(encoding="utf-8")
