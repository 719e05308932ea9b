"""Arithmetic of the networks, counted from the shapes of their weights.

`torch.utils.flop_counter.FlopCounterMode` cannot see into recurrent kernels and custom autograd functions, so we count
from the modules; the tests compare both counts where the counter sees everything. As usual, only matrix products
count: a multiplication and an addition are 2 FLOP.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lgdcnn_core.models import Network
from lgdcnn_core.models.networks import module_name


@dataclass(frozen=True)
class Product:
    """A matrix product of a batch's tokens with one weight: (T, width_in) times (width_in, width_out).

    Attributes
    ----------
    width_in, width_out
        Shape of the weight. A convolution is one product for each place of its kernel.
    away
        Distance, in places, between the token that enters the product and the token that receives the result: above 0
        for a convolution's neighbours and for the previous state of a recurrence. Beyond the ends of a compound there
        is no product.
    input_gradient
        Whether training also needs the gradient of the product's input.
    """

    width_in: int
    width_out: int
    away: int
    input_gradient: bool

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.width_in * self.width_out

    def flop(self, positions: NDArray[np.integer], zeros: bool) -> int:
        """Count the FLOP for compounds of so many positions: 2 for each weight and each token that enters."""
        return 2 * self.weights * int(np.maximum(positions - (0 if zeros else self.away), 0).sum())


def products(network: Network) -> list[Product]:
    """List the products of one forward pass, in order; a module that is called twice has its products twice."""
    # The element vectors are not trained, so nothing flows back through the first product.
    found = list(_products(network.embedding, input_gradient=False))
    for module in _calls(network):
        found += _products(module, input_gradient=True)
    return found


def prediction_flop(network: Network, positions: NDArray[np.integer], zeros: bool = False) -> int:
    """Count the FLOP of a prediction.

    Parameters
    ----------
    network
        The network.
    positions
        Number of positions of each compound that go through the network, (B,), including padding where it takes part.
    zeros
        Also count products with zeros, which our code skips: those of a convolution beyond the ends of a compound, and
        of a recurrence before its start. Every weight then meets every position.
    """
    pairs = int((positions**2).sum())  # a self-attention is two products for each
    return sum(each.flop(positions, zeros) for each in products(network)) + 4 * _attention_width(network) * pairs


def training_flop(network: Network, positions: NDArray[np.integer], zeros: bool = False) -> int:
    """Count the FLOP of training on compounds of so many positions; parameters are as in `prediction_flop`.

    The backward pass makes two products for each of the forward pass: the gradient of the weight and that of the input.
    """
    not_needed = sum(each.flop(positions, zeros) for each in products(network) if not each.input_gradient)
    return 3 * prediction_flop(network, positions, zeros) - not_needed


def _calls(network: Network) -> Iterator[nn.Module]:
    """Modules behind the embedding, in the order in which `Network.forward` calls them."""
    for stage in network.design.stages:
        yield network.blocks[stage.block]
        for connection in stage.connections:
            yield network.blocks[module_name(stage, connection)]
    yield network.head


def _products(module: nn.Module, input_gradient: bool, kernel: int = 1) -> Iterator[Product]:
    """Products with the weights of a module and of those within it; `kernel` is that of a convolution around them."""
    kernel = int(getattr(module, "kernel", kernel))
    for name, weight in module.named_parameters(recurse=False):
        if weight.ndim > 1:  # biases, scales and norms make no products
            width_out, width_in = len(weight), weight.numel() // len(weight)
            if name.startswith("weight_hh"):
                yield Product(width_in, width_out, 1, input_gradient)
            else:
                for place in range(kernel):
                    yield Product(width_in // kernel, width_out, abs(place - kernel // 2), input_gradient)
    for part in module.children():
        yield from _products(part, input_gradient, kernel)


def _attention_width(network: Network) -> int:
    """Features of all self-attentions of one forward pass together."""
    return sum(
        part.embed_dim
        for module in _calls(network)
        for part in module.modules()
        if isinstance(part, nn.MultiheadAttention)
    )
