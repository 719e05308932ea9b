"""Find benchmark data and published numbers on this machine."""

import os
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

VARIABLE = "LGDCNN_DATA"
"""Environment variable that names a directory of benchmark data."""


class Location(NamedTuple):
    """A data directory, and whether we may fill it.

    Attributes
    ----------
    path : Path
        Directory that holds `extended/` and `matbench/`.
    ours : bool
        False for a directory that the user named: it is checked and read, never written to.
    """

    path: Path
    ours: bool


def checkout() -> Path | None:
    """Return the top directory of the source checkout that this package runs from, or None if it is installed."""
    top = Path(__file__).resolve().parents[2]
    return top if (top / "pyproject.toml").is_file() else None


def cache() -> Path:
    """Return the directory of this package in the user's cache."""
    return user_cache_path("lgdcnn", appauthor=False)


def locate(root: str | os.PathLike[str] | None = None) -> Location:
    """Return the data directory, and whether we may fill it.

    It is the first of: `root`; the environment variable LGDCNN_DATA; `data/benchmark` of the checkout;
    the user's cache directory.

    Parameters
    ----------
    root : path-like, optional
        Directory with the layout that data/README.md describes.

    Returns
    -------
    Location
    """
    named = root if root is not None else os.environ.get(VARIABLE)
    if named:
        return Location(Path(named).expanduser().absolute(), ours=False)
    top = checkout()
    if top is not None:
        return Location(top / "data" / "benchmark", ours=True)
    return Location(cache() / "benchmark", ours=True)
