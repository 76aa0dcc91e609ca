import pytest

from mlsysim.check import InvalidValue, UnknownName
from mlsysim.physics.batching import continuous_token_time
from mlsysim.solvers.batching import BatchingModel
from mlsysim.solvers.speculative import SpeculativeDecoding
from mlsysim.solvers.speculative_batching import SpeculativeBatching

PLAIN = {"model": "Llama3_8B", "hardware": "H100", "prompt": 2048, "output": 256}
PAIR = PLAIN | {"draft": "Llama3_2_1B", "acceptance": 0.7}


def solve(**given):
    return SpeculativeBatching().solve(**(PAIR | given))


def alone(**given):
    return BatchingModel().solve(**(PLAIN | given))


def test_a_token_is_guesses_and_check_and_the_prompts_in_between_that_both_models_read():
    answer = solve(batch=64)
    guessing = SpeculativeDecoding().solve(
        model="Llama3_8B", draft="Llama3_2_1B", hardware="H100", acceptance=0.7, guesses=4, batch=64, context=2176
    )
    prefill = alone(batch=1).prefill.expected + alone(model="Llama3_2_1B", batch=1).prefill.expected
    expected = continuous_token_time(64, prefill, guessing.itl.expected, 256)
    assert answer.itl.expected == pytest.approx(expected)
    assert answer.itl.lower < answer.itl.expected < answer.itl.upper
    assert answer.ttft.lower < answer.ttft.expected < answer.ttft.upper
    assert solve(batch=64, output=1).itl == solve(batch=64, output=1).guessing.itl


def test_it_pays_for_few_and_costs_the_many():
    """Nobody's prompt comes in between at batch 1; at a large one the draft's prompts cost what its guesses save."""
    assert solve(batch=1).itl.expected < 0.7 * alone(batch=1).itl.expected
    assert solve(batch=192).itl.expected > 0.95 * alone(batch=192).itl.expected


@pytest.mark.parametrize("prefix", [0, 1536])
def test_two_caches_fill_the_memory_and_one_more_sequence_does_not_fit(prefix):
    answer = solve(batch=1, prefix=prefix)
    most, loads = answer.paged_concurrency, (answer.target.serving.workload, answer.draft.serving.workload)

    def needed(batch):
        tokens = batch * (2304 - prefix) + prefix
        return sum(load.stored_weights() + load.workspace(batch) + tokens * load.kv_bytes for load in loads)

    assert needed(most) <= 80e9 < needed(most + 1)
    assert most < answer.target.paged_concurrency
    assert solve(batch=most, prefix=prefix).feasible
    (reason,) = solve(batch=most + 1, prefix=prefix).reasons
    assert (reason.wall, reason.value > reason.maximum) == (2, True)
    assert f"At most {most:,d}" in reason.mend


@pytest.mark.parametrize(("promise", "limit"), [({"itl": "50 ms"}, "streaming"), ({"ttft": "55 ms"}, "serving")])
def test_the_concurrency_keeps_the_promise_and_one_more_does_not(promise, limit):
    most = solve(**promise).concurrency
    assert 1 < most < solve().paged_concurrency
    assert solve(**promise).batch == most
    assert solve(**promise, batch=most).feasible
    answer = solve(**promise, batch=most + 1)
    (reason,) = answer.reasons
    assert answer.bound_by == reason.limit == limit
    assert reason.value > reason.maximum
    assert reason.sentence() in answer.explain()


def test_without_a_promise_memory_binds():
    answer = solve()
    assert answer.promised_concurrency is None
    assert (answer.batch, answer.bound_by) == (answer.paged_concurrency, "memory capacity")
    assert f"room for {answer.paged_concurrency:,d}" in answer.explain()


def test_a_promise_nobody_can_keep():
    answer = solve(ttft="1 ms")
    assert answer.concurrency == 0
    assert "Fewer bits, a shorter prompt" in answer.reasons[0].mend


def test_what_was_given_is_told():
    assert [each.symbol for each in solve(batch=8).basis][:2] == ["alpha", "gamma"]


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("batch", 0, InvalidValue),
        ("guesses", 0, InvalidValue),
        ("acceptance", 1.5, InvalidValue),
        ("draft", "Llama3_70B", InvalidValue),
        ("draft", "Llama3_1", UnknownName),
        ("prefix", 4096, InvalidValue),
    ],
)
def test_what_cannot_be_is_refused_by_name(field, value, error):
    with pytest.raises(error, match=field if error is InvalidValue else "Llama3"):
        solve(**{field: value})
