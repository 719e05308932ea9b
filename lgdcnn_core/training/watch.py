"""Watch a training from outside: see how far it is, and stop it at a checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes
    ----------
    epoch
        Epochs trained so far.
    epochs
        Epochs that the training has at most.
    saved
        Epochs in the checkpoint: an interrupted training goes on from there. 0 where there is no checkpoint yet.
    val_error
        Validation error after the last epoch, as in `Epoch`; None before the first epoch and without validation data.
    """

    epoch: int
    epochs: int
    saved: int
    val_error: float | None


Watch = Callable[[Progress], bool]
"""Called before every epoch, so that it sees the state that a training goes on from; True stops the training."""


class TrainingStopped(RuntimeError):
    """A watcher stopped the training. Its checkpoint, if it has one, holds every epoch so far."""
