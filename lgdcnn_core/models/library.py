"""The library that networks are composed from: kinds of block, ways to connect them, heads."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from lgdcnn_core.models.blocks import DCNN, Identity, Recurrent, TextCNN, TransformerLayer
from lgdcnn_core.models.heads import ResidualMLP

WIDTH = 512
"""Features of an element in the embedding and in all blocks but the local one."""

LOCAL_WIDTH = 256
"""Features that the paper's local block, DCNN-K1, gives."""


@dataclass(frozen=True)
class Kind:
    """A kind of block.

    Attributes
    ----------
    make
        Makes one, from (width in, which of its kind in the network: 1, 2, ...).
    width
        Features that it gives; None: as many as it is given.
    """

    make: Callable[[int, int], nn.Module]
    width: int | None


BLOCKS: dict[str, Kind] = {
    "RNN": Kind(lambda width_in, _: Recurrent(nn.RNN, width_in, WIDTH), WIDTH),
    "LSTM": Kind(lambda width_in, _: Recurrent(nn.LSTM, width_in, WIDTH), WIDTH),
    "GRU": Kind(lambda width_in, _: Recurrent(nn.GRU, width_in, WIDTH), WIDTH),
    "transformer": Kind(TransformerLayer, None),
    "DCNN": Kind(lambda width_in, _: DCNN(width_in, WIDTH, kernel=3), WIDTH),
    "DCNN-K1": Kind(lambda width_in, _: DCNN(width_in, LOCAL_WIDTH, kernel=1), LOCAL_WIDTH),
    "TextCNN": Kind(lambda width_in, _: TextCNN(width_in, WIDTH), WIDTH),
    "identity": Kind(lambda width_in, _: Identity(width_in), None),
}
"""Blocks by the name that a spec calls them."""

ATTENTION, RESIDUAL = "att", "res"

CONNECTIONS: dict[str, str] = {
    ATTENTION: "soft attention over what the block gives",
    RESIDUAL: "adds what the block was given, through a linear map where the widths differ",
}
"""What may follow a block, after a ``+``; a block with nothing after it is connected plainly."""

HEADS: dict[str, Callable[[int, int], nn.Module]] = {
    "linear": nn.Linear,
    "MLP": ResidualMLP,
}
"""Output layers, made from (width in, outputs): the paper's linear one, and CrabNet's residual MLP."""
