"""Every control, at both of its ends: text and chart change together, to what the simulator says here."""

from types import ModuleType
from typing import Any

import pytest

from student import Student

CONTROLS = [
    ("A", "machine"),
    ("A", "weights"),
    ("B", "machine"),
    ("B", "batch"),
    ("B", "context"),
    ("C", "machine"),
    ("C", "weights"),
    ("C", "product"),
    ("C", "batch"),
    ("C", "distance"),
]


def expected_readings(native: ModuleType, letter: str, at: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The readings a part shows for its controls; a design that does not fit has no time to read."""
    if letter == "A":
        shared = {"weights": at["weights"], "batch": 1, "context": 512}
        return [("token_time", {"machine": machine} | shared) for machine in ("A100", at["machine"])]
    if letter == "B":
        settings = {"machine": at["machine"], "weights": "fp16", "batch": at["batch"], "context": at["context"]}
        token = [("token_time", settings)] if native.step(**settings).feasible else []
        return [*token, ("crossover", {"machine": at["machine"], "context": at["context"]})]
    settings = {name: at[name] for name in ("machine", "weights", "batch", "product")} | {"distance_km": at["distance"]}
    return [("promised", settings)] if native.verdict(**settings).fits else []


def expected_marks(native: ModuleType, letter: str, at: dict[str, Any]) -> set[tuple[object, ...]]:
    """What a part's chart draws for its controls, in ms."""
    if letter == "A":
        steps = {machine: native.step(machine, at["weights"]).decode for machine in ("A100", at["machine"])}
        return {
            (machine, term, round(1e3 * time.expected, 4))
            for machine, step in steps.items()
            for term, time in zip("012", (step.memory_time, step.compute_time, step.overhead_time), strict=True)
        }
    if letter == "B":
        step = native.step(at["machine"], batch=at["batch"], context=at["context"]).decode
        times = (step.memory_time, step.compute_time)
        return {(str(at["batch"]), f"{1e3 * time.expected:.3g}") for time in times}
    design = {name: at[name] for name in ("weights", "batch", "product")} | {"distance_km": at["distance"]}
    kept = {machine: native.verdict(machine, **design) for machine in native.CANDIDATES}
    return {
        (machine, machine == at["machine"], not found.fits, found.word, round(1e3 * found.band.expected, 4))
        for machine, found in kept.items()
    }


def drawn(student: Student, letter: str) -> set[tuple[object, ...]]:
    """The same, read from the drawing."""
    marks = student.marks(letter)
    if letter == "A":
        return {(m["row"], m["order"], round(float(m["time, ms"]), 4)) for m in marks if "term" in m}
    if letter == "B":
        # Each line is labelled by its first point; what stands on a line is a point of its own.
        points = [m for m in marks if "y" in m][-2:]
        return {(m["sequences in the batch"].replace(",", ""), f"{float(m['y'].replace(',', '')):.3g}") for m in points}
    return {
        (
            m["row"].split(",")[0],
            "yours" in m["row"],
            "too small" in m["row"],
            m["met"],
            round(float(m["expected"]), 4),
        )
        for m in marks
        if "expected" in m
    }


def move(student: Student, part: Any, name: str, value: object) -> None:
    """Move one control, as one does with a mouse or the arrow keys."""
    control = next(control for control in part.controls if control.name == name)
    if control.kind == "choice":
        student.pick(part.letter, label=control.text(value))
    else:
        student.pull(part.letter, control.label, control.values.index(value))


def test_no_control_is_left_out(lab: Any) -> None:
    assert [(part.letter, control.name) for part in lab.parts for control in part.controls] == CONTROLS


@pytest.mark.parametrize(("letter", "name"), CONTROLS)
def test_a_control_moves_text_and_chart_together(
    explorer: Student, lab: Any, native: ModuleType, letter: str, name: str
) -> None:
    part = lab.part(letter)
    at = {control.name: control.value for control in part.controls}
    explorer.reset(letter)
    if name == "distance":  # the chat's promise does not count the way
        at["product"] = "completion"
        move(explorer, part, "product", "completion")
    control = next(control for control in part.controls if control.name == name)
    seen = []
    for end in (control.values[0], control.values[-1]):
        at[name] = end
        move(explorer, part, name, end)
        expected = expected_readings(native, letter, at)
        explorer.until(
            lambda expected=expected: [(r["reading"], r["settings"]) for r in explorer.readings(letter)] == expected
        )
        marks = expected_marks(native, letter, at)
        explorer.until(lambda marks=marks: drawn(explorer, letter) == marks, seconds=3)
        for shown, (function, settings) in zip(explorer.readings(letter), expected, strict=True):
            reading = getattr(native, function)(**settings)
            assert shown["value"] == pytest.approx(reading.value, rel=1e-12)
            assert (shown["text"], shown["label"], shown["unit"]) == (reading.text, reading.label, reading.unit)
        figures = explorer.instrument(letter).locator(".reading .big").all_inner_texts()
        assert figures == [getattr(native, function)(**settings).text for function, settings in expected]
        if control.kind == "slider":
            assert explorer.panel(letter).get_by_role("slider", name=control.label).get_attribute(
                "aria-valuetext"
            ) == control.text(end)
        seen.append((explorer.text(letter), explorer.marks(letter)))
    (first_text, first_marks), (last_text, last_marks) = seen
    assert first_text != last_text
    assert first_marks != last_marks


def test_reset_puts_every_control_back(explorer: Student, lab: Any, native: ModuleType) -> None:
    part = lab.part("C")
    start = {control.name: control.value for control in part.controls}
    for control in part.controls:
        move(explorer, part, control.name, control.values[-1])
    explorer.reset("C")
    expected = expected_readings(native, "C", start)
    explorer.until(lambda: [(r["reading"], r["settings"]) for r in explorer.readings("C")] == expected)
    explorer.until(lambda: drawn(explorer, "C") == expected_marks(native, "C", start), seconds=3)


def test_a_control_leaves_the_other_parts_as_they_are(explorer: Student) -> None:
    explorer.reset("A")
    explorer.until(lambda: explorer.readings("A")[1]["settings"]["machine"] == "H100")
    kept = "lab-panel, lab-lock, lab-log, lab-finish, .reveal"
    page = explorer.page
    page.evaluate(f"document.querySelectorAll('#root :is({kept})').forEach((node) => {{ node.here = true }})")
    before = page.locator(f"#root :is({kept})").count()
    explorer.pick("A", machine="MI300X")
    explorer.until(lambda: explorer.readings("A")[1]["settings"]["machine"] == "MI300X")
    page.wait_for_function("!document.querySelector('#root .running')")
    assert before > 8
    assert (
        page.evaluate(f"[...document.querySelectorAll('#root :is({kept})')].filter((node) => node.here).length")
        == before
    )
