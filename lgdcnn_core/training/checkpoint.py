"""Checkpoints of an unfinished training: written whole or not at all, read only by the training they belong to."""

import os
from pathlib import Path
from typing import Any

import torch


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
