"""The page's own elements (`page/*.js`) as markup and, where they carry a value, as marimo UI elements."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from marimo._plugins.ui._core.ui_element import UIElement

JSON = Any


def element(tag: str, spec: JSON, inner: str = "") -> str:
    """Markup of a page element. `spec` is any JSON value; `inner` is markup and must be escaped already."""
    return f'<{tag} data-spec="{escape(json.dumps(spec, allow_nan=False))}">{inner}</{tag}>'


class Element(UIElement[JSON, JSON]):
    """A page element with a value: what the page keeps in the record reaches the reactive graph as `.value`."""

    def __init__(self, tag: str, spec: JSON, initial: JSON = None) -> None:
        super().__init__(component_name=tag, initial_value=initial, label=None, on_change=None, args={"spec": spec})

    def _convert_value(self, value: JSON) -> JSON:
        return value


class Panel(Element):
    """A part's controls. `.value` maps each control's name to one of its declared values, and to nothing else.

    `.tried` lists the settings that were stood at, each once, oldest first.
    """

    def __init__(self, spec: Mapping[str, JSON]) -> None:
        self._choices = {control["name"]: control["values"] for control in spec["controls"]}
        self._now = {control["name"]: control["value"] for control in spec["controls"]}
        self.tried: list[dict[str, JSON]] = []
        super().__init__("lab-panel", spec, dict(self._now))

    def _convert_value(self, value: JSON) -> JSON:
        if isinstance(value, Mapping):
            for name, choices in self._choices.items():
                if value.get(name) in choices:
                    self._now[name] = choices[choices.index(value[name])]
        if self._now not in self.tried:
            self.tried.append(dict(self._now))
        return dict(self._now)
