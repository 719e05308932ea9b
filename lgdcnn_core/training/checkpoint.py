"""Checkpoints of an unfinished training, from which only the same training resumes."""

import errno
import math
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lgdcnn_core.composition.compositions import quoted
from lgdcnn_core.files import require_room, written_whole
from lgdcnn_core.models.reading import UnreadableFile, without_code
from lgdcnn_core.training.targets import BadTrainingData

FORMAT = 2
"""Version of the file format."""

SHARE = 0.05
"""Largest share of the time for writing checkpoints: small sets would otherwise wait for 250 MB each time."""

ROOM = 5
"""Size of a checkpoint, in network sizes: its weights, their average, the best ones and two moments of each."""


def file_of(checkpoint: object) -> Path | None:
    """Return the path of a checkpoint as a user gives it; None for none.

    Raises
    ------
    BadTrainingData
        If it is no path.
    IsADirectoryError
        If it is a directory.
    """
    if checkpoint is None:
        return None
    if not isinstance(checkpoint, str | os.PathLike):
        raise BadTrainingData(f"checkpoint is {quoted(checkpoint)}; give the path of a file")
    path = Path(checkpoint)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "checkpoint is a directory; give the path of a file", str(path))
    return path


class ForeignCheckpoint(RuntimeError):
    """Another training wrote the checkpoint."""


def write(path: Path, fingerprint: dict[str, Any], state: dict[str, Any]) -> None:
    """Replace the checkpoint by this state; a kill at any time leaves either the old or the new one.

    Raises
    ------
    OSError
        If the disk is full or read-only; the message names the file.
    """
    with written_whole(path) as partial:
        try:
            torch.save({"format": FORMAT, "fingerprint": fingerprint, "state": state}, partial)
        except RuntimeError as error:  # torch raises this for a file that it could not write
            raise OSError(f"the checkpoint {path} could not be written: {error}") from error


def read(path: Path, fingerprint: dict[str, Any], device: torch.device) -> dict[str, Any] | None:
    """Return the state in a checkpoint, with its tensors on the device.

    A file that is not a readable checkpoint of this version is renamed to ``<name>.unreadable``, with a warning.

    Returns
    -------
    The state; None if there is no checkpoint to resume from.

    Raises
    ------
    ForeignCheckpoint
        If a training wrote it that differs in recipe, data, initial weights or anything else that decides its numbers;
        the message lists the differences.
    """
    if not path.exists():
        return None
    try:
        content = without_code(path, device)
        version, found, state = content["format"], dict(content["fingerprint"]), dict(content["state"])
    except (UnreadableFile, KeyError, TypeError, ValueError):
        version = None
    if version != FORMAT:
        aside = path.with_name(path.name + ".unreadable")
        os.replace(path, aside)
        warnings.warn(
            f"the checkpoint {path} is damaged, or another version of lgdcnn_core wrote it: it was renamed to "
            f"{aside.name}, and the training starts again",
            stacklevel=2,
        )
        return None
    differing = [key for key in fingerprint if found.get(key) != fingerprint[key]]
    if differing:
        raise ForeignCheckpoint(
            f"{path} belongs to another training, which differs in {', '.join(differing)}. Remove it to start "
            "again, or name another file"
        )
    return state


class Kept:
    """The checkpoint of one training, written no more often than `SHARE` allows.

    Parameters
    ----------
    path
        Its file; None writes nothing.
    network
        The network in training.
    fingerprint
        Returns the values that identify the training.

    Attributes
    ----------
    saved
        Number of epochs in the file.

    Raises
    ------
    OSError
        If the file could not be written; the message names it.
    """

    def __init__(self, path: Path | None, network: nn.Module, fingerprint: Callable[[], dict[str, Any]]) -> None:
        self.path = path
        self.fingerprint: dict[str, Any] = {}
        self.saved = 0
        self._next = -math.inf
        if path is not None:
            require_room(path, ROOM * sum(tensor.nbytes for tensor in network.state_dict().values()))
            self.fingerprint = fingerprint()

    def read(self, device: torch.device) -> dict[str, Any] | None:
        """Return the state to resume from, as the function `read` does; None if there is none."""
        return None if self.path is None else read(self.path, self.fingerprint, device)

    @property
    def due(self) -> bool:
        """Whether writing now stays within `SHARE`."""
        return time.monotonic() >= self._next

    def write(self, epochs: int, state: Callable[[], dict[str, Any]]) -> None:
        """Write the state after this many epochs, unless the file has it already."""
        if self.path is None or self.saved == epochs:
            return
        begun = time.monotonic()
        write(self.path, self.fingerprint, state())
        written = time.monotonic()
        self._next = written + (written - begun) / SHARE
        self.saved = epochs
