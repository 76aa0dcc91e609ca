"""A bar for what takes over two seconds, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from time import monotonic
from typing import Any, ParamSpec, Self, TextIO, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 2.0
"""What is done sooner has no bar [s]."""
_FIRST, _EACH, _WIDTH = 0.2, 0.1, 40


class Progress:
    """Told how much is done of how much, it draws a bar once the whole is bound to take more than PATIENCE."""

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = monotonic, *, quiet: bool = False
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._quiet = quiet or not self._stream.isatty()
        self._clock = clock
        self._start = self._drawn = clock()
        self._shown = False

    def __call__(self, done: int, whole: int) -> None:
        now = self._clock()
        taken = now - self._start
        if taken < _FIRST or now - self._drawn < _EACH or not 0 < done <= whole or self._quiet:
            return
        if not self._shown and taken * whole / done < PATIENCE:
            return
        self._shown, self._drawn = True, now
        filled = _WIDTH * done // whole
        left = taken * (whole - done) / done
        bar = f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {100 * done // whole:3d} %, {left:.0f} s left "
        self._stream.write(bar)
        self._stream.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


class AtOnce(Executor):
    """Does each piece of a sweep as it is submitted, and tells how many of its configurations are done."""

    def __init__(self, configurations: int, progress: Progress) -> None:
        self._whole, self._done, self._progress = configurations, 0, progress

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The piece, computed."""
        future: Future[T] = Future()
        piece: Any = fn(*args, **kwargs)
        future.set_result(piece)
        self._done += len(piece["batch"])
        self._progress(self._done, self._whole)
        return future
