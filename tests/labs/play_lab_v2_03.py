"""A way through Volume 2, Lab 03."""

from play import Play

A = {"server": "DGX H100", "gpus": 8, "message": 1e9, "steps": 14}
C = {"joined": "MI300Xs, 8 behind one port", "at_once": 1, "bits": 16, "pieces": 1}

PLAY = Play(
    lab="vol2/lab_03_communication",
    said={"ring": "1.94 ms", "leave": "9", "seen": "6"},
    failures=[
        ("C", {**C, "bits": 32}, "communication"),
        ("C", {**C, "at_once": 8, "bits": 32, "pieces": 1}, "communication"),
        ("C", {**C, "joined": "H100s, one a server", "at_once": 4}, "memory"),
    ],
    designs=[
        {**C, "at_once": 8, "pieces": 64},
        {**C, "joined": "H100s, one a server", "at_once": 2, "bits": 8, "pieces": 32},
    ],
    pins=[("A", 0), ("B", 0), ("B", 1)],
    term="communication, η of scaling",
    gave_up="gradients of sixteen bits on the H100s, and room for longer sequences on the MI300Xs",
    text="Take the MI300Xs that are free now, eight sequences at once, gradients of 16 bits in 64 pieces. What everybody waited "
    "for is communication: after each step the copies sum their gradients, and what one of them sends is less than twice the "
    "gradient, however many they are. Inside a server that is cheap. Four H100s hand a small gradient around in {0} at best, and "
    "eight MI300Xs agree in {1} by the quickest way and {2} around a ring. It is the place that makes it dear: behind one port "
    "a server, or one GPU to a server, the same bytes go through a wire that nobody shares. Cutting alone hides little, because "
    "only the last backward pass of a step is there to hide behind. The MI300Xs have the memory for a long one, and then about "
    "1% of the step is waiting. The scattered H100s have no such room, so there the gradients have to shrink to 8 bits, which "
    "nobody has tried on this model. A larger model sends more bytes but also computes longer, so the share stays about as it is. You "
    "give up room for longer sequences; waiting two weeks for whole servers would buy next to nothing.",
)
