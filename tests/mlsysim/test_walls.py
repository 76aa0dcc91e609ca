import pytest

import mlsysim
from mlsysim.walls import WALLS


def test_there_are_22_in_order():
    assert [wall.number for wall in WALLS.values()] == list(range(1, 23))
    assert WALLS["memory capacity"][:3] == (2, "memory capacity", "Node")
    assert WALLS["communication"].number == 14
    assert WALLS["synthesis"].number == 22


@pytest.mark.parametrize("wall", WALLS.values(), ids=lambda wall: wall.name)
def test_each_has_an_equation_a_solver_that_is_there_and_a_source(wall):
    assert all(hasattr(mlsysim, name) for name in wall.solver.split(", ")), wall.solver
    assert wall.equation and wall.source
