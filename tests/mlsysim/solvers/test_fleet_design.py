"""A whole design is its fleet, its bill and its sites' carbon; its limits and doubts follow from those."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsysim import (
    EconomicsModel,
    FleetDesignModel,
    HardwareNode,
    Owned,
    Rented,
    ServingFleetModel,
    Site,
    SustainabilityModel,
    registry,
)
from mlsysim.check import InvalidInput, InvalidValue, UnknownName

SERVING = {"model": "Llama3_70B", "hardware": "H100", "precision": "fp8", "gpus": 2, "batch": 128, "rate": 1000}
SERVING |= {"prompt": 256, "output": 128, "itl": "50 ms", "ttft": "300 ms", "after_loss": 800}
SITES = (Site("America", 7, "Montreal", 0.6), Site("Europe", 5, "Paris", 0.4))
BUDGETS = {"terms": Owned(lifetime="3 y"), "utilization": 0.6, "budget": "5 MUSD", "carbon_budget": "200 t"}


def design(sites=SITES, **changed):
    return FleetDesignModel().solve(sites=sites, **(SERVING | BUDGETS | changed))


def limits(**changed):
    return {reason.limit: reason for reason in design(**changed).reasons}


def test_it_is_its_fleet_its_bill_and_its_sites():
    found = design()
    fleet = ServingFleetModel().solve(nodes=12, **SERVING)
    assert found.feasible and found.fleet.capacity == fleet.capacity
    busy = 0.6 * 1000 / fleet.capacity.expected
    asked = {"hardware": "H100", "duration": "3 y", "utilization": busy}
    assert found.bill.total == EconomicsModel().solve(**asked, machines=96, terms=BUDGETS["terms"]).total
    there = SustainabilityModel().solve(**asked, machines=56, region="Montreal", lifetime="3 y")
    assert found.footprints["America"].carbon.expected == pytest.approx(there.carbon.expected)
    assert found.carbon.expected == sum(each.carbon.expected for each in found.footprints.values())
    assert found.at_home["Europe"].expected == pytest.approx(400 / (fleet.capacity.expected * 5 / 12))


@given(st.integers(1, 30), st.integers(1, 30), st.sampled_from(["Iowa", "Montreal"]), st.sampled_from([1, 2, 8]))
def test_a_limit_is_broken_where_more_than_all_of_it_is_taken(america, europe, region, gpus):
    sites = (Site("America", america, region, 0.6), Site("Europe", europe, "Paris", 0.4))
    found = design(sites, gpus=gpus)
    told = {reason.limit for reason in found.reasons}
    if not found.fleet.longest.feasible:
        assert told == {"memory capacity"}
        return
    taken = {name: share.expected > 1 for name, share in found.taken.items()}
    assert ("streaming" in told) == taken["time for a token"]
    assert ("placement" in told) == (taken["America’s own"] or taken["Europe’s own"])
    assert ("reliability" in told) == taken["without a node"]
    assert ("economic cost" in told) == taken["bill"]
    assert ("sustainability" in told) == taken["carbon"]
    assert found.feasible == (not told)


def test_what_is_said_to_mend_a_limit_mends_it():
    few = (Site("America", 4, "Iowa", 0.6), Site("Europe", 8, "Paris", 0.4))
    told = limits(sites=few)
    there = ceil(4 * design(few).at_home["America"].expected)
    assert f"{there} nodes there would do" in told["placement"].mend
    assert "placement" not in limits(sites=(few[0]._replace(nodes=there), few[1]))
    assert "placement" in limits(sites=(few[0]._replace(nodes=there - 1), few[1]))


def test_too_much_carbon_is_mended_by_that_share_of_the_energy_or_by_none():
    dirty = (Site("America", 7, "Iowa", 0.6), Site("Europe", 5, "Warsaw", 0.4))
    found = design(dirty)
    made = sum(each.embodied.expected for each in found.footprints.values())
    share = (200e3 - made) / (found.carbon.expected - made)
    assert f"{share:.0%} of the energy" in limits(sites=dirty)["sustainability"].mend
    assert "Making the machines alone" in limits(sites=dirty, carbon_budget="1 t")["sustainability"].mend


def test_what_does_not_fit_has_neither_pace_nor_price():
    assert list(limits(hardware="L40S", gpus=1)) == ["memory capacity"]
    found = design(gpus=8, gpus_per_node=4)
    assert [reason.limit for reason in found.reasons] == ["communication"] and found.at_home == {}
    assert "No replica in a node." in found.explain()


def test_a_machine_without_a_price_is_told_and_has_no_doubts():
    found = design(hardware="B200", gpus=1)
    assert found.bill is None and found.doubts() == {} and "bill" not in found.taken
    assert "owned" in limits(hardware="B200", gpus=1)["economic cost"].subject
    assert design(hardware="B200", gpus=1, terms=Owned("45 kUSD", lifetime="3 y")).bill is not None
    mine = HardwareNode(name="Mine", peak={"fp8": 2e15}, memory=141e9, memory_bandwidth=4.8e12, link=450e9, tdp=700)
    assert "on-demand" in limits(hardware=mine, terms="on-demand")["economic cost"].subject
    assert design(hardware=mine, terms=Rented("on-demand", "3 USD/h")).bill.total.expected > 0


def test_a_doubt_is_what_the_bill_does_at_the_worse_end():
    found, prices, power = design(), registry.constants("prices"), registry.constants("power")
    doubts = found.doubts()
    assert list(doubts.values()) == sorted(doubts.values(), reverse=True) and min(doubts.values()) > 0
    capital, electricity = (each.amount.expected / found.bill.total.expected for each in found.bill.costs[:2])
    card = prices["H100_purchase"]
    assert doubts["price 40,000 USD"] == pytest.approx(capital * (card.upper / card.value - 1))
    tariff = power["electricity"]
    (power_doubt,) = (doubt for name, doubt in doubts.items() if name.startswith("power "))
    assert power_doubt == pytest.approx(electricity * (tariff.upper / tariff.value - 1))
    slow = ServingFleetModel().solve(nodes=1, **(SERVING | {"output": 160}))
    assert doubts["answers of 160"] == pytest.approx(found.fleet.replica_rate.expected / slow.replica_rate.expected - 1)
    assert "answers of 256" in found.doubts(longer=2)
    assert not any(name.startswith(("used", "PUE")) for name in design(terms="reserved").doubts())
    assert next(iter(design(terms="owned").doubts())) == "used for 3 y"


def test_the_whiteboard_says_where_what_and_how_sure():
    told = design().explain()
    assert "America: 7 nodes, asked for" in told and "in Montreal" in told
    assert "T_p = " in told and "capital" in told and "% of the bill with price 40,000 USD" in told
    assert told.count("carbon intensity of") == 2
    assert {each.symbol for each in design().basis} >= {"Q", "p", "PUE", "I"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sites": ()}, "sites"),
        ({"sites": "Iowa"}, "sites"),
        ({"sites": [("America", 7, "Iowa", 1.0)]}, "sites"),
        ({"sites": [SITES[0], SITES[0]._replace(share=0.4)]}, "sites"),
        ({"sites": [SITES[0]]}, "share"),
        ({"sites": [SITES[0]._replace(share=float("nan")), SITES[1]]}, "share"),
        ({"sites": [SITES[0]._replace(nodes=-1), SITES[1]]}, "nodes"),
        ({"sites": [SITES[0]._replace(name="")]}, "name"),
        ({"nodes": 3}, "nodes"),
        ({"utilization": 1.5}, "utilization"),
        ({"carbon_budget": "5 MUSD"}, "carbon_budget"),
        ({"terms": Owned(price="0 USD")}, "price"),
    ],
)
def test_what_cannot_be_is_refused(changed, field):
    with pytest.raises(InvalidValue) as refused:
        design(**changed)
    assert refused.value.field == field


def test_unknown_names_are_refused():
    with pytest.raises(UnknownName):
        design(sites=[Site("Here", 3, "Atlantis", 1.0)])
    with pytest.raises(InvalidInput):
        design(terms="stolen")
    with pytest.raises(InvalidValue):
        design().doubts(longer=0)
