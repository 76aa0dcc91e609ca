"""The course's data: every lab in one week, every name one that the simulator knows."""

from itertools import pairwise

import course
from mlsysim import Hardware
from mlsysim.walls import WALLS

BREAK = 15


def test_both_semesters_have_sixteen_weeks_and_every_lab_one_of_them() -> None:
    assert [len(each.weeks) for each in course.semesters()] == [16, 16]
    weeks = [week.lab.name for semester in course.semesters() for week in semester.weeks]
    assert sorted(weeks) == sorted(set(weeks)) == sorted(course.labs())
    assert len(weeks) == 32


def test_a_lab_that_is_here_is_planned_no_longer() -> None:
    here = {row.name for row in course.labs().values() if row.here}
    assert not here & course.planned(), "labs/catalog.toml describes these: take them out of labs/course.toml"
    assert here | course.planned() == set(course.labs())


def test_what_labs_name_is_known() -> None:
    machines = {machine.name for machine in Hardware}
    for row in course.labs().values():
        assert set(row.walls) <= set(WALLS), row.name
        assert set(row.machines) <= machines, row.name
        assert set(row.terms) <= set(course.TERMS), row.name
        assert row.question.endswith("?"), row.name


def test_every_wall_and_every_term_has_a_lab() -> None:
    rows = course.labs().values()
    assert set(WALLS) - {wall for row in rows for wall in row.walls} == set()
    assert {term for row in rows for term in row.terms} == set(course.TERMS)


def test_a_module_is_due_in_the_last_week_that_builds_it() -> None:
    first, second = course.semesters()
    due = [(week.number, each) for week in first.weeks for each in week.due if each.startswith("Module")]
    assert (2, "Module 01") in due
    assert [each for _, each in due] == [f"Module {number:02d}" for number in range(1, 9)]
    assert all(len(week.due) == 1 + (week.number % 2 == 0) for week in second.weeks)


def test_a_path_s_time_is_the_sum_of_its_steps() -> None:
    paths = {path["letter"]: path for path in course.paths()}
    assert list(paths) == ["A", "B", "C", "D", "D+", "T"]
    assert [step["number"] for step in paths["A"]["tutorials"]] == [0, 1, 2, 3, 4, 5, 7, 12]
    for path in paths.values():
        minutes = sum(step["minutes"] for step in path["tutorials"] if step["number"] not in path["home"])
        numbers = {step["number"] for step in path["tutorials"]}
        assert set(path["home"]) <= numbers
        if not path["plan"]:
            assert path["minutes"] == minutes + BREAK * bool(path["home"])
        for begins, number, _ in path["plan"]:
            assert not number or int(number) in numbers, begins
    ends = [tuple(map(int, begins.split(" to "))) for begins, _, _ in paths["D"]["plan"]]
    assert all(first[1] == second[0] for first, second in pairwise(ends))
    assert (ends[0][0], ends[-1][1]) == (0, paths["D"]["minutes"])
