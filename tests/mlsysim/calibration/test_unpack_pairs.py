"""What unpacking leaves of the bandwidth, from plain and packed rows of one machine with one library."""

from dataclasses import replace
from math import prod

import pytest

from mlsysim.calibration import cases, serving, store
from mlsysim.calibration.fit import figures
from mlsysim.calibration.parameters import fitted
from mlsysim.calibration.predict import evaluate
from mlsysim.efficiency import resolve
from mlsysim.estimate import Estimate

FEWER_BITS = [
    ("GPTFAST-7B-bf16", "GPTFAST-7B-int8"),
    ("GPTFAST-7B-bf16", "GF-7B-int4"),
    ("AWQ-L3-8B-A100-fp16", "AWQ-A100-int4"),
    ("AWQ-L3-8B-Orin-fp16", "AWQ-Orin-int4"),
    ("AWQ-4090-fp16", "AWQ-L3-8B-4090-int4"),
]
IN_ONE_ROW = [
    "LCPPM-M1-Max-32c-tbl",
    "LCPPM-M2-Max-38c-tbl",
    "LCPPM-M3-Max-40c-tbl",
    "LC-AppleM1Pro14c",
    "LC-AppleM3Pro18c",
]
PAIRS = [((plain, 0), (packed, 0)) for plain, packed in FEWER_BITS]
PAIRS += [((row, 0), (row, place)) for row in IN_ONE_ROW for place in (1, 2)]


@pytest.fixture
def shares(monkeypatch):
    """Of each pair, the share of the bandwidth of plain weights at which packed ones arrived."""
    eta, lines = resolve("auto", "gpu"), cases.measurements(store.TABLE)
    known = {row.case_id: row.case for row in cases.read(store.TABLE)}

    def predicted(name, place, unpack):
        monkeypatch.setattr(serving, "efficiency", lambda *_: replace(eta, unpack=Estimate.exact(unpack, "1")))
        return 1 / evaluate(known[name], fitted())[0].values[place]

    def measured(name, place):
        return 1 / figures(lines[name]["value"])[place]

    def share(plain, packed):
        # One token takes T = A + B/u; the pair is held to the plain row, whatever of its peak that reaches.
        once, twice = (predicted(*packed, unpack) for unpack in (1.0, 0.5))
        reached = predicted(*plain, 1.0) / measured(*plain)
        return (twice - once) / (measured(*packed) * reached - (2 * once - twice))

    return {(packed[0], packed[1]): share(plain, packed) for plain, packed in PAIRS}


def test_the_figure_is_the_geometric_mean_of_its_pairs(shares):
    unpack = resolve("auto", "gpu").unpack
    assert prod(shares.values()) ** (1 / len(shares)) == pytest.approx(unpack.expected, abs=0.005)
    assert shares["AWQ-A100-int4", 0] == pytest.approx(unpack.lower, abs=0.005)
    assert max(shares.values()) == pytest.approx(unpack.upper, abs=0.005)
    below = {name for name, share in shares.items() if share < unpack.lower - 0.005}
    assert below == {("GF-7B-int4", 0)}


def test_with_each_librarys_own_launch_unpacking_alone_costs_less():
    unpack = resolve("auto", "gpu").unpack
    assert unpack.expected < fitted().of("serving.unpack") <= unpack.upper
