from hypothesis import given
from hypothesis import strategies as st

from mlsysim.solvers.reason import Reason, write_enough
from mlsysim.units import parse_quantity


@given(st.floats(1.0, 1e17))
def test_enough_is_enough_and_not_much_more(value):
    assert value <= parse_quantity(write_enough(value, "B"))[0] <= value * 1.011


def test_a_limit_that_is_no_wall_has_no_number():
    plain = {"verdict": "No.", "subject": "It is so.", "value": 2.0, "maximum": 1.0, "unit": "s", "mend": "Wait."}
    assert Reason(**plain, limit="overhead", wall=None).sentence() == "No. It is so. Overhead binds. Wait."
    memory = Reason(**plain, limit="memory capacity", wall=2)
    assert memory.sentence() == "No. It is so. Memory capacity binds (wall 2). Wait."
