"""Counted together, against each sequence counted on its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.efficiency import resolve
from mlsysim.registry import machine
from mlsysim.simulation.positions import Positions
from mlsysim.simulation.steps import StepTimes
from mlsysim.solvers.serving import solve
from mlsysim.solvers.workload import workload


@given(st.lists(st.one_of(st.integers(1, 30), st.just("step"), st.just("leave")), max_size=60), st.integers(0, 20))
def test_they_are_the_sum_over_sequences(events, window):
    held, lengths = Positions(window), []
    for event in events:
        if event == "step":
            held.advance()
            lengths = [each + 1 for each in lengths]
        elif event == "leave" and lengths:
            held.leave(lengths.pop(0))
        elif event != "leave":
            held.join(event)
            lengths.append(event)
        assert held.sequences == len(lengths)
        assert held.all == sum(lengths)
        assert held.near == sum(min(each, window) for each in lengths)


@pytest.mark.parametrize("model", ["Mistral_7B_v01", "Gemma3_27B", "GPT_OSS_20B"])
@pytest.mark.parametrize("context", [64, 1024, 8192])
def test_a_step_of_a_windowed_model_is_the_closed_form(model, context):
    node, load = machine("MI300X"), workload(model, batch=8, context=context)
    steps = StepTimes(load, node, resolve("auto", "gpu"))
    held = steps.positions()
    for _ in range(8):
        held.join(context)
    assert steps.decode(held) == pytest.approx(solve(load, node).itl.expected, rel=1e-12)
