"""What running sequences attend to, counted as they grow, join and leave."""

from __future__ import annotations

from collections import Counter


class Positions:
    """Positions of all sequences together: `all` of them, and those `near` the end, at most `window` of each.

    >>> held = Positions(window=4)
    >>> held.join(2)
    >>> for _ in range(5):
    ...     held.advance()
    >>> held.all, held.near
    (7, 4)
    """

    def __init__(self, window: int) -> None:
        self.sequences = self.all = self.near = 0
        self._window = window
        self._steps = self._growing = 0
        self._filled = Counter[int]()  # sequences whose window is full from that step on

    def join(self, length: int) -> None:
        """A sequence of that length."""
        self.sequences += 1
        self.all += length
        self.near += min(length, self._window)
        if length < self._window:
            self._growing += 1
            self._filled[self._steps + self._window - length] += 1

    def advance(self) -> None:
        """One more position in every sequence."""
        self._steps += 1
        self.all += self.sequences
        self.near += self._growing
        self._growing -= self._filled.pop(self._steps, 0)

    def leave(self, length: int) -> None:
        """A sequence that has grown to that length."""
        self.sequences -= 1
        self.all -= length
        self.near -= min(length, self._window)
        if length < self._window:
            self._growing -= 1
            self._filled[self._steps + self._window - length] -= 1
