"""The 22 walls: number, name and domain."""

from __future__ import annotations

from typing import NamedTuple


class Wall(NamedTuple):
    """One limit that a system can run into."""

    number: int
    name: str
    domain: str


_DOMAINS = {
    "Node": (
        "compute throughput",
        "memory capacity",
        "memory bandwidth",
        "serving",
        "batching",
        "streaming",
        "tail latency",
    ),
    "Data": ("ingestion", "transformation", "storage bandwidth"),
    "Algorithm": ("scaling laws", "compression and quantization", "architecture efficiency"),
    "Fleet": ("communication", "synchronization", "reliability"),
    "Operations": ("energy", "sustainability", "economic cost", "safety"),
    "Analysis": ("sensitivity", "synthesis"),
}

WALLS: dict[str, Wall] = {}
for _domain, _names in _DOMAINS.items():
    for _name in _names:
        WALLS[_name] = Wall(len(WALLS) + 1, _name, _domain)
