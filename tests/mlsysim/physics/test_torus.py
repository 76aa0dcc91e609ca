"""Against published pods, a torus walked chip by chip, and what must hold of any."""

from itertools import product
from math import prod
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import Hardware
from mlsysim.physics.torus import link_share, mean_hops

sides, axes = st.integers(4, 24), st.integers(1, 3)

# docs.cloud.google.com/tpu/docs: what all chips of a pod reduce with, and what passes between its halves [B/s].
PODS = [
    (Hardware.Cloud.TPUv4, 1.1e15, 24e12),
    (Hardware.Cloud.TPUv5e, 51.2e12, 1.6e12),
    (Hardware.Cloud.TPUv6e, 102.4e12, 3.2e12),
]


@pytest.mark.parametrize(("machine", "reduces", "halves"), PODS, ids=lambda each: getattr(each, "name", ""))
def test_published_pods(machine, reduces, halves):
    chips, shape = machine.pod, machine.torus
    assert chips * machine.link * link_share(chips, chips, shape) == pytest.approx(reduces, rel=0.12)
    # Half of what half of the chips send goes to the other half.
    assert chips * machine.link / mean_hops(chips, chips, shape) / 4 == pytest.approx(halves, rel=0.1)


@pytest.mark.parametrize(("side", "axes"), [(4, 1), (8, 2), (6, 3), (16, 2)])
def test_a_torus_walked_chip_by_chip(side, axes):
    walked = fmean(
        sum(min(step, side - step) for step in steps) for steps in product(range(side), repeat=axes)
    )  # fmt: skip
    assert mean_hops(side**axes, side**axes, axes) == pytest.approx(max(1.0, walked))


@given(sides, axes)
def test_a_group_has_the_links_of_the_axes_that_it_fills(side, axes):
    for filled in range(1, axes + 1):
        assert link_share(side**filled, side**axes, axes) == pytest.approx(filled / axes)


@given(st.lists(st.integers(2, 32), min_size=1, max_size=3), axes)
def test_groups_that_share_a_chip_divide_its_links(sizes, axes):
    chips = prod(sizes)
    shares = [link_share(each, chips, axes) for each in sizes]
    assert all(1 / (2 * axes) <= each <= 1.0 for each in shares)
    assert sum(shares) >= 1.0 - 1e-12
    if min(shares) > 1 / (2 * axes):
        assert sum(shares) == pytest.approx(1.0)


@given(st.integers(2, 2048), st.integers(2, 2048), st.integers(1, 4096), axes)
def test_more_ranks_have_no_fewer_links_and_pass_no_fewer(one, other, beyond, axes):
    few, many = sorted((one, other))
    chips = many + beyond
    assert link_share(few, chips, axes) <= link_share(many, chips, axes)
    assert 1.0 <= mean_hops(few, chips, axes) <= mean_hops(many, chips, axes)
