"""Closed forms against a fleet that fails, saves and restarts event by event, and against each other."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim.physics import reliability

times = st.floats(1.0, 1e5)


def play(interval, write, restart, mtbf, segments, seed):
    """A fleet, event by event: seconds of work kept, of writing, of work lost, of restarting."""
    random, spent = Random(seed), {"work": 0.0, "writing": 0.0, "lost": 0.0, "restarting": 0.0}
    done, failing = 0, random.expovariate(1 / mtbf)
    while done < segments:
        if failing > interval + write:
            failing -= interval + write
            spent["work"] += interval
            spent["writing"] += write
            done += 1
            continue
        spent["lost"] += failing
        failing = random.expovariate(1 / mtbf)
        while failing < restart:
            spent["restarting"] += failing
            failing = random.expovariate(1 / mtbf)
        spent["restarting"] += restart
        failing -= restart
    return spent


@pytest.mark.parametrize(
    ("interval", "write", "restart", "mtbf"),
    [(1600, 120, 600, 11000), (5000, 120, 600, 11000), (300, 30, 900, 3600), (3600, 600, 1800, 7200)],
)
def test_shares_are_those_of_a_fleet_played_event_by_event(interval, write, restart, mtbf):
    spent = play(interval, write, restart, mtbf, 40_000, seed=11)
    total = sum(spent.values())
    closed = {
        "work": reliability.goodput(interval, write, restart, mtbf),
        "writing": reliability.write_fraction(interval, write, restart, mtbf),
        "lost": reliability.lost_fraction(interval, write, restart, mtbf),
        "restarting": reliability.restart_fraction(restart, mtbf),
    }
    assert sum(closed.values()) == pytest.approx(1.0)
    for name, share in closed.items():
        assert share == pytest.approx(spent[name] / total, abs=0.004), name


@given(times, times, times, times)
def test_shares_are_shares(interval, write, restart, mtbf):
    if interval + write + restart > 500 * mtbf:
        return
    shares = [
        reliability.goodput(interval, write, restart, mtbf),
        reliability.write_fraction(interval, write, restart, mtbf),
        reliability.lost_fraction(interval, write, restart, mtbf),
        reliability.restart_fraction(restart, mtbf),
    ]
    assert all(-1e-12 <= share <= 1 for share in shares)
    assert sum(shares) == pytest.approx(1.0)


@given(st.floats(1.0, 1e3), st.floats(1e4, 1e7))
def test_daly_loses_no_more_than_young_and_nearly_nothing_against_the_best(write, mtbf):
    daly = reliability.goodput(reliability.daly_interval(write, mtbf), write, 0.0, mtbf)
    young = reliability.goodput(reliability.young_interval(write, mtbf), write, 0.0, mtbf)
    around = [reliability.young_interval(write, mtbf) * 2 ** (step / 20) for step in range(-40, 41)]
    best = max(reliability.goodput(each, write, 0.0, mtbf) for each in around)
    assert daly >= young - 1e-9
    assert daly >= best * 0.9999


def test_where_failures_are_rare_goodput_is_one_minus_three_small_shares():
    interval, write, restart, mtbf = 3600.0, 60.0, 600.0, 1e7
    simple = 1 - write / (interval + write) - (interval + write) / (2 * mtbf) - restart / mtbf
    assert reliability.goodput(interval, write, restart, mtbf) == pytest.approx(simple, abs=1e-5)


def test_checkpoints_longer_than_failures_are_far_apart():
    assert reliability.daly_interval(100.0, 50.0) == 50.0


@given(st.floats(0.5, 1.0), st.integers(1, 200))
def test_all_up_is_enough_up_with_none_to_spare(availability, machines):
    alone = reliability.enough_up(availability, machines, machines)
    assert alone == pytest.approx(reliability.all_up(availability, machines))
    assert reliability.enough_up(availability, machines, 0) == pytest.approx(1.0)


def test_spares_are_those_of_a_workshop_played_out():
    random, failed, spares = Random(3), 3.0, 5
    # Repairs take one unit of time; failures come `failed` times in each.
    clock, repaired, busy, enough = 0.0, [], 0.0, 0.0
    for _ in range(60_000):
        step = random.expovariate(failed)
        end = clock + step
        while clock < end:
            repaired = [each for each in repaired if each > clock]
            until = min([*repaired, end])
            enough += (until - clock) * (len(repaired) <= spares)
            busy += until - clock
            clock = until
        repaired.append(clock + 1.0)
    assert reliability.spares_suffice(failed, spares) == pytest.approx(enough / busy, abs=0.01)


def test_numbers_people_know():
    assert reliability.all_up(0.999, 1000) == pytest.approx(0.368, abs=0.001)
    assert reliability.mtbf_of_many(16384 * 54 * 24 / 419, 16384) == pytest.approx(3.09, abs=0.01)
    # 6.50 failures in 1,000 node-days, 2,048 nodes: Kokolis et al. 2024 project 1.8 h.
    assert reliability.mtbf_of_many(1000 * 24 / 6.50, 2048) == pytest.approx(1.8, abs=0.01)


@given(st.floats(1e18, 1e27), st.integers(1, 10**5), st.floats(0.1, 1), st.floats(0.1, 1), st.floats(0.1, 1))
def test_the_iron_law_is_a_product(operations, gpus, mfu, scaling, goodput):
    time = reliability.fleet_time(operations, gpus, 1e15, mfu, scaling, goodput)
    assert time * gpus * 1e15 * mfu * scaling * goodput == pytest.approx(operations)
    assert reliability.fleet_time(operations, 2 * gpus, 1e15, mfu, scaling, goodput) == pytest.approx(time / 2)
