"""Make one run in this process, as an engine asks for it: ``python -m lgdcnn_core.companion.reproduce.task ORDER``.

A run writes its progress into a small file beside its checkpoint, so that its dispatcher can read it, on this machine
or across a cluster's file system. A lock beside it keeps two processes from making the same run.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from lgdcnn_core.companion.runs import JointSpec, RunSpec, Store, execute, trained
from lgdcnn_core.training import Progress, TrainingStopped

STOPPED = 3
"""Exit status of a run that stopped at its checkpoint before it was finished."""


@dataclass(frozen=True)
class Task:
    """A run to make.

    Attributes
    ----------
    spec
        The run.
    store
        Directory of this machine's run records.
    device
        As in `training.choose`.
    deadline
        Time (`time.time`) before which the run has to end or to stop at a checkpoint; None: no limit.
    """

    spec: RunSpec
    store: Path
    device: str | None = None
    deadline: float | None = None

    @property
    def checkpoints(self) -> Path:
        """Directory of the checkpoints, beside the store."""
        return self.store.parent / "checkpoints"

    def file(self, suffix: str) -> Path:
        """Return the path of a file beside the checkpoint, by its suffix, such as ``".progress"``."""
        path = self.checkpoints / self.spec.key
        return path.with_name(path.name + suffix)

    def to_json(self) -> str:
        """Write the order that `from_json` reads."""
        return json.dumps(asdict(self) | {"spec": self.spec.as_dict(), "store": str(self.store)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        return cls(**values | {"spec": RunSpec(**values["spec"]), "store": Path(values["store"])})


@dataclass(frozen=True)
class Status:
    """Progress of a run.

    Attributes
    ----------
    progress
        Progress that the training reported before its current epoch.
    first
        Epoch that this process began with: above 0, the training goes on from a checkpoint.
    began
        Time (`time.time`) at which this process began the training.
    """

    progress: Progress
    first: int
    began: float

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last epoch, at the pace so far; None before the first epoch of this process is over."""
        trained = self.progress.epoch - self.first
        if not trained:
            return None
        return (time.time() - self.began) / trained * (self.progress.epochs - self.progress.epoch)


def status(task: Task) -> Status | None:
    """Return the progress of a run, alive or not; None before its training begins and after its record is there."""
    try:
        values = json.loads(task.file(".progress").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Status(Progress(**values.pop("progress")), **values)


def perform(task: Task, dispatcher: int | None = None) -> bool:
    """Make a run, unless its record exists.

    Parameters
    ----------
    task
        The run.
    dispatcher
        Id of the process that this one works for: when that process is gone, the run stops at a checkpoint.

    Returns
    -------
    bool
        Whether the record is there; if not, the run stopped at its checkpoint.
    """
    options: dict[str, Any] = {
        "store": Store("local", task.store),
        "device": task.device,
        "progress": False,
        "checkpoints": task.checkpoints,
        "watch": _Watcher(task, dispatcher),
    }
    try:
        with _alone(task, task.spec):
            if task.spec.source is not None and task.spec.key not in options["store"]:
                # Other runs may start from the same network: it is trained once.
                with _alone(task, task.spec.source):
                    trained(task.spec.source, **options)
            execute(task.spec, **options)
            for suffix in (".progress", ".lock"):
                task.file(suffix).unlink(missing_ok=True)
    except TrainingStopped:
        return False
    return True


class _Watcher:
    """Writes the progress of a run, and stops it in time."""

    def __init__(self, task: Task, dispatcher: int | None) -> None:
        self.task, self.dispatcher = task, dispatcher
        self.status: Status | None = None
        self.last = time.time()

    def __call__(self, progress: Progress) -> bool:
        now = time.time()
        longest = now - self.last if self.status else 0.0
        self.last = now
        if self.status is None or progress.epoch < self.status.progress.epoch:
            # A run may train another network first, the one that it starts from.
            self.status = Status(progress, progress.epoch, now)
        self.status = replace(self.status, progress=progress)
        path = self.task.file(".progress")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.write_text(json.dumps(asdict(self.status)), encoding="utf-8")
        os.replace(partial, path)
        late = self.task.deadline is not None and now + longest > self.task.deadline
        return late or (self.dispatcher is not None and os.getppid() != self.dispatcher)


@contextmanager
def _alone(task: Task, spec: RunSpec | JointSpec) -> Iterator[None]:
    """Wait until no other process makes this run, or trains this network."""
    path = task.checkpoints / f"{spec.key}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    # Some clusters' file systems have no locks. Records appear whole, and once, all the same.
    with suppress(NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def main(order: str, dispatcher: int) -> int:
    """Make the run of an order; return the exit status. A failure's traceback goes to standard error."""
    return 0 if perform(Task.from_json(order), dispatcher) else STOPPED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
