"""Heads: map the tokens of a batch to a prediction and an uncertainty of each property of each compound."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.models.packing import compounds_of_equal_length, with_data

N_OUTPUTS = 3  # for each property: value, log-uncertainty, gate


class ResidualMLP(nn.Module):
    """CrabNet's output network: 512 -> 1024 -> 512 -> 256 -> 128 -> outputs with LeakyReLU.

    Every hidden layer adds a bias-free linear map of its input.
    """

    HIDDEN = (1024, 512, 256, 128)

    def __init__(self, width_in: int, n_outputs: int) -> None:
        super().__init__()
        widths = [width_in, *self.HIDDEN]
        steps = list(pairwise(widths))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in steps)
        self.shortcuts = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in steps)
        self.out = nn.Linear(widths[-1], n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(T, d) -> (T, outputs)."""
        for layer, shortcut in zip(self.layers, self.shortcuts, strict=True):
            x = nn.functional.leaky_relu(layer(x)) + shortcut(x)
        result: Tensor = self.out(x)
        return result


class Head(nn.Module):
    """Outputs of each element, averaged over the elements of a compound, then gated.

    Each property has three numbers (v, u, l): the prediction is v * sigmoid(l), and the log-uncertainty is u.

    Parameters
    ----------
    outputs
        Maps (T, d) to (T, 3 K): a linear layer or a `ResidualMLP`.
    n_targets
        Number K of properties.
    """

    def __init__(self, outputs: nn.Module, n_targets: int = 1) -> None:
        super().__init__()
        self.outputs = outputs
        self.n_targets = n_targets

    def forward(self, x: PackedSequence, real: Tensor) -> Tensor:
        """(T, d) tokens, (T,) bool: the token is an element and not padding -> (B, 2), in data-set order.

        For several properties, (B, K, 2).
        """
        # The mean is taken in float32 or better even under autocast: it is cheap, and errors here reach every result.
        outputs = self.outputs(x.data)
        outputs = outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs
        weighted = torch.cat([outputs * real[:, None], real[:, None].to(outputs.dtype)], dim=1)
        sums = torch.cat([part.sum(dim=1) for part in compounds_of_equal_length(with_data(x, weighted))])
        if x.unsorted_indices is not None:
            sums = sums.index_select(0, x.unsorted_indices)
        return self.gated(sums[:, :-1] / sums[:, -1:])

    def gated(self, means: Tensor) -> Tensor:
        """Gate the mean outputs of each compound: (B, 3 K) -> (B, 2), or (B, K, 2)."""
        if self.n_targets > 1:
            means = means.unflatten(1, (self.n_targets, N_OUTPUTS))
        value, log_uncertainty, gate = means.unbind(dim=-1)
        return torch.stack([value * torch.sigmoid(gate), log_uncertainty], dim=-1)

    def keep(self, target: int | None) -> None:
        """Predict a single property from now on.

        Parameters
        ----------
        target
            Number, from 0, of the present property to keep; its predictions do not change. None: another property, for
            which torch's global generator draws fresh weights of the last layer.
        """
        last = self.outputs.out if isinstance(self.outputs, ResidualMLP) else self.outputs
        assert isinstance(last, nn.Linear)
        kept = nn.Linear(last.in_features, N_OUTPUTS, device=last.weight.device)
        if target is not None:
            rows = slice(target * N_OUTPUTS, (target + 1) * N_OUTPUTS)
            kept.load_state_dict({name: value[rows] for name, value in last.state_dict().items()})
        if isinstance(self.outputs, ResidualMLP):
            self.outputs.out = kept
        else:
            self.outputs = kept
        self.n_targets = 1
