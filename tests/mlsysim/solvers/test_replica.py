from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import BatchingModel, ReplicaModel
from mlsysim.check import InvalidValue


def solve(**given):
    plain = {"model": "Llama2_70B", "hardware": "H100", "gpus": 2, "batch": 64, "prompt": 128, "output": 64}
    return ReplicaModel().solve(**(plain | given))


@given(st.sampled_from(["H100", "MI300X"]), st.integers(2, 128), st.integers(16, 1024), st.sampled_from([16, 64, 256]))
@settings(max_examples=25)
def test_a_replica_of_one_gpu_is_that_machine_at_full_load(machine, batch, prompt, output):
    given = {"model": "Llama3_8B", "hardware": machine, "batch": batch, "prompt": prompt, "output": output}
    alone, replica = BatchingModel().solve(**given), ReplicaModel().solve(**given)
    for end in ("lower", "expected", "upper"):
        assert getattr(replica.rate, end) * output == pytest.approx(getattr(alone.throughput, end), rel=1e-9)
        assert getattr(replica.itl, end) == pytest.approx(getattr(alone.itl, end), rel=1e-9)


def test_a_fleet_is_whole_replicas_for_the_demand():
    answer = solve()
    replicas = ceil(1000 / answer.rate.expected)
    assert answer.fleet(1000) == 2 * replicas
    best, worst = answer.fleet_range(1000)
    assert best <= answer.fleet(1000) <= worst
    assert best == 2 * ceil(1000 / answer.rate.upper)


def test_a_70b_needs_two_h100s_in_fp16_one_in_int4_and_one_mi300x():
    assert solve().feasible and not solve(gpus=1).feasible
    assert solve(gpus=1, weights="int4").feasible and solve(gpus=1, hardware="MI300X").feasible


def test_memory_is_that_of_complete_answers():
    few, many = solve(batch=1), solve(batch=2)
    token = 2 * 80 * 8 * 128 * 2 / 2
    assert many.memory.kv_cache - few.memory.kv_cache == pytest.approx(token * (128 + 64))


def test_a_broken_promise_says_value_and_limit():
    kept = solve().itl.expected
    (reason,) = solve(itl=0.9 * kept).reasons
    assert reason.value == kept and reason.maximum == 0.9 * kept and "64 requests at once" in reason.sentence()
    assert solve(itl=1.01 * kept).feasible


def test_the_whiteboard_names_prompt_step_and_rate():
    text = solve().explain()
    assert "T_p" in text and "requests/s a replica" in text and "on 2 x" in text


def test_an_answer_has_two_tokens_or_more():
    with pytest.raises(InvalidValue, match="at least two tokens"):
        solve(output=1)
