from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import HardwareNode, Models, ServingModel
from mlsysim.check import InvalidValue
from mlsysim.solvers.tensor_parallel import TensorParallelModel

H200 = HardwareNode(
    name="H200",
    peak={"fp16": 989.4e12, "fp8": 1978.9e12},
    memory="141 GB",
    memory_bandwidth="4.8 TB/s",
    cache="50 MB",
    link="450 GB/s",
)

# Row of the project's table, machine, GPUs, context in the middle of the answer, measured time per token [s], accepted.
ROWS = [
    ("AIC-L70-H200-trtllm-fp8-i1024-tp1-c4", H200, 1, 1536, 20.114e-3, 0.25),
    ("AIC-L70-H200-trtllm-fp8-i1024-tp2-c4", H200, 2, 1536, 12.015e-3, 0.25),
    ("AIC-L70-H200-trtllm-fp8-i1024-tp8-c4", H200, 8, 1536, 6.259e-3, 0.25),
    ("AIC-L70-H200-trtllm-fp8-i8192-tp8-c4", H200, 8, 8192, 7.151e-3, 0.25),
    ("AIC-L70-H100-vllm-fp8-i1024-tp4-c4", "H100", 4, 1536, 11.776e-3, 0.25),
]


def solve(**given):
    return TensorParallelModel().solve(**({"model": "Llama3_70B", "hardware": "H100", "gpus": 4} | given))


@pytest.mark.parametrize(("row", "machine", "gpus", "context", "measured", "accepted"), ROWS)
def test_measured_inter_token_latency(row, machine, gpus, context, measured, accepted):
    itl = solve(hardware=machine, gpus=gpus, batch=4, context=context, precision="fp8").itl
    assert itl.lower <= measured <= itl.upper
    assert itl.expected == pytest.approx(measured, rel=accepted)


@given(st.sampled_from(["Llama3_8B", "Llama3_70B"]), st.integers(1, 512), st.integers(1, 8192))
@settings(max_examples=30)
def test_one_gpu_is_the_plain_machine(model, batch, context):
    alone = ServingModel().solve(model=model, hardware="H100", batch=batch, context=context)
    answer = solve(model=model, gpus=1, batch=batch, context=context)
    assert answer.itl.expected == pytest.approx(alone.itl.expected, rel=1e-12)
    assert answer.ttft.expected == pytest.approx(alone.ttft.expected, rel=1e-12)
    assert answer.memory == alone.memory
    assert answer.decode.communication.upper == 0


@given(st.sampled_from([1, 2, 4]), st.integers(1, 256), st.integers(1, 4096))
@settings(max_examples=30)
def test_twice_the_gpus_are_at_most_twice_as_fast(gpus, batch, context):
    few, many = (solve(gpus=each, batch=batch, context=context) for each in (gpus, 2 * gpus))
    assert many.decode.shard.traffic == pytest.approx(few.decode.shard.traffic / 2)
    assert many.itl.expected > few.itl.expected / 2
    assert many.memory.total < few.memory.total
    assert many.decode.communication.expected > few.decode.communication.expected


def test_70b_in_fp16_takes_two_h100s():
    assert not solve(gpus=1).feasible
    assert "Does not fit" in solve(gpus=1).explain()
    answer = solve(gpus=2)
    assert answer.feasible
    assert answer.reasons == ()
    assert answer.throughput.expected == pytest.approx(1 / answer.itl.expected)


def test_kv_heads_are_copied_where_there_are_more_gpus_than_heads():
    eight, sixteen = solve(gpus=8, batch=32), solve(gpus=16, batch=32)
    assert eight.memory.kv_cache == sixteen.memory.kv_cache == solve(gpus=1, batch=32).memory.kv_cache / 8


def test_over_pcie_prefill_is_bound_by_talking():
    answer = solve(hardware="L40S", gpus=8, prompt=1024)
    assert answer.prefill.bound_by == "communication"
    assert solve(link="450 GB/s", gpus=8).prefill.bound_by == "compute throughput"


def test_gpus_divide_the_heads_and_a_link_is_needed():
    with pytest.raises(InvalidValue, match="divide the 64 heads"):
        solve(gpus=3)
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory=1e12, memory_bandwidth=1e12)
    with pytest.raises(InvalidValue, match="no figure for its own"):
        solve(hardware=mine)


def test_what_was_given_is_told():
    assert {"n", "B", "T_0", "alpha"} <= {each.symbol for each in solve().basis}
    assert "all-reduces" in solve().explain()
    assert "all-reduces" not in solve(gpus=1).explain()


def test_what_is_summed_at_once_is_sent_once():
    both, one = (solve(model=replace(Models.Llama3_70B, parallel=each)).decode for each in (False, True))
    assert one.communication.expected == pytest.approx(both.communication.expected / 2)
    assert one.shard.time == both.shard.time
