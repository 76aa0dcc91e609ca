import pytest

from mlsysim.solvers.batching import BatchingModel
from mlsysim.solvers.serving import ServingModel
from mlsysim.solvers.stream import StreamModel

PLAIN = {"model": "Llama3_8B", "hardware": "H100"}


def solve(**given):
    return BatchingModel().solve(**(PLAIN | given))


@pytest.mark.parametrize("variability", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("batch", [4, 32])
def test_at_full_load_the_closed_forms_are_what_the_simulation_does(batch, variability):
    answer = solve(batch=batch, output_variability=variability)
    full = PLAIN | {"rate": 1e6, "requests": 100 * batch, "slots": batch, "output_variability": variability}
    for policy, expected in (("static", answer.static_throughput), ("continuous", answer.throughput)):
        simulated = StreamModel().solve(**full, policy=policy)
        assert simulated.throughput == pytest.approx(expected.expected, rel=0.08)
        assert expected.lower < simulated.throughput < expected.upper


def test_gaps_are_what_the_simulation_does():
    gaps = StreamModel().solve(**PLAIN, rate=1e6, requests=3000, slots=32).record.gaps
    mean = sum(gap * times for gap, times in gaps) / sum(times for _, times in gaps)
    assert mean == pytest.approx(solve(batch=32).itl.expected, rel=0.05)


def test_continuous_batching_is_worth_what_the_longest_answer_costs():
    answer = solve(batch=64)
    assert answer.static_utilization == pytest.approx(1 / 4.744, rel=1e-3)
    assert 2.5 < answer.throughput.expected / answer.static_throughput.expected < 4.744
    alike = solve(batch=64, output_variability=0)
    assert alike.throughput == alike.static_throughput
    assert alike.static_utilization == 1


def test_pages_carry_an_order_of_magnitude_more():
    answer = solve()
    assert answer.paged_concurrency > 10 * answer.reserved_concurrency
    assert answer.reserved_waste == pytest.approx(1 - 640 / 8192)
    assert answer.paged_waste == 0
    assert 0 < solve(output=130).paged_waste < 0.04
    assert answer.concurrency == answer.paged_concurrency == answer.batch
    assert answer.bound_by == "memory capacity"


def test_a_prefix_saves_time_and_room():
    plain, shared = solve(), solve(prefix=384)
    assert shared.paged_concurrency > 2 * plain.paged_concurrency
    assert shared.prefill.expected < plain.prefill.expected
    # A short rest still reads all weights once; a long prompt saves in proportion.
    long = {"prompt": 4096, "output": 128}
    assert solve(**long, prefix=3072).prefill.expected < solve(**long).prefill.expected / 3
    half = solve(prefix=384, prefix_hits=0.5)
    assert half.prefill.expected == pytest.approx((plain.prefill.expected + shared.prefill.expected) / 2)
    assert solve(prefix=384, prefix_hits=0).prefill == plain.prefill


@pytest.mark.parametrize("promise", [{"itl": "25 ms"}, {"ttft": "25 ms"}, {"itl": "30 ms", "ttft": "18 ms"}])
def test_the_concurrency_keeps_the_promise_and_one_more_does_not(promise):
    most = solve(**promise).concurrency
    assert solve(**promise, batch=most).feasible
    answer = solve(**promise, batch=most + 1)
    assert not answer.feasible
    assert answer.bound_by == answer.reasons[0].limit
    assert f"At most {most:,d}" in answer.reasons[0].mend
    assert answer.reasons[0].sentence() in answer.explain()


def test_a_promise_nobody_can_keep():
    answer = solve(ttft="1 ms")
    assert answer.concurrency == answer.promised_concurrency == 0
    assert "Fewer bits, a shorter prompt" in answer.reasons[0].mend


def test_the_cache_runs_out_by_name():
    most = solve().paged_concurrency
    assert solve(batch=most).feasible
    (reason,) = solve(batch=most + 1).reasons
    assert (reason.wall, reason.verdict) == (2, "KV cache exhausted.")
    assert reason.value > reason.maximum
    assert not solve(model="Llama3_70B").feasible


def test_one_token_has_no_gap():
    assert solve(output=1, batch=4).itl == solve(output=1, batch=4).static_itl


def test_waiting_for_a_batch_is_waiting():
    answer = solve(batch=32)
    assert answer.static_ttft.lower < answer.static_ttft.expected < answer.static_ttft.upper
    assert answer.static_ttft.expected > 20 * answer.ttft.expected
    assert {"s", "L", "h", "BW"} <= {each.symbol for each in answer.basis}


def test_interleaved_prompts_explain_a_measured_gap():
    """vLLM on 2 H100s at concurrency 64: 28.8 ms a token, prompts in between (AIC-L70-H100-vllm-fp8-i1024-tp2-c64)."""
    from mlsysim.physics.batching import continuous_token_time
    from mlsysim.solvers.tensor_parallel import TensorParallelModel

    sharded = TensorParallelModel().solve(
        model="Llama3_70B", hardware="H100", gpus=2, batch=64, context=1536, prompt=1024, precision="fp8"
    )
    token = continuous_token_time(64, sharded.ttft.expected / 64, sharded.itl.expected, 1024)
    assert sharded.itl.expected < token == pytest.approx(28.769e-3, rel=0.25)


@pytest.mark.parametrize("model", ["Mistral_7B_v01", "Gemma2_9B", "GPT_OSS_20B"])
@pytest.mark.parametrize("block", [1, 64])
def test_a_window_is_kept_and_nothing_else(model, block):
    """Without a prefix it is as many as ServingModel finds room for, where lengths are whole blocks."""
    given = {"model": model, "hardware": "MI300X", "prompt": 6144, "output": 1024}
    answer = BatchingModel().solve(**given, block=block)
    served = ServingModel().solve(model=model, hardware="MI300X", prompt=6144, context=7168)
    assert answer.paged_concurrency == served.max_batch
    everything = served.memory.capacity / (7168 * served.workload.kv_bytes)
    assert answer.paged_concurrency > 1.05 * everything


def test_a_prefix_out_of_sight_is_not_shared():
    """Mistral 7B sees 4,096 positions: a short prefix of a long request has left every window."""
    given = {"model": "Mistral_7B_v01", "hardware": "MI300X", "prompt": 6144, "output": 1024}
    plain, gone, seen = (BatchingModel().solve(**given, prefix=prefix) for prefix in (0, 3072, 4096))
    assert gone.own_kv == plain.own_kv > seen.own_kv
    assert plain.own_kv - seen.own_kv == 1024 * 131072


def test_a_windowed_model_is_simulated_as_it_is_solved():
    given = {"model": "Gemma3_4B", "hardware": "L4", "prompt": 1500, "output": 400, "output_variability": 0.0}
    answer = BatchingModel().solve(**given, batch=16)
    simulated = StreamModel().solve(**given, rate=1e6, requests=320, slots=16)
    assert simulated.throughput == pytest.approx(answer.throughput.expected, rel=0.08)


def test_only_whole_blocks_of_a_prefix_are_shared():
    """What the prefix has in its last, partly filled block is every sequence's own."""
    given = {"model": "Llama3_8B", "hardware": "H100", "prompt": 512, "output": 64, "batch": 1, "prefix": 100}
    token = BatchingModel().solve(**given).serving.workload.kv_bytes
    for block, whole in ((16, 96), (64, 64), (100, 100), (128, 0)):
        answer = BatchingModel().solve(**given, block=block)
        assert answer.shared_kv == pytest.approx(whole * token)
        assert answer.own_kv == pytest.approx((-(-answer.tokens // block) * block - whole) * token)
