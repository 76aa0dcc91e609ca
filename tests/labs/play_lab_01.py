"""A way through Volume 1, Lab 01."""

from play import Play

A = {"side": 224, "network": "ResNet50", "machine": "H100"}
C = {"machine": "H100", "network": "ResNet50", "side": 224, "precision": "fp16"}
ORIN = {**C, "machine": "Jetson AGX Orin"}
CROSSING = {**C, "machine": "ESP32-S3", "network": "MobileNetV1_Half", "side": 128, "precision": "int8"}
COLLAR = {**CROSSING, "machine": "nRF52840", "network": "MobileNetV1_Quarter", "side": 160}

PLAY = Play(
    lab="vol1/lab_01_ml_intro",
    said={"too_big": "50", "crowd": "64", "sram": "4.2 MB"},
    failures=[
        ("A", {**A, "machine": "ESP32-S3"}, "SRAM"),
        ("A", {**A, "machine": "ESP32-S3"}, "flash"),
        ("B", {"machine": "A100", "batch": 256}, "deadline"),
        ("C", ORIN, "deadline"),
        ("C", {**ORIN, "network": "MobileNetV1", "precision": "int8"}, "accuracy"),
        ("C", {**CROSSING, "precision": "fp16"}, "precision"),
        ("C", {**COLLAR, "side": 224}, "SRAM"),
        ("C", {**COLLAR, "network": "MobileNetV1_Half", "side": 128}, "flash"),
    ],
    designs=[{**C, "precision": "int8"}, {**ORIN, "network": "MobileNetV1"}, CROSSING, COLLAR],
    pins=[("A", 0), ("A", 1), ("B", 0)],
    term="arithmetic, O/(R·η)",
    gave_up="more than half of the animals at the collar",
    text="At the archive I would run ResNet-50 in INT8, in the locomotive MobileNetV1 in FP16, at the crossing the same network at "
    "half its width and on the collar at a quarter, with smaller pictures. The same network cannot go everywhere, and the reasons "
    "differ. On the H100 one picture takes {0}, nearly all of it overhead; its weights are {1} of the memory. A batch of pictures "
    "shares that overhead, so there arithmetic binds and a batch has to be large: one picture alone takes {2} on an A100. "
    "In the locomotive the deadline decides: ResNet-50 in sixteen bits is late, MobileNetV1 is in time, and with eight bits "
    "it would be wrong too often. At the crossing arithmetic binds again, a whole network would be late although it fits. "
    "On the collar memory decides: the flash holds the quarter only, and the SRAM holds what is computed for a picture of 160 pixels and "
    "not for one of 224. What you give up is accuracy: at the collar more than half of the animals are named wrong, so treat what it "
    "says as a reason to look, not as an answer.",
)
