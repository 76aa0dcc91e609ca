from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import batching


@pytest.mark.parametrize(("fixed", "exponential", "batch"), [(0, 100, 1), (50, 50, 8), (128, 0, 64), (0, 100, 32)])
def test_the_longest_is_what_chance_makes_it(fixed, exponential, batch):
    chance = Random(7)
    rate = 1 / exponential if exponential else None
    longest = [fixed + max(chance.expovariate(rate) if rate else 0 for _ in range(batch)) for _ in range(4000)]
    assert batching.expected_longest(fixed, exponential, batch) == pytest.approx(sum(longest) / len(longest), rel=0.05)


times = st.floats(1e-4, 1.0)


@given(st.integers(1, 1000), times, times, st.floats(2, 4096))
def test_a_cycle_is_the_own_prompt_and_the_gaps(batch, prefill, step, output):
    cycle = batching.continuous_cycle_time(batch, prefill, step, output)
    gap = batching.continuous_token_time(batch, prefill, step, output)
    assert cycle == pytest.approx(prefill + (output - 1) * gap)
    assert cycle <= batching.static_batch_time(batch, prefill, step, batching.expected_longest(0, output, batch))


@given(st.integers(1, 100_000), st.integers(1, 512))
def test_pages_waste_less_than_a_block(tokens, block):
    held = batching.paged_tokens(tokens, block)
    assert held % block == 0
    assert tokens <= held < tokens + block
    assert 0 <= batching.wasted_fraction(tokens, held) < 1
