"""A way through Volume 2, Lab 06."""

from play import Play

B = {"gpus": 16384, "write": 120, "minutes": 30}
C = {"offer": "H100s", "rate": 200, "noticed": 30, "minutes": 15, "spares": 16}

PLAY = Play(
    lab="vol2/lab_06_fault_tolerance",
    said={"quiet": "99", "interval": "90 min", "left": "25 %"},
    failures=[
        ("B", {**B, "minutes": 1}, "reliability"),
        ("B", {**B, "minutes": 240}, "reliability"),
        ("C", {**C, "rate": 50, "minutes": 2}, "reliability"),
        ("C", {**C, "minutes": 10}, "storage"),
        ("C", {**C, "spares": 12}, "spares"),
    ],
    designs=[C, {**C, "offer": "MI300Xs", "noticed": 180, "minutes": 20}],
    pins=[("A", 0), ("B", 0), ("B", 1)],
    term="failures and checkpoints, goodput",
    gave_up="a file system for others, and sixteen servers that stand by",
    text="You forgot that a fleet of machines that hardly ever fail fails all the time. A GPU is interrupted once in some six years; "
    "1,024 of them are every {0}, and sixteen thousand every three hours, each time all at once. Failures and checkpoints bind this "
    "run. With 4,096 GPUs and a checkpoint every four hours only {1} of the time is work that lasts, because each interruption "
    "undoes half of the interval; after {2} of work it would be the most there is, and anything near is about as good. On the "
    "large fleet even the best interval loses a fifth if writing takes two minutes and noticing ten. So I would write at 200 GB/s "
    "after 15 or 20 minutes of work, notice a failure by heartbeat within 30 s instead of by a timeout, and keep sixteen spare "
    "servers: then about 91 % of the hours you pay for are work, between 90 and 91 as far as the count of Llama 3 holds for "
    "your machines. The MI300Xs have fewer parts and forgive more, but nobody has counted their interruptions yet. You give up the "
    "file system’s speed for everybody else, and servers that do nothing on a good day. Plan for a tenth more days.",
)
