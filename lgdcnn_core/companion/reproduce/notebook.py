"""Run one notebook with papermill, in a process and a working directory of its own."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lgdcnn_core.benchmarks.location import VARIABLE as DATA_VARIABLE
from lgdcnn_core.companion.records.places import VARIABLE as RUNS_VARIABLE
from lgdcnn_core.companion.reproduce import kernel, parameters, process

WORKER = Path(__file__).with_name("worker.py")

DIRECTORIES = (DATA_VARIABLE, RUNS_VARIABLE)


class NotebookFailed(RuntimeError):
    """A notebook did not run to its end; the message has its path and the traceback of the failed cell."""


def run(
    notebook: Path,
    output: Path,
    values: Mapping[str, Any] | None = None,
    while_running: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a notebook and keep the executed copy.

    Papermill changes the working directory of its process, hence a process for each notebook; the kernel works in a
    temporary directory, so that notebooks which run at the same time cannot collide.

    Parameters
    ----------
    notebook
        The notebook; it is left as it is.
    output
        The executed copy, written only if the notebook ran to its end. A failed copy is kept beside it, with
        ``.failed`` before its suffix.
    values
        Parameters that differ from the notebook's defaults: plain values, with their types.
    while_running
        Called several times a second; an exception ends the notebook and is passed on.
    environment
        Environment variables for its processes, in addition to this one's.

    Raises
    ------
    UnfitParameters, WrongKernel
        Before anything runs.
    NotebookFailed
        If a cell failed, or the kernel died.
    """
    parameters.check(notebook, values or {})
    kernel.check()
    output.parent.mkdir(parents=True, exist_ok=True)
    running = output.with_suffix(f".running{output.suffix}")
    with tempfile.TemporaryDirectory(prefix="lgdcnn-") as directory:
        status, printed = _run_worker(notebook, running, dict(values or {}), directory, while_running, environment)
    if status != 0:
        kept = ""
        if running.exists():
            failed = output.with_suffix(f".failed{output.suffix}")
            os.replace(running, failed)
            kept = f"\nthe copy up to the failure: {failed}"
        raise NotebookFailed(f"{notebook} failed (exit status {status}):\n{printed.rstrip()}{kept}")
    os.replace(running, output)


def _run_worker(
    notebook: Path,
    output: Path,
    values: dict[str, Any],
    directory: str,
    while_running: Callable[[], None],
    environment: Mapping[str, str] | None,
) -> tuple[int, str]:
    """Run a notebook in a process of its own; return the exit status and the output."""
    order = json.dumps(
        {"notebook": str(notebook.absolute()), "output": str(output.absolute()), "parameters": values}
        | {"kernel": kernel.NAME}
    )
    # The process works elsewhere: directories that the environment names relative to here must be found from there.
    named = {name: Path(os.environ[name]) for name in DIRECTORIES if os.environ.get(name)}
    absolute = {name: str(path.expanduser().absolute()) for name, path in named.items()}
    # -P: without it, modules beside the worker would hide installed ones of the same name. A kernel ends by itself when
    # the process that started it is gone.
    command = [sys.executable, "-P", str(WORKER), order]
    return process.run(command, while_running, {**(environment or {}), **absolute}, directory)
