"""A way through Volume 2, Lab 16."""

from play import Play

PILOT = {
    "source": "controls",
    "rate": 200,
    "machine": "H100",
    "numbers": "16",
    "replica": 4,
    "places": 128,
    "nodes_america": 4,
    "nodes_europe": 2,
    "site_america": "Oregon",
    "site_europe": "Frankfurt",
    "terms": "owned",
}
SMALL = {"machine": "B200", "numbers": "8", "replica": 8, "places": 4}

PLAY = Play(
    lab="vol2/lab_16_fleet_synthesis",
    said={"floor": "6", "fleet": "60", "electricity": "30"},
    failures=[
        ("B", {"machine": "H100", "numbers": "16", "replica": 1, "places": 8}, "memory"),
        ("B", {"machine": "H100", "numbers": "16", "replica": 4, "places": 400}, "pace"),
        ("C", PILOT | {"replica": 1}, "memory"),
        ("C", PILOT | {"places": 400}, "pace"),
        ("C", PILOT | SMALL | {"rate": 100, "nodes_america": 15, "nodes_europe": 4}, "start"),
        ("C", PILOT | {"rate": 1000}, "capacity"),
        ("C", PILOT | {"nodes_america": 2, "nodes_europe": 4}, "region"),
        ("C", PILOT | {"rate": 400, "numbers": "8", "replica": 2, "nodes_america": 2, "nodes_europe": 1}, "loss"),
        ("C", PILOT | {"nodes_america": 30}, "budget"),
        ("C", PILOT | {"machine": "B200"}, "price"),
        ("C", PILOT | {"site_europe": "Warsaw"}, "carbon"),
    ],
    designs=[
        PILOT
        | {"rate": 1000, "numbers": "8", "replica": 2, "nodes_america": 7, "nodes_europe": 5}
        | {"places": 128, "site_america": "Montreal", "site_europe": "Paris"},
    ],
    pins=[("A", 0), ("B", 0), ("B", 1)],
    term="efficiency on one device, MFU",
    gave_up="the last digits of accuracy that 16 bits keep, and a grid next door",
    text="Sign for twelve nodes of eight H100s with all numbers in 8 bits, two to a replica, seven nodes in Montreal and five in "
    "Paris. Physics alone asks for far less than any fleet: one kind of request on the data sheet of an H100 took {0}. What "
    "stands between that floor and the fleet is first the efficiency of one device, its MFU: as long as few requests share a "
    "step, the machines wait for weights, and in 16 bits with eight at once the demand took {1}, each token after {2}. More at once "
    "in each replica mends that until the promise of 50 ms a token is used up; half "
    "the bits mend it again. Replicas of two keep the all-reduces short. With one node lost the rest still answers more than "
    "1,000 requests a second, because one of twelve nodes is a small part; a fleet of three large nodes would not have "
    "survived as easily. The weakest assumption is not physics but the price of a card, which at the dear end of its range "
    "adds a third to the bill; then servers and network, then the bandwidth that software reaches. Electricity is a few "
    "percent. What you give up: the accuracy that 16 bits keep, to be measured on your own questions, and a site next door.",
)
