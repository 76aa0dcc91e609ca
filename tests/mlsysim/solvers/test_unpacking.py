"""Weights in fewer bits than the arithmetic has: one factor on the bytes that are unpacked, in every solver."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlsysim as ms
from mlsysim.efficiency import AS_PLAIN, resolve
from mlsysim.estimate import Estimate
from mlsysim.simulation.steps import StepTimes

ENDS = ("lower", "expected", "upper")
GIVEN = {"model": "Llama3_8B", "hardware": "H100"}
H100 = ms.Hardware.Cloud.H100
ETA = resolve("auto", "gpu", cores=H100.cores)
MIXTURE = {"model": "DeepSeek_V3", "fabric": "DGX H100", "gpus": 64, "batch": 64, "precision": "fp16"}


def serve(**asked):
    return ms.ServingModel().solve(**(GIVEN | asked))


def unpacking_at(share):
    return replace(ETA, unpack=Estimate.exact(share, "1"))


@pytest.mark.parametrize("weights", ["int4", "fp4", "int8", "fp8"])
@pytest.mark.parametrize("batch", [1, 64, 512])
def test_one_question_has_one_answer(weights, batch):
    asked = GIVEN | {"batch": batch, "weights": weights}
    served = serve(batch=batch, weights=weights, context=160, prompt=128)
    compressed = ms.CompressionModel().solve(**asked, context=160, prompt=128)
    replica = ms.ReplicaModel().solve(**asked, prompt=128, output=64)
    steps = StepTimes(served.workload, H100, served.efficiency)
    held = steps.positions()
    for _ in range(batch):
        held.join(160)
    for end in ENDS:
        step = pytest.approx(getattr(served.itl, end))
        assert getattr(compressed.itl, end) == step
        assert getattr(replica.step, end) == step
        assert getattr(compressed.ttft, end) == pytest.approx(getattr(served.ttft, end))
    assert ms.Engine.solve(**asked, context=160).time == served.itl
    assert ms.Engine.sweep(**asked, context=160, prompt=128).row(0)["itl"] == pytest.approx(served.itl.expected)
    assert steps.decode(held) == pytest.approx(served.itl.expected)


def test_by_hand():
    """Llama-3-8B at batch 1: 7.0e9 weights at 4.16 bits are slowed, head, embedding row and KV cache are not."""
    packed = 32 * (2 * 4096**2 + 2 * 4096 * 1024 + 3 * 4096 * 14336) * 4.15625 / 8
    plain = 2 * 128256 * 4096 + 2 * 4096 + 1024 * 32 * 2 * 8 * 128 * 2
    unpack = ETA.unpack.expected
    decode = serve(weights="int4").decode
    assert (decode.packed, decode.traffic) == (pytest.approx(packed), pytest.approx(packed + plain, rel=1e-3))
    reached = 3.35e12 * ETA.bandwidth.expected
    assert decode.memory_time.expected == pytest.approx((packed / unpack + plain) / reached, rel=1e-3)
    assert decode.memory_time.lower == pytest.approx((packed + plain) / 3.35e12, rel=1e-3)


@pytest.mark.parametrize("phase", ["decode", "prefill"])
def test_at_one_it_is_the_plain_roofline(phase):
    free = getattr(serve(weights="int4", batch=8, efficiency=unpacking_at(1.0)), phase)
    reached = free.bandwidth * ETA.bandwidth.expected
    assert free.fetched == free.traffic and free.memory_time.expected == pytest.approx(free.traffic / reached)


@given(st.floats(0.1, 1.0), st.floats(0.1, 1.0), st.sampled_from([1, 32, 128, 4096]))
def test_the_better_kernels_unpack_the_sooner_a_token_comes(one, other, batch):
    slow, fast = (serve(weights="int4", batch=batch, efficiency=unpacking_at(each)) for each in sorted((one, other)))
    for phase in ("decode", "prefill"):
        before, after = getattr(slow, phase), getattr(fast, phase)
        assert after.time.expected <= before.time.expected and after.time.upper <= before.time.upper
        assert after.compute_time == before.compute_time and after.time.lower == before.time.lower


@pytest.mark.parametrize(
    "asked",
    [{}, {"precision": "fp8"}, {"precision": "int8", "weights": "fp8"}, {"kv_precision": "int8"}],
    ids=str,
)
def test_what_has_the_bits_of_the_arithmetic_is_not_unpacked(asked):
    answer = serve(**asked)
    assert answer.decode.packed == 0.0 and "eta_u" not in [each.symbol for each in answer.basis]


def test_the_cache_and_the_head_are_not_slowed():
    short, long = (serve(weights="int4", batch=32, context=each).decode for each in (1024, 2048))
    cache = long.traffic - short.traffic
    assert long.packed == short.packed < short.bytes["weights"]
    slower = long.memory_time.expected - short.memory_time.expected
    assert slower == pytest.approx(cache / (3.35e12 * ETA.bandwidth.expected))


def test_a_stated_efficiency_stands_as_it_is():
    answer = serve(weights="int4", efficiency=0.7)
    assert answer.efficiency.unpack == AS_PLAIN
    assert answer.decode.memory_time.expected == pytest.approx(answer.decode.traffic / (0.7 * 3.35e12))
    assert "eta_u" not in [each.symbol for each in answer.basis]
    assert resolve("eager", "gpu").unpack == resolve("auto", "gpu").unpack == ETA.unpack


def test_every_solver_lists_it_once():
    asked = GIVEN | {"weights": "int4"}
    fleet = {"rate": 100, "prompt": 256, "output": 64}
    answers = [
        serve(weights="int4"),
        ms.CompressionModel().solve(**asked),
        ms.ReplicaModel().solve(**asked),
        ms.TensorParallelModel().solve(**asked, gpus=2),
        ms.ServingFleetModel().solve(**asked, **fleet),
        ms.ExpertParallelModel().solve(**MIXTURE, weights="int4"),
    ]
    for answer in answers:
        assert [each.symbol for each in answer.basis].count("eta_u") == 1, answer
    plain = ms.ReplicaModel().solve(**GIVEN)
    assert "eta_u" not in [each.symbol for each in plain.basis]


def test_shares_of_many_gpus_add_up_to_all_that_is_unpacked():
    alone = serve(weights="int4").decode.packed
    for gpus in (2, 8):
        shard = ms.TensorParallelModel().solve(**GIVEN, weights="int4", gpus=gpus).decode.shard
        assert gpus * shard.packed == pytest.approx(alone)
    packed = ms.ExpertParallelModel().solve(**MIXTURE, weights="int4").decode.shard
    assert packed.packed == pytest.approx(sum(each.weights for each in packed.operators if each.packed))
    whisper = ms.ServingModel().solve(model="Whisper_Large_V3", hardware="H100", weights="int8", context=64)
    for phase in (whisper.decode, whisper.prefill):
        stored = sum(each.weights for each in phase.operators if each.name not in ("embedding", "LM head"))
        assert phase.packed == pytest.approx(stored, rel=0.01) and phase.packed < stored * (1 + 1e-9)


def test_the_least_machine_for_packed_weights_keeps_its_promise():
    answer = ms.SynthesisSolver().solve(model="Llama3_70B", itl="50 ms", weights="int4", machines=[])
    eta = resolve("auto", "gpu")
    for end, reached in (("expected", eta), ("upper", None)):
        if reached is None:
            reached = replace(
                eta,
                bandwidth=Estimate.exact(eta.bandwidth.lower, "1"),
                compute=Estimate.exact(eta.compute.lower, "1"),
                unpack=Estimate.exact(eta.unpack.lower, "1"),
                launch=Estimate.exact(eta.launch.upper, "s"),
            )
        machine = answer.machine(end)
        found = ms.ServingModel().solve(model="Llama3_70B", hardware=machine, weights="int4", efficiency=reached)
        assert found.itl.expected == pytest.approx(0.050)


def test_the_whiteboards_terms_add_up():
    answer = serve(weights="int4", batch=8)
    decode, lines = answer.decode, answer.explain().splitlines()
    eta = answer.efficiency
    assert any(f"/ (3.35 TB/s x {eta.bandwidth.expected:.2g} x {eta.unpack.expected:.2g}) = " in line for line in lines)
    assert f" / {eta.unpack.expected:.2g}) / (3.35 TB/s x " in answer.equation()
    rows = [line for line in lines if line.partition(" / (3.35 TB/s")[1] and not line.startswith("D/BW")]
    seconds = [line.partition(" = ")[2].partition("    ")[0] for line in rows]
    total = sum(ms.parse_quantity(each)[0] for each in seconds)
    assert total == pytest.approx(decode.memory_time.expected, rel=0.005)
    told = {line.split()[0]: line.split(" = ")[-1] for line in answer.equation().splitlines()[:-1]}
    assert ms.parse_quantity(told["D/BW"])[0] == pytest.approx(decode.memory_time.expected, rel=0.005)
    working = decode.memory_time.expected + decode.overhead_time.expected
    assert decode.bound_by == "memory bandwidth" and decode.time.expected == pytest.approx(working, rel=0.01)


def test_where_arithmetic_binds_packed_weights_change_nothing():
    plain, packed = (serve(weights=each, batch=512, context=128).decode for each in (None, "int4"))
    assert packed.time.expected == plain.time.expected and packed.time.lower == plain.time.lower
