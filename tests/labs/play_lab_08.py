"""A way through Volume 1, Lab 08."""

from play import Play

A = {"model": "TinyLlama_1_1B", "optimizer": "adam", "batch": 1, "machine": "A100"}
B = {"joined": "A100s in one server", "recompute": "none", "micro_batch": 1}
C = {"machine": "A100", "precision": "bf16", "recompute": "none", "zero": 3, "micro_batch": 1}

PLAY = Play(
    lab="vol1/lab_08_model_train",
    said={"states": "14 GB", "recompute": "about a third longer", "shard": "26"},
    failures=[
        ("A", {**A, "model": "Llama2_7B"}, "memory"),
        ("B", {**B, "joined": "A100s over 100 Gbit/s", "micro_batch": 4}, "memory"),
        ("C", {**C, "zero": 1}, "memory"),
        ("C", {**C, "recompute": "full", "micro_batch": 4}, "deadline"),
        ("C", {**C, "precision": "fp8"}, "precision"),
    ],
    designs=[{**C, "zero": 2}, {**C, "machine": "MI300X", "precision": "fp8", "zero": 1, "micro_batch": 2}],
    pins=[("A", 0), ("B", 0), ("B", 1)],
    term="arithmetic, O/(R·η)",
    gave_up="a proven software stack and sixteen-bit products",
    text="I would accept the MI300Xs and train in FP8 with the optimizer state divided among the eight, a micro-batch of 2 "
    "and no recomputation. Memory decides what runs at all: even a model of 1.1 billion parameters holds {0} before "
    "the first activation, because Adam keeps 12 bytes for each parameter beside the weight and its gradient. But "
    "what fits is not yet quick. Inside one server arithmetic binds: a step of the 7B model takes {1} and fills {2} "
    "of each A100, and its messages hide behind the computing, so that dividing more of the states costs nothing and "
    "recomputing costs a third more time. That third is what the A100s lack: with everything kept they need most of "
    "their 8 days and may miss the end of the lease, with recomputation they miss it for sure. The MI300Xs have room "
    "for whole activations and, in FP8, time to spare even at the upper end of the estimate. What you give up is a "
    "software stack that others have trained with, and products in sixteen bits: whether eight bits hold for eleven "
    "languages has to be tried on a small model first.",
)
