import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import EnergyModel, HardwareNode, ServingModel
from mlsysim.check import InvalidInput
from mlsysim.registry import Hardware, Models
from tests.mlsysim.refusals import tells

RATED = [machine for machine in Hardware if machine.tdp and "fp16" in machine.peak]


def solve(power_limit=None, **given):
    serving = ServingModel().solve(**({"model": "Llama3_8B", "hardware": "H100"} | given))
    return EnergyModel().solve(serving=serving, power_limit=power_limit)


@given(st.sampled_from(list(Models)), st.sampled_from(RATED), st.integers(1, 4096), st.sampled_from(["auto", 0.3]))
def test_a_machine_draws_no_more_than_it_is_rated_for(model, machine, batch, efficiency):
    used = solve(model=model, hardware=machine, batch=batch, efficiency=efficiency)
    for run in (used.decode, used.prefill):
        assert 0.05 * machine.tdp < run.power <= machine.tdp * (1 + 1e-9)
        assert 0 <= run.total.lower <= run.total.expected <= run.total.upper
        parts = run.arithmetic.expected + run.memory.expected + run.idle.expected
        assert run.per_token.expected * run.tokens == pytest.approx(parts)


def test_decode_spends_on_memory_and_prefill_on_arithmetic():
    used = solve()
    assert used.decode.memory.expected > 100 * used.decode.arithmetic.expected
    assert used.prefill.arithmetic.expected > used.prefill.memory.expected
    assert used.decode.per_token.expected > 10 * used.prefill.per_token.expected


def test_decode_draws_about_half_of_the_rated_power():
    """Patel et al., ASPLOS 2024: token generation of large models on A100s at about half of the rated power."""
    used = solve(model="Llama2_13B", hardware="A100", batch=4)
    assert 0.4 < used.decode.power / 400 < 0.65


def test_a_larger_batch_makes_a_token_cheaper_until_arithmetic_binds():
    tokens = [solve(batch=batch, context=128).decode.per_token.expected for batch in (1, 8, 64)]
    assert tokens == sorted(tokens, reverse=True)
    assert tokens[2] < tokens[0] / 20


def test_a_measured_server_of_eight_h200s():
    """PWR-H200-L2-70B: 6,153 W at the wall for 25,262 tokens a second, 294 in and 294 out, FP8, with the host.

    An output token comes with the prefill of an input token; both together are compared.
    """
    h200 = dataclasses.replace(Hardware.Cloud.H100, name="H200", memory=141e9, memory_bandwidth=4.8e12, passports={})
    used = solve(model="Llama2_70B", hardware=h200, batch=256, context=588, prompt=294, precision="fp8")
    token = used.decode.per_token, used.prefill.per_token
    wall = 6153 / 25262.1
    assert sum(each.lower for each in token) < wall < 2 * sum(each.upper for each in token)
    assert 0.4 < sum(each.expected for each in token) * 1.3 / wall < 1.3


def test_a_power_limit_is_a_limit():
    used = solve(power_limit="300 W")
    reason = used.reasons[-1]
    assert (reason.limit, reason.wall, reason.maximum) == ("energy", 17, 300.0)
    assert "prefill draws" in reason.sentence()
    assert reason.sentence() in used.explain()
    assert not used.feasible
    assert solve().feasible


def test_what_does_not_fit_is_told():
    assert [reason.limit for reason in solve(model="Llama3_70B").reasons] == ["memory capacity"]


def test_the_whiteboard():
    text = solve().explain()
    assert "memory" in text and "a token, between" in text and "e_D" in text


def test_memory_alone_can_draw_more_than_a_rating():
    mine = HardwareNode(name="Mine", peak={"fp16": 1e15}, memory="96 GB", memory_bandwidth="4 TB/s", tdp="100 W")
    used = solve(hardware=mine)
    assert used.decode.arithmetic.expected == 0.0
    assert not used.feasible


@pytest.mark.parametrize("value", [0, -1, "400 J", "hot", True, float("inf")], ids=str)
def test_a_power_limit_is_refused(value):
    with pytest.raises(InvalidInput) as caught:
        solve(power_limit=value)
    tells(caught.value, "power_limit")


def test_what_is_not_an_answer_is_refused():
    with pytest.raises(InvalidInput) as caught:
        EnergyModel().solve(serving="H100")
    tells(caught.value, "serving")
    with pytest.raises(InvalidInput, match="rated power of the Mine"):
        solve(hardware=HardwareNode(name="Mine", peak={"fp16": 1e15}, memory="96 GB", memory_bandwidth="4 TB/s"))
