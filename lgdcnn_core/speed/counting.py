"""Arithmetic of the networks, counted from the shapes of their weights.

`torch.utils.flop_counter.FlopCounterMode` cannot see into recurrent kernels and custom autograd functions, so the
count is made from the modules; the tests check it against that counter where the counter sees everything. Only matrix
products count, as is usual: a multiplication and an addition are 2 FLOP.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from lgdcnn_core.models import Network
from lgdcnn_core.models.networks import module_name


@dataclass(frozen=True)
class Product:
    """The product of all T positions of a batch with one weight: (T, width_in) times (width_in, width_out).

    Attributes
    ----------
    width_in, width_out
        Shape of the weight.
    features
        Numbers of a position among the `width_in`: a convolution's other numbers are those of its neighbours.
    recurrent
        The product is with the state of a recurrence.
    input_gradient
        Training needs the gradient of its input as well.
    """

    width_in: int
    width_out: int
    features: int
    recurrent: bool
    input_gradient: bool

    @property
    def weights(self) -> int:
        """Number of weights."""
        return self.width_in * self.width_out


def products(network: Network) -> list[Product]:
    """Products of one forward pass, in order; those of a module that is called twice are there twice."""
    # The element vectors are not trained, so nothing flows back through the first product.
    found = list(_products(network.embedding, input_gradient=False))
    for module in _calls(network):
        found += _products(module, input_gradient=True)
    return found


def prediction_flop(network: Network, positions: int, pairs: int, compounds: int) -> int:
    """FLOP of a prediction.

    Parameters
    ----------
    network
        The network.
    positions
        Positions that go through it, padding included where it takes part.
    pairs
        Sum over the compounds of the square of their number of elements: the arithmetic of self-attention.
    compounds
        Their number: the state before the first position is zero, and no product with it is made.
    """
    of_positions = sum(each.weights * (positions - each.recurrent * compounds) for each in products(network))
    return 2 * of_positions + 4 * _attention_width(network) * pairs


def training_flop(network: Network, positions: int, pairs: int, compounds: int) -> int:
    """FLOP of training on so many positions, pairs and compounds, as in `prediction_flop`.

    The backward pass is two products for each of the forward pass: the gradient of the weight and that of the input.
    """
    no_gradient = sum(each.weights for each in products(network) if not each.input_gradient)
    return 3 * prediction_flop(network, positions, pairs, compounds) - 2 * no_gradient * positions


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
        if weight.ndim > 1:  # biases, scales and norms are no products
            width_in = weight.numel() // len(weight)
            recurrent = name.startswith("weight_hh")
            yield Product(width_in, len(weight), width_in // kernel, recurrent, input_gradient)
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
