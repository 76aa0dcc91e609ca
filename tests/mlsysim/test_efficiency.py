from itertools import pairwise

import pytest

from mlsysim import Engine, ForwardModel, Hardware, ServingModel, SynthesisSolver
from mlsysim.check import InvalidValue
from mlsysim.efficiency import Efficiency, resolve
from mlsysim.registry import constants


@pytest.mark.parametrize("kernel_class", ["matrix", "convolution"])
@pytest.mark.parametrize("launch_class", ["gpu", "core"])
def test_calibrated_efficiencies_are_fractions(launch_class, kernel_class):
    eta = resolve("auto", launch_class, kernel_class)
    for fraction in (eta.bandwidth, eta.compute, eta.unpack):
        assert 0 < fraction.lower < fraction.expected < fraction.upper <= 1
    assert 0 < eta.launch.lower < eta.launch.expected < eta.launch.upper < 1e-4


def test_a_number_stands_for_both_fractions_and_leaves_the_overhead():
    eta = resolve(0.5, "gpu")
    assert (eta.bandwidth.lower, eta.bandwidth.expected, eta.compute.upper) == (0.5, 0.5, 0.5)
    assert eta.launch == resolve("auto", "gpu").launch
    assert eta.passports[0].source == "given as efficiency="


def test_one_that_is_resolved_stays_as_it_is():
    eta = resolve("auto", "gpu")
    assert resolve(eta, "core") is eta
    assert isinstance(eta, Efficiency)


def test_a_host_that_issues_operators_one_by_one_is_what_was_measured():
    """gpt-fast before it is compiled, and RN50I-PT-V100-b1; the fit is on both, its ends are theirs. At batch 256 the
    host runs ahead: RN50I-PT-V100-b256 is within a factor of two."""
    decode = ServingModel().solve(model="Llama2_7B", hardware="A100", context=128, efficiency="eager")
    image = ForwardModel().solve(model="ResNet50", hardware="V100", efficiency="eager")
    for found, measured in ((decode.itl, 1 / 25.5), (image.time, 12.78e-3)):
        assert found.lower <= measured <= found.upper
        assert found.expected == pytest.approx(measured, rel=0.85)
    assert decode.decode.bound_by == image.bound_by == "overhead"
    batch = ForwardModel().solve(model="ResNet50", hardware="V100", batch=256, efficiency="eager")
    assert batch.time.lower < 84.14e-3 < batch.time.upper
    assert batch.time.expected > 84.14e-3 / 2.2


def test_a_graph_takes_the_host_away_and_changes_nothing_else():
    given = {"model": "Llama3_8B", "hardware": "H100"}
    eager, graph = (ServingModel().solve(**given, efficiency=each) for each in ("eager", "auto"))
    assert graph.decode.host_time.upper == 0.0
    assert eager.itl.expected > 4 * graph.itl.expected
    assert eager.decode.memory_time == graph.decode.memory_time
    busy = {"batch": 512, "context": 2048, "weights": "int8"}
    assert (
        ServingModel().solve(**given, **busy, efficiency="eager").itl.expected
        >= ServingModel().solve(**given, **busy).itl.expected
    )
    assert "of the host" in eager.explain() and "h " in eager.explain()
    assert "of the host" not in graph.explain()
    row = Engine.sweep(**given, batch=[1, 512], efficiency="eager").row(0)
    assert (row["itl_lower"], row["itl"]) == (eager.itl.lower, eager.itl.expected)
    assert row["itl_upper"] == pytest.approx(eager.itl.upper)
    assert row["bound_by"] == eager.decode.bound_by


COMPUTE = resolve("auto", "gpu").compute.expected


def prefill(prompt, hardware="H100", efficiency="auto"):
    answer = Engine.solve("Llama3_8B", hardware, context=prompt, phase="prefill", efficiency=efficiency)
    return answer.phase


@pytest.mark.parametrize("hardware", [each.name for each in Hardware if each.cores])
def test_what_is_reached_rises_with_the_operator_to_what_was_fitted(hardware):
    """Share of the peak while computing, from one token to thousands; projections have fewer columns than the rest."""
    phases = [prefill(prompt, hardware) for prompt in (1, 16, 64, 128, 256, 512, 2048, 8192)]
    for phase in phases:
        _, projections, _, feed_forward, _ = phase.operators
        assert 0 < phase.busy(projections) < phase.busy(feed_forward) < 1
        computing = phase.compute_time.expected + phase.tail_time.expected
        assert phase.operations / computing == pytest.approx(phase.rate * phase.busy() * COMPUTE)
    for operator in (1, 3):
        busy = [phase.busy(phase.operators[operator]) for phase in phases]
        assert all(small <= large * (1 + 1e-9) for small, large in pairwise(busy))
    assert phases[1].busy() < 0.98 < phases[-1].busy() < 1


def test_explain_names_the_cores_that_have_work():
    told = Engine.solve("Llama3_8B", "H100", context=64, phase="prefill").explain()
    assert "x 0.71 x 0.6) " in told and "26.4 cores idle over tiles of 14.0 GFLOP" in told
    assert "share of them that waits while its last tile is computed: measured" in told
    assert "cores" not in Engine.solve("Llama3_8B", "H100", context=64, efficiency=0.5).explain()


def test_a_number_is_reached_whatever_the_size():
    for prompt in (1, 64, 8192):
        phase = prefill(prompt, efficiency=0.5)
        assert phase.operations / phase.compute_time.expected == pytest.approx(phase.rate / 2)
        assert phase.tail_time.upper == 0.0


def test_a_promise_that_the_host_alone_breaks_is_broken():
    assert not SynthesisSolver().solve(model="Llama3_8B", itl="100 ms", efficiency="eager").feasible
    assert SynthesisSolver().solve(model="Llama3_8B", itl="100 ms").feasible


def test_a_core_has_no_host():
    assert resolve("eager", "core") == resolve("auto", "core")


def test_an_unknown_launch_class_is_refused():
    with pytest.raises(InvalidValue, match="launch_class"):
        resolve("auto", "abacus")


def test_the_fit_says_which_rows_it_used():
    for name in ("bandwidth", "compute", "compute_convolution"):
        datum = constants("efficiency")[name]
        assert datum.tier == "measured"
        assert "A100" in datum.note
