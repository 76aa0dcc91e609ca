import mlsysim
from mlsysim.walls import WALLS


def test_there_are_22_in_order():
    assert [wall.number for wall in WALLS.values()] == list(range(1, 23))
    assert WALLS["memory capacity"][:3] == (2, "memory capacity", "Node")
    assert WALLS["communication"].number == 14
    assert WALLS["synthesis"].number == 22


def test_a_wall_with_a_solver_names_one_that_is_there():
    answered = [wall for wall in WALLS.values() if wall.solver]
    assert answered
    for wall in answered:
        assert all(hasattr(mlsysim, name) for name in wall.solver.split(", ")), wall.solver
        assert wall.equation and wall.source
