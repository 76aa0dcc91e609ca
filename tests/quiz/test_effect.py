"""Effect sizes against closed forms, and their intervals against what many samples say."""

import random
from math import erf, sqrt
from statistics import fmean, quantiles, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.quiz.effect import d_paired, d_pooled, noncentrality, normalised_gain, t_probability

SCORES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=40)
QUIETLY = settings(deadline=None, max_examples=30)


def split(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [a for a, _ in pairs], [b for _, b in pairs]


@QUIETLY
@given(SCORES)
def test_d_is_the_gain_in_deviations(pairs) -> None:
    before, after = split(pairs)
    gains = [b - a for a, b in pairs]
    if stdev(gains) == 0:
        assert d_pooled(before, after) is d_paired(before, after) is None
        return
    pooled, paired = d_pooled(before, after), d_paired(before, after)
    assert (pooled.value, paired.value) == pytest.approx(plainly(pairs))
    for each in (paired, pooled):
        assert each.lower < each.value < each.upper or each.value == pytest.approx(0, abs=1e-12)


@QUIETLY
@given(SCORES, st.integers(-3, 3))
def test_a_gain_is_the_same_at_any_level_and_turns_its_sign(pairs, shift: int) -> None:
    before, after = split(pairs)
    one = d_pooled(before, after)
    if one is None:
        return
    moved = d_pooled([each + shift for each in before], [each + shift for each in after])
    turned = d_pooled(after, before)
    assert moved == pytest.approx(one, abs=1e-5)
    assert turned == pytest.approx((-one.value, -one.upper, -one.lower), abs=1e-5)


def test_a_known_sample() -> None:
    """Means 5 and 8, deviations 2 and 2: d is 1.5. Gains 3 with a deviation of 1: 3."""
    before = [3, 5, 7]
    assert d_pooled(before, [6, 8, 10]) is None
    after = [7, 7, 10]
    assert d_pooled(before, after).value == pytest.approx(3 / sqrt((4 + 3) / 2))
    assert d_paired(before, after).value == pytest.approx(3)


@pytest.mark.parametrize(
    ("t", "freedom", "probability"),
    [(12.7062, 1, 0.975), (4.3027, 2, 0.975), (2.5706, 5, 0.975), (1.9840, 100, 0.975), (3.7469, 4, 0.99)],
)
def test_the_central_distribution_is_the_tabulated_one(t: float, freedom: int, probability: float) -> None:
    assert t_probability(t, freedom) == pytest.approx(probability, abs=2e-6)
    assert t_probability(-t, freedom) == pytest.approx(1 - probability, abs=2e-6)


@QUIETLY
@given(st.floats(-6, 6), st.integers(1, 60), st.floats(-6, 6))
def test_at_zero_it_is_the_normal_distribution_and_elsewhere_a_mirror(t: float, freedom: int, delta: float) -> None:
    assert t_probability(0.0, freedom, delta) == pytest.approx((1 + erf(-delta / sqrt(2))) / 2, abs=1e-6)
    assert t_probability(t, freedom, delta) == pytest.approx(1 - t_probability(-t, freedom, -delta), abs=1e-6)


def test_the_noncentral_distribution_is_what_drawing_says() -> None:
    rng = random.Random(5)
    freedom, delta, t, draws = 6, 1.5, 2.0, 40_000
    below = sum(rng.gauss(delta) / sqrt(rng.gammavariate(freedom / 2, 2) / freedom) < t for _ in range(draws))
    assert below / draws == pytest.approx(t_probability(t, freedom, delta), abs=4 * 0.5 / sqrt(draws))


@QUIETLY
@given(st.floats(-8, 30), st.integers(2, 179), st.sampled_from([0.025, 0.5, 0.975]))
def test_the_noncentrality_is_found(t: float, freedom: int, probability: float) -> None:
    assert t_probability(t, freedom, noncentrality(t, freedom, probability)) == pytest.approx(probability, abs=1e-6)


def plainly(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Both effect sizes, by their definitions."""
    before, after = split(pairs)
    gains = [b - a for a, b in pairs]
    return fmean(gains) / sqrt((stdev(before) ** 2 + stdev(after) ** 2) / 2), fmean(gains) / stdev(gains)


def test_the_intervals_are_near_a_bootstrap_of_a_large_class() -> None:
    rng = random.Random(11)
    levels = [rng.gauss(6, 2) for _ in range(150)]
    people = [(level + rng.gauss(0, 1.2), level + 2.0 + rng.gauss(0, 1.2)) for level in levels]
    drawn = [plainly(rng.choices(people, k=len(people))) for _ in range(600)]
    for effect, values in zip((d_pooled, d_paired), zip(*drawn, strict=True), strict=True):
        found, cuts = effect(*split(people)), quantiles(values, n=40)
        width = found.upper - found.lower
        assert cuts[-1] - cuts[0] == pytest.approx(width, rel=0.25)
        assert (cuts[0], cuts[-1]) == pytest.approx((found.lower, found.upper), abs=0.2 * width)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Scores with deviation 2 in both sittings, correlated by 0.5, and a gain of 2: d is 1 both ways."""
    rng = random.Random(3)
    held = {d_pooled: 0, d_paired: 0}
    for _ in range(120):
        levels = [rng.gauss(0, sqrt(2)) for _ in range(12)]
        before = [6 + each + rng.gauss(0, sqrt(2)) for each in levels]
        after = [8 + each + rng.gauss(0, sqrt(2)) for each in levels]
        for effect in held:
            found = effect(before, after)
            held[effect] += found.lower <= 1 <= found.upper
    for count in held.values():
        assert 0.88 <= count / 120 <= 0.99


@given(st.floats(0, 11.9), st.floats(0, 12))
def test_the_normalised_gain_is_a_share_of_what_was_left(before: float, after: float) -> None:
    gain = normalised_gain(before, after, 12)
    assert gain <= 1 + 1e-12
    assert before + gain * (12 - before) == pytest.approx(after, abs=1e-9)


def test_nothing_left_to_gain() -> None:
    assert normalised_gain(12, 12, 12) is None


def test_too_few_people_have_no_effect_size() -> None:
    assert d_paired([3], [5]) is d_pooled([3], [5]) is None
