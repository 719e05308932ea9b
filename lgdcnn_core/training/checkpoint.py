"""Checkpoints of an unfinished training: written whole or not at all, read only by the training they belong to."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

SHARE = 0.05
"""Share of the time that may go into writing checkpoints: a quarter of a gigabyte, which small sets would wait for."""


class ForeignCheckpoint(RuntimeError):
    """A checkpoint was made by another training."""


def write(path: Path, fingerprint: dict[str, Any], state: dict[str, Any]) -> None:
    """Replace the checkpoint by this state, atomically: a kill at any time leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save({"fingerprint": fingerprint, "state": state}, partial)
    os.replace(partial, path)


def read(path: Path, fingerprint: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """State of the checkpoint, its tensors on the device.

    Raises
    ------
    ForeignCheckpoint
        If it was written by a training that differs in recipe, data, seed or setting; the message says in what.
    """
    content = torch.load(path, map_location=device, weights_only=True)
    found = content["fingerprint"]
    differing = [key for key in fingerprint if found.get(key) != fingerprint[key]]
    if differing:
        raise ForeignCheckpoint(
            f"{path} belongs to another training (differs in {', '.join(differing)}); remove it to start anew"
        )
    state: dict[str, Any] = content["state"]
    return state


class Kept:
    """The checkpoint of one training, written no more often than `SHARE` allows.

    Parameters
    ----------
    path
        Its file; None keeps nothing.
    fingerprint
        What identifies the training.

    Attributes
    ----------
    saved
        Epochs in the file.
    """

    def __init__(self, path: Path | None, fingerprint: dict[str, Any]) -> None:
        self.path, self.fingerprint = path, fingerprint
        self.saved = 0
        self._next = -math.inf

    def read(self, device: torch.device) -> dict[str, Any] | None:
        """State to go on from, as `read`; None if there is no file."""
        if self.path is None or not self.path.exists():
            return None
        return read(self.path, self.fingerprint, device)

    @property
    def due(self) -> bool:
        """Whether writing now keeps within `SHARE`."""
        return time.monotonic() >= self._next

    def write(self, epochs: int, state: Callable[[], dict[str, Any]]) -> None:
        """Write the state after so many epochs, unless the file has it."""
        if self.path is None or self.saved == epochs:
            return
        begun = time.monotonic()
        write(self.path, self.fingerprint, state())
        written = time.monotonic()
        self._next = written + (written - begun) / SHARE
        self.saved = epochs
