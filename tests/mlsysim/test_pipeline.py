import pytest

from mlsysim.check import InvalidInput, InvalidValue, UnknownName
from mlsysim.pipeline import Callbacks, Pipeline
from mlsysim.solvers.serving import ServingModel, ServingResult
from mlsysim.solvers.tail_latency import TailLatencyModel, TailLatencyResult


def serving(hardware: str, batch: int = 8, model: str = "Llama3_8B") -> ServingResult:
    return ServingModel().solve(model=model, hardware=hardware, batch=batch)


def line(serving: ServingResult, rate: float) -> TailLatencyResult:
    return TailLatencyModel().solve(service_time=serving.itl.expected * 100, rate=rate, servers=8)


def cost(line: TailLatencyResult, price: float | None = None) -> float | None:
    return None if price is None else price / line.rate


def test_answers_flow_from_stage_to_stage():
    result = Pipeline(serving, line, cost).run(hardware="H100", rate=5, price=10.0)
    assert result["line"].service.mean == result["serving"].itl.expected * 100
    assert result["cost"] == 2.0
    assert result.feasible
    assert result.reasons == result.skipped == ()
    assert result["serving"].workload.batch == 8
    assert Pipeline(serving, line, cost).run(hardware="H100", rate=5)["cost"] is None
    with pytest.raises(UnknownName, match="stage 'lime'"):
        result["lime"]


def test_it_explains_itself_before_and_after():
    pipeline = Pipeline(serving, line, cost)
    assert pipeline.explain().splitlines() == [
        "inputs: hardware: str, batch: int, model: str, rate: float, price: float | None",
        "serving(hardware, batch, model) -> ServingResult",
        "line(serving, rate) -> TailLatencyResult",
        "cost(line, price) -> float | None",
    ]
    text = pipeline.run(hardware="H100", rate=5, price=1.0).explain()
    assert "1. serving\nLlama-3-8B on the H100" in text
    assert "Erlang C" in text
    assert text.endswith("3. cost\n0.2")


def test_callbacks_hear_of_start_and_end():
    heard = []
    callbacks = Callbacks(
        on_start=lambda stage, inputs: heard.append((stage, sorted(inputs))),
        on_end=lambda stage, answer, seconds: heard.append((stage, type(answer).__name__, seconds >= 0)),
    )
    Pipeline(serving, line, callbacks=[callbacks, Callbacks()]).run(hardware="H100", rate=5)
    assert heard == [
        ("serving", ["hardware"]),
        ("serving", "ServingResult", True),
        ("line", ["rate", "serving"]),
        ("line", "TailLatencyResult", True),
    ]


def test_an_error_is_heard_of_and_raised_with_its_stage():
    heard = []
    told = Callbacks(on_error=lambda stage, error: heard.append((stage, type(error))))
    with pytest.raises(UnknownName) as caught:
        Pipeline(serving, line, callbacks=(told, Callbacks())).run(hardware="H1000", rate=5)
    assert heard == [("serving", UnknownName)]
    assert caught.value.__notes__ == ["in stage serving of the pipeline"]


def test_after_an_infeasible_answer_nothing_is_asked():
    result = Pipeline(serving, line, cost).run(hardware="H100", rate=5, model="Llama3_70B")
    assert not result.feasible
    assert result.skipped == ("line", "cost")
    assert list(result.answers) == ["serving"]
    assert result.reasons == result["serving"].reasons
    assert result.explain().endswith("Not asked, for serving is not feasible: line, cost.")


def test_inputs_are_told_once():
    result = Pipeline(serving, line).run(hardware="H100", rate=5)
    assert len(result.basis) == len(set(result.basis)) == len(result["serving"].basis) + len(result["line"].basis)


def bare(hardware):
    return hardware


def silent(hardware: str):
    return hardware


def wants_text(serving: str) -> str:
    return serving


def other_batch(batch: float) -> float:
    return batch


def lies(hardware: str) -> float:
    return hardware


def rate(serving: ServingResult) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: Pipeline(), "at least one stage"),
        (lambda: Pipeline(3), "a function with a name"),
        (lambda: Pipeline(bare), "hardware has no annotation"),
        (lambda: Pipeline(silent), "its answer has no annotation"),
        (lambda: Pipeline(serving, wants_text), "it takes serving as str, and serving gives ServingResult"),
        (lambda: Pipeline(line, serving), "it takes serving, which comes later"),
        (lambda: Pipeline(serving, serving), "of that name before it"),
        (lambda: Pipeline(serving, line, rate), "it takes rate, which comes later"),
        (lambda: Pipeline(serving, other_batch), "a stage before it as int"),
        (lambda: Pipeline(serving, callbacks=[print]), "it must be Callbacks"),
        (lambda: Pipeline(serving).run(), "the pipeline takes it as an input"),
        (lambda: Pipeline(serving).run(hardware=3), "it must be of type str"),
        (lambda: Pipeline(serving).run(hardware="H100", batch=True), "it must be of type int"),
        (lambda: Pipeline(serving).run(hardwear="H100"), "'hardwear' is not known"),
        (lambda: Pipeline(lies).run(hardware="H100"), "it promises float"),
    ],
)
def test_a_pipeline_refuses(build, told):
    with pytest.raises(InvalidInput, match=told):
        build()


def anything(x: list[int]) -> object:
    return x


def takes_anything(anything: object, none: None = None) -> bool:
    return anything is not None


def test_types_may_be_wide():
    result = Pipeline(anything, takes_anything).run(x=[1], none=None)
    assert result["takes_anything"] is True
    assert result.feasible
    with pytest.raises(InvalidValue, match="must be of type list"):
        Pipeline(anything).run(x=(1,))
