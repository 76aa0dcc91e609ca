from math import exp, log, pi, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsysim import PrivacyModel
from mlsysim.check import InvalidInput
from mlsysim.physics import privacy
from tests.mlsysim.refusals import tells

MNIST = {"examples": 60_000, "batch": 256, "epochs": 60, "delta": 1e-5}


def solve(**given):
    return PrivacyModel().solve(**(MNIST | given))


def moments(rate, noise, steps, delta):
    """The conversion of Abadi et al., 2016, looser than the one in use."""
    return min(steps * privacy.renyi_divergence(rate, noise, a) + log(1 / delta) / (a - 1) for a in range(2, 129))


def test_the_moments_accountant_s_published_example():
    """Abadi et al., CCS 2016, section 3.2: q = 0.01, sigma = 4, 10,000 steps, delta = 1e-5 give epsilon 1.26."""
    assert moments(0.01, 4.0, 10_000, 1e-5) == pytest.approx(1.26, abs=0.005)


def test_the_published_mnist_run():
    """The tutorial of TensorFlow Privacy: noise 1.1, batch 256, 60 epochs, epsilon about 3.0 by the same conversion."""
    assert moments(256 / 60_000, 1.1, 14_063, 1e-5) == pytest.approx(3.01, abs=0.02)
    run = solve(noise=1.1)
    assert run.steps == 14_063
    assert 2.4 < run.epsilon < 3.01


def integrated(noise, epsilon):
    """delta by integrating where one density exceeds e^epsilon times the other."""
    step, total, x = noise / 500, 0.0, -12 * noise
    while x < 12 * noise + 1:
        p, q = (exp(-(((x - centre) / noise) ** 2) / 2) for centre in (1.0, 0.0))
        total += max(0.0, p - exp(epsilon) * q) * step
        x += step
    return total / (noise * sqrt(2 * pi))


@pytest.mark.parametrize(("noise", "epsilon"), [(1.0, 1.0), (2.0, 0.5), (0.5, 3.0)])
def test_the_exact_delta_agrees_with_an_integral(noise, epsilon):
    assert privacy.gaussian_delta(noise, 1.0, epsilon) == pytest.approx(integrated(noise, epsilon), rel=1e-4)


@given(st.floats(0.05, 1.0), st.floats(1e-9, 1e-3))
def test_the_least_noise_keeps_the_promise_and_a_little_less_does_not(epsilon, delta):
    noise = PrivacyModel().mechanism(epsilon=epsilon, delta=delta)
    assert privacy.gaussian_delta(noise.least, 1.0, epsilon) <= delta * (1 + 1e-9)
    assert privacy.gaussian_delta(0.999 * noise.least, 1.0, epsilon) > delta
    assert noise.least < noise.classical


def test_noise_scales_with_what_one_person_changes():
    one, ten = (PrivacyModel().mechanism(epsilon=2.0, delta=1e-6, sensitivity=s) for s in (1.0, 10.0))
    assert ten.least == pytest.approx(10 * one.least)
    assert one.classical is None
    assert "classical" not in one.explain()
    assert "classical bound" in PrivacyModel().mechanism(epsilon=1.0, delta=1e-5).explain()


@settings(max_examples=4)
@given(st.floats(0.3, 8.0))
def test_epsilon_and_noise_are_inverse(epsilon):
    run = solve(epsilon=epsilon)
    assert run.epsilon == pytest.approx(epsilon, rel=1e-3)
    assert run.epsilon <= epsilon
    assert solve(noise=run.noise).epsilon == run.epsilon


@settings(max_examples=10)
@given(st.floats(0.6, 4.0), st.integers(1, 50))
def test_more_noise_promises_more_and_more_epochs_less(noise, epochs):
    base = solve(noise=noise, epochs=epochs)
    assert solve(noise=1.5 * noise, epochs=epochs).epsilon < base.epsilon
    assert solve(noise=noise, epochs=2 * epochs).epsilon > base.epsilon
    assert solve(noise=noise, epochs=epochs, examples=600_000, delta=1e-5).epsilon < base.epsilon


def test_every_example_in_every_batch_is_the_plain_gaussian():
    run = solve(examples=100, batch=100, epochs=1, noise=20.0)
    exact = privacy.gaussian_delta(20.0, 1.0, run.epsilon)
    assert exact <= 1e-5
    assert run.gradient_noise == pytest.approx(0.2)


def test_ghost_clipping_trades_memory_for_arithmetic():
    ghost, each = (solve(noise=1.1, parameters=1e9, clipping=how) for how in ("ghost", "per-example"))
    assert (ghost.compute, ghost.memory) == (pytest.approx(5 / 3), 0.0)
    assert (each.compute, each.memory) == (1.0, 32 * 4e9)
    plain = solve(noise=1.1)
    assert plain.memory is None
    assert "memory" not in plain.explain()


def test_limits_are_said():
    run = solve(noise=0.8, most_epsilon=1.0, clipping="per-example", parameters=1e9, memory_free="40 GB")
    weak, large = run.reasons
    assert (weak.wall, weak.maximum) == (20, 1.0)
    assert (large.wall, large.value) == (2, 128e9)
    assert all(reason.sentence() in run.explain() for reason in run.reasons)
    kept = solve(epsilon=1.0, most_epsilon=1.0, parameters=1e9, memory_free="40 GB")
    assert kept.feasible
    assert [each.symbol for each in kept.basis] == ["q", "T", "sigma", "delta"]


def test_a_promise_that_promises_nothing_takes_the_least_noise_there_is():
    assert solve(epsilon=1e4, epochs=0.004).noise == 0.1


def test_memory_that_suffices_is_no_reason():
    assert solve(noise=1.1, clipping="per-example", parameters=1e6, memory_free="40 GB").feasible


def test_without_a_delta_it_is_one_over_the_examples():
    assert PrivacyModel().solve(examples=1000, batch=100, epochs=1, noise=1.0).delta == 1e-3
    assert solve(noise=1e4, epochs=1).epsilon >= 0.0


NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "epsilon"),
        ({"epsilon": 1.0, "noise": 1.1}, "epsilon"),
        ({"epsilon": 0}, "epsilon"),
        ({"epsilon": -1}, "epsilon"),
        ({"epsilon": NAN}, "epsilon"),
        ({"epsilon": 1e-9}, "epsilon"),
        ({"noise": 0}, "noise"),
        ({"noise": "1.1"}, "noise"),
        ({"noise": 1e9}, "noise"),
        ({"noise": 1e-300}, "noise"),
        ({"noise": 1.1, "delta": 0}, "delta"),
        ({"noise": 1.1, "delta": 1}, "delta"),
        ({"noise": 1.1, "examples": 0}, "examples"),
        ({"noise": 1.1, "examples": 1, "batch": 1, "delta": None}, "delta"),
        ({"noise": 1.1, "batch": 60_001}, "batch"),
        ({"noise": 1.1, "batch": 0.5}, "batch"),
        ({"noise": 1.1, "epochs": -1}, "epochs"),
        ({"noise": 1.1, "clipping": "none"}, "clipping"),
        ({"noise": 1.1, "parameters": "1B"}, "parameters"),
        ({"noise": 1.1, "micro_batch": 0}, "micro_batch"),
        ({"noise": 1.1, "most_epsilon": 0}, "most_epsilon"),
        ({"noise": 1.1, "memory_free": "40 GB/s"}, "memory_free"),
    ],
    ids=str,
)
def test_private_training_refuses(given, field):
    with pytest.raises(InvalidInput) as caught:
        solve(**given)
    tells(caught.value, field)


@pytest.mark.parametrize(
    ("field", "value"), [("epsilon", 0), ("epsilon", 1e9), ("delta", 1.5), ("sensitivity", -1), ("delta", True)]
)
def test_a_mechanism_refuses(field, value):
    with pytest.raises(InvalidInput) as caught:
        PrivacyModel().mechanism(**({"epsilon": 1.0, "delta": 1e-5} | {field: value}))
    tells(caught.value, field)
