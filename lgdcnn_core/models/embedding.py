"""Embed a composition as one vector per element, from the element's table and its amount."""

from typing import Literal

import torch
from torch import Tensor, nn

from lgdcnn_core.elements import ElementTable

OddColumns = Literal["sine", "cosine"]

# The base of the sinusoids, and the scale that maps log2(fraction)^2 to (0, 1]: constants of CrabNet's published
# code (doi:10.1038/s41524-021-00545-1) that neither paper explains.
SINUSOID_BASE = 50.0
LOG2_SQUARED_SCALE = 0.0025


def stoichiometry_table(rows: int, width: int, odd_columns: OddColumns) -> Tensor:
    """Return sinusoids that encode an amount, (rows, width) float32.

    Column j of row k is sin(k / 50^(2j/width)); CrabNet takes the cosine in odd columns, the paper the sine. The
    values are computed in float32, as published: with k in the thousands, the rounding is visible.
    """
    column = torch.arange(width, dtype=torch.float32)
    angle = torch.arange(rows, dtype=torch.float32)[:, None] / SINUSOID_BASE ** (2 * column / width)
    result = torch.sin(angle)
    if odd_columns == "cosine":
        result[:, 1::2] = torch.cos(angle[:, 1::2])
    return result


class CompositionEmbedding(nn.Module):
    """Element vectors plus the stoichiometry on a linear and a logarithmic scale.

    Parameters
    ----------
    table
        Element vectors, frozen; a linear layer maps them to `width`.
    width
        Width d of the result.
    resolution
        Rows of the stoichiometry table, whose steps are amounts of 1 / resolution.
    odd_columns
        ``"sine"`` as in the paper's code, or ``"cosine"`` as in CrabNet's.
    """

    def __init__(self, table: ElementTable, width: int, resolution: int, odd_columns: OddColumns) -> None:
        super().__init__()
        self.element_vectors: Tensor
        self.stoichiometry: Tensor
        self.register_buffer("element_vectors", torch.from_numpy(table.vectors.copy()))
        stoichiometry = stoichiometry_table(resolution, width // 2, odd_columns)
        self.register_buffer("stoichiometry", stoichiometry, persistent=False)
        self.projection = nn.Linear(table.width, width)
        self.element_scale = nn.Parameter(torch.ones(1))
        self.linear_scale = nn.Parameter(torch.ones(1))
        self.log_scale = nn.Parameter(torch.ones(1))

    def forward(self, src: Tensor, frac: Tensor) -> Tensor:
        """Embed atomic numbers (T,) and fractions (T,) as (T, d)."""
        elements = self.projection(self.element_vectors[src]) * 2**self.element_scale
        linear = self._lookup(frac) * 2 ** ((1 - self.linear_scale) ** 2)
        log_amount = torch.clamp(LOG2_SQUARED_SCALE * torch.log2(frac) ** 2, max=1.0)
        logarithmic = self._lookup(log_amount) * 2 ** ((1 - self.log_scale) ** 2)
        return elements + torch.cat([linear, logarithmic], dim=-1)

    def _lookup(self, amount: Tensor) -> Tensor:
        resolution = self.stoichiometry.shape[0]
        row = torch.round(torch.clamp(amount, min=1 / resolution) * resolution).long() - 1
        return self.stoichiometry[row]
