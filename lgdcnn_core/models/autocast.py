"""Precision of products in our own autograd functions, inside which torch's autocast has no effect by itself."""

import torch
from torch import Tensor


def operand(x: Tensor) -> Tensor:
    """Convert a factor of a product, input or weight, to the type that autocast asks for, if it is on."""
    device = x.device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        return x.to(torch.get_autocast_dtype(device))
    return x
