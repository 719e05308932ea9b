"""Conditions under which a property was measured, such as a temperature, as further inputs of a network."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.models.packing import of_tokens, with_data


class Conditions(nn.Module):
    """Adds a small network's function of an element's features and its compound's conditions to these features.

    It stands before the head, so that all blocks read the composition alone. Through its hidden layer, the effect of a
    condition depends on the compound.

    Parameters
    ----------
    width
        Features d of an element, and of the hidden layer.
    n_conditions
        Number C of conditions.
    """

    def __init__(self, width: int, n_conditions: int) -> None:
        super().__init__()
        self.of_elements = nn.Linear(width, width)
        self.of_conditions = nn.Linear(n_conditions, width, bias=False)
        self.out = nn.Linear(width, width)

    def forward(self, x: PackedSequence, conditions: Tensor) -> PackedSequence:
        """(T, d) tokens and (B, C) standardised conditions, compounds in data-set order -> (T, d)."""
        with torch.autocast(x.data.device.type, enabled=False):  # bfloat16 cannot tell 300 K from 301 K
            of_compounds = self.of_conditions(conditions)
        hidden = F.silu(self.of_elements(x.data) + of_tokens(of_compounds, x))
        return with_data(x, x.data + self.out(hidden).to(x.data.dtype))
