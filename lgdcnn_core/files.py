"""Write files atomically: a file appears whole or not at all, even if its process is killed."""

import errno
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ABANDONED_AFTER = 24 * 3600.0
"""Seconds after which a temporary file counts as abandoned, where we cannot check whether its process still runs."""

_PARTIAL = re.compile(r"\..+\.(?P<host>[^.]*)-(?P<process>\d+)\.partial")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary file that replaces `path` when the block ends and is removed if the block fails.

    It lies beside `path`, one for each process. Temporary files that killed processes left behind are removed first.

    Parameters
    ----------
    path
        The file. Its directory is created if it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path)
    partial = _partial(path)
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def require_room(path: Path, size: int) -> None:
    """Check, before a long computation, that its result can be written.

    Parameters
    ----------
    path
        The file to be written. Its directory is created if it is missing; the file itself is not touched.
    size
        Approximate size of the file, in bytes.

    Raises
    ------
    OSError
        If `path` is a directory or cannot be written, or the disk has too little room; the error names the file.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "this is a directory, but a file will be written here", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    try:
        partial.touch()
    finally:
        partial.unlink(missing_ok=True)
    free = shutil.disk_usage(path.parent).free
    if free < size:
        reason = f"the disk has {free / 2**20:.0f} MiB left, and the file needs {size / 2**20:.0f} MiB"
        raise OSError(errno.ENOSPC, reason, str(path))


def remove_abandoned(path: Path) -> None:
    """Remove the temporary versions of this file that killed processes left behind."""
    for file in path.parent.glob(f".{_escaped(path.name)}.*.partial"):
        if _abandoned(file):
            file.unlink(missing_ok=True)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{_host()}-{os.getpid()}.partial")


def _host() -> str:
    return platform.node().replace(".", "-") or "host"


def _escaped(name: str) -> str:
    """Escape a name so that it matches only itself in `Path.glob`."""
    return re.sub(r"([*?[])", r"[\1]", name)


def _abandoned(file: Path) -> bool:
    found = _PARTIAL.fullmatch(file.name)
    if found is None:
        return False
    if found["host"] == _host() and os.name == "posix":
        try:
            os.kill(int(found["process"]), 0)  # only checks whether the process exists
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            pass
    try:
        return time.time() - file.stat().st_mtime > ABANDONED_AFTER
    except FileNotFoundError:
        return False
