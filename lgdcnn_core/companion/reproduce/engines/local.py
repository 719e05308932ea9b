"""The engine of one machine: a bounded number of processes at once."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from queue import SimpleQueue

import psutil
import torch

from lgdcnn_core.companion.reproduce.jobs import Entry, Halted, State
from lgdcnn_core.companion.reproduce.process import SECONDS_BETWEEN_LOOKS
from lgdcnn_core.training import choose

RUNS_A_GPU = 4
"""Runs at once on a GPU, which one run of these small networks keeps busy for a fraction of the time."""

RUNS_ON_MPS = 2

GIB_A_RUN = 3.0
"""Memory that a training on the largest sets takes, in GiB."""


def cores() -> int:
    """Count the processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def default_workers(device: str | None) -> int:
    """Choose how many runs go on at once: one per core, as far as memory allows, or several per GPU.

    Each run has one thread: these networks gain little from a second one.
    """
    kind = choose(device).device.type
    if kind == "cuda":
        return min(RUNS_A_GPU * len(_gpus(device)), max(cores(), 1))
    if kind == "mps":
        return RUNS_ON_MPS
    room = int(psutil.virtual_memory().available / 2**30 / GIB_A_RUN)
    return max(min(cores(), room), 1)


def threads(workers: int) -> int:
    """Return the threads for each of so many processes at once; OMP_NUM_THREADS has precedence."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdigit() and int(said) > 0 else max(cores() // workers, 1)


def environment(slot: int, workers: int, device: str | None) -> dict[str, str]:
    """Return environment variables for the process in one of the slots: its threads and, if there are GPUs, its GPU."""
    variables = {"OMP_NUM_THREADS": str(threads(workers))}
    if device in (None, "cuda") and (gpus := _gpus(device)):
        variables["CUDA_VISIBLE_DEVICES"] = gpus[slot % len(gpus)]
    return variables


def run(
    entries: Sequence[Entry],
    workers: int,
    show: Callable[[Sequence[Entry]], None] = lambda entries: None,
    device: str | None = None,
    deadline: float | None = None,
) -> None:
    """Do jobs in their order, so many at once; each entry notes how its job ended.

    A job that fails does not affect the others.

    Parameters
    ----------
    entries
        The jobs.
    workers
        Number of jobs at once.
    show
        Called several times a second with all entries.
    device
        As in `training.choose`.
    deadline
        Time (`time.time`) at which running jobs are ended. A job that by its estimate would not end in time is not
        begun.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, once every process has ended; the entries say what was interrupted.
    """
    slots: SimpleQueue[int] = SimpleQueue()
    for slot in range(workers):
        slots.put(slot)
    halt = threading.Event()

    def while_running() -> None:
        if halt.is_set():
            raise Halted

    def work(entry: Entry) -> None:
        if deadline is not None and time.time() + (entry.seconds_left or 0.0) > deadline:
            entry.end(State.TOO_LONG)
            return
        if halt.is_set():
            return
        slot = slots.get()
        entry.begin()
        try:
            entry.end(entry.job.do(environment(slot, workers, device), while_running))
        except Halted:
            late = deadline is not None and time.time() >= deadline
            entry.end(State.STOPPED if late else State.INTERRUPTED)
        except Exception as error:
            entry.end(State.FAILED, error)
        finally:
            slots.put(slot)

    with ThreadPoolExecutor(workers) as pool:
        pending = {pool.submit(work, entry) for entry in entries}
        try:
            while pending:
                done, pending = wait(pending, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
                for each in done:
                    each.result()
                show(entries)
                if deadline is not None and time.time() >= deadline:
                    halt.set()
        except BaseException:
            halt.set()
            pool.shutdown(wait=True, cancel_futures=True)
            show(entries)
            raise


def _gpus(device: str | None) -> list[str]:
    """Name the GPUs that processes may be given, as CUDA_VISIBLE_DEVICES has them; none if the device is another."""
    if choose(device).device.type != "cuda":
        return []
    named = [each.strip() for each in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if each.strip()]
    return named or [str(number) for number in range(torch.cuda.device_count())]
