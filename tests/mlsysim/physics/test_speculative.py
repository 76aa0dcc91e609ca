from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import speculative

# Leviathan et al. 2023, tables 2 and 4: acceptance, guesses, cost of a guess, theorem's speed-up, measured speed-up.
ROWS = [
    ("EnDe-T5-small-T0", 0.75, 7, 0.02, 3.16, 3.4),
    ("EnDe-T5-large-T0", 0.82, 7, 0.11, 2.50, 1.7),
    ("EnDe-T5-base-T1", 0.68, 5, 0.04, 2.35, 2.4),
    ("CNNDM-T5-small-T0", 0.65, 5, 0.02, 2.40, 3.1),
    ("CNNDM-T5-large-T0", 0.74, 3, 0.11, 2.02, 2.2),
]


@pytest.mark.parametrize(("name", "acceptance", "guesses", "cost", "theorem", "measured"), ROWS)
def test_the_theorem_of_the_paper(name, acceptance, guesses, cost, theorem, measured):
    speedup = speculative.speculative_speedup(acceptance, guesses, cost)
    assert speedup == pytest.approx(theorem, abs=0.006)
    assert speedup == pytest.approx(measured, rel=0.48)


@given(st.floats(0, 0.999), st.integers(1, 64))
def test_the_sum_is_the_closed_form(acceptance, guesses):
    closed = (1 - acceptance ** (guesses + 1)) / (1 - acceptance)
    assert speculative.tokens_per_pass(acceptance, guesses) == pytest.approx(closed, rel=1e-9)


def test_the_ends():
    assert speculative.tokens_per_pass(0.0, 5) == 1
    assert speculative.tokens_per_pass(1.0, 5) == 6


@pytest.mark.parametrize(("acceptance", "guesses"), [(0.5, 3), (0.8, 7)])
def test_tokens_are_those_of_a_coin(acceptance, guesses):
    chance, total = Random(3), 0
    for _ in range(20_000):
        accepted = 0
        while accepted < guesses and chance.random() < acceptance:
            accepted += 1
        total += accepted + 1
    assert total / 20_000 == pytest.approx(speculative.tokens_per_pass(acceptance, guesses), rel=0.02)
