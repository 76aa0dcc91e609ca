import pytest

from mlsysim.solvers.disaggregated import DisaggregatedModel


def solve(**given):
    plain = {"model": "Llama3_8B", "reading": "H100", "writing": "A100", "link": "50 GB/s"}
    return DisaggregatedModel().solve(**(plain | given))


def test_the_cache_travels_and_the_stream_is_even():
    answer = solve()
    assert answer.transfer == pytest.approx(1024 * 131072 / 50e9 + 10e-6)
    assert answer.itl == answer.writing.itl
    assert answer.itl.expected < answer.itl_together.expected / 1.5
    assert answer.second_token.expected == pytest.approx(answer.ttft.expected + answer.transfer + answer.itl.expected)
    assert answer.second_token.lower < answer.second_token.expected < answer.second_token.upper
    assert answer.feasible


def test_pools_are_in_balance():
    """As many prompts read a second as answers end."""
    answer = solve(batch=64)
    ended = 64 / (127 * answer.itl.expected)
    assert answer.readers_per_writer / answer.ttft.expected == pytest.approx(ended)


def test_a_slow_link_is_named_and_the_one_it_asks_for_is_enough():
    answer = solve(link="1 GB/s", batch=128)
    (reason,) = answer.reasons
    assert reason.wall == 14
    assert reason.sentence() in answer.explain()
    assert solve(link=1.001 * reason.value, batch=128).feasible


def test_only_what_the_answer_sees_travels():
    long = {"model": "Mistral_7B_v01", "prompt": 8192}
    assert solve(**long).cache == solve(**long | {"prompt": 4096}).cache == 4096 * 131072


def test_what_does_not_fit_is_told():
    assert not solve(model="Llama3_70B").feasible
    assert answer_symbols(solve()) >= {"B", "alpha", "BW"}


def answer_symbols(answer):
    return {each.symbol for each in answer.basis}
