"""A way through Volume 1, Lab 13."""

from play import Play

PLAY = Play(
    lab="vol1/lab_13_model_serving",
    said={"p99": "25", "reading": "2048", "kept": "3"},
    failures=[
        ("A", {"load": 1.05, "spread": "exponential", "servers": 1}, "overload"),
        ("C", {"machine": "H100", "memory": "reserved", "guessing": "off", "residents": 96}, "memory"),
        ("C", {"machine": "H100", "memory": "pages", "guessing": "off", "residents": 200}, "itl"),
        ("C", {"machine": "A100", "memory": "pages", "guessing": "off", "residents": 32}, "ttft"),
    ],
    designs=[{"machine": "H100", "memory": "shared", "guessing": "off", "residents": 180}],
    pins=[("A", 0), ("B", 0), ("C", 0), ("C", 2)],
    term="bytes moved, D/BW",
    gave_up="spare capacity, and any bulletin that differs from one place to the next",
    text="I would serve the valley from one H100 with its KV cache in pages and the bulletin kept once. With a place reserved for "
    "the longest conversation it carries {3}, although a token for 32 of them takes only {2} of the promised 50 ms: there the "
    "memory is full, mostly of nothing. In pages with the bulletin kept once there is room for three times what 180 residents "
    "need, and time runs out first. What binds then is bandwidth: a step fetches the weights once for all, but the keys and "
    "values of every resident, and those bytes grow with each of them. The rest of the time goes to newcomers, because while "
    "a prompt is read nobody else hears anything, and on an A100 reading 512 tokens takes as long as writing {1} for eight. "
    "That is why the A100 is out, although its memory would do. A draft model pleases one resident and does next to nothing "
    "for a valley, so I leave it out. Do not let the small model in front run hot: at a load of 30% its slowest one in a "
    "hundred takes {0}, and at 80% more than three times that. You give up spare capacity, and bulletins of their own for "
    "each village.",
)
