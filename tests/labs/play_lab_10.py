"""A way through Volume 1, Lab 10."""

from play import Play

A = {"bits": 16, "model": "Llama3_8B", "machine": "H100"}
B = {"way": "int4", "batch": 1, "machine": "H100"}
C = {"machine": "H100", "form": "fp16", "gpus": 2, "at_once": 128}

PLAY = Play(
    lab="vol1/lab_10_model_compress",
    said={"alone": "4x", "crowd": "2.4", "fewest": "four bits, stored"},
    failures=[
        ("A", {**A, "machine": "M1"}, "memory"),
        ("B", {**B, "way": "zeros", "batch": 4096}, "memory"),
        ("C", {**C, "gpus": 1}, "memory"),
        ("C", {**C, "form": "int4-awq", "gpus": 1, "at_once": 512}, "promise"),
        ("C", {**C, "form": "int4-rtn"}, "accuracy"),
        ("C", {**C, "form": "fp8"}, "accuracy"),
        ("C", {**C, "machine": "A100", "form": "fp8"}, "precision"),
    ],
    designs=[
        {**C, "form": "int8", "gpus": 1, "at_once": 192},
        {**C, "machine": "MI300X", "form": "int4-awq", "gpus": 1, "at_once": 256},
    ],
    pins=[("A", 1), ("B", 0), ("C", 0)],
    term="arithmetic, O/(R·η)",
    gave_up="some accuracy and the room to grow",
    text="Four bits halve your fleet, but not for the reason that your supplier gives. For one caller alone they are "
    "quicker, because a token waits for bytes and there are fewer of them. On a full machine the step waits for "
    "arithmetic, and a weight stored in four bits is multiplied in sixteen: fewer bits buy nothing there. What INT4 "
    "does buy is room. The model fits one accelerator in place of two, so {2} become half as many. Eight bits, "
    "which are multiplied as eight, do better still: on one H100 a replica with 192 callers at once they need fewer "
    "machines than four bits do, and published models lost less accuracy to SmoothQuant than to AWQ, though this "
    "very model is not among them. I would rent the H100s in INT8 and measure its perplexity on your eleven languages "
    "before January, with the MI300Xs in INT4 as the way out. The estimate is honest and wide: keep some machines in "
    "reserve. You give up a little accuracy. A model of 8 billion weights holds {0} and a token of it comes at {1} of "
    "the speed before.",
)
