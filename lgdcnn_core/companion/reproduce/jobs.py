"""Jobs of a reproduction: runs and notebooks, each in a process of its own, and how far each of them is."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from lgdcnn_core.companion.reproduce import notebook, process, titles
from lgdcnn_core.companion.reproduce.task import STOPPED, Status, Task, status
from lgdcnn_core.companion.runs import Store

NOTEBOOK_SECONDS = 30.0
"""A notebook that trains nothing takes less than this on two plain cores."""

SECONDS_TO_START = 10.0
"""A process imports torch, reads its data set and writes its record."""

TIMES_KILLED = 2
"""Processes of one run that the system may kill, for want of memory, say, before the run counts as failed."""


class State(Enum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped in time"
    TOO_LONG = "not begun"
    INTERRUPTED = "interrupted"


class RunFailed(RuntimeError):
    """A run did not come to its record; the message has what its process printed, with the traceback."""


class Halted(BaseException):
    """Whoever dispatches the job wants it to end now. No error of the job's: nothing else must catch it."""


class Job(Protocol):
    """Something to do in a process of its own."""

    @property
    def title(self) -> str:
        """Name it for people."""

    @property
    def seconds(self) -> float | None:
        """Estimate how long it takes on its own; None: unknown."""

    def status(self) -> Status | None:
        """Tell how far its training is, if it is one."""

    def do(self, environment: Mapping[str, str], while_running: Callable[[], None]) -> State:
        """Do it, and wait for its end; while it lasts, call the function several times a second.

        What the function raises ends the process at once and is passed on.
        """

    def result(self) -> str:
        """Say what came out, "" if there is nothing to say."""


@dataclass
class Entry:
    """A job and where it is; engines write it, and the terminal shows it.

    Attributes
    ----------
    job
        The job.
    state
        Where it is.
    began, ended
        Times (`time.time`); 0 before.
    error
        Why it failed.
    """

    job: Job
    state: State = State.WAITING
    began: float = 0.0
    ended: float = 0.0
    error: BaseException | None = None

    def begin(self) -> None:
        """Say that it runs."""
        self.state, self.began = State.RUNNING, time.time()

    def end(self, state: State, error: BaseException | None = None) -> None:
        """Say how it ended."""
        self.state, self.ended, self.error = state, time.time(), error

    def status(self) -> Status | None:
        """How far the training is that this call began; None before it says so."""
        found = self.job.status()
        return found if found is not None and self.began and found.began >= self.began else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds that it still takes, from its own pace if it has one, else from the estimate."""
        if self.state not in (State.WAITING, State.RUNNING):
            return 0.0
        found = self.status()
        if found is not None and found.seconds_left is not None:
            return found.seconds_left
        if self.job.seconds is None:
            return None
        return max(self.job.seconds - (time.time() - self.began if self.began else 0.0), 0.0)


@dataclass
class RunJob:
    """A run and, if it is to be drawn, the training notebook that shows it.

    Attributes
    ----------
    task
        The run.
    estimate
        Estimated duration of the whole training; None: unknown.
    drawing
        The notebook to run once there is a record; None: none.
    """

    task: Task
    estimate: float | None = None
    drawing: "NotebookJob | None" = None

    @property
    def title(self) -> str:
        """Name of the run."""
        return titles.run(self.task.spec)

    @property
    def seconds(self) -> float | None:
        """Estimated duration of a process that makes what its checkpoint leaves to do."""
        if self.estimate is None:
            return None
        found = self.status()
        done = found.progress.saved / found.progress.epochs if found is not None else 0.0
        return SECONDS_TO_START + self.estimate * (1 - done)

    def status(self) -> Status | None:
        """How far the training is."""
        return status(self.task)

    def do(self, environment: Mapping[str, str], while_running: Callable[[], None]) -> State:
        """Make the run, and draw it.

        A process that was killed is started once more: the run goes on from its checkpoint.

        Raises
        ------
        RunFailed, NotebookFailed
            If the run, or its notebook, failed.
        """
        for attempt in range(1, TIMES_KILLED + 1):
            command = [
                sys.executable,
                "-m",
                "lgdcnn_core.companion.reproduce.task",
                self.task.to_json(),
                str(os.getpid()),
            ]
            code, printed = process.run(command, while_running, environment)
            if code == 0:
                break
            if code == STOPPED:
                return State.STOPPED
            if code > 0 or attempt == TIMES_KILLED:
                ended = f"exit status {code}" if code > 0 else f"killed by signal {-code}, {attempt} times"
                raise RunFailed(f"{self.title} failed ({ended}):\n{printed.rstrip()}")
        if self.drawing is not None:
            self.drawing.do(environment, while_running)
        return State.DONE

    def result(self) -> str:
        """Test error of the record."""
        record = Store("local", self.task.store).read(self.task.spec.key)
        value = record.metrics["log_loss" if self.task.spec.classification else "mae"]
        return "" if value is None else f"test {titles.error(self.task.spec, value)}"


@dataclass
class NotebookJob:
    """A notebook to run.

    Attributes
    ----------
    path, output, values
        As in `notebook.run`.
    title
        What the terminal calls it.
    figures
        Directory where its pictures appear.
    """

    path: Path
    output: Path
    title: str
    figures: Path
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Rough duration of a notebook that trains nothing."""
        return NOTEBOOK_SECONDS

    def status(self) -> None:
        """Of a notebook nobody knows."""

    def do(self, environment: Mapping[str, str], while_running: Callable[[], None]) -> State:
        """Run the notebook.

        Raises
        ------
        NotebookFailed
            If a cell failed, or the kernel died.
        """
        notebook.run(self.path, self.output, self.values, while_running, environment)
        return State.DONE

    def result(self) -> str:
        """Where its first picture is."""
        pictures = sorted(self.figures.glob(f"{self.path.stem[:2]}_*.png"))
        return str(pictures[0]) if pictures else ""
