"""Jobs of a reproduction: runs and notebooks, each in a process of its own, and their progress."""

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
"""Seconds that suffice for a notebook that trains nothing, on two plain cores."""

SECONDS_TO_START = 10.0
"""Seconds in which a process imports torch, reads its data set and writes its record."""

TIMES_KILLED = 2
"""Number of processes of one run that the system may kill, for lack of memory, say, until the run counts as failed."""


class State(Enum):
    """State of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped in time"
    TOO_LONG = "not begun"
    INTERRUPTED = "interrupted"


class RunFailed(RuntimeError):
    """A run ended without a record; the message has the output of its process, with the traceback."""


class Halted(BaseException):
    """The dispatcher wants the job to end now. It is no error of the job, so nothing else must catch it."""


class Job(Protocol):
    """Work to do in a process of its own."""

    @property
    def title(self) -> str:
        """Readable name."""

    @property
    def seconds(self) -> float | None:
        """Estimated seconds that it takes on its own; None: unknown."""

    def status(self) -> Status | None:
        """Return the progress of its training; None if it is no training."""

    def do(self, environment: Mapping[str, str], while_running: Callable[[], None]) -> State:
        """Do the job and wait for its end; meanwhile, call the function several times a second.

        An exception of the function ends the process at once and is passed on.
        """

    def result(self) -> str:
        """Say what the result is; "" if there is nothing to say."""


@dataclass
class Entry:
    """A job and its state; engines write it, and the terminal shows it.

    Attributes
    ----------
    job
        The job.
    state
        State of the job.
    began, ended
        Times (`time.time`) at which the job began and ended; 0 before.
    error
        Reason why the job failed.
    """

    job: Job
    state: State = State.WAITING
    began: float = 0.0
    ended: float = 0.0
    error: BaseException | None = None

    def begin(self) -> None:
        """Note that the job runs."""
        self.state, self.began = State.RUNNING, time.time()

    def end(self, state: State, error: BaseException | None = None) -> None:
        """Note how the job ended."""
        self.state, self.ended, self.error = state, time.time(), error

    def status(self) -> Status | None:
        """Return the progress of a training that this call began; None before the training reports any."""
        found = self.job.status()
        return found if found is not None and self.began and found.began >= self.began else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the job still takes, from its own pace if it has one, else from the estimate."""
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
        """Estimated seconds of a process that finishes the run from its checkpoint."""
        if self.estimate is None:
            return None
        found = self.status()
        done = found.progress.saved / found.progress.epochs if found is not None else 0.0
        return SECONDS_TO_START + self.estimate * (1 - done)

    def status(self) -> Status | None:
        """Return the progress of the training."""
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
        """Write the test error of the record."""
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
        Name of the job in the terminal.
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
        """Return None: a notebook reports no progress."""

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
        """Return the path of its first picture."""
        pictures = sorted(self.figures.glob(f"{self.path.stem[:2]}_*.png"))
        return str(pictures[0]) if pictures else ""
