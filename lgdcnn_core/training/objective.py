"""What a training lowers, and the errors of its learning curve: of one property, of several, of a classification."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from torch import Tensor

from lgdcnn_core.training.losses import (
    absolute_loss,
    cross_entropy_loss,
    laplace_loss,
    mean_over_compounds,
    property_weights,
)
from lgdcnn_core.training.plan import Plan
from lgdcnn_core.training.prediction import sigmoid
from lgdcnn_core.training.scaling import Scaling

LOSSES = {"Laplace": laplace_loss, "L1": absolute_loss}


@dataclass(frozen=True)
class Objective:
    """Loss of a network's outputs and their errors, as the recipe and the targets ask.

    Attributes
    ----------
    loss
        Name of the regression loss, as in `Recipe`.
    scaling, classification
        As in `Plan`.
    weights
        Of several properties in the loss, (K,), on the device; None of a single one.
    """

    loss: str
    scaling: Scaling
    classification: bool
    weights: Tensor | None

    @classmethod
    def of(cls, plan: Plan, targets: NDArray[np.float64]) -> "Objective":
        """Objective of training with these targets, (B,) or (B, K)."""
        weights = None
        if targets.ndim == 2:
            weights = plan.compute.tensor(torch.from_numpy(property_weights(targets)).float())
        return cls(plan.recipe.loss, plan.scaling, plan.classification, weights)

    def loss_and_error(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss over compounds, and mean error, standardised; in classification the error is the loss.

        Parameters
        ----------
        output
            (B, 2) or (B, K, 2).
        target
            (B,) or (B, K), standardised; NaN where one of several is not known.
        """
        if self.classification:
            loss = cross_entropy_loss(output, target).mean()
            return loss, loss
        weights = None
        if self.weights is not None:
            weights = self.weights * target.isfinite()
            target = target.nan_to_num()
        loss = mean_over_compounds(LOSSES[self.loss](output, target), weights)
        return loss, mean_over_compounds((output[..., 0] - target).abs(), weights)

    def train_error(self, error: float) -> float:
        """Error of `loss_and_error` as `Epoch` states it."""
        return error * float(self.scaling.std) if self.weights is None else error  # type: ignore[arg-type]

    def val_error(self, result: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
        """Error of outputs, (B, 2) or (B, K, 2), as `Epoch` states it; targets, (B,) or (B, K), are in their units."""
        if self.classification:
            return float(log_loss(targets, sigmoid(result[..., 0]), labels=[0, 1]))
        deviation = np.abs(self.scaling.predicted(result[..., 0]) - targets)
        if self.weights is not None:
            deviation = np.nanmean(deviation, axis=0) / np.asarray(self.scaling.std)
        return float(deviation.mean())
