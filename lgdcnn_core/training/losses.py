"""Losses of each target: Laplace likelihood for regression, cross-entropy for classification; and their mean."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lgdcnn_core.training.batches import Setting

LOWEST_LOG_UNCERTAINTY: dict[Setting, float] = {
    "exact": math.log(torch.finfo(torch.float32).eps),
    "published": -36.0,
}
"""Lower bound of the log-uncertainty, relative to the standard deviation of the training targets.

A network that reproduces its targets would otherwise lower the uncertainty without end, until exp(-u) overflows.
Outputs and losses are float32 in every precision, so an error below its resolution, 1.2e-7, means nothing. The padded
setting keeps the published loss as far as float32 allows: it limits exp(-u), which the optimiser squares, to 4e15."""


def laplace_loss(output: Tensor, target: Tensor, lowest: float = -math.inf) -> Tensor:
    """Return the Laplace negative log-likelihood, up to a constant: sqrt(2) |y - v| exp(-u) + u.

    exp(u) is the standard deviation of the prediction, standardised.

    Parameters
    ----------
    output
        (..., 2): standardised prediction v, log-uncertainty u.
    target
        (...): standardised targets y.
    lowest
        Lower bound of u, see `LOWEST_LOG_UNCERTAINTY`.

    Returns
    -------
    (...), one for each target.
    """
    value, log_uncertainty = output.unbind(dim=-1)
    log_uncertainty = _BoundedBelow.apply(log_uncertainty, lowest)
    deviation = (target - value).abs() * (-log_uncertainty).exp()
    return math.sqrt(2) * deviation + log_uncertainty


def absolute_loss(output: Tensor, target: Tensor, lowest: float = -math.inf) -> Tensor:
    """Return the absolute error plus the Laplace loss of this error, from which only the uncertainty learns.

    In `laplace_loss`, compounds with a large uncertainty count less; here all count the same. Shapes are the same.
    """
    value, log_uncertainty = output.unbind(dim=-1)
    likelihood = laplace_loss(torch.stack([value.detach(), log_uncertainty], dim=-1), target, lowest)
    return (target - value).abs() + likelihood


class _BoundedBelow(torch.autograd.Function):
    """The larger of a value and a bound; below the bound the gradient passes only where it raises the value.

    With torch's clamp, which has no gradient there, an uncertainty that fell below the bound would never rise again.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, lowest: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.lowest = lowest
        return x.clamp(min=lowest)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return torch.where((x >= ctx.lowest) | (gradient < 0), gradient, 0.0), None


def cross_entropy_loss(output: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of classes.

    Parameters
    ----------
    output
        (B, 2) for two classes, of which output[:, 0] is the logit of class 1; (B, C, 2) for more classes, with C logits
        in output[..., 0].
    target
        (B,): numbers of classes, from 0; of two classes also the share of class 1.

    Returns
    -------
    (B,), one for each compound.
    """
    if output.dim() > 2:
        return F.cross_entropy(output[..., 0], target.long(), reduction="none")
    return F.binary_cross_entropy_with_logits(output[..., 0], target, reduction="none")


def mean_over_compounds(values: Tensor, weights: Tensor | None) -> Tensor:
    """Return the mean over compounds, or over the known targets of each compound.

    Parameters
    ----------
    values
        (B,) for a single property, (B, K) for several.
    weights
        Of the shape of `values`, 0 where a target is not known: the result is the mean over compounds of the weighted
        sum over properties. None for a single property of compounds that weigh the same.
    """
    return values.mean() if weights is None else (values * weights).sum() / len(values)


def property_weights(targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of several properties in their common loss, (K,), from the training targets, (B, K).

    A weight is proportional to 1 / sqrt(n), n being the number of compounds whose target is known. So a property of a
    few thousand compounds is neither lost among those of hundreds of thousands nor overfitted. Over the training
    data, the weights of a compound's known targets have the mean 1.
    """
    known = np.isfinite(targets).sum(axis=0)
    return len(targets) / np.sqrt(known).sum() / np.sqrt(known)
