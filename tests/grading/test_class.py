"""A class of 180: what was tampered with is found, what is honest is kept, and people's decisions last."""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest

import classroom
from classroom import BROKEN, HONEST, LAB, MIX, RESIGNED, SOURCE, Handed
from labkit.grading import marks, tables
from labkit.grading.book import Gradebook, grade
from labkit.grading.intake import from_files, from_path
from labkit.grading.policy import Policy, moment


@pytest.fixture(scope="module")
def handed() -> dict[str, Handed]:
    return {each.name: each for each in classroom.handed_in()}


@pytest.fixture(scope="module")
def book(handed: dict[str, Handed]) -> Gradebook:
    return grade(from_files((each.name, each.content) for each in handed.values()), {LAB: SOURCE})


def rows(book: Gradebook, style: str = "plain") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables.write(book, style), newline="")))


def kinds(handed: dict[str, Handed], names: list[str]) -> Counter[str]:
    return Counter(handed[name.split("/")[0]].kind for name in names)


def test_every_file_is_graded_or_refused_by_name_and_reason(handed, book) -> None:
    assert len(handed) == 180
    names = [each.file for each in book.grades] + [name.split("/")[0] for name, _ in book.refused]
    assert sorted(names) == sorted(handed)
    assert all(reason for _, reason in book.refused)
    assert kinds(handed, [name for name, _ in book.refused]) == {
        kind: count for kind, count in MIX.items() if kind in (*BROKEN, "corrupt")
    }


def test_everything_tampered_with_is_found(handed, book) -> None:
    tampered = [each.file for each in book.grades if any(flag.kind == "tampered" for flag in each.flags)]
    assert kinds(handed, tampered) == {kind: MIX[kind] for kind in RESIGNED}
    assert all(each.status == "flagged" for each in book.grades if each.file in tampered)


def test_copies_are_found_on_both_sides_and_nobody_else_is_accused(handed, book) -> None:
    copies = {each.name: each.taken_from for each in handed.values() if each.kind == "copied chain"}
    copies |= {each.name: each.name for each in handed.values() if each.kind == "copied log"}
    accused = {each.file for each in book.grades if any(flag.kind == "copied" for flag in each.flags)}
    assert copies.keys() <= accused
    assert len(accused) == 2 * (MIX["copied chain"] + MIX["copied log"])
    assert {source for source in copies.values()} <= accused


def test_what_is_honest_is_kept(handed, book) -> None:
    honest = [each for each in book.current if handed[each.file].kind in HONEST]
    wronged = MIX["copied chain"] + MIX["copied log"]  # whose work was taken: a person has to see who took whose
    assert sum(each.status == "flagged" for each in honest) == wronged
    assert len(honest) == MIX["good"] + MIX["fair"] + MIX["poor"]
    assert not any(each.wrong_pins for each in honest)


def test_the_newest_of_two_exports_counts(handed, book) -> None:
    gone = {each.file: each.superseded for each in book.grades if each.superseded}
    assert gone == {each.taken_from: each.name for each in handed.values() if each.kind == "re-export"}


def test_bands_follow_what_was_written(handed, book) -> None:
    bands = {kind: Counter() for kind in ("good", "fair", "poor")}
    for each in book.grades:
        if handed[each.file].kind in bands:
            bands[handed[each.file].kind][each.band] += 1
    assert set(bands["good"]) == {(27, 30), None}
    assert set(bands["fair"]) == {(18, 22), None}
    assert set(bands["poor"]) == {(6, 12)}
    decided = sum(count for found in bands.values() for band, count in found.items() if band)
    assert decided > 0.8 * sum(map(len, ([*found.elements()] for found in bands.values())))


def test_no_score_in_a_file_is_believed(handed) -> None:
    name = next(name for name, each in handed.items() if each.kind == "good")
    document = classroom.resigned(
        classroom.json.loads(handed[name].content),
        lambda events: [event["data"].update(factor=1.0, score=1, check={}) for event in events],
    )
    (honest,) = grade(from_files([(name, handed[name].content)]), {LAB: SOURCE}).grades
    (lying,) = grade(from_files([(name, classroom.text_of(document))]), {LAB: SOURCE}).grades
    assert [each.score for each in lying.predictions] == [each.score for each in honest.predictions]
    assert lying.pre_read == honest.pre_read


def test_a_zip_and_a_folder_give_the_same(tmp_path: Path, handed, book) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    for name, each in handed.items():
        (folder / name).write_bytes(each.content)
    archive = tmp_path / "class.zip"
    archive.write_bytes(classroom.zipped({name: each.content for name, each in handed.items() if name[-4:] != ".zip"}))
    assert tables.write(grade(from_path(folder), {LAB: SOURCE})) == tables.write(book)
    zipped = rows(grade(from_path(archive), {LAB: SOURCE}))
    plain = [row for row in rows(book) if ".zip" not in row["file"]]
    ours = ("identifier", "status", "total", "band", "log_id")
    assert sorted([row[name] for name in ours] for row in zipped) == sorted(
        [row[name] for name in ours] for row in plain
    )


def test_a_persons_decision_wins_and_lasts_while_the_log_stays(handed, book) -> None:
    table = rows(book)
    first = next(row for row in table if row["status"] == "to read")
    second = next(row for row in table if row["status"] == "flagged")
    third = next(row for row in table if row["status"] == "graded" and row["band"] == "27 to 30")
    first |= {"your_numbers": "yes", "your_why": "Yes", "your_tradeoff": "no"}
    second |= {"your_points": "17.5", "your_note": "=spoke with both"}
    third |= {"your_numbers": "n"}
    out = io.StringIO()
    writer = csv.DictWriter(out, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    again = grade(
        from_files((each.name, each.content) for each in handed.values()),
        {LAB: SOURCE},
        None,
        marks.read(out.getvalue()),
    )
    found = {row["file"]: row for row in rows(again)}
    assert (found[first["file"]]["status"], found[first["file"]]["band"]) == ("graded", "18 to 22")
    assert found[second["file"]]["total"] == "17.5"
    assert found[second["file"]]["your_note"] == "'=spoke with both"
    assert found[third["file"]]["total"] == "28", "one answer of three decides nothing"
    kept = marks.read(tables.write(again))
    assert tables.write(grade(from_files((e.name, e.content) for e in handed.values()), {LAB: SOURCE}, None, kept)) == (
        tables.write(again)
    )

    name = first["file"]
    document = classroom.json.loads(handed[name].content)
    longer = {"log": document["draft"]["log"] | {"text": document["draft"]["log"]["text"] + " And more."}}
    events = [event for event in document["events"] if event["kind"] != "logged"]
    changed = classroom.text_of(classroom.resigned(document | {"draft": longer, "events": events}, lambda _: None))
    (anew,) = grade(from_files([(name, changed)]), {LAB: SOURCE}, None, kept).grades
    assert anew.status == "to read"


def test_lateness_counts_from_when_the_log_was_signed(handed) -> None:
    good = [(each.name, each.content) for each in handed.values() if each.kind == "good"]
    policy = Policy(due=moment("2026-11-20T23:59Z"), per_day=0.1, days=1)
    for each in grade(from_files(good), {LAB: SOURCE}, policy).grades:
        assert each.signed is None or each.days_late == (each.signed > policy.due)
        if each.total is not None and each.signed:
            assert each.total == pytest.approx(28 * (0.9 if each.days_late else 1.0))


def test_points_for_predictions_and_designs_are_the_courses_to_give(handed) -> None:
    good = [(each.name, each.content) for each in handed.values() if each.kind == "good"]
    found = grade(from_files(good), {LAB: SOURCE}, Policy(predictions=6, design=4))
    assert found.points == 40
    for each in found.grades:
        if each.total is not None and each.signed:
            held = sum(each.challenge.values()) / len(each.challenge)
            assert each.total == pytest.approx(28 + 6 * each.prediction_score + 4 * held, abs=0.006)


def test_tables_for_canvas_and_moodle_hold_who_has_points(book) -> None:
    points = {each.identifier: each.total for each in book.current if each.total is not None}
    canvas = rows(book, "canvas")
    assert canvas[0]["Student"].strip() == "Points Possible"
    assert canvas[0]["Vol 1 Lab 02"] == "30"
    assert {row["SIS User ID"]: float(row["Vol 1 Lab 02"]) for row in canvas[1:] if row["Vol 1 Lab 02"]} == points
    moodle = rows(book, "moodle")
    assert {row["idnumber"]: float(row["Vol 1 Lab 02"]) for row in moodle if row["Vol 1 Lab 02"]} == points
    assert all(bool(row["Vol 1 Lab 02"]) == bool(row["Vol 1 Lab 02 (feedback)"]) for row in moodle)


def test_two_chains_under_one_identifier_are_left_to_a_person(handed) -> None:
    rng = classroom.random.Random(1)
    files = [(f"{index}.json", classroom.text_of(classroom.work(rng, "s001"))) for index in range(2)]
    found = grade(from_files(files), {LAB: SOURCE})
    assert all("another chain" in each.flags[0].sentence for each in found.grades)
    assert rows(found, "moodle") == []


def test_work_begun_without_the_sections_code_is_judged_by_what_it_showed() -> None:
    document = classroom.work(classroom.random.Random(2), "s001", section="")
    document |= {"student": {"id": named("s"), "section": "B2"}}
    (found,) = grade(from_files([("a.json", classroom.text_of(document))]), {LAB: SOURCE}).grades
    assert [(flag.kind, "without the section's code" in flag.sentence) for flag in found.flags] == [("look", True)]
    assert [each.says for each in found.predictions] == list(classroom.sheet().answers({"context": 128}).values())


def test_work_in_another_students_variant_is_found() -> None:
    document = classroom.work(classroom.random.Random(2), named("s"))
    document |= {"student": {"id": named("t", other=True), "section": "B2"}}
    (found,) = grade(from_files([("a.json", classroom.text_of(document))]), {LAB: SOURCE}).grades
    assert "it was worked in the variant of another identifier or section" in [flag.sentence for flag in found.flags]
    assert found.status == "flagged"


def named(letter: str, other: bool = False) -> str:
    """An identifier whose variant is not the canonical one; with `other`, one of the third."""
    wanted = (160,) if other else (96,)
    names = (f"{letter}{number}" for number in range(100))
    return next(name for name in names if classroom.sheet().variant("B2", name)["context"] in wanted)


def test_work_that_went_on_with_a_newer_version_is_looked_at_and_not_accused() -> None:
    document = classroom.work(classroom.random.Random(2), "s001")

    def change(events: list[classroom.Document]) -> None:
        at = next(index for index, event in enumerate(events) if event["kind"] == "pinned")
        events[at]["data"].update(value=1.0, text="1 s")
        newer = {"lab_version": document["lab_version"], "simulator_version": document["simulator_version"]}
        events.insert(at + 1, {"at": events[at]["at"], "kind": "continued", "data": newer})

    older = classroom.resigned(document | {"simulator_version": "0.0.9"}, change)
    (found,) = grade(from_files([("a.json", classroom.text_of(older))]), {LAB: SOURCE}).grades
    assert {flag.kind for flag in found.flags} == {"look"}
    assert found.wrong_pins == 1
