from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.records import HardwareNode
from mlsysim.registry import Hardware, Models
from mlsysim.solvers.serving import ServingModel
from mlsysim.solvers.workload import LARGEST_BATCH

MODELS = list(Models)
GPUS = [machine for machine in Hardware if {"fp16", "int8"} <= set(machine.peak)]
models, gpus = st.sampled_from(MODELS), st.sampled_from(GPUS)
batches, contexts = st.integers(1, 4096), st.integers(1, 1024)


def solve(**given):
    return ServingModel().solve(**({"model": "Llama3_8B", "hardware": "H100"} | given))


@given(models, gpus, batches, contexts, st.sampled_from(["fp16", "int8"]))
def test_bounds_hold_everywhere(model, machine, batch, context, precision):
    answer = solve(model=model, hardware=machine, batch=batch, context=context, precision=precision)
    for phase in (answer.decode, answer.prefill):
        for term in (phase.memory_time, phase.compute_time, phase.overhead_time, phase.time):
            assert 0 <= term.lower <= term.expected <= term.upper
        for time in (phase.time.lower, phase.time.expected):
            assert phase.operations / time <= machine.rate(precision) * (1 + 1e-12)
            assert phase.traffic / time <= machine.memory_bandwidth * (1 + 1e-12)


@given(models, gpus, st.integers(1, 2048), contexts)
def test_more_of_anything_takes_no_less(model, machine, batch, context):
    base = solve(model=model, hardware=machine, batch=batch, context=context)
    for more in (
        solve(model=model, hardware=machine, batch=2 * batch, context=context),
        solve(model=model, hardware=machine, batch=batch, context=min(2 * context, 1024)),
    ):
        for end in ("lower", "expected", "upper"):
            assert getattr(more.itl, end) >= getattr(base.itl, end)
            assert getattr(more.ttft, end) >= getattr(base.ttft, end)
        assert more.memory.total >= base.memory.total


@given(models, gpus, batches, contexts)
def test_half_the_bytes_halve_the_memory_term_alone(model, machine, batch, context):
    wide = solve(model=model, hardware=machine, batch=batch, context=context, efficiency=0.5)
    eight = solve(model=model, hardware=machine, batch=batch, context=context, precision="int8", efficiency=0.5)
    # The same activations, half as large, spill less than half as often: without a cache the halving is exact.
    assert eight.decode.bytes["weights"] == wide.decode.bytes["weights"] / 2
    assert eight.decode.bytes["kv_cache"] == wide.decode.bytes["kv_cache"] / 2
    stored = solve(model=model, hardware=machine, batch=batch, context=context, weights="int8", efficiency=0.5)
    assert stored.decode.compute_time == wide.decode.compute_time
    assert stored.decode.memory_time.expected < wide.decode.memory_time.expected


@pytest.mark.parametrize("machine", GPUS, ids=lambda machine: machine.name)
@pytest.mark.parametrize("precision", ["fp16", "int8"])
@pytest.mark.parametrize("model", [Models.Llama3_8B, Models.Llama3_70B, Models.Mistral_7B], ids=lambda m: m.name)
def test_at_short_context_decode_crosses_at_ridge_times_bytes_over_two(model, machine, precision):
    answer = solve(model=model, hardware=machine, context=1, precision=precision, efficiency=1.0)
    size = {"fp16": 2, "int8": 1}[precision]
    rule = machine.ridge_point(precision) * size / 2
    # Small caches let activations spill before the crossing, which moves it up.
    assert 0.99 * rule <= answer.crossover_batch <= 1.6 * rule
    if machine.cache is None or 1.03 * rule * size * (2 * model.hidden + 3 * model.ffn) <= machine.cache:
        assert answer.crossover_batch <= max(ceil(rule), 1.03 * rule)


@given(models, gpus, contexts, st.sampled_from([0.3, 1.0, "auto"]))
def test_the_crossover_is_the_first_batch_that_computes_longer(model, machine, context, efficiency):
    given = {"model": model, "hardware": machine, "context": context, "efficiency": efficiency}
    crossing = solve(**given).crossover_batch

    def gap(batch):
        decode = solve(batch=batch, **given).decode
        return decode.compute_time.expected - decode.memory_time.expected

    if crossing is None:
        assert all(gap(batch) < 0 for batch in (1, 10, 100, 1000, 10_000, LARGEST_BATCH))
    else:
        assert gap(crossing) >= 0
        assert crossing == 1 or gap(crossing - 1) < 0


@given(models, gpus, contexts, st.sampled_from(["fp16", "int8"]))
def test_the_largest_batch_fits_and_the_next_does_not(model, machine, context, precision):
    given = {"model": model, "hardware": machine, "context": context, "precision": precision}
    most = solve(**given).max_batch
    if most:
        assert solve(batch=min(most, LARGEST_BATCH), **given).feasible
    assert most >= LARGEST_BATCH or not solve(batch=most + 1, **given).feasible


def test_the_crossover_does_not_depend_on_the_batch_asked_about():
    assert solve(batch=1, context=128).crossover_batch == solve(batch=3000, context=128).crossover_batch


def test_an_h100_is_about_1_6_times_an_a100_at_batch_1():
    ratio = solve(hardware="A100").itl.expected / solve().itl.expected
    assert ratio == pytest.approx(1.6, abs=0.05)
    peaks = Hardware.Cloud.H100.memory_bandwidth / Hardware.Cloud.A100.memory_bandwidth
    assert ratio < peaks < Hardware.Cloud.H100.rate("fp16") / Hardware.Cloud.A100.rate("fp16") / 1.9


def test_a_machine_of_one_s_own_without_a_cache_figure_spills_nothing():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory=1e12, memory_bandwidth=1e13)
    answer = solve(hardware=mine, batch=4096)
    assert answer.decode.bytes["activations"] == 0


def test_a_machine_with_more_bandwidth_than_arithmetic_computes_at_once():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e12}, memory=1e12, memory_bandwidth=4e12)
    assert solve(hardware=mine).crossover_batch == 1


def test_70b_in_fp16_fits_one_mi300x_and_two_h100s():
    assert solve(model="Llama3_70B", hardware="MI300X").feasible
    answer = solve(model="Llama3_70B")
    assert not answer.feasible
    assert answer.max_batch == 0
    (reason,) = answer.reasons
    assert (reason.limit, reason.wall, reason.maximum, reason.unit) == ("memory capacity", 2, 80e9, "B")
    assert reason.value == pytest.approx(141e9, rel=0.01)
    assert reason.sentence() == (
        "Does not fit. Llama-3-70B in FP16 needs 142 GB; the H100 has 80 GB. Memory capacity binds (wall 2). "
        "Fewer bits, a second H100, or a machine with 142 GB or more would carry it."
    )


def test_16_gb_of_weights_do_not_fit_16_gb():
    (reason,) = solve(hardware="T4").reasons
    assert "needs 16.3 GB; the T4 has 16 GB" in reason.sentence()
    assert solve(hardware="T4", weights="int8").feasible


def test_too_many_sequences_are_told_how_many_would_fit():
    answer = solve(batch=512, context=8192)
    sentence = answer.reasons[0].sentence()
    assert f"A batch of at most {answer.max_batch}" in sentence
    assert "batch 512 and context 8,192, needs" in sentence
    assert "8 of the H100" in sentence


def test_where_the_cache_alone_is_too_much_a_batch_of_one_is_not_offered():
    tight = HardwareNode(name="Tight", peak={"fp16": 1e15}, memory=16.1e9, memory_bandwidth=1e12)
    answer = solve(hardware=tight, context=8192)
    assert answer.max_batch == 0
    assert "Fewer bits, a shorter context" in answer.reasons[0].sentence()


def test_memory_is_weights_cache_and_workspace():
    memory = solve(batch=8, context=4096).memory
    assert memory.weights == 2 * 8_030_261_248
    assert memory.kv_cache == 8 * 4096 * 131072
    assert memory.activations == 2 * (4096 * (2 * 4096 + 3 * 14336) + 8 * 128256)
    assert memory.total == sum(memory.bytes.values())
    assert memory.capacity == 80e9


def test_throughput_is_batch_over_latency():
    answer = solve(batch=32)
    assert answer.throughput.expected * answer.itl.expected == pytest.approx(32)
    assert answer.throughput.lower * answer.itl.upper == pytest.approx(32)
    assert answer.ttft == answer.prefill.time
    assert answer.itl == answer.decode.time


def test_a_small_model_on_a_large_machine_is_bound_by_overhead():
    assert solve(model="GPT2").decode.bound_by == "overhead"


def test_prefill_is_bound_by_compute_and_decode_by_memory():
    answer = solve()
    assert answer.prefill.bound_by == "compute throughput"
    assert answer.decode.bound_by == "memory bandwidth"
    assert answer.decode.intensity < answer.decode.ridge < answer.prefill.intensity


def test_a_large_batch_at_short_context_is_bound_by_compute():
    assert solve(batch=1024, context=64).decode.bound_by == "compute throughput"
    assert solve(batch=1024, context=8192).decode.bound_by == "memory bandwidth"


@given(gpus, st.integers(1, 64), st.integers(16, 900), st.integers(2, 100))
def test_a_request_takes_its_prompt_and_then_each_token_s_own_step(machine, batch, prompt, written):
    load = {"hardware": machine, "batch": batch}
    answer = solve(**load, prompt=prompt, context=prompt + written)
    steps = [solve(**load, context=prompt + token).itl for token in range(1, written)]
    for end in ("lower", "expected", "upper"):
        one_by_one = getattr(answer.ttft, end) + sum(getattr(step, end) for step in steps)
        assert getattr(answer.latency, end) == pytest.approx(one_by_one, rel=2e-3)


def test_the_first_token_comes_with_the_prompt():
    for context in (512, 513):
        answer = solve(prompt=512, context=context)
        assert answer.latency == answer.ttft
    longer = solve(prompt=512, context=514)
    assert longer.latency.expected == pytest.approx(longer.ttft.expected + solve(context=513).itl.expected)
