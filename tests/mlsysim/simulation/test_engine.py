"""The engine against conservation laws and against the closed forms of a line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim.efficiency import resolve
from mlsysim.registry import machine
from mlsysim.simulation.engine import Request, serve_continuous, serve_static
from mlsysim.simulation.steps import StepTimes
from mlsysim.solvers.stream import StreamModel
from mlsysim.solvers.tail_latency import TailLatencyModel
from mlsysim.solvers.workload import workload

H100 = machine("H100")
STEPS = StepTimes(workload("Llama3_8B"), H100, resolve("auto", "gpu", cores=H100.cores))
streams = st.lists(st.tuples(st.floats(0, 2), st.integers(1, 600), st.integers(1, 40)), min_size=1, max_size=40).map(
    lambda rows: [Request(*row) for row in sorted(rows)]
)
policies = st.sampled_from(["static", "continuous", "chunked"])


def serve(policy, requests, slots, tokens=10**6, steps=STEPS):
    room = steps.load.sequence_kv(tokens)
    if policy == "static":
        return serve_static(requests, steps, slots, room)
    return serve_continuous(requests, steps, slots, room, 128 if policy == "chunked" else None)


def alike(sequences, length, steps=STEPS):
    held = steps.positions()
    for _ in range(sequences):
        held.join(length)
    return held


@given(streams, policies, st.integers(1, 16), st.integers(640, 5000))
@settings(max_examples=80)
def test_nothing_is_lost_and_nothing_is_made(requests, policy, slots, tokens):
    record = serve(policy, requests, slots, tokens)
    everyone = set(range(len(requests)))
    assert set(record.first) == set(record.finished) == everyone
    assert record.tokens == sum(each.output for each in requests)
    assert sum(times for _, times in record.gaps) == sum(each.output - 1 for each in requests)
    assert record.most_reserved <= STEPS.load.sequence_kv(tokens)
    end = max(record.finished.values())
    assert record.busy <= end * (1 + 1e-12)
    for each in everyone:
        assert requests[each].arrived < record.first[each] <= record.finished[each]
        assert (record.first[each] == record.finished[each]) == (requests[each].output == 1)
    # Every gap belongs to someone: together they are the time between first and last tokens.
    spans = sum(record.finished[each] - record.first[each] for each in everyone)
    assert sum(gap * times for gap, times in record.gaps) == pytest.approx(spans, rel=1e-9, abs=1e-12)


@given(streams, policies, st.integers(1, 16))
@settings(max_examples=40)
def test_little_holds(requests, policy, slots):
    """Requests in the system, counted event by event, are arrivals a second times their mean stay."""
    record = serve(policy, requests, slots)
    events = sorted(
        [(each.arrived, 1) for each in requests] + [(when, -1) for when in record.finished.values()],
        key=lambda event: (event[0], -event[1]),
    )
    area, inside, since = 0.0, 0, 0.0
    for when, change in events:
        area += inside * (when - since)
        inside, since = inside + change, when
    stay = sum(record.finished[each] - request.arrived for each, request in enumerate(requests)) / len(requests)
    assert inside == 0
    assert area / since == pytest.approx(len(requests) / since * stay, rel=1e-9)


@given(streams, st.integers(1, 8))
@settings(max_examples=20)
def test_never_more_run_than_there_are_places(requests, slots):
    record = serve("continuous", requests, slots)
    events = sorted([(when, 1) for when in record.first.values()] + [(when, -1) for when in record.finished.values()])
    running = 0
    for _, change in events:
        running += change
        assert running <= slots


@pytest.mark.parametrize(("output_variability", "load"), [(0.0, 0.6), (1.0, 0.7)])
def test_with_one_place_it_is_a_line_with_one_server(output_variability, load):
    """M/G/1: the mean wait of Pollaczek and Khinchine, from the service times that occurred."""
    given = {"model": "Llama3_8B", "hardware": "H100", "slots": 1, "prompt": 512, "output": 8, "seed": 2}
    given |= {"requests": 10_000, "output_variability": output_variability}
    idle = StreamModel().solve(**(given | {"rate": 1e-3, "requests": 2000})).record
    alone = StreamModel().solve(**(given | {"rate": 1e-3, "requests": 2000}))
    services = [idle.finished[each] - request.arrived for each, request in enumerate(alone.requests)]
    mean = sum(services) / len(services)
    spread = sum(each**2 for each in services) / len(services) / mean**2 - 1
    answer = StreamModel().solve(**given, rate=load / mean)
    line = TailLatencyModel().solve(service_time=mean, load=load, variability=max(0.0, spread))
    assert answer.utilization == pytest.approx(load, rel=0.03)
    assert answer.mean_latency == pytest.approx(line.mean_latency.expected, rel=0.12)


def test_a_step_is_the_closed_form():
    load = workload("Llama3_8B", batch=8, context=1024)
    from mlsysim.solvers.serving import solve

    answer = solve(load, H100)
    assert STEPS.decode(alike(8, 1024)) == answer.itl.expected
    assert STEPS.prefill(1024) == solve(workload("Llama3_8B", context=1024), H100).ttft.expected


def test_chunks_of_a_prompt_take_longer_than_the_whole_and_not_much():
    whole = STEPS.prefill(4096)
    chunks = sum(STEPS.step(None, 512, done) for done in range(0, 4096, 512))
    assert whole < chunks < 1.3 * whole


def test_a_chunk_beside_decoding_is_cheaper_than_the_two_apart():
    held = alike(32, 1024)
    apart = STEPS.decode(held) + STEPS.prefill(256)
    assert max(STEPS.decode(held), STEPS.prefill(256)) < STEPS.step(held, 256, 0) < apart
