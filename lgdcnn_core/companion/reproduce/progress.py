"""Show the progress of jobs in the terminal: a table refreshed in place or, in a log, a line now and then."""

import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

from lgdcnn_core.companion.reproduce import titles
from lgdcnn_core.companion.reproduce.estimate import makespan, readable
from lgdcnn_core.companion.reproduce.jobs import Entry, RunJob, State

SECONDS_BETWEEN_LINES = 60.0
"""Seconds between two lines of progress in a log."""

ROWS_KEPT_FREE = 4
"""Lines of the terminal that running jobs leave for other messages."""


BAR, NO_BAR = "  {bar:12} {desc}", f"  {'':12} {{desc}}"


class Board:
    """Shows which jobs ended and how, which run and how far they are, and how many are left.

    On a terminal the running jobs are lines that are refreshed in place. Elsewhere, in a log or a pipe, a job has a
    line when it begins and one when it ends, and once a minute each running job has one.

    Parameters
    ----------
    workers
        Number of jobs at once, to estimate the time left.
    file
        File to write to; the default is standard output.
    """

    def __init__(self, workers: int = 1, file: TextIO | None = None) -> None:
        self.workers = workers
        self.file = file or sys.stdout
        self.live = self.file.isatty()
        self.shown: dict[int, State] = {}
        self.resumed: set[int] = set()
        self.bars: list[tqdm] = []
        self.last_line = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._clear()

    def show(self, entries: Sequence[Entry]) -> None:
        """Print the news, and refresh the table."""
        news, errors = [], []
        for number, entry in enumerate(entries):
            if entry.state is not self.shown.get(number, State.WAITING):
                self.shown[number] = entry.state
                news += [line for line in [self._changed(entry)] if line]
                errors += [entry.error] * (entry.error is not None)
            if entry.state is State.RUNNING and number not in self.resumed:
                status = entry.status()
                if status is not None and status.first:
                    self.resumed.add(number)
                    news.append(f"{entry.job.title}: goes on from epoch {status.first} of {status.progress.epochs}")
        if news:
            self._clear()
            for line in news:
                print(line, file=self.file, flush=True)
            for error in errors:
                print(f"error: {error}", file=sys.stderr, flush=True)
        running = [entry for entry in entries if entry.state is State.RUNNING]
        if self.live:
            room = max(shutil.get_terminal_size().lines - ROWS_KEPT_FREE, 1)
            self._draw([*running[:room]], summary(entries, self.workers))
        elif running and time.monotonic() - self.last_line >= SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            for line in [*map(row, running), summary(entries, self.workers)]:
                print(line, file=self.file, flush=True)

    def _changed(self, entry: Entry) -> str:
        """Line for a job that began or ended."""
        title = entry.job.title
        if entry.state is State.RUNNING:
            return "" if self.live else f"{title} ..."
        took = readable(entry.ended - entry.began)
        if entry.state is State.DONE:
            result = entry.job.result()
            return f"{title}: done in {took}{f', {result}' if result else ''}"
        if entry.state is State.FAILED:
            return f"{title}: failed after {took}"
        if entry.state in (State.INTERRUPTED, State.STOPPED):
            return f"{title}: {entry.state.value}{kept(entry)}"
        return ""

    def _draw(self, running: list[Entry], last: str) -> None:
        if len(running) + 1 != len(self.bars):
            self._clear()
            self.bars = [
                tqdm(position=place, leave=False, dynamic_ncols=True, file=self.file)
                for place in range(len(running) + 1)
            ]
        for bar, entry in zip(self.bars, running, strict=False):
            status = entry.status()
            bar.bar_format = BAR if status else NO_BAR
            bar.n, bar.total = (status.progress.epoch, status.progress.epochs) if status else (0, None)
            bar.set_description_str(row(entry))
        self.bars[-1].bar_format = "{desc}"
        self.bars[-1].set_description_str(last)

    def _clear(self) -> None:
        for bar in reversed(self.bars):
            bar.close()
        self.bars = []


def row(entry: Entry) -> str:
    """Describe a running job, such as ``L-G-DCNN on AFLOW bulk modulus: epoch 14 of 60, MAE 9.21 GPa, 3 min left``."""
    took = readable(time.time() - entry.began)
    status = entry.status()
    if status is None:
        return f"{entry.job.title}: {took} so far"
    spec = entry.job.task.spec if isinstance(entry.job, RunJob) else None
    step = "tree" if spec is not None and titles.is_baseline(spec) else "epoch"
    said = [f"{step} {status.progress.epoch} of {status.progress.epochs}"]
    if status.progress.val_error is not None and spec is not None:
        said.append(f"validation {titles.error(spec, status.progress.val_error)}")
    left = entry.seconds_left
    said.append(f"{took} so far" if left is None else f"{readable(left)} left")
    return f"{entry.job.title}: {', '.join(said)}"


def summary(entries: Sequence[Entry], workers: int) -> str:
    """Describe all jobs: ``3 done, 2 running, 0 failed, 4 waiting; about 6 min left``."""
    counts = Counter(entry.state for entry in entries)
    left = makespan([entry.seconds_left or 0.0 for entry in entries], workers)
    ended = [f"{counts[state]} {state.value}" for state in (State.STOPPED, State.TOO_LONG) if counts[state]]
    said = [
        f"{counts[State.DONE]} done",
        f"{counts[State.RUNNING]} running",
        f"{counts[State.FAILED]} failed",
        *ended,
        f"{counts[State.WAITING]} waiting",
    ]
    return f"{', '.join(said)}; about {readable(left)} left"


def kept(entry: Entry) -> str:
    """Say where the next call goes on, or that it begins again where a job has no checkpoint."""
    status = entry.job.status()
    if status is None or not status.progress.saved:
        return "; the next call begins it again"
    progress = status.progress
    return f" at epoch {progress.epoch} of {progress.epochs}; the next call goes on from epoch {progress.saved}"
