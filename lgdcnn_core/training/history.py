"""The history of a training: its learning curve, and the epoch whose weights were kept."""

from dataclasses import dataclass, field


class TrainingDiverged(RuntimeError):
    """The loss or the weights became NaN or infinite, or the errors grew beyond return."""


@dataclass(frozen=True)
class Epoch:
    """One line of a learning curve.

    Errors are the MAE in the property's unit; in classification, the log-loss. For several properties,
    they are in standard deviations: weighted as in the loss in training, and averaged over properties in validation.
    """

    epoch: int
    loss: float
    train_error: float
    val_error: float | None
    learning_rate: float
    seconds: float


@dataclass
class History:
    """Learning curve of a training, and how it ended.

    Attributes
    ----------
    epochs
        The learning curve; `Epoch.epoch` counts from 1.
    best_epoch
        Epoch whose weights were kept: the best one if the recipe keeps it, else the last.
    tokens
        Elements of compounds that went through the network in training, without padding.
    stopped_early
        Whether the published averaging ended the training before `Recipe.epochs`.
    diverged
        Why the training ended before its last epoch, if it diverged; else None.
    """

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    tokens: int = 0
    stopped_early: bool = False
    diverged: str | None = None

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, validation included."""
        return sum(epoch.seconds for epoch in self.epochs)

    def require_whole(self) -> None:
        """Raise if the training diverged, even though weights of an earlier epoch were kept.

        Raises
        ------
        TrainingDiverged
            With the reason.
        """
        if self.diverged is not None:
            raise TrainingDiverged(self.diverged)
