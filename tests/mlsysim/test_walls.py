from mlsysim.walls import WALLS


def test_there_are_22_in_order():
    assert [wall.number for wall in WALLS.values()] == list(range(1, 23))
    assert WALLS["memory capacity"] == (2, "memory capacity", "Node")
    assert WALLS["communication"].number == 14
    assert WALLS["synthesis"].number == 22
