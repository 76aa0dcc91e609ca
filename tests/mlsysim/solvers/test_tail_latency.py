import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim.simulation.line import percentile, simulate_line
from mlsysim.solvers.tail_latency import TailLatencyModel
from mlsysim.solvers.two_moments import TwoMoments


def solve(**given):
    plain = {"service_time": "5 ms"} if "rate" in given else {"service_time": "5 ms", "load": 0.8}
    return TailLatencyModel().solve(**(plain | given))


def test_5_ms_at_80_percent_load_is_115_ms():
    answer = solve()
    assert answer.latency.expected == pytest.approx(0.1151, rel=1e-3)
    assert answer.mean_latency.expected == pytest.approx(0.025)
    assert answer.rate == pytest.approx(160)
    assert answer.feasible


@pytest.mark.parametrize(("servers", "variability"), [(1, 1), (4, 1), (40, 1), (1, 0), (1, 4), (4, 0.25), (8, 4)])
def test_the_closed_form_is_what_a_simulated_line_does(servers, variability):
    answer = solve(servers=servers, variability=variability)
    visits = simulate_line(TwoMoments(0.005, variability), answer.rate, servers, 80_000, seed=1)
    waits, stays = [each.wait for each in visits], [each.stay for each in visits]
    mean, exact = sum(waits) / len(waits), servers == 1 or variability == 1
    assert mean == pytest.approx(answer.mean_wait.expected, rel=0.12 if exact else 0.2)
    assert answer.mean_wait.lower * 0.9 <= mean <= answer.mean_wait.upper * 1.1
    assert sum(each > 0 for each in waits) / len(waits) == pytest.approx(answer.waiting_probability, abs=0.06)
    assert percentile(stays, 0.99) == pytest.approx(answer.latency.expected, rel=0.15)
    assert answer.latency.lower * 0.9 <= percentile(stays, 0.99) <= answer.latency.upper * 1.1


@given(st.floats(0.05, 0.95), st.integers(1, 50), st.sampled_from([0, 0.3, 1, 5]), st.floats(0.5, 0.999))
@settings(max_examples=50)
def test_bounds_and_order_hold(load, servers, variability, part):
    answer = solve(load=load, servers=servers, variability=variability, percentile=part)
    assert answer.load == pytest.approx(load)
    assert answer.wait.expected <= answer.latency.expected
    assert answer.latency.lower <= answer.latency.expected <= answer.latency.upper
    busier = solve(load=min(0.97, load + 0.02), servers=servers, variability=variability, percentile=part)
    assert busier.latency.expected >= answer.latency.expected * (1 - 1e-9)


def test_more_servers_at_the_same_load_wait_less():
    one, ten = solve(), solve(servers=10)
    assert ten.load == one.load
    assert ten.latency.expected < one.latency.expected / 4


@pytest.mark.parametrize("load", [1.0, 1.2])
def test_at_full_load_the_line_grows_without_end(load):
    answer = solve(load=load)
    assert not answer.feasible
    assert answer.latency is answer.wait is answer.mean_wait is answer.mean_latency is answer.recovery is None
    assert answer.waiting_probability == 1.0
    (reason,) = answer.reasons
    assert (reason.wall, reason.limit) == (7, "tail latency")
    assert "2 servers" in reason.mend
    assert reason.sentence() in answer.explain()
    assert solve(rate=answer.rate, servers=2).feasible


def test_a_broken_promise_names_the_servers_that_keep_it_and_no_fewer():
    given = {"rate": 3000, "promise": "26 ms", "servers": 16}
    answer = solve(**given)
    (reason,) = answer.reasons
    needed = int(reason.mend.split()[0])
    assert solve(**(given | {"servers": needed})).feasible
    assert not solve(**(given | {"servers": needed - 1})).feasible
    assert reason.value == answer.latency.expected > reason.maximum == 0.026


def test_where_no_number_of_servers_helps_it_says_so():
    (reason,) = solve(promise="10 ms").reasons
    assert reason.mend.startswith("No number of servers")


def test_cold_starts_own_the_tail_and_keeping_warm_mends_it():
    given = {"rate": 0.01, "cold_start": "30 s", "promise": "50 ms"}
    answer = solve(**given, keep_alive="5 min")
    assert answer.cold_fraction == pytest.approx(0.0498, rel=1e-2)
    assert answer.latency.expected > 30
    assert answer.mean_latency.expected == pytest.approx(0.005 + 0.0498 * 30, rel=1e-2)
    (reason,) = answer.reasons
    assert "Cold starts alone" in reason.mend
    assert "cold replica" in answer.explain()
    idle = reason.mend.split("for ")[1].removesuffix(" of idle time.").replace("min", "min")
    assert solve(**given, keep_alive=idle).feasible


def test_after_a_cold_start_of_all_the_line_takes_minutes():
    assert solve(cold_start="30 s").recovery == pytest.approx(120)


def test_recovery_is_what_a_simulated_line_does():
    """A server that starts with 30 s of work before it is idle again after 30 / (1 - load) s in all."""
    answer = solve(cold_start="30 s")
    visits = simulate_line(TwoMoments(0.005, 1), answer.rate, 1, 60_000, seed=3)
    free, idle_at = 30.0, None
    for visit in visits:
        if visit.arrived > free:
            idle_at = free
            break
        free += visit.finished - visit.started
    assert idle_at == pytest.approx(30 + answer.recovery, rel=0.1)


def test_a_share_of_cold_requests_can_be_given():
    answer = solve(cold_start="2 s", cold_fraction=0.5, percentile=0.9)
    assert answer.latency.expected > 2
    assert solve(cold_start="2 s", cold_fraction=0.001).latency.expected < 1


def test_what_was_given_is_told():
    answer = solve(servers=4)
    assert [each.symbol for each in answer.basis] == ["S", "C_s^2", "c", "lambda", "D", "q"]
    assert "Erlang C" in answer.explain()
    assert "99 % of requests" in answer.explain()
