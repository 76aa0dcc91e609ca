"""The front page's roofline: points below their roofs, figures the simulator's, and no lab's answer among them."""

from itertools import pairwise

import pytest

import mlsysim as ms
import roofline

ROOFS = roofline.roofs()


@pytest.mark.parametrize("roof", ROOFS, ids=lambda roof: roof.name)
def test_every_step_is_in_the_picture_and_below_its_roof(roof: roofline.Roof) -> None:
    corners = [tuple(map(float, each.split(","))) for each in roof.line.split()]
    for x, y, *_ in roof.steps:
        assert roofline.LEFT <= x <= roofline.WIDE - roofline.RIGHT
        assert roofline.TOP <= y <= roofline.HIGH - roofline.BOTTOM
        (x0, y0), (x1, y1) = next(pair for pair in pairwise(corners) if pair[0][0] <= x <= pair[1][0])
        assert y > y0 + (y1 - y0) * (x - x0) / (x1 - x0)  # downwards, as pictures count


def test_figures_are_the_simulator_s() -> None:
    answer = ms.ServingModel().solve(model="Llama3_8B", hardware="MI300X", batch=64, context=256, precision="bf16")
    (roof,) = (roof for roof in ROOFS if roof.name == "MI300X")
    assert roof.steps[roofline.BATCHES.index(64)][2:4] == (answer.itl.format(), answer.throughput.format(2))


@pytest.mark.parametrize("name", roofline.MACHINES)
def test_every_step_fits_its_machine(name: str) -> None:
    assert roofline.served(name, roofline.BATCHES[-1]).feasible


def test_more_than_one_vendor_and_no_machine_of_a_lock() -> None:
    assert len(set(roofline.MACHINES)) == 3
    assert not {"A100", "H100"} & set(roofline.MACHINES)
