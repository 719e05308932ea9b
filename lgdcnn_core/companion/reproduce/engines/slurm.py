"""The engine of a cluster: every run is a job of one Slurm array, submitted through submitit.

A job that reaches its time limit, or that is preempted, is queued again by submitit and goes on from its checkpoint.
"""

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import submitit
import torch

from lgdcnn_core.companion.reproduce.jobs import Entry, RunFailed, RunJob, State
from lgdcnn_core.companion.reproduce.task import Task, perform

TIMES_QUEUED_AGAIN = 1000
"""Number of times that a job may reach its time limit; each time it has come further."""

SECONDS_BETWEEN_LOOKS = 2.0

SECONDS_UNTIL_LOST = 60.0
"""Seconds after which a job that left the queue without a result counts as lost: shared file systems lag behind."""

LONGEST_WARNING = 90
"""Seconds before the time limit at which a job is told to stop, if the limit leaves that much time."""


class NoSlurm(RuntimeError):
    """There is no Slurm on this machine."""


@dataclass(frozen=True)
class Cluster:
    """Settings with which jobs are submitted to a cluster.

    Attributes
    ----------
    partition
        Partition of the jobs; None: the cluster's default.
    minutes
        Time limit of a job. It need not be enough for a whole run.
    at_once
        Jobs at once; None: as many as the cluster allows.
    options
        Options of sbatch that the cluster asks for, such as ``{"account": "x", "gres": "gpu:1"}``.
    kind
        submitit's name of the cluster: ``"slurm"``, or ``"local"`` for processes on this machine.
    """

    partition: str | None = None
    minutes: int = 60
    at_once: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    kind: str = "slurm"


class MadeInAJob:
    """Makes a run inside a job; submitit pickles it and, if the job is queued again, calls it with the same run."""

    def __call__(self, task: Task) -> bool:
        """Make the run; say whether its record is there."""
        torch.set_num_threads(int(os.environ.get("SLURM_CPUS_PER_TASK", "1")))
        return perform(task)

    def checkpoint(self, task: Task) -> submitit.helpers.DelayedSubmission:
        """Return the job to queue when the time of this one is up: the same run, which goes on from its checkpoint."""
        return submitit.helpers.DelayedSubmission(self, task)


def require(cluster: Cluster) -> None:
    """Raise `NoSlurm` unless jobs can be submitted from here."""
    if cluster.kind == "slurm" and shutil.which("sbatch") is None:
        raise NoSlurm("there is no sbatch here: --slurm is for the login node of a cluster")


def submit(entries: Sequence[Entry], cluster: Cluster, folder: Path) -> list[submitit.Job[bool]]:
    """Submit runs as one array.

    Parameters
    ----------
    entries
        Entries of `RunJob`.
    cluster
        How to submit them.
    folder
        Directory for submitit's files, and for the jobs' output.
    """
    require(cluster)
    parameters: dict[str, Any] = {"name": "lgdcnn", "timeout_min": cluster.minutes}
    if cluster.kind == "slurm":
        parameters |= {
            "slurm_partition": cluster.partition,
            "slurm_array_parallelism": cluster.at_once or len(entries),
            "slurm_signal_delay_s": min(LONGEST_WARNING, 15 * cluster.minutes),
            "slurm_additional_parameters": dict(cluster.options),
        }
    executor = submitit.AutoExecutor(folder, cluster=cluster.kind, slurm_max_num_timeout=TIMES_QUEUED_AGAIN)
    executor.update_parameters(**{name: value for name, value in parameters.items() if value is not None})
    now = time.time()
    for entry in entries:
        entry.began = now
    return executor.map_array(MadeInAJob(), [_task(entry) for entry in entries])


def follow(
    entries: Sequence[Entry],
    jobs: Sequence[submitit.Job[bool]],
    show: Callable[[Sequence[Entry]], None] = lambda entries: None,
    seconds_until_lost: float = SECONDS_UNTIL_LOST,
) -> None:
    """Wait for submitted runs; each entry notes how its run ended.

    Parameters
    ----------
    entries, jobs
        The entries given to `submit`, and the jobs that it returned.
    show
        Called with all entries every few seconds.
    seconds_until_lost
        See `SECONDS_UNTIL_LOST`.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, once the jobs are cancelled.
    """
    queue = _Queue()
    missed: dict[str, float] = {}
    pending = dict(zip(range(len(entries)), jobs, strict=True))
    try:
        while pending:
            for number, job in list(pending.items()):
                entry = entries[number]
                if job.paths.result_pickle.exists():
                    _end(entry, job)
                elif job.job_id in queue or not _gone(job):
                    missed.pop(job.job_id, None)
                    _look(entry)
                elif time.time() - missed.setdefault(job.job_id, time.time()) > seconds_until_lost:
                    entry.end(State.FAILED, _lost(entry, job))
                if entry.state not in (State.WAITING, State.RUNNING):
                    del pending[number]
            show(entries)
            time.sleep(SECONDS_BETWEEN_LOOKS)
    except BaseException:
        cancel([entries[number] for number in pending], list(pending.values()))
        show(entries)
        raise


def cancel(entries: Sequence[Entry], jobs: Sequence[submitit.Job[bool]]) -> None:
    """Cancel submitted runs; those that had begun are interrupted and keep their checkpoints."""
    for entry, job in zip(entries, jobs, strict=False):
        job.cancel(check=False)
        if entry.state is State.RUNNING:
            entry.end(State.INTERRUPTED)


class _Queue:
    """Jobs of this user that Slurm has in its queue, asked for now and then.

    sacct would know more, but a Slurm need not keep accounts.
    """

    def __init__(self) -> None:
        self.asked = -float("inf")
        self.ids: set[str] = set()

    def __contains__(self, job_id: str) -> bool:
        if shutil.which("squeue") and time.monotonic() - self.asked > 5 * SECONDS_BETWEEN_LOOKS:
            command = ["squeue", "--noheader", "--array", "--user", getpass.getuser(), "--format", "%i"]
            answer = subprocess.run(command, capture_output=True, text=True)
            self.asked = time.monotonic()
            if answer.returncode == 0:
                self.ids = set(answer.stdout.split())
        return job_id in self.ids


def _gone(job: submitit.Job[bool]) -> bool:
    """Whether a job that is not in the queue has ended; a process of this machine knows itself."""
    return isinstance(job, submitit.SlurmJob) or job.done()


def _look(entry: Entry) -> None:
    """See whether a run has begun."""
    if entry.state is State.WAITING and (found := entry.status()) is not None:
        entry.state, entry.began = State.RUNNING, found.began


def _end(entry: Entry, job: submitit.Job[bool]) -> None:
    try:
        entry.end(State.DONE if job.result() else State.STOPPED)
    except (submitit.core.utils.FailedJobError, submitit.core.utils.UncompletedJobError) as error:
        entry.end(State.FAILED, RunFailed(f"{entry.job.title} failed in job {job.job_id}:\n{error}"))


def _lost(entry: Entry, job: submitit.Job[bool]) -> RunFailed:
    return RunFailed(
        f"{entry.job.title}: job {job.job_id} left the queue without a result, as if it had been killed; the next call "
        f"goes on from its checkpoint. What it printed is in {job.paths.stderr}"
    )


def _task(entry: Entry) -> Task:
    assert isinstance(entry.job, RunJob)
    return entry.job.task
