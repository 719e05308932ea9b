"""Precision of products in autograd functions of our own, inside which torch's autocast does not act by itself."""

import torch
from torch import Tensor


def operand(x: Tensor) -> Tensor:
    """Convert a factor of a product, input or weight, to the type that autocast wants, if it is on."""
    device = x.device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        return x.to(torch.get_autocast_dtype(device))
    return x
