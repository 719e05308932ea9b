"""Losses of each target: Laplace likelihood for regression, cross-entropy for classification; and their mean."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


def laplace_loss(output: Tensor, target: Tensor) -> Tensor:
    """Negative log-likelihood of a Laplace distribution, up to a constant: sqrt(2) |y - v| exp(-u) + u.

    exp(u) is then the standard deviation of the prediction, standardised.

    Parameters
    ----------
    output
        (..., 2): standardised prediction v, log-uncertainty u.
    target
        (...): standardised targets y.

    Returns
    -------
    (...), one for each target.
    """
    value, log_uncertainty = output.unbind(dim=-1)
    deviation = (target - value).abs() * (-log_uncertainty).exp()
    return math.sqrt(2) * deviation + log_uncertainty


def absolute_loss(output: Tensor, target: Tensor) -> Tensor:
    """Absolute error, and the Laplace likelihood of the error as it is, from which only the uncertainty learns.

    Shapes as in `laplace_loss`, in which compounds that are thought uncertain count less; here all count the same.
    """
    value, log_uncertainty = output.unbind(dim=-1)
    likelihood = laplace_loss(torch.stack([value.detach(), log_uncertainty], dim=-1), target)
    return (target - value).abs() + likelihood


def cross_entropy_loss(output: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy; column 0 of the (..., 2) output is the logit of class 1, targets (...) are 0 or 1."""
    return F.binary_cross_entropy_with_logits(output[..., 0], target, reduction="none")


def mean_over_compounds(values: Tensor, weights: Tensor | None) -> Tensor:
    """Mean over compounds of what there is of each.

    Parameters
    ----------
    values
        (B,) for a single property, (B, K) for several.
    weights
        Of several properties, (B, K), 0 where the target is not known: the mean is over compounds of the weighted sum
        over properties. None: of a single one.
    """
    return values.mean() if weights is None else (values * weights).sum() / len(values)


def property_weights(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of several properties in a loss that they share, (K,), from the training targets, (B, K).

    They fall with the root of the number n of compounds whose target is known: in proportion to 1 / sqrt(n), so that
    a property of a few thousand compounds is not lost among those of hundreds of thousands, nor learnt by heart. Over
    the training data, the weights of a compound's known targets have the mean 1.
    """
    known = np.isfinite(targets).sum(axis=0)
    return len(targets) / np.sqrt(known).sum() / np.sqrt(known)
