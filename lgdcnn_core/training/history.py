"""What a training went through: its learning curve, and what was kept."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Epoch:
    """One line of a learning curve.

    Errors are the MAE in the property's unit; in classification, the log-loss. Of several properties they are in
    standard deviations: in training weighted as in the loss, in validation the mean over properties.
    """

    epoch: int
    loss: float
    train_error: float
    val_error: float | None
    learning_rate: float
    seconds: float


@dataclass
class History:
    """What a training went through.

    Attributes
    ----------
    epochs
        The learning curve; `Epoch.epoch` counts from 1.
    best_epoch
        Epoch whose weights were kept, where the recipe keeps the best; else the last.
    tokens
        Elements of compounds that went through the network in training, padding not counted.
    stopped_early
        The published averaging ended the training before `Recipe.epochs`.
    """

    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    tokens: int = 0
    stopped_early: bool = False

    @property
    def seconds(self) -> float:
        """Wall time of all epochs, validation included."""
        return sum(epoch.seconds for epoch in self.epochs)
