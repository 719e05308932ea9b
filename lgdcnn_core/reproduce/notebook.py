"""Run one notebook with papermill, in a process and a working directory of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import papermill

from lgdcnn_core.reproduce import kernel, parameters

SECONDS_BETWEEN_LOOKS = 0.2


class NotebookFailed(RuntimeError):
    """A notebook did not run to its end; the message has its path and the traceback of its cell."""


def run(
    notebook: Path,
    output: Path,
    values: Mapping[str, Any] | None = None,
    while_running: Callable[[], None] = lambda: None,
) -> None:
    """Run a notebook and keep the executed copy.

    Papermill changes the working directory of its process, hence a process for each notebook; the kernel works in a
    temporary directory, so that notebooks which run at the same time cannot collide.

    Parameters
    ----------
    notebook
        The notebook; it is left as it is.
    output
        The executed copy, there only if the notebook ran to its end. One that failed is kept beside it, with
        ``.failed`` before its suffix.
    values
        Parameters that differ from the notebook's defaults: plain values, with their types.
    while_running
        Called several times a second.

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
    order = json.dumps([str(notebook.absolute()), str(running.absolute()), dict(values or {})])
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, order], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
        )
        try:
            while process.poll() is None:
                while_running()
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except BaseException:
            # Papermill shuts its kernel down when its process is asked to end, and so it is waited for.
            process.terminate()
            process.wait()
            raise
        errors.seek(0)
        printed = errors.read()
    if process.returncode != 0:
        kept = ""
        if running.exists():
            failed = output.with_suffix(f".failed{output.suffix}")
            os.replace(running, failed)
            kept = f"\nas far as it came: {failed}"
        raise NotebookFailed(f"{notebook} failed (exit status {process.returncode}):\n{printed.rstrip()}{kept}")
    os.replace(running, output)


def main(order: str) -> int:
    """Run a notebook in this process, for `run`; print the traceback of a failed cell and give the exit status."""
    notebook, output, values = json.loads(order)
    with tempfile.TemporaryDirectory(prefix="lgdcnn-") as directory:
        try:
            papermill.execute_notebook(
                notebook, output, values, kernel_name=kernel.NAME, language="python", cwd=directory, progress_bar=False
            )
        except papermill.PapermillExecutionError as error:
            print(str(error).strip(), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
