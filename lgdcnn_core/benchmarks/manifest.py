"""The manifest of the data files, with their sizes and hashes, and checks of files against it."""

import csv
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from .errors import DataError
from .location import VARIABLE


class Entry(NamedTuple):
    """Size, hash and origin of one data file.

    Attributes
    ----------
    path : str
        Path below the data directory, with forward slashes.
    rows : int or None
        Rows of a csv without its header; None for the file of folds, which is JSON.
    size : int
        Bytes.
    sha256 : str
        Hash of the bytes.
    wheel : str
        Project whose wheel holds the file.
    member : str
        Path of the file inside that wheel.
    """

    path: str
    rows: int | None
    size: int
    sha256: str
    wheel: str
    member: str


@cache
def manifest() -> Mapping[str, Entry]:
    """Return the entry of every file in a complete data directory, by path."""
    text = resources.files(__package__).joinpath("manifest.csv").read_text(encoding="utf-8")
    entries = (
        Entry(
            path=row["path"],
            rows=int(row["rows"]) if row["rows"] else None,
            size=int(row["bytes"]),
            sha256=row["sha256"],
            wheel=row["wheel"],
            member=row["member"],
        )
        for row in csv.DictReader(text.splitlines())
    )
    return MappingProxyType({entry.path: entry for entry in entries})


def check(content: bytes, entry: Entry, where: str) -> None:
    """Raise unless `content` is the file that the manifest expects.

    Parameters
    ----------
    content : bytes
        The whole file.
    entry : Entry
        Entry of the manifest.
    where : str
        Name of the file for the message.

    Raises
    ------
    DataError
        If size or hash differs; the message names the file and both values.
    """
    if len(content) != entry.size:
        raise DataError(f"{where}: expected {entry.size} bytes, found {len(content)}. {_way_out()}")
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise DataError(f"{where}: expected sha256 {entry.sha256}, found {found}. {_way_out()}")


def read(path: str, directory: Path) -> bytes:
    """Read one file of the data directory and check it against the manifest.

    The returned bytes are the checked ones, so nothing can change in between.

    Parameters
    ----------
    path : str
        A path of the manifest.
    directory : Path
        The data directory.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If the file is missing or differs from the manifest.
    """
    file = directory / path
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        expected = f"expected a file of {manifest()[path].size} bytes, found none"
        raise DataError(f"{file}: {expected}. {_way_out()}") from None
    check(content, manifest()[path], str(file))
    return content


def _way_out() -> str:
    return (
        "Fetch the data with `make data` (`python -m lgdcnn_core.benchmarks`), after deleting the data "
        f"directory if it is damaged, or set {VARIABLE} to a directory with a good copy."
    )
