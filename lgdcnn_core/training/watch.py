"""Watch a training from outside: follow its progress, and stop it at a checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes
    ----------
    epoch
        Number of epochs trained so far.
    epochs
        Largest number of epochs of the training.
    saved
        Number of epochs in the checkpoint, from which an interrupted training resumes; 0 without a checkpoint.
    val_error
        Validation error after the last epoch, as in `Epoch`; None before the first epoch and without validation data.
    """

    epoch: int
    epochs: int
    saved: int
    val_error: float | None


Watch = Callable[[Progress], bool]
"""Called before every epoch, with the state from which a training would resume; True stops the training."""


class TrainingStopped(RuntimeError):
    """A watcher stopped the training. Its checkpoint, if it has one, holds every epoch so far."""
