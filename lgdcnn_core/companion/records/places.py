"""Directories of the companion's files: those of this repository, and those of this machine."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from lgdcnn_core.benchmarks.location import cache, checkout

VARIABLE = "LGDCNN_RUNS"
"""Environment variable that names the directory of this machine's run records."""

RUNS = "runs"
"""Directory of the run records, beside which those of other kinds are."""

BOTH = "both"
"""Name of the two stores together, in the parameter ``stores`` of notebooks."""

OTHERS = ("cecv", "design", "embeddings", "pretraining", "speed", "tuning")
"""Directories of the records of other kinds, which are within that of the runs where `VARIABLE` names it."""


class Named(Protocol):
    """A store of any kind of record."""

    @property
    def name(self) -> str:
        """Name of the store, ``"committed"`` or ``"local"``."""


S = TypeVar("S", bound=Named)


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


def committed(directory: str) -> Path | None:
    """Give ``data/<directory>`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else top / "data" / directory


def local(directory: str) -> Path:
    """Give ``build/<directory>`` of the checkout; without one it is in the user's cache directory.

    If LGDCNN_RUNS names a directory, run records are in that, and records of other kinds within it.
    """
    named = os.environ.get(VARIABLE)
    if named:
        runs = Path(named).expanduser().absolute()
        return runs if directory == RUNS else runs / directory
    top = checkout()
    return (cache() if top is None else top / "build") / directory


def weights() -> Path:
    """Give ``data/weights`` of the checkout, for trained networks; without one it is in the user's cache directory."""
    return committed("weights") or cache() / "weights"
