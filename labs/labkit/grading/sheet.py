"""A lab's answer sheet, out of its notebook and without marimo.

A notebook without its cells is a module: the setup block, its functions and its classes. That half knows the locks, the
answers, the readings and what a design of part C has to hold. It is taken from the source, so that a grader needs no
notebook runtime, neither on a command line nor in a page.
"""

import ast
import json
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from labkit import variants
from labkit.plan import Assumption, Lock, Varied
from labkit.reading import Reading
from labkit.submission import reading_of

Pin = Mapping[str, Any]
Variant = Mapping[str, Any]


class Sheet:
    """What grading asks of one lab.

    Parameters
    ----------
    name : path of the lab below labs/
    source : text of its notebook

    Raises
    ------
    ValueError : the source is no notebook, or its pure half does not run
    """

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        tree = ast.parse(source)
        self.version = _version(tree)
        half = _pure_half(tree)
        self._defined = _run(half, name)
        self.locks = tuple(value for value in self._defined.values() if isinstance(value, Lock))
        self._varied: Mapping[str, Varied] = self._defined.get("VARIANTS", {})
        self.alternatives: variants.Alternatives = {name: one.values for name, one in self._varied.items()}
        self._functions: dict[str, Callable[..., object]] = {
            node.name: self._defined[node.name] for node in half if isinstance(node, ast.FunctionDef)
        }
        self._readings: dict[str, Reading | None] = {}
        self._answers: dict[str, Any] = {}

    def variant(self, section: str, identifier: str) -> dict[str, Any]:
        """The alternatives that a student was given."""
        return variants.choose(self.name, self.alternatives, section, identifier)

    def question(self, lock: Lock, variant: Variant) -> str:
        """What a lock asks in a variant."""
        return lock.question.format(**{name: one.text(variant[name]) for name, one in self._varied.items()})

    def answers(self, variant: Variant) -> Mapping[str, float | str]:
        """What the simulator says to each lock, in its unit, or which of its choices is right."""
        found: Mapping[str, float | str] = self._told("answers", variant)
        return found

    def assumptions(self, variant: Variant) -> Mapping[str, Sequence[Assumption]]:
        """The answers that wrong assumptions lead to, by lock."""
        found: Mapping[str, Sequence[Assumption]] = {}
        if "assumptions" in self._functions:
            found = self._told("assumptions", variant)
        return found

    def challenge(self, designs: Sequence[Pin], variant: Variant) -> Mapping[str, bool]:
        """What part C asks for, each with whether one of the designs that were read off holds it."""
        if "challenge" not in self._functions:
            return {}
        found = self._functions["challenge"](designs, **variant)
        return {sentence: bool(held) for sentence, held in found.items()}  # type: ignore[attr-defined]

    def reading(self, pin: Pin) -> Reading | None:
        """What the simulator makes of a pin's settings; None where it makes nothing of them."""
        key = json.dumps([pin.get("reading"), pin.get("settings")], sort_keys=True)
        if key not in self._readings:
            self._readings[key] = reading_of(pin, self._functions)
        return self._readings[key]

    def _told(self, function: str, variant: Variant) -> Any:
        key = f"{function} {json.dumps(variant, sort_keys=True)}"
        if key not in self._answers:
            self._answers[key] = self._functions[function](**variant)
        return self._answers[key]


def _pure_half(tree: ast.Module) -> list[ast.stmt]:
    """Setup block, functions and classes, with marimo's decorators taken off and what only cells need left out."""
    kept: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.With) and _of_app(node.items[0].context_expr, "setup"):
            kept += node.body
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            marks = [_of_app(mark, "function") or _of_app(mark, "class_definition") for mark in node.decorator_list]
            if any(marks):
                node.decorator_list = [mark for mark, own in zip(node.decorator_list, marks, strict=True) if not own]
                kept.append(node)
    used = {node.id for statement in kept for node in ast.walk(statement) if isinstance(node, ast.Name)}
    for statement in kept:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement.names = [name for name in statement.names if (name.asname or name.name) in used]
    return [node for node in kept if not isinstance(node, ast.Import | ast.ImportFrom) or node.names]


def _of_app(node: ast.expr, attribute: str) -> bool:
    """Whether an expression is `app.<attribute>`, called or not."""
    node = node.func if isinstance(node, ast.Call) else node
    return isinstance(node, ast.Attribute) and node.attr == attribute and getattr(node.value, "id", "") == "app"


def _run(body: list[ast.stmt], name: str) -> dict[str, Any]:
    if not body:
        raise ValueError(f"{name} is no lab's notebook: it has no setup block and no functions")
    module = ModuleType(name.replace("/", "."))
    exec(compile(ast.Module(body, []), f"{name}.py", "exec"), module.__dict__)
    return vars(module)


def _version(tree: ast.Module) -> str:
    """The version that the notebook's `Lab(…)` declares."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Lab":
            for keyword in node.keywords:
                if keyword.arg == "version" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return ""
