import pytest

from mlsysim.solvers.stream import StreamModel


def solve(**given):
    return StreamModel().solve(**({"model": "Llama3_8B", "hardware": "H100", "rate": 8, "requests": 400} | given))


def test_a_stream_is_the_same_again():
    first, again, other = solve(), solve(), solve(seed=1)
    assert first.record == again.record
    assert first.record != other.record


def test_continuous_batching_answers_first_sooner_and_serves_more():
    static, continuous = solve(policy="static"), solve()
    assert continuous.ttft.expected < static.ttft.expected / 10
    assert continuous.throughput > static.throughput
    assert continuous.duration < static.duration


def test_chunks_trade_time_to_first_token_for_even_gaps():
    whole, chunked = solve(prompt=2048), solve(prompt=2048, policy="chunked", chunk=256)
    assert chunked.itl.expected < whole.itl.expected / 2
    assert chunked.ttft.expected > whole.ttft.expected


def test_a_broken_promise_names_its_wall():
    answer = solve(policy="static", ttft="100 ms", itl="1 ms")
    assert not answer.feasible
    assert [reason.wall for reason in answer.reasons] == [4, 6]
    assert answer.goodput == 0
    assert all(reason.sentence() in answer.explain() for reason in answer.reasons)
    kept = solve(ttft="1 s", itl="100 ms")
    assert kept.feasible
    assert kept.goodput == pytest.approx(400 / kept.duration)


def test_goodput_counts_requests_that_met_both():
    answer = solve(itl=solve(percentile=0.5).itl.expected)
    assert 0 < answer.goodput < 400 / answer.duration


def test_a_request_that_never_fits_is_an_answer():
    answer = solve(hardware="T4", requests=5)
    assert not answer.feasible
    (reason,) = answer.reasons
    assert reason.wall == 2
    assert "KV cache exhausted" in answer.explain()
    assert answer.ttft is answer.itl is None
    assert (answer.throughput, answer.utilization, answer.goodput, answer.mean_latency) == (0, 0, 0, 0)


def test_little_room_makes_a_line():
    wide, tight = solve(hardware="A100", rate=20), solve(hardware="A10", rate=20)
    assert tight.record.most_reserved <= tight.room
    assert tight.ttft.expected > wide.ttft.expected


def test_one_token_each_leaves_no_gaps():
    answer = solve(output=1, output_variability=0)
    assert answer.itl is None
    assert answer.feasible
    assert "ITL" not in answer.explain().split("token/s")[0]


@pytest.mark.parametrize("policy", ["static", "continuous", "chunked"])
def test_the_timeline_starts_and_ends_empty(policy):
    seen = solve(policy=policy, slots=8).timeline()
    assert seen[-1][1:] == (0, 0)
    assert [when for when, _, _ in seen] == sorted(when for when, _, _ in seen)
    assert all(waiting >= 0 and 0 <= running <= 8 for _, waiting, running in seen)
    assert max(waiting for _, waiting, _ in seen) > 1


def test_what_was_given_is_told():
    answer = solve()
    assert answer.basis[0].symbol == "lambda"
    assert "BW" in [each.symbol for each in answer.basis]
    assert answer.ttft.lower <= answer.ttft.expected <= answer.ttft.upper
    assert max(each.prompt + each.output for each in answer.requests) <= 8192
