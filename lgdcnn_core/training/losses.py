"""Losses: Laplace likelihood for regression, cross-entropy for classification."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def laplace_loss(output: Tensor, target: Tensor) -> Tensor:
    """Negative log-likelihood of a Laplace distribution, up to a constant: sqrt(2) |y - v| exp(-u) + u.

    exp(u) is then the standard deviation of the prediction, standardised.

    Parameters
    ----------
    output
        (B, 2): standardised prediction v, log-uncertainty u.
    target
        (B,): standardised targets y.
    """
    value, log_uncertainty = output.unbind(dim=1)
    deviation = (target - value).abs() * (-log_uncertainty).exp()
    return (math.sqrt(2) * deviation + log_uncertainty).mean()


def absolute_loss(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error, and the Laplace likelihood of the error as it is, from which only the uncertainty learns.

    Shapes as in `laplace_loss`, in which compounds that are thought uncertain count less; here all count the same.
    """
    value, log_uncertainty = output.unbind(dim=1)
    likelihood = laplace_loss(torch.stack([value.detach(), log_uncertainty], dim=1), target)
    return (target - value).abs().mean() + likelihood


def cross_entropy_loss(output: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy; column 0 of the (B, 2) output is the logit of class 1, targets (B,) are 0 or 1."""
    return F.binary_cross_entropy_with_logits(output[:, 0], target)
