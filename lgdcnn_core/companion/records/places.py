"""Directories of the companion's files, in this repository and on this machine."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from lgdcnn_core.benchmarks.location import cache, checkout

VARIABLE = "LGDCNN_RUNS"
"""Environment variable that names the directory of this machine's run records."""

RUNS = "runs"
"""Directory of the run records; records of other kinds have directories beside it."""

BOTH = "both"
"""Name that selects both stores, in the parameter ``stores`` of notebooks."""

OTHERS = ("cecv", "design", "embeddings", "pretraining", "speed", "tuning", "uncertainty")
"""Directories of the other kinds of records; they lie within the directory of the runs if `VARIABLE` names one."""


class Named(Protocol):
    """A store of any kind of record."""

    @property
    def name(self) -> str:
        """Name of the store, ``"committed"`` or ``"local"``."""


S = TypeVar("S", bound=Named)


class UnknownStore(ValueError):
    """No store of records has the requested name."""


def known_store(name: str, both: bool = False) -> str:
    """Return the name if a store has it; ``"both"`` is also a name if `both` is true.

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
    """Select stores of one kind by name: ``"committed"``, ``"local"``, or ``"both"`` for all of them.

    Raises
    ------
    UnknownStore
        If no store has this name.
    """
    known_store(name, both=True)
    return [store for store in stores if name in (BOTH, store.name)]


def committed(directory: str) -> Path | None:
    """Return ``data/<directory>`` of the checkout; None if the package is installed without a checkout."""
    top = checkout()
    return None if top is None else top / "data" / directory


def local(directory: str) -> Path:
    """Return ``build/<directory>`` of the checkout; without a checkout, a directory in the user's cache.

    If LGDCNN_RUNS names a directory, run records are in it, and records of other kinds in its subdirectories.
    """
    named = os.environ.get(VARIABLE)
    if named:
        runs = Path(named).expanduser().absolute()
        return runs if directory == RUNS else runs / directory
    top = checkout()
    return (cache() if top is None else top / "build") / directory


def weights() -> Path:
    """Return ``data/weights`` of the checkout, for trained networks; without a checkout, one in the user's cache."""
    return committed("weights") or cache() / "weights"
