"""Matrix products of weights with all tokens of a batch: where nearly all arithmetic of a training is.

They are torch's own products. What is added is how operands are laid out and cast on a CPU, measured on processors
with AVX-512 and AMX. The gradient of a weight is a product over tokens whose first operand must be transposed, and
making a transposed copy costs less than a product that reads it across. Under autocast, a weight's gradient comes back
in the weight's own type.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgdcnn_core.models.packing import Places, neighbouring_rows


class Linear(nn.Linear):
    """torch's linear layer, with the gradient that suits a CPU; on other devices it is torch's own."""

    def forward(self, x: Tensor) -> Tensor:
        """(T, d) -> (T, width)."""
        return product(x, self.weight, self.bias)


def product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """X W^T + b: (T, d), (width, d), (width,) -> (T, width), in the type that autocast asks for."""
    if x.device.type != "cpu":
        return F.linear(x, weight, bias)
    result: Tensor = _Product.apply(x, weight, bias)
    return result


def convolution(x: Tensor, weight: Tensor, bias: Tensor, at: Places, reach: int) -> Tensor:
    """Product of a weight with each token and its neighbours up to `reach` places away.

    (T, d), (width, (2 reach + 1) d), (width,) -> (T, width); zeros stand beyond the ends of a compound.
    """
    if reach == 0:
        return product(x, weight, bias)
    return product(_Window.apply(x, at, reach), weight, bias)


class _Window(torch.autograd.Function):
    """Each token between its neighbours: (T, d) -> (T, (2 reach + 1) d).

    Gathers have scatters as their gradients, which are slow; here both directions move whole slices.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Places, reach: int) -> Tensor:
        x = operand(x)
        ctx.at, ctx.reach = at, reach
        wide = x.new_empty(x.shape[0], 2 * reach + 1, x.shape[1])
        wide[:, reach] = x
        for away in range(1, reach + 1):
            before, after = wide[:, reach - away], wide[:, reach + away]
            end = 0
            for earlier, later in neighbouring_rows(at.sizes, away):
                before[later] = x[earlier]
                after[earlier] = x[later]
                after[end : earlier.start] = 0
                end = earlier.stop
            after[end:] = 0
            before[: sum(at.sizes[:away])] = 0
        return wide.flatten(1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        reach = ctx.reach
        parts = gradient.unflatten(1, (2 * reach + 1, -1))
        result = parts[:, reach].clone()
        for away in range(1, reach + 1):
            for earlier, later in neighbouring_rows(ctx.at.sizes, away):
                result[earlier] += parts[later, reach - away]
                result[later] += parts[earlier, reach + away]
        return result, None, None


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.types = x.dtype, weight.dtype
        x, used = operand(x), operand(weight)
        ctx.save_for_backward(x, used)
        return F.linear(x, used, None if bias is None else operand(bias))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        dtype, weight_dtype = ctx.types
        return (
            (gradient @ weight).to(dtype) if ctx.needs_input_grad[0] else None,
            weight_gradient(gradient, x).to(weight_dtype) if ctx.needs_input_grad[1] else None,
            gradient.sum(0).to(weight_dtype) if ctx.needs_input_grad[2] else None,
        )


def weight_gradient(gradient: Tensor, x: Tensor) -> Tensor:
    """Gradient^T x: (..., T, width), (..., T, d) -> (..., width, d)."""
    return gradient.transpose(-1, -2).contiguous() @ x


def operand(x: Tensor) -> Tensor:
    """Give what is multiplied, input or weight, the type that autocast asks of products, if it is on."""
    return x.to(torch.get_autocast_dtype("cpu")) if torch.is_autocast_enabled("cpu") else x
