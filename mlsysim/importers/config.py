"""A config.json, read key by key; what is wrong with it is told all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlsysim.check import Checks, InvalidValue, count, flag

DEEPEST = 10_000
"""Most layers of a model."""
_MISSING = object()


class Config:
    """What a config.json holds. A key that it leaves out has the default of its family's configuration class."""

    def __init__(self, content: Mapping[str, Any], defaults: Mapping[str, Any], each: Checks) -> None:
        self.content, self.defaults, self.each = content, defaults, each

    def get(self, key: str) -> Any:
        """A value as it stands, or its default."""
        found = self.content.get(key, _MISSING)
        return self.defaults.get(key) if found is _MISSING else found

    def size(self, key: str, *, at_least: int = 1, at_most: int = 10**9) -> int:
        """A whole number; one that is wrong is told at the end, and until then 1."""
        found = self.each(count, key, self.get(key), f'"{key}": 32', at_least=at_least, at_most=at_most)
        return max(1, at_least) if found is None else found

    def layers(self, key: str = "num_hidden_layers") -> int:
        """How many layers there are."""
        return self.size(key, at_most=DEEPEST)

    def optional(self, key: str, otherwise: int) -> int:
        """A whole number, or another where the file says null or nothing."""
        return otherwise if self.get(key) is None else self.size(key)

    def flag(self, key: str) -> bool:
        """True or false."""
        return bool(self.each(flag, key, self.get(key), f'"{key}": true'))

    def indices(self, key: str) -> list[int] | None:
        """A list of layers, or none where the file says null or nothing."""
        found = self.get(key)
        if found is None:
            return None
        if not isinstance(found, list) or any(type(each) is not int for each in found) or len(found) > DEEPEST:
            self.each.refuse(key, found, "it must be a list of layers", f'"{key}": [0, 1]')
            return None
        return found

    def part(self, key: str, defaults: Mapping[str, Any]) -> Config:
        """A configuration inside this one."""
        found = self.get(key)
        if found is None:
            found = {}
        if not isinstance(found, Mapping):
            self.each.refuse(key, found, "it must be a table of its own", f'"{key}": {{"hidden_size": 1152}}')
            found = {}
        return Config(found, defaults, self.each)

    def only(self, key: str, *counted: Any) -> None:
        """Refuses what the counts here do not cover."""
        found = self.get(key)
        if found not in counted:
            known = " or ".join("null" if each is None else str(each).lower() for each in counted)
            self.each.refuse(key, found, f"models are counted here where it is {known}", f'"{key}": {known}')

    def window(self, layers: int, window: int | None, full: int) -> dict[str, int]:
        """The window, and every how many layers one attends to everything, `full` of them altogether."""
        kinds = self.get("layer_types")
        if kinds is not None:
            if not isinstance(kinds, list) or len(kinds) != layers or not set(map(str, kinds)) <= _KINDS:
                told = f"it must name one of {', '.join(sorted(_KINDS))} for each of the {layers:,d} layers"
                self.each.refuse("layer_types", kinds, told, '"layer_types": ["full_attention", ...]')
                return {}
            full = kinds.count("full_attention")
        if window is None or full >= layers:
            return {}
        every = layers // full if full else 0
        while every and layers // every < full:
            every -= 1
        if every and layers // every != full:
            told = f"{full} of {layers} layers with full attention come in no even pattern, which is what is counted"
            self.each.refuse("layer_types", full, told, '"layer_types": null')
        return {"window": window} | ({"global_every": every} if every else {})


_KINDS = {"full_attention", "sliding_attention", "chunked_attention"}


def refused(field: str, value: object, rule: str) -> InvalidValue:
    """A refusal of a whole file, or of where it should come from."""
    return InvalidValue(field, value, rule, 'ModelSpec.from_huggingface("Meta-Llama-3-8B/config.json")')
