import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import ReasoningModel, Rented, Requests
from mlsysim.check import InvalidInput
from tests.mlsysim.refusals import tells

STREAM = Requests(rate=170, prompt=1024, output=256)


def solve(**given):
    return ReasoningModel().solve(**({"model": "Llama3_8B", "hardware": "H100", "requests": STREAM} | given))


def test_the_tutorial_s_1_2_and_9_1_million_dollars():
    """Llama-3-8B on H100s at 3.20 USD an hour, busy 60 %, batch 16; 170 requests a second, 1,024 in and 256 out."""
    bill = solve(steps=8)
    assert bill.plain.bill.total.expected == pytest.approx(1.2e6, rel=0.02)
    assert bill.thinking.bill.total.expected == pytest.approx(9.1e6, rel=0.02)
    assert bill.ratio == pytest.approx(7.6, rel=0.02)


def test_the_prompt_is_paid_once_and_a_longer_context_makes_each_token_dearer():
    bill = solve(steps=8)
    assert bill.thinking.prefill == bill.plain.prefill
    assert bill.thinking.decode > 8 * bill.plain.decode
    # With nothing to read, only the growth of the context is left: more than eight times.
    assert solve(steps=8, requests=Requests(170, 1, 256)).ratio > 8
    assert solve(steps=8, requests=Requests(170, 4096, 64)).ratio < 4


@given(st.integers(1, 24), st.integers(1, 64), st.sampled_from(["H100", "MI300X", "A100"]))
def test_the_bill_grows_with_every_step(steps, batch, machine):
    less = solve(steps=steps, batch=batch, hardware=machine)
    more = solve(steps=steps + 1, batch=batch, hardware=machine)
    assert more.ratio > less.ratio >= 1.0
    assert more.thinking.machines >= less.thinking.machines
    assert solve(steps=1, batch=batch, hardware=machine).ratio == 1.0


def test_a_fleet_is_whole_machines_that_are_busy_part_of_the_time():
    plain = solve().plain
    assert plain.machines - 1 < 170 * plain.busy / 0.6 <= plain.machines
    assert plain.bill.total.expected == pytest.approx(plain.machines * 8760 * 3.20)


def test_what_does_not_fit_is_told():
    bill = solve(batch=512, steps=24)
    assert [reason.limit for reason in bill.reasons] == ["memory capacity"]
    assert bill.reasons[0].sentence() in bill.explain()
    assert not bill.feasible


def test_the_whiteboard():
    text = solve(steps=8, terms=Rented(price="2 USD/h")).explain()
    assert "K = 8" in text and "prefill" in text and "machines" in text and "given as price=" in text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"requests": 170}, "requests"),
        ({"requests": Requests(0, 1024, 256)}, "rate"),
        ({"requests": Requests(float("nan"), 1024, 256)}, "rate"),
        ({"requests": Requests(170, 0, 256)}, "prompt"),
        ({"requests": Requests(170, 1024, 2.5)}, "output"),
        ({"steps": 0}, "steps"),
        ({"steps": True}, "steps"),
        ({"steps": 100}, "context"),
        ({"batch": 0}, "batch"),
        ({"utilization": 0}, "utilization"),
        ({"utilization": 2}, "utilization"),
        ({"terms": "gift"}, "terms"),
        ({"model": "H100"}, "model"),
        ({"hardware": "Llama3_8B"}, "hardware"),
        ({"precision": "fp99"}, "precision"),
    ],
    ids=str,
)
def test_reasoning_refuses(given, field):
    with pytest.raises(InvalidInput) as caught:
        solve(**given)
    tells(caught.value, field)
