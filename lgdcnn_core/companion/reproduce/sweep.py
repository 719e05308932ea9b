"""Plan a list of runs: which are missing, how long they take, and in which order to make them."""

import time
from collections.abc import Sequence

from lgdcnn_core.companion.reproduce.estimate import makespan
from lgdcnn_core.companion.reproduce.jobs import RunJob
from lgdcnn_core.companion.reproduce.task import Task
from lgdcnn_core.companion.runs import RunSpec, local_store, recorded


def missing(specs: Sequence[RunSpec]) -> list[RunSpec]:
    """List the runs that the local store has no record of.

    Raises
    ------
    BrokenRecord, OutdatedRecord
        As `runs.recorded`.
    """
    store = local_store()
    return [spec for spec in specs if recorded(spec, store) is None]


def jobs(
    specs: Sequence[RunSpec],
    seconds: Sequence[float | None],
    device: str | None = None,
    deadline: float | None = None,
) -> list[RunJob]:
    """Return the jobs of runs, with their estimated durations.

    Parameters
    ----------
    specs, seconds
        The runs, and the seconds that each one takes.
    device, deadline
        As in `Task`.
    """
    store = local_store().path
    return [RunJob(Task(spec, store, device, deadline), each) for spec, each in zip(specs, seconds, strict=True)]


def in_order(made: Sequence[RunJob], workers: int, deadline: float | None = None) -> list[RunJob]:
    """Put the longest runs first where this shortens the whole: several run at once, and there is time for all.

    Otherwise the runs keep the order of their list.
    """
    longest_first = sorted(made, key=lambda job: job.seconds or 0.0, reverse=True)
    in_time = deadline is None or time.time() + duration(longest_first, workers) <= deadline
    return longest_first if workers > 1 and in_time else list(made)


def duration(made: Sequence[RunJob], workers: int) -> float:
    """Estimate the seconds that runs take in this order, so many at once."""
    return makespan([job.seconds or 0.0 for job in made], workers)
