import pytest

from mlsysim import DistributedModel, Parallelism, Rented, TrainingRunModel
from mlsysim.check import InvalidValue, UnknownName

STEP = DistributedModel().solve(
    model="Llama3_8B", fabric="DGX H100", gpus=64, global_batch=512, parallelism=Parallelism(dp=64, zero=3)
)


def solve(**given):
    return TrainingRunModel().solve(STEP, **({"tokens": 1e12} | given))


def test_llama_3_405b_took_as_many_gpu_hours():
    """30.84 million H100 hours for 15.6e12 tokens (arXiv 2407.21783 and the model's card), none of it fitted here."""
    plan = Parallelism(tp=8, pp=16, dp=128, zero=1, schedule="interleaved", interleave=8)
    step = DistributedModel().solve(
        model="Llama-3.1-405B", fabric="DGX H100", gpus=16384, global_batch=2048, context=8192, parallelism=plan
    )
    answer = TrainingRunModel().solve(step, tokens=15.6e12)
    assert answer.gpu_hours.lower < 30.84e6 < answer.gpu_hours.upper
    assert answer.gpu_hours.expected == pytest.approx(30.84e6, rel=0.15)


def test_it_is_tokens_over_speed_over_what_failures_leave():
    answer = solve()
    work = 1e12 / STEP.throughput.expected
    assert answer.time.expected == pytest.approx(work / answer.reliability.goodput.expected)
    assert answer.time.lower < work < answer.time.upper
    assert answer.cost.expected == pytest.approx(answer.bill.rate.expected * 64 * answer.time.expected)
    assert solve(tokens=2e12).cost.expected == pytest.approx(2 * answer.cost.expected)


def test_a_spot_price_pays_for_interruptions():
    spot, plain = (solve(terms=Rented(plan, price="1 USD/h")) for plan in ("spot", "on-demand"))
    assert spot.useful.expected < plain.useful.expected
    assert spot.time.expected > plain.time.expected
    assert spot.cost.expected > plain.cost.expected


def test_what_does_not_fit_and_what_is_shown():
    large = DistributedModel().solve(
        model="Llama3_70B", fabric="DGX H100", gpus=8, global_batch=8, parallelism=Parallelism(dp=8)
    )
    answer = TrainingRunModel().solve(large, tokens=1e12)
    assert not answer.feasible
    assert answer.reasons[0].sentence() in answer.explain()
    assert "GPU hours" in solve().explain()
    assert {"D", "R", "k", "r"} <= {each.symbol for each in solve().basis}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tokens", 0),
        ("tokens", "15T"),
        ("tokens", float("nan")),
        ("terms", "borrowed"),
        ("write", "1 GB"),
        ("restart", -1),
        ("failures", "none"),
    ],
)
def test_it_refuses(field, value):
    with pytest.raises((InvalidValue, UnknownName)):
        solve(**{field: value})


def test_a_step_is_an_answer_and_a_machine_has_a_price():
    with pytest.raises(InvalidValue, match="an answer of DistributedModel"):
        TrainingRunModel().solve("a step", tokens=1e12)
    amd = DistributedModel().solve(
        model="Llama3_8B", fabric="8x MI300X", gpus=64, global_batch=512, parallelism=Parallelism(dp=64)
    )
    with pytest.raises(InvalidValue, match="no reserved price of the MI300X"):
        TrainingRunModel().solve(amd, tokens=1e12, terms="reserved")
