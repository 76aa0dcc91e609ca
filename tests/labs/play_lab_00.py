"""A way through Volume 1, Lab 00."""

from play import Play

C = {"job": "wake word", "machine": "nRF52840"}

PLAY = Play(
    lab="vol1/lab_00_introduction",
    said={"peak": "10 thousand", "bandwidth": "8 million", "cell": "1 h"},
    failures=[
        ("C", {"job": "wake word", "machine": "H100"}, "power"),
        ("C", {"job": "camera", "machine": "ESP32S3"}, "time"),
        ("C", {"job": "chat", "machine": "H100"}, "memory"),
    ],
    designs=[C, {"job": "camera", "machine": "JetsonOrinNano"}, {"job": "chat", "machine": "MI300X"}],
    pins=[("A", 0), ("B", 0), ("C", 1)],
    term="bytes moved, D/BW",
    gave_up="one supplier for all three",
    text="Answer the salesman that no machine does all three. In the hearing aid the limit is power: the nRF52840 listens "
    "once a second on {2}, of 5 mW that the battery can give, and any accelerator would empty it within seconds. In the "
    "warehouse the limits are time and power together: a microcontroller fits the model and is too slow for 30 frames a "
    "second, a card from the datacentre is too hot for a network cable, and the Jetson Orin Nano with 15 W lies between. "
    "For the assistant the limit is memory: its weights need 142 GB and the H100 of the salesman has 80 GB, so I would "
    "rent an MI300X. There bandwidth binds, because each token fetches all the weights and does one operation with each "
    "byte, far below the ridge point; even the ESP32-S3 with its {0} of memory has its ridge at {1}. You give up having "
    "one supplier and one kind of machine to look after, and you gain three that fit what they have to do.",
)
