"""A way through Volume 2, Lab 10."""

from play import Play

A = {"device": "phone", "network": "DS_CNN", "seconds": 1}
B = {"method": "lora", "rank": 8, "batch": 4}
C = {"device": "nRF52840", "network": "DNN_Medium", "period": 1, "method": "lora", "rounds": 8}

PLAY = Play(
    lab="vol2/lab_10_edge_intelligence",
    said={"share": "5", "adapters": "1 %", "days": "1 year"},
    failures=[
        ("A", {**A, "device": "nRF52840", "network": "MobileNetV2"}, "SRAM"),
        ("A", {**A, "device": "nRF52840", "network": "MobileNetV2"}, "flash"),
        ("B", {**B, "method": "full", "batch": 32}, "memory"),
        ("B", {**B, "method": "full", "batch": 1}, "battery"),
        ("C", {**C, "network": "DS_CNN"}, "deadline"),
        ("C", {**C, "network": "DS_CNN"}, "battery"),
        ("C", {**C, "network": "DNN_Small"}, "accuracy"),
        ("C", {**C, "period": 5}, "gaps"),
        ("C", {**C, "method": "full"}, "radio"),
        ("C", {**C, "rounds": 4}, "rounds"),
    ],
    designs=[{**C, "rounds": 15}],
    pins=[("A", 0), ("B", 0), ("B", 1)],
    term="arithmetic, O/(R·η)",
    gave_up="eight keywords in a hundred that DS-CNN would hear",
    text="I would put the nRF52840 into the pendant, with the middle one of the dense networks, listening once a second, and let the phones "
    "train adapters of rank 8. Power is the budget here. One answer of DS-CNN costs the phone {0}, less than the small chips need, but "
    "the phone cannot wait for months on a coin cell: what drains a cell is the share of the time spent computing, so arithmetic "
    "binds. DS-CNN keeps the nRF52840 busy for an eighth of each second, and the cell is empty after three weeks; the dense network does a "
    "thirteenth of that work and lasts most of a year, somewhere between half of it and more than all of it. On the phone, adapters need {1} for a "
    "thousand examples and hold {2} in memory, although they train a hundredth of the numbers: forward and backward still go through all of the network. What they spare is "
    "optimizer state, and above all radio: fifteen rounds a month fit the contract, where whole models would not send one. What she gives up is eight keywords "
    "in a hundred, which the larger network would have heard, and a pendant that learns by itself.",
)
