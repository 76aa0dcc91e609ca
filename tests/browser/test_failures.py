"""Each failure state is reached by moving controls, says what broke, and is left by moving them back."""

import re
from types import ModuleType

from playwright.sync_api import expect

from student import Student


def says(student: Student, limit: str, sentence: str, *units: str) -> None:
    """The notice is the simulator's sentence, with two quantities in it: the value and its limit."""
    expect(student.failure(limit)).to_have_text(sentence)
    expect(student.failure(limit)).to_be_visible()
    for unit in units:
        assert re.search(rf"\d\s{unit}\b", sentence)
    assert len(re.findall(rf"\d\s(?:{'|'.join(units)})\b", sentence)) >= 2
    assert re.search(r"\b(would|within|or more)\b", sentence), "the notice says what would mend it"


def is_whole(student: Student) -> None:
    """No failure is left, and the last part has a reading again."""
    expect(student.page.locator(".failure")).to_have_count(0)


def test_memory_in_part_b(explorer: Student, native: ModuleType) -> None:
    explorer.reset("B")
    explorer.reset("C")
    is_whole(explorer)
    explorer.pull("B", "Context, tokens each", 9)
    explorer.pull("B", "Batch, sequences at once", 15)
    sentence = native.step("H100", batch=2048, context=8192).reasons[0].sentence()
    says(explorer, "memory", sentence, "GB", "TB")
    expect(explorer.instrument("B").locator(".reading")).to_have_count(1)
    explorer.pull("B", "Batch, sequences at once", 5)
    is_whole(explorer)
    expect(explorer.instrument("B").locator(".reading")).to_have_count(2)
    explorer.reset("B")


def test_memory_in_part_c(explorer: Student, native: ModuleType) -> None:
    explorer.reset("C")
    explorer.pick("C", machine="T4")
    sentences = dict(native.broken("T4", "fp16", 1, "chat", 150))
    says(explorer, "memory", sentences["memory"], "GB")
    assert sentences.keys() == {"memory"}  # what does not fit takes no time
    expect(explorer.instrument("C").locator(".reading")).to_have_count(0)
    explorer.pick("C", weights="8")
    is_whole(explorer)
    expect(explorer.instrument("C").locator(".reading")).to_have_count(1)
    explorer.reset("C")


def test_the_promise_in_part_c(explorer: Student, native: ModuleType) -> None:
    explorer.reset("C")
    explorer.pick("C", product="completion, 10 ms")
    ((limit, sentence),) = native.broken("A10", "fp16", 1, "completion", 150)
    assert limit == "promise"
    says(explorer, "promise", sentence, "ms")
    assert "10 ms" in sentence
    explorer.pick("C", machine="MI300X")
    is_whole(explorer)
    explorer.reset("C")


def test_distance_in_part_c(explorer: Student, native: ModuleType) -> None:
    explorer.reset("C")
    explorer.pick("C", machine="MI300X", product="completion, 10 ms")
    is_whole(explorer)
    explorer.pull("C", "Distance to the users", 4)
    ((limit, sentence),) = native.broken("MI300X", "fp16", 1, "completion", 5000)
    assert limit == "distance"
    says(explorer, "distance", sentence, "ms", "km")
    explorer.pull("C", "Distance to the users", 0)
    is_whole(explorer)
    explorer.reset("C")


def test_failures_met_are_on_record_once_each(explorer: Student) -> None:
    explorer.reset("C")
    for _ in range(2):
        explorer.pick("C", machine="T4")
        expect(explorer.failure("memory")).to_be_visible()
        explorer.reset("C")
        is_whole(explorer)
    explorer.keeps(
        lambda kept: [e["data"]["key"] for e in kept["events"] if e["kind"] == "failed"].count("C memory") == 1
    )
