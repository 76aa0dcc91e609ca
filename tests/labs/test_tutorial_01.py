"""Tutorial 1: its keys against closed forms, the factors it quotes, and the machine of one's own."""

import itertools

import pytest

import assemble
import catalog
from mlsysim import Models

ROW = next(row for row in catalog.tutorials() if row.number == "01")
LLAMA, CONTEXT = Models.Llama3_8B, 1024


@pytest.fixture(scope="module")
def defined():
    return assemble.load(ROW)[1]


def token_time(defined, machine):
    """Bytes over the bandwidth that is reached, and a start for each kernel."""
    moved = 2 * (LLAMA.parameters - LLAMA.vocab * LLAMA.hidden)
    moved += 2 * 2 * LLAMA.layers * LLAMA.kv_heads * LLAMA.head_dim * CONTEXT
    step = defined["writes"](machine).phase
    reached = step.efficiency.bandwidth.expected * defined["node"](machine).memory_bandwidth
    return moved / reached + step.kernels * step.efficiency.launch.expected


@pytest.mark.parametrize(
    ("lock", "new", "old"), [("generation", "Gaudi 3", "Gaudi 2"), ("twice", "TPU v6e", "TPU v5p")]
)
def test_a_key_is_a_quotient_of_bytes_over_bandwidths(defined, lock, new, old):
    times = token_time(defined, old) / token_time(defined, new)
    assert defined["answers"]()[lock] == pytest.approx(times, rel=2e-3)


def test_overhead_keeps_a_speed_between_the_bandwidths_and_none(defined):
    for new, old in [*defined["BEFORE"].items(), (defined["NEW"], defined["OLD"])]:
        speed, bandwidth = (defined["times"](quantity, new, old) for quantity in ("writing", "bandwidth"))
        assert min(1, bandwidth) < speed < max(1, bandwidth)


def test_the_announced_factors_are_the_datasheets(defined):
    times = defined["times"]
    assert times("arithmetic", "Gaudi 3", "Gaudi 2") == pytest.approx(1677 / 432)
    assert times("arithmetic", "TPU v6e", "TPU v5p") == pytest.approx(918 / 459)
    assert times("arithmetic", "H100", "A100") == pytest.approx(3.2, rel=0.01)
    assert times("arithmetic", "H200", "H100") == times("arithmetic", "MI325X", "MI300X") == 1


def test_the_pair_of_the_second_lock_is_not_shown_before_it(defined):
    assert not {defined["NEW"], defined["OLD"]} & {*defined["BEFORE"], *defined["BEFORE"].values()}


def test_reading_a_prompt_is_as_fast_as_the_arithmetic(defined):
    times = defined["times"]
    assert times("reading", defined["NEW"], defined["OLD"]) == pytest.approx(2, rel=0.06)


def test_on_a_machine_of_ones_own_more_arithmetic_helps_only_where_there_is_next_to_none(defined):
    time = {
        setting: defined["writes"](defined["mine"](*setting)).time.expected
        for setting in itertools.product(defined["RATES"], defined["BANDWIDTHS"])
    }
    for terabytes in defined["BANDWIDTHS"]:
        assert time[1000, terabytes] / time[4000, terabytes] < 1.01
        assert (time[1, terabytes] / time[4, terabytes] > 1.2) == (terabytes >= 2)
    assert all(time[rate, 1] / time[rate, 2] > 1.6 for rate in defined["RATES"][3:])
    bound = {defined["writes"](defined["mine"](*setting)).bound_by for setting in time}
    assert bound == {"memory bandwidth", "compute throughput"}
