"""The same seed gives the same lab everywhere, and seeds spread over all variants."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.variants import choose, from_number, number

ALTERNATIVES = {"model": ("Llama3_8B", "Mistral_7B"), "batch": (1, 2, 4), "promise": (0.04, 0.05)}


@given(st.text(), st.text())
def test_a_seed_gives_one_variant_of_the_declared(section: str, identifier: str) -> None:
    found = choose("vol1/lab_02", ALTERNATIVES, section, identifier)
    assert found == choose("vol1/lab_02", dict(reversed(ALTERNATIVES.items())), section, identifier)
    assert all(found[name] in values for name, values in ALTERNATIVES.items())
    assert from_number(ALTERNATIVES, number(ALTERNATIVES, found)) == found


def test_whoever_learns_alone_gets_the_canonical_one() -> None:
    found = choose("vol1/lab_02", ALTERNATIVES, "", "")
    assert found == {name: values[0] for name, values in ALTERNATIVES.items()}
    assert number(ALTERNATIVES, found) == 0


def test_seeds_spread() -> None:
    found = Counter(number(ALTERNATIVES, choose("vol1/lab_02", ALTERNATIVES, "B2", f"s{n}")) for n in range(1200))
    assert len(found) == 12
    assert min(found.values()) > 60
    other = [choose("vol1/lab_03", ALTERNATIVES, "B2", f"s{n}") for n in range(100)]
    assert other != [choose("vol1/lab_02", ALTERNATIVES, "B2", f"s{n}") for n in range(100)]


def test_the_index_is_what_a_page_computes() -> None:
    # printf '["vol1/lab_02","B2","s17","model"]' | sha256sum | cut -c1-8, modulo 2
    digest = __import__("hashlib").sha256(b'["vol1/lab_02","B2","s17","model"]').hexdigest()[:8]
    assert choose("vol1/lab_02", {"model": (0, 1)}, "B2", "s17") == {"model": int(digest, 16) % 2}


def test_a_number_of_no_variant_is_refused() -> None:
    with pytest.raises(ValueError, match="no variant number 12"):
        from_number(ALTERNATIVES, 12)
