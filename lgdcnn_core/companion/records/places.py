"""Directories of the companion's files: those of this repository, and those of this machine."""

import os
from pathlib import Path

from lgdcnn_core.benchmarks.location import cache, checkout

VARIABLE = "LGDCNN_RUNS"
"""Environment variable that names the directory of this machine's run records."""

RUNS = "runs"
"""Directory of the run records, beside which those of other kinds are."""

OTHERS = ("cecv", "design", "embeddings", "pretraining", "speed", "tuning")
"""Directories of the records of other kinds, which are within that of the runs where `VARIABLE` names it."""


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
