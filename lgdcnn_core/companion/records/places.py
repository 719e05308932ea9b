"""Where records are: those that the project stands for, and those of this machine."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.companion.records.directory import RecordDirectory

VARIABLE = "LGDCNN_RUNS"
"""Environment variable that names the directory of this machine's run records."""

RUNS = "runs"
"""Directory of the run records, beside which those of other kinds are."""

BOTH = "both"
"""Name of the two stores together, in the parameter ``stores`` of notebooks."""

S = TypeVar("S", bound=RecordDirectory[Any])


class UnknownStore(ValueError):
    """No store of records has the name that was asked for."""


def known_store(name: str, both: bool = False) -> str:
    """Give the name back if a store is called this; ``"both"`` is a name where `both` says so.

    Raises
    ------
    UnknownStore
        The message lists the names.
    """
    names = ["committed", "local", *([BOTH] if both else [])]
    if name not in names:
        raise UnknownStore(f"no store of records is called {name!r}; there are {', '.join(names)}")
    return name


def named(stores: Iterable[S], name: str) -> list[S]:
    """Choose among stores of one kind by name, ``"committed"`` or ``"local"``; ``"both"`` takes all of them.

    Raises
    ------
    UnknownStore
        If no store is called this.
    """
    known_store(name, both=True)
    return [store for store in stores if name in (BOTH, store.name)]


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
