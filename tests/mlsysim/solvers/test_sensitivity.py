import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import Hardware, HardwareNode, ServingModel
from mlsysim.solvers.sensitivity import SensitivitySolver
from mlsysim.solvers.tensor_parallel import TensorParallelModel

GPUS = [machine for machine in Hardware if "fp16" in machine.peak]


def solve(**given):
    return SensitivitySolver().solve(**({"model": "Llama3_8B", "hardware": "H100"} | given))


def test_at_batch_1_bandwidth_is_worth_fifteen_times_the_arithmetic():
    answer = solve()
    assert answer.elasticities["memory_bandwidth"] == pytest.approx(-0.9, abs=0.05)
    assert abs(answer.elasticities["peak"]) < 0.06
    assert answer.elasticities["memory"] == 0
    assert answer.most == "memory_bandwidth"
    assert "10 % more memory bandwidth" in answer.explain()


def test_reading_prompts_it_is_the_other_way_round():
    answer = solve(metric="ttft", prompt=1024)
    assert answer.most == "peak"
    assert answer.elasticities["peak"] < -0.7


@given(st.sampled_from(GPUS), st.sampled_from(["itl", "ttft"]), st.integers(1, 512), st.integers(1, 1024))
@settings(max_examples=40)
def test_it_is_the_slope_of_the_forward_model(machine, metric, batch, context):
    """By another step, another scheme and another route: a machine written down with 0.001 % more of a figure."""
    load = {"batch": batch, "context": context}
    answer = solve(hardware=machine, metric=metric, **load)

    def time(bandwidth, rate):
        peak = {name: value * rate for name, value in machine.peak.items()}
        mine = HardwareNode(
            name="Mine", peak=peak, memory=machine.memory, memory_bandwidth=machine.memory_bandwidth * bandwidth,
            cache=machine.cache, cores=machine.cores,
        )  # fmt: skip
        return getattr(ServingModel().solve(model="Llama3_8B", hardware=mine, **load), metric).expected

    base = time(1, 1)
    assert (time(1.00001, 1) / base - 1) / 1e-5 == pytest.approx(answer.elasticities["memory_bandwidth"], abs=2e-3)
    assert (time(1, 1.00001) / base - 1) / 1e-5 == pytest.approx(answer.elasticities["peak"], abs=2e-3)


@given(st.sampled_from(GPUS), st.integers(1, 512), st.integers(1, 1024))
@settings(max_examples=40)
def test_bandwidth_arithmetic_and_overhead_share_the_time(machine, batch, context):
    """Time is homogeneous: without the cache's share, elasticities and the share of overhead add up to one."""
    answer = solve(hardware=machine, batch=batch, context=context)
    decode = answer.answer.decode
    assert -answer.elasticities["memory_bandwidth"] - answer.elasticities["peak"] == pytest.approx(
        1 - decode.overhead_time.expected / decode.time.expected, abs=1e-4
    )


def test_gain_is_what_more_of_a_figure_does_while_the_term_binds():
    answer = solve()
    assert answer.gain("memory_bandwidth", 1.1) == pytest.approx(1.1**0.92, rel=0.01)
    assert answer.gain("peak", 2) == pytest.approx(1, abs=0.01)


def test_any_solver_will_do():
    answer = solve(solver=TensorParallelModel(), model="Llama3_70B", gpus=8, prompt=512, metric="ttft")
    assert answer.elasticities["link"] < -0.02
    assert solve(metric="prefill.compute_time").elasticities["peak"] == pytest.approx(-1, abs=1e-6)
    assert solve(metric="max_batch").value.unit == ""


def test_what_does_not_fit_says_so():
    answer = solve(model="Llama3_70B")
    assert not answer.feasible
    assert answer.reasons[0].sentence() in answer.explain()
    assert answer.basis == answer.answer.basis


def test_a_figure_nobody_gave_is_left_out():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory=1e12, memory_bandwidth=1e12)
    assert set(solve(hardware=mine).elasticities) == {"memory_bandwidth", "peak", "memory"}
