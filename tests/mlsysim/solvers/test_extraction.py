import pytest

from mlsysim import ExtractionModel
from mlsysim.check import InvalidValue

PLAIN = {"queries": 52_000, "tokens": 500, "price": "20 USD/Mtoken", "rate": 1, "worth": "1 MUSD"}


def solve(**given):
    return ExtractionModel().solve(**(PLAIN | given))


def test_it_costs_what_its_tokens_cost():
    answer = solve()
    assert answer.cost == pytest.approx(520)
    assert answer.time == 52_000
    assert answer.return_on_attack == pytest.approx(1e6 / 520)


def test_equations_need_as_many_answers_as_unknowns():
    assert solve(queries=None, unknowns=1001).queries == 1001
    assert solve(queries=None, unknowns=1001, answers=13).queries == pytest.approx(77)


def test_the_deterring_price_deters_and_a_little_less_does_not():
    price = solve().deterring_price
    assert solve(price=1.001 * price).feasible
    assert not solve(price=0.999 * price).feasible


def test_a_rate_limit_makes_it_too_late():
    slow = solve(deadline="10 h")
    assert slow.feasible
    (reason,) = solve(deadline="10 h", accounts=10).reasons
    assert "queries a second" in reason.mend
    assert (reason.wall, reason.unit) == (20, "USD")
    assert reason.sentence() in solve(deadline="10 h", accounts=10).explain()
    assert "queries a second" not in solve().reasons[0].mend
    assert {each.symbol for each in slow.basis} == {"n", "t", "p", "r", "a", "W"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("queries", None),
        ("queries", 0),
        ("queries", "many"),
        ("unknowns", 5),
        ("tokens", -1),
        ("price", "20 USD"),
        ("price", 0),
        ("rate", float("nan")),
        ("worth", "a lot"),
        ("accounts", 0.5),
        ("deadline", 0),
    ],
)
def test_it_refuses(field, value):
    with pytest.raises(InvalidValue):
        solve(**{field: value})


@pytest.mark.parametrize(("field", "value"), [("unknowns", -1), ("answers", 0)])
def test_unknowns_are_checked(field, value):
    with pytest.raises(InvalidValue) as caught:
        solve(**{"queries": None, "unknowns": 10} | {field: value})
    assert caught.value.field == field
