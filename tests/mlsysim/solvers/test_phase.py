import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.check import UnknownName
from mlsysim.efficiency import resolve
from mlsysim.solvers.phase import Operator, run

amounts = st.floats(1.0, 1e15)
operators = st.lists(
    st.builds(
        lambda weights, packed, cache, activations, flops, tile: Operator(
            "any", weights, cache, activations, flops, tile, packed=weights * packed
        ),
        amounts,
        st.sampled_from([0.0, 1.0]),
        amounts,
        amounts,
        amounts,
        amounts,
    ),
    min_size=1,
    max_size=6,
).map(tuple)
ETA = resolve("auto", "gpu", cores=132.0)


@given(operators, st.integers(1, 10_000), st.floats(1e9, 1e16), st.floats(1e9, 1e14))
def test_the_iron_law_bounds_the_expected_time(steps, kernels, rate, bandwidth):
    phase = run("decode", steps, kernels, rate, bandwidth, ETA)
    terms = (phase.memory_time, phase.compute_time, phase.overhead_time)
    assert phase.time.lower == max(term.lower for term in terms)
    tail = phase.tail_time
    assert phase.time.upper == pytest.approx(sum(term.upper for term in (*terms, tail)))
    assert max(term.expected for term in terms) <= phase.time.expected * (1 + 1e-12)
    assert phase.time.expected <= sum(term.expected for term in (*terms, tail)) * (1 + 1e-12)


@given(operators, st.floats(1e9, 1e16), st.floats(1e9, 1e14))
def test_no_peak_is_exceeded(steps, rate, bandwidth):
    phase = run("decode", steps, 1, rate, bandwidth, ETA)
    for time in (phase.time.lower, phase.time.expected, phase.time.upper):
        assert phase.operations / time <= rate * (1 + 1e-12)
        assert phase.traffic / time <= bandwidth * (1 + 1e-12)


def test_one_operator_takes_the_slower_of_its_terms():
    memory_bound = run("decode", (Operator("any", 1e9, 0.0, 0.0, 1.0),), 1, 1e15, 1e12, ETA)
    assert memory_bound.bound_by == "memory bandwidth"
    assert memory_bound.time.expected == memory_bound.memory_time.expected + memory_bound.overhead_time.expected
    compute_bound = run("decode", (Operator("any", 1.0, 0.0, 0.0, 1e15),), 1, 1e15, 1e12, ETA)
    assert compute_bound.bound_by == "compute throughput"
    assert run("decode", (Operator("any", 1.0, 0.0, 0.0, 1.0),), 100, 1e15, 1e12, ETA).bound_by == "overhead"


def test_two_operators_run_one_after_the_other():
    heavy, light = Operator("heavy", 1.0, 0.0, 0.0, 1e12), Operator("light", 1e9, 0.0, 0.0, 1.0)
    both = run("decode", (heavy, light), 1, 1e15, 1e12, ETA)
    alone = [run("decode", (each,), 1, 1e15, 1e12, ETA) for each in (heavy, light)]
    working = sum(each.time.expected - each.overhead_time.expected for each in alone)
    assert both.time.expected == pytest.approx(working + both.overhead_time.expected)


def test_what_is_counted_is_told_by_kind_and_by_operator():
    phase = run("decode", (Operator("a", 1.0, 2.0, 3.0, 4.0), Operator("b", 10.0, 0.0, 0.0, 0.0)), 1, 1e3, 1e3, ETA)
    assert phase.bytes == {"weights": 11.0, "kv_cache": 2.0, "activations": 3.0}
    assert phase.flops == {"a": 4.0}
    assert (phase.traffic, phase.operations, phase.intensity, phase.ridge) == (16.0, 4.0, 0.25, 1.0)


def test_shares_are_of_the_expected_time():
    phase = run("decode", (Operator("any", 1e9, 0.0, 0.0, 1e9),), 100, 1e15, 1e12, ETA)
    assert phase.share("memory") + phase.share("overhead") == pytest.approx(1.0)
    assert 0 < phase.share("compute") < 0.01
    assert phase.share(phase.bound_by) == phase.share("memory")
    with pytest.raises(UnknownName, match="term 'fun'"):
        phase.share("fun")
