"""The loss of a training and the errors of its learning curve, for one property, several, or classes."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgdcnn_core.training.losses import (
    LOWEST_LOG_UNCERTAINTY,
    absolute_loss,
    cross_entropy_loss,
    laplace_loss,
    mean_over_compounds,
    property_weights,
)
from lgdcnn_core.training.plan import Plan
from lgdcnn_core.training.prediction import sigmoid, softmax
from lgdcnn_core.training.scaling import Scaling

Values = NDArray[np.float64]

LOSSES = {"Laplace": laplace_loss, "L1": absolute_loss}


@dataclass(frozen=True)
class Objective:
    """Compute the loss and errors of a network's outputs, as recipe and targets require.

    Attributes
    ----------
    loss
        Name of the regression loss, as in `Recipe`.
    scaling, classification
        As in `Plan`.
    weights
        Weights of several properties in the loss, (K,), on the device; None for a single property.
    lowest
        Lower bound of the log-uncertainty in the loss.
    """

    loss: str
    scaling: Scaling
    classification: bool
    weights: Tensor | None
    lowest: float

    @classmethod
    def of(cls, plan: Plan, targets: NDArray[np.float64]) -> "Objective":
        """Return the objective of a training with these targets, (B,) or (B, K)."""
        weights = None
        if targets.ndim == 2:
            weights = plan.compute.tensor(torch.from_numpy(property_weights(targets)).float())
        lowest = LOWEST_LOG_UNCERTAINTY[plan.layout.setting]
        return cls(plan.recipe.loss, plan.scaling, plan.classification, weights, lowest)

    def loss_and_error(self, output: Tensor, target: Tensor, of_rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the mean loss over compounds and the mean error, standardised; in classification, the loss twice.

        Parameters
        ----------
        output
            (B, 2) or (B, K, 2); for more than two classes, (B, C, 2).
        target
            (B,) or (B, K), standardised, or numbers of classes; NaN where one of several targets is not known.
        of_rows
            Sample weights, of the shape of `target`, with the mean 1 over the training data; None: all weigh the same.
        """
        if self.classification:
            loss = mean_over_compounds(cross_entropy_loss(output, target), of_rows)
            return loss, loss
        weights = of_rows
        if self.weights is not None:
            weights = self.weights * (target.isfinite() if of_rows is None else of_rows)
            target = target.nan_to_num()
        loss = mean_over_compounds(LOSSES[self.loss](output, target, self.lowest), weights)
        return loss, mean_over_compounds((output[..., 0] - target).abs(), weights)

    def train_error(self, error: float) -> float:
        """Return an error of `loss_and_error` in the unit of `Epoch`."""
        return error * float(self.scaling.std) if self.weights is None else error  # type: ignore[arg-type]

    def val_error(self, result: Values, targets: Values, of_rows: Values | None = None) -> float:
        """Return the validation error of outputs, (B, 2) or (B, K, 2), in the unit of `Epoch`.

        The targets, (B,) or (B, K), are in their own units; their sample weights have the same shape.
        """
        if self.classification:
            return _log_loss(result[..., 0], targets, of_rows)
        deviation = np.abs(self.scaling.predicted(result[..., 0]) - targets)
        if of_rows is not None:
            deviation = np.nansum(deviation * of_rows, axis=0) / of_rows.sum(axis=0)
        elif self.weights is not None:
            deviation = np.nanmean(deviation, axis=0)
        if self.weights is not None:
            deviation = deviation / np.asarray(self.scaling.std)
        return float(deviation.mean())


def _log_loss(logits: Values, targets: Values, of_rows: Values | None) -> float:
    """Return the mean negative logarithm of the probability of the right class."""
    from sklearn.metrics import log_loss  # imported late: regression does not need it

    if logits.ndim > 1:
        return float(log_loss(targets, softmax(logits), labels=range(logits.shape[1]), sample_weight=of_rows))
    probability = sigmoid(logits)
    if np.isin(targets, (0, 1)).all():
        return float(log_loss(targets, probability, labels=[0, 1], sample_weight=of_rows))
    # Rows of both classes were merged: the compound is of either class, by its share.
    shares = np.stack([targets, 1 - targets]) * (1.0 if of_rows is None else of_rows)
    either = np.repeat([1, 0], len(targets))
    return float(log_loss(either, np.tile(probability, 2), labels=[0, 1], sample_weight=shares.ravel()))
