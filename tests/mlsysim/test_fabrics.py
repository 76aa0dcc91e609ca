import copy
import pickle
from dataclasses import replace

import pytest

from mlsysim import fabrics
from mlsysim.check import InvalidInput, UnknownName
from mlsysim.fabrics import Fabric, Fabrics
from mlsysim.records import TIERS

RECORDS = list(Fabrics)
PLAIN = {"name": "Mine", "machine": "H100", "gpus_per_node": 8, "link": "450 GB/s", "nic": "400 Gbit/s"}


def test_by_any_spelling():
    assert {"DGX_A100", "DGX_H100", "MI300X_8"} <= set(dir(Fabrics))
    assert Fabrics.GB200_NVL72.gpus_per_node == 72
    assert fabrics.fabric("dgx a100") is Fabrics.DGX_A100
    assert fabrics.fabric(Fabrics.MI300X_8) is Fabrics.MI300X_8
    assert not hasattr(Fabrics, "DGX_Z100")
    assert not hasattr(Fabrics, "_wrapped")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_links_agree_with_the_machines_and_have_passports(record):
    # Three of a Gaudi's 24 ports leave the node.
    assert record.link == record.machine.link * (21 / 24 if record.machine.name == "Gaudi 3" else 1)
    assert record.nic < record.link
    assert record.full_name == record.name
    for name in ("link", "nic"):
        datum = record.datum(name)
        assert datum.source.startswith("https://")
        assert datum.checked
        assert datum.tier in TIERS
    there = pickle.loads(pickle.dumps(record))
    assert there == record == copy.deepcopy(record)
    assert there.passports == record.passports


def test_ones_own_says_that_it_is_ones_own():
    mine = Fabric(**PLAIN)
    assert mine.nic == 50e9
    assert mine.datum("nic").source == "given for Mine"
    faster = replace(Fabrics.DGX_H100, nic=100e9)
    assert faster.datum("nic").tier == "estimate"
    assert faster.datum("link").tier == "datasheet"
    with pytest.raises(UnknownName):
        mine.datum("cable")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 8),
        ("machine", "H1000"),
        ("machine", None),
        ("gpus_per_node", 0),
        ("gpus_per_node", 40960),
        ("gpus_per_node", "8"),
        ("link", "450"),
        ("link", -1),
        ("nic", "400 Gb/s"),
        ("nic", float("inf")),
        ("in_network", "yes"),
    ],
    ids=str,
)
def test_it_refuses(field, value):
    given = PLAIN | {field: value}
    with pytest.raises(InvalidInput) as caught:
        Fabric(**given)
    assert field.replace("machine", "hardware") in str(caught.value)
