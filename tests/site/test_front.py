"""The front page as it is written: every door, every lab, and a roof with its name for each machine."""

import re
from itertools import pairwise

import pytest

import assemble
import catalog
import roofline


@pytest.fixture(scope="module")
def text() -> str:
    kit = assemble.Kit(**{name: f"{name}-1" for name in assemble.Kit.__slots__})
    return assemble.landing_page(catalog.read(), {"kit": kit, "icon": assemble.ICON, "whole": 18e6})


def test_it_links_to_every_lab_once_and_begins_with_the_first(text: str) -> None:
    rows = catalog.read()
    listed = text.partition('class="labs"')[2]
    assert all(listed.count(f'href="{row.name}.html"') == 1 for row in rows)
    first = re.search(r'class="primary" href="(.*?)\.html"', text)
    assert first and first[1] == min(row.name for row in rows)


def test_every_machine_s_roof_is_named_in_the_picture_and_apart(text: str) -> None:
    named = dict(re.findall(r'class="name" .*?y="([\d.]+)".*?>(.*?)</text>', text))
    assert sorted(named.values()) == sorted(roofline.MACHINES)
    places = sorted(map(float, named))
    assert all(below - above > 10 for above, below in pairwise(places))
    assert places[0] > 8
