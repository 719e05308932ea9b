"""Where records are: those that the project stands for, and those of this machine."""

import os
from pathlib import Path
from typing import Any, TypeVar

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.records.directory import RecordDirectory

VARIABLE = "LGDCNN_RUNS"
"""Environment variable that names the directory of this machine's run records."""

RUNS = "runs"
"""Directory of the run records, beside which those of other kinds are."""

S = TypeVar("S", bound=RecordDirectory[Any])


def committed(store: type[S], directory: str) -> S | None:
    """Give ``data/<directory>`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else store("committed", top / "data" / directory)


def local(store: type[S], directory: str) -> S:
    """Give ``build/<directory>`` of the checkout; without one it is in the user's cache directory.

    If LGDCNN_RUNS names a directory, run records are in that, and records of other kinds within it.
    """
    named = os.environ.get(VARIABLE)
    if named:
        runs = Path(named).expanduser().absolute()
        return store("local", runs if directory == RUNS else runs / directory)
    top = checkout()
    if top is not None:
        return store("local", top / "build" / directory)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return store("local", Path(cache) / "lgdcnn" / directory)


def both(store: type[S], directory: str) -> list[S]:
    """Give the committed store, if there is one, and the local one."""
    found = committed(store, directory)
    return [local(store, directory)] if found is None else [found, local(store, directory)]
