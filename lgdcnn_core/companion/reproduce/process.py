"""Run a command in a process of its own, and watch it while it runs."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 0.2


def run(
    command: Sequence[str],
    while_running: Callable[[], None],
    environment: Mapping[str, str] | None = None,
    directory: str | Path | None = None,
) -> tuple[int, str]:
    """Run a command; return its exit status, negative if a signal killed it, and its output.

    Parameters
    ----------
    command
        The program and its arguments.
    while_running
        Called several times a second; an exception ends the process and is passed on.
    environment
        Environment variables for the process, in addition to this one's.
    directory
        Its working directory; the default is this process's.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as printed:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=os.environ | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for this process, which ends the other one.
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                while_running()
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        printed.seek(0)
        return process.returncode, printed.read()
