"""labkit: what makes a notebook a lab. A lab declares itself; the kit locks, gates, pins, logs and submits."""

from importlib import import_module

__all__ = [
    "FLEET_TERMS",
    "NODE_TERMS",
    "Assumption",
    "Choice",
    "Lab",
    "Lock",
    "Part",
    "Probe",
    "Reading",
    "Slider",
    "Tutorial",
    "Varied",
    "charts",
]

_HOME = {
    "Assumption": "plan",
    "Choice": "plan",
    "FLEET_TERMS": "flow",
    "Lab": "flow",
    "Lock": "plan",
    "NODE_TERMS": "flow",
    "Part": "plan",
    "Probe": "plan",
    "Reading": "reading",
    "Slider": "plan",
    "Tutorial": "tutorial",
    "Varied": "plan",
}


def __getattr__(name: str) -> object:
    if name == "charts":
        return import_module("labkit.charts")
    if name in _HOME:
        return getattr(import_module(f"labkit.{_HOME[name]}"), name)
    raise AttributeError(f"module 'labkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
