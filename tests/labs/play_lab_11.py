"""A way through Volume 1, Lab 11."""

from play import Play

PLAY = Play(
    lab="vol1/lab_11_hw_accel",
    said={"crossover": "250", "balance": "16", "arithmetic": "300"},
    failures=[
        ("A", {"peak": 500, "bandwidth": 3, "memory": 16, "power": 600, "batch": 64}, "memory"),
        ("A", {"peak": 500, "bandwidth": 3, "memory": 64, "power": 150, "batch": 1}, "power"),
        ("C", {"machine": "T4", "job": "notes", "weights": "fp16", "users": 24, "promise": 20}, "memory"),
        ("C", {"machine": "A10", "job": "notes", "weights": "fp16", "users": 24, "promise": 20}, "floor"),
        ("C", {"machine": "A10", "job": "label", "weights": "fp16", "users": 24, "promise": 20}, "floor"),
        ("C", {"machine": "MI300X", "job": "notes", "weights": "int4", "users": 24, "promise": 1}, "overhead"),
        ("C", {"machine": "B200", "job": "notes", "weights": "fp16", "users": 24, "promise": 20}, "budget"),
    ],
    designs=[
        {"machine": "A100", "job": "notes", "weights": "int4", "users": 24, "promise": 20},
        {"machine": "L40S", "job": "label", "weights": "int4", "users": 24, "promise": 20},
    ],
    pins=[("A", 1), ("B", 1), ("B", 2)],
    term="bytes moved, D/BW",
    gave_up="some accuracy for fewer bits, and spare capacity",
    text="Rent an A100 for the live notes and an L40S for the triage label; neither of them is the machine with the largest "
    "figures. The notes are decode for 24 dispatchers, and what binds them is bandwidth: each step moves all weights and every "
    "conversation's KV cache out of memory. On a request of that kind 1 % more bandwidth saves {1}, 1 % more arithmetic {2}, so "
    "that paying for arithmetic would be wasted. Even a machine of my own with 500 TFLOP/s and 3 TB/s turns compute-bound from "
    "{0} on only, with contexts far shorter than ours. With weights of 4 bits the A100 keeps 20 ms a token even at the upper end "
    "of the estimate; in 16 bits it may not. The label is the opposite: it reads a long file and writes a dozen tokens, which is "
    "arithmetic, and there the L40S keeps its promise for the lowest rent. What you give up: some accuracy with fewer bits, which "
    "has to be measured on your own calls before Friday, and spare capacity, because a second centre would need machines "
    "of its own.",
)
