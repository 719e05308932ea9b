"""The library of parts that make up networks: kinds of block, connections, heads."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from lgdcnn_core.models.blocks import DCNN, Identity, Recurrent, TextCNN, TransformerLayer
from lgdcnn_core.models.heads import ResidualMLP

WIDTH = 512
"""Features of an element in the embedding and in all blocks but the local one."""

LOCAL_WIDTH = 256
"""Features of the output of the paper's local block, DCNN-K1."""


@dataclass(frozen=True)
class Kind:
    """A kind of block.

    Attributes
    ----------
    make
        Makes a block, given its input width and its number among the blocks of its kind (1, 2, ...).
    width
        Features of the output; None: as many as in the input.
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
"""Blocks by their names in a spec."""

ATTENTION, RESIDUAL = "att", "res"

CONNECTIONS: dict[str, str] = {
    ATTENTION: "soft attention over the output of the block",
    RESIDUAL: "adds the input of the block, through a linear map if the widths differ",
}
"""Connections that may follow a block, after a ``+``; a block without one passes its output on."""

HEADS: dict[str, Callable[[int, int], nn.Module]] = {
    "linear": nn.Linear,
    "MLP": ResidualMLP,
}
"""Output layers, made from (width in, outputs): the paper's linear one, and CrabNet's residual MLP."""
