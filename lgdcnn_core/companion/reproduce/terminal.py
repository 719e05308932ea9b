"""One tidy line in the terminal for each thing that takes long."""

import sys
import time
from types import TracebackType
from typing import Self


class Line:
    """A line that says what is running and for how long; refreshed in place on a terminal, else printed at its end.

    Parameters
    ----------
    what
        What is running.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.started = time.monotonic()
        self.shown = -1
        self.alive = sys.stdout.isatty()

    def __enter__(self) -> Self:
        if not self.alive:
            print(f"{self.what} ...", flush=True)
        return self

    def refresh(self) -> None:
        """Show the elapsed seconds, where that does not make a new line."""
        seconds = int(time.monotonic() - self.started)
        if self.alive and seconds != self.shown:
            self.shown = seconds
            print(f"\r\x1b[2K{self.what} ... {seconds} s", end="", flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        outcome = "done" if kind is None else "failed"
        start = "\r\x1b[2K" if self.alive else ""
        print(f"{start}{self.what}: {outcome} in {time.monotonic() - self.started:.0f} s", flush=True)
