"""Heads: from the tokens of a batch to one prediction and one uncertainty per compound."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.models.packing import compounds_of_equal_length, with_data

N_OUTPUTS = 3  # value, log-uncertainty, gate


class ResidualMLP(nn.Module):
    """CrabNet's output network: 512 -> 1024 -> 512 -> 256 -> 128 -> 3 with LeakyReLU.

    Every hidden layer adds a bias-free linear map of its input.
    """

    HIDDEN = (1024, 512, 256, 128)

    def __init__(self, width_in: int) -> None:
        super().__init__()
        widths = [width_in, *self.HIDDEN]
        steps = list(pairwise(widths))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in steps)
        self.shortcuts = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in steps)
        self.out = nn.Linear(widths[-1], N_OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        """(T, d) -> (T, 3)."""
        for layer, shortcut in zip(self.layers, self.shortcuts, strict=True):
            x = nn.functional.leaky_relu(layer(x)) + shortcut(x)
        result: Tensor = self.out(x)
        return result


class Head(nn.Module):
    """Outputs of each element, averaged over the real elements of a compound, then gated.

    Of the three numbers (v, u, l): prediction v * sigmoid(l), log-uncertainty u.
    """

    def __init__(self, outputs: nn.Module) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, x: PackedSequence, real: Tensor) -> Tensor:
        """(T, d) tokens, (T,) bool: the token is an element and not padding -> (B, 2), in data-set order."""
        # The mean is taken in float32 or better also under autocast: it is cheap, and errors here reach every result.
        outputs = self.outputs(x.data)
        outputs = outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs
        weighted = torch.cat([outputs * real[:, None], real[:, None].to(outputs.dtype)], dim=1)
        sums = torch.cat([part.sum(dim=1) for part in compounds_of_equal_length(with_data(x, weighted))])
        if x.unsorted_indices is not None:
            sums = sums.index_select(0, x.unsorted_indices)
        value, log_uncertainty, gate = (sums[:, :N_OUTPUTS] / sums[:, N_OUTPUTS:]).unbind(dim=1)
        return torch.stack([value * torch.sigmoid(gate), log_uncertainty], dim=1)
