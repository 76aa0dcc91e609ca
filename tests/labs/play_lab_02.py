"""A way through Volume 1, Lab 02."""

from play import Play

PLAY = Play(
    lab="vol1/lab_02_ml_systems",
    said={"speedup": "3.2", "crossover": "30", "bandwidth": "2 TB/s"},
    failures=[
        ("B", {"machine": "A100", "batch": 2048, "context": 8192}, "memory"),
        ("C", {"machine": "T4", "weights": "fp16", "product": "chat", "batch": 1, "distance": 150}, "memory"),
        ("C", {"machine": "A10", "weights": "fp16", "product": "completion", "batch": 1, "distance": 5000}, "distance"),
        ("C", {"machine": "A10", "weights": "fp16", "product": "completion", "batch": 1, "distance": 50}, "promise"),
    ],
    designs=[
        {"machine": "MI300X", "weights": "int4", "product": "chat", "batch": 8, "distance": 50},
        {"machine": "MI300X", "weights": "int4", "product": "completion", "batch": 8, "distance": 50},
    ],
    pins=[("A", 0), ("A", 1), ("B", 1)],
    term="bytes moved, D/BW",
    gave_up="a second vendor's software is less proven",
    text="For eight users at once I would buy the MI300X with weights of 4 bits. An A100 needs {0} for a token of one user where "
    "an H100 needs {1}, although it has 3.2 times the arithmetic: the term that binds is bandwidth, nearly all of a step goes "
    "into moving bytes of weights out of memory, and the arithmetic waits for them. Batches share those bytes, which is why "
    "eight users cost hardly more than one, and why arithmetic takes over from {2} on with short contexts only; longer "
    "contexts bring a KV cache of their own that nobody shares. With 4 bits a step moves a quarter of the bytes, so that both "
    "the chat's promise and the completion's hold, the way to the users included as long as they are near. What you give up is "
    "a choice of supplier for the software, some accuracy that has to be measured before we sell it, and the far regions, which "
    "light does not reach in time.",
)
