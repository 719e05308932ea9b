"""Convolution along the elements of compounds, as products of weights with all tokens of a batch.

It computes the same values as `torch.nn.Conv1d` on each compound alone, with zeros beyond its ends, but multiplies none
of these zeros. On CPUs we measured speeds near the matrix-product peak, far above those of Conv1d on short sequences.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from lgdcnn_core.models.autocast import operand
from lgdcnn_core.models.packing import Places, followed, neighbouring_rows


def convolution(x: Tensor, weight: Tensor, bias: Tensor, at: Places, reach: int) -> Tensor:
    """Multiply a weight with each token and its neighbours up to `reach` places away.

    (T, d), (width, (2 reach + 1) d), (width,) -> (T, width), in the type that autocast asks for.
    """
    result: Tensor = _Convolution.apply(x, weight, bias, at, reach)
    return result


class _Convolution(torch.autograd.Function):
    """One product for each place of the kernel, with the tokens that have a neighbour there.

    The tokens with a neighbour `away` places before them are the last ones of a batch and form one slice. The tokens
    with a neighbour as far behind them form a slice of each position, and are copied together.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, at: Places, reach: int) -> Tensor:
        ctx.types, ctx.at, ctx.reach = (x.dtype, weight.dtype), at, reach
        x, weight = operand(x), operand(weight)
        of_place = weight.unflatten(1, (2 * reach + 1, -1)).unbind(1)
        result = F.linear(x, of_place[reach], operand(bias))
        copies = []
        for away, first in _followers(at, reach):
            copies.append(earlier := followed(x, at.sizes, away))
            result[first:].addmm_(earlier, of_place[reach - away].t())
            _add_to_followed(result, x[first:] @ of_place[reach + away].t(), at, away)
        ctx.save_for_backward(x, weight, *copies)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, *copies = ctx.saved_tensors
        (dtype, weight_dtype), at, reach = ctx.types, ctx.at, ctx.reach
        of_place = weight.unflatten(1, (2 * reach + 1, -1)).unbind(1)
        # If all compounds are shorter than the kernel reaches, some of its places meet no token.
        of_weight = torch.empty_like(weight) if reach < len(at.sizes) else torch.zeros_like(weight)
        to_place = of_weight.unflatten(1, (2 * reach + 1, -1)).unbind(1)
        of_x = gradient @ of_place[reach]
        torch.mm(gradient.t(), x, out=to_place[reach])
        for (away, first), earlier in zip(_followers(at, reach), copies, strict=True):
            of_earlier, of_later = followed(gradient, at.sizes, away), gradient[first:]
            of_x[first:].addmm_(of_earlier, of_place[reach + away])
            _add_to_followed(of_x, of_later @ of_place[reach - away], at, away)
            torch.mm(of_later.t(), earlier, out=to_place[reach - away])
            torch.mm(of_earlier.t(), x[first:], out=to_place[reach + away])
        return of_x.to(dtype), of_weight.to(weight_dtype), gradient.sum(0).to(weight_dtype), None, None


def _followers(at: Places, reach: int) -> list[tuple[int, int]]:
    """Return distances up to `reach` at which tokens have neighbours, and the first token that follows one."""
    return [(away, sum(at.sizes[:away])) for away in range(1, min(reach + 1, len(at.sizes)))]


def _add_to_followed(x: Tensor, values: Tensor, at: Places, away: int) -> None:
    """Add values to the tokens that `followed` gives, in its order."""
    rows = [earlier for earlier, _ in neighbouring_rows(at.sizes, away)]
    for earlier, part in zip(rows, values.split(at.sizes[away:]), strict=True):
        x[earlier] += part
