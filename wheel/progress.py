"""Say what is going on: one line a step, and a sign of life in any step that takes longer than two seconds."""

import sys
import threading
import time


class Progress:
    """`say` begins a step; while it lasts its seconds are shown. Use as a context manager."""

    def __init__(self, every: float = 0.0) -> None:
        self.every = every or (1.0 if sys.stdout.isatty() else 5.0)
        self.step = ""
        self.since = 0.0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Progress":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.done.set()
        self.thread.join()
        self._line("")

    def say(self, step: str) -> None:
        self._line(step + "\n")
        self.step, self.since = step, time.monotonic()

    def _line(self, text: str) -> None:
        if sys.stdout.isatty():
            sys.stdout.write("\r\x1b[K")
        sys.stdout.write(text)
        sys.stdout.flush()

    def _beat(self) -> None:
        while not self.done.wait(self.every):
            seconds = time.monotonic() - self.since
            if self.step and seconds > 2:
                self._line(f"  {seconds:.0f} s" + ("" if sys.stdout.isatty() else f" ({self.step})\n"))
