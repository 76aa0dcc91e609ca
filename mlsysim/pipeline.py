"""Questions one after another: each stage is a function, and takes what stages before it have answered."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Union, get_args, get_origin, get_type_hints

from mlsysim.check import InvalidValue, UnknownName
from mlsysim.records import Input
from mlsysim.solvers.reason import Reason


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What is told as stages start, end and fail: a logger, a progress bar, a tracker of experiments.

    `on_start(stage, inputs)`, `on_end(stage, answer, seconds)`, `on_error(stage, error)`.
    """

    on_start: Callable[[str, Mapping[str, Any]], None] | None = None
    on_end: Callable[[str, Any, float], None] | None = None
    on_error: Callable[[str, Exception], None] | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A function, by its name, what it takes and what it gives."""

    name: str
    function: Callable[..., Any]
    takes: Mapping[str, Any]
    optional: frozenset[str]
    gives: Any


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """The answers by stage, in order; the last is infeasible where stages after it did not run."""

    answers: Mapping[str, Any]
    skipped: tuple[str, ...]

    def __getitem__(self, stage: str) -> Any:
        if stage not in self.answers:
            raise UnknownName("stage", str(stage), self.answers)
        return self.answers[stage]

    @property
    def feasible(self) -> bool:
        """Whether every stage was."""
        return all(getattr(answer, "feasible", True) for answer in self.answers.values())

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which limits were run into, of all stages."""
        return tuple(reason for answer in self.answers.values() for reason in getattr(answer, "reasons", ()))

    @property
    def basis(self) -> tuple[Input, ...]:
        """The inputs of all stages, each once."""
        return tuple(dict.fromkeys(each for answer in self.answers.values() for each in getattr(answer, "basis", ())))

    def explain(self) -> str:
        """Each stage's whiteboard under its name."""
        parts = []
        for number, (name, answer) in enumerate(self.answers.items(), 1):
            text = answer.explain() if callable(getattr(answer, "explain", None)) else repr(answer)
            parts.append(f"{number}. {name}\n{text}")
        if self.skipped:
            parts.append(f"Not asked, for {list(self.answers)[-1]} is not feasible: {', '.join(self.skipped)}.")
        return "\n\n".join(parts)


class Pipeline:
    """Stages in order, checked as a whole before any of them runs.

    A stage is a function with annotations. A parameter with the name of a stage before it takes that stage's answer,
    others are the pipeline's inputs. After an infeasible answer no stage runs.

    >>> from mlsysim.solvers.serving import ServingModel, ServingResult
    >>> from mlsysim.solvers.tail_latency import TailLatencyModel, TailLatencyResult
    >>> def serving(hardware: str) -> ServingResult:
    ...     return ServingModel().solve(model="Llama3_8B", hardware=hardware, batch=16)
    >>> def line(serving: ServingResult, rate: float) -> TailLatencyResult:
    ...     answer_time = serving.ttft.expected / 16 + 100 * serving.itl.expected
    ...     return TailLatencyModel().solve(service_time=answer_time, rate=rate, servers=16)
    >>> result = Pipeline(serving, line).run(hardware="H100", rate=12)
    >>> result.feasible, result["line"].servers
    (True, 16)
    """

    def __init__(self, *stages: Callable[..., Any], callbacks: Callbacks | Iterable[Callbacks] = ()) -> None:
        if not stages:
            raise InvalidValue("stages", stages, "a pipeline has at least one stage", "Pipeline(serving)")
        self.callbacks = (callbacks,) if isinstance(callbacks, Callbacks) else tuple(callbacks)
        for each in self.callbacks:
            if not isinstance(each, Callbacks):
                raise InvalidValue("callbacks", each, "it must be Callbacks", "Callbacks(on_end=print)")
        self.stages = tuple(map(_stage, stages))
        self.inputs = _connected(self.stages)

    def run(self, **inputs: Any) -> PipelineResult:
        """All stages, with what they take from outside."""
        self._check(inputs)
        answers: dict[str, Any] = {}
        for position, stage in enumerate(self.stages):
            known = {**inputs, **answers}
            answers[stage.name] = self._answer(stage, {name: known[name] for name in stage.takes if name in known})
            if not getattr(answers[stage.name], "feasible", True):
                return PipelineResult(answers, tuple(each.name for each in self.stages[position + 1 :]))
        return PipelineResult(answers, ())

    def explain(self) -> str:
        """What goes in, and which stage takes what from which."""
        lines = [f"inputs: {', '.join(f'{name}: {_named(kind)}' for name, kind in self.inputs.items())}"]
        for stage in self.stages:
            lines.append(f"{stage.name}({', '.join(stage.takes)}) -> {_named(stage.gives)}")
        return "\n".join(lines)

    def _answer(self, stage: Stage, taken: Mapping[str, Any]) -> Any:
        for each in self.callbacks:
            if each.on_start:
                each.on_start(stage.name, taken)
        started = perf_counter()
        try:
            answer = stage.function(**taken)
            if not _is(answer, stage.gives):
                raise InvalidValue(
                    stage.name, answer, f"it promises {_named(stage.gives)}", f"-> {type(answer).__name__}"
                )
        except Exception as error:
            error.add_note(f"in stage {stage.name} of the pipeline")
            for each in self.callbacks:
                if each.on_error:
                    each.on_error(stage.name, error)
            raise
        seconds = perf_counter() - started
        for each in self.callbacks:
            if each.on_end:
                each.on_end(stage.name, answer, seconds)
        return answer

    def _check(self, inputs: Mapping[str, Any]) -> None:
        needed = {name for stage in self.stages for name in stage.takes if name not in stage.optional}
        for name, value in inputs.items():
            if name not in self.inputs:
                raise UnknownName("input", name, self.inputs or ["none"])
            if not _is(value, self.inputs[name]):
                rule = f"it must be of type {_named(self.inputs[name])}"
                raise InvalidValue(name, value, rule, f"{name}: {_named(self.inputs[name])}")
        for name in self.inputs:
            if name in needed and name not in inputs:
                raise InvalidValue(name, None, "the pipeline takes it as an input", f"run({name}=...)")


def _stage(function: Callable[..., Any]) -> Stage:
    name = getattr(function, "__name__", "")
    if not callable(function) or not name:
        raise InvalidValue("stage", function, "it must be a function with a name", "def serving(hardware: str) -> ...")
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters
    for parameter in (*parameters, "return"):
        if parameter not in hints:
            rule = f"{'its answer' if parameter == 'return' else parameter} has no annotation"
            raise InvalidValue("stage", name, rule, f"def {name}(hardware: str) -> ServingResult")
    optional = frozenset(key for key, each in parameters.items() if each.default is not inspect.Parameter.empty)
    return Stage(name, function, {key: hints[key] for key in parameters}, optional, hints["return"])


def _connected(stages: tuple[Stage, ...]) -> dict[str, Any]:
    """What the stages take from outside, after a check that each fits the ones before it."""
    given: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    names = [stage.name for stage in stages]
    for position, stage in enumerate(stages):
        if stage.name in given:
            raise InvalidValue("stage", stage.name, "there is a stage of that name before it", "another name")
        for name, kind in stage.takes.items():
            if name in names[position:]:
                raise InvalidValue("stage", stage.name, f"it takes {name}, which comes later", f"Pipeline({name}, ...)")
            if name in given and not _fits(given[name], kind):
                rule = f"it takes {name} as {_named(kind)}, and {name} gives {_named(given[name])}"
                raise InvalidValue("stage", stage.name, rule, f"{name}: {_named(given[name])}")
            if name in inputs and inputs[name] != kind:
                rule = f"it takes {name} as {_named(kind)}, a stage before it as {_named(inputs[name])}"
                raise InvalidValue("stage", stage.name, rule, f"{name}: {_named(inputs[name])}")
            if name not in given:
                inputs[name] = kind
        given[stage.name] = stage.gives
    return inputs


def _kinds(kind: Any) -> tuple[Any, ...]:
    """The classes that a type is made of."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(each for part in get_args(kind) for each in _kinds(part))
    return (get_origin(kind) or kind,)


def _fits(given: Any, taken: Any) -> bool:
    if taken is Any or given is Any:
        return True
    return all(any(_isa(one, other) for other in _kinds(taken)) for one in _kinds(given))


def _is(value: Any, kind: Any) -> bool:
    return kind is Any or any(_isa(type(value), each) for each in _kinds(kind))


def _isa(one: Any, other: Any) -> bool:
    """Whether a class is another; a whole number is a number, and None is None."""
    if other is None:
        other = type(None)
    if one is bool:
        return other in (bool, object)
    return issubclass(one or type(None), (int, float) if other is float else other)


def _named(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")
