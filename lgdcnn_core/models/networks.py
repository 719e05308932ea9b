"""The networks of the paper, each a row of one table: embedding -> chain of blocks -> head."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from lgdcnn_core import elements as element_tables
from lgdcnn_core.models.blocks import DCNN, Recurrent, SoftAttention, TransformerLayer
from lgdcnn_core.models.embedding import CompositionEmbedding, OddColumns
from lgdcnn_core.models.heads import N_OUTPUTS, Head, ResidualMLP
from lgdcnn_core.models.packing import pack_full, with_data

WIDTH = 512
LOCAL_WIDTH = 256

BLOCKS: dict[str, Callable[[int, int], nn.Module]] = {
    "LSTM": lambda width_in, _: Recurrent(nn.LSTM, width_in, WIDTH),
    "GRU": lambda width_in, _: Recurrent(nn.GRU, width_in, WIDTH),
    "attention": lambda width_in, _: SoftAttention(width_in),
    "DCNN": lambda width_in, _: DCNN(width_in, WIDTH, kernel=3),
    "DCNN-K1": lambda width_in, _: DCNN(width_in, LOCAL_WIDTH, kernel=1),
    "transformer": TransformerLayer,
}
"""Blocks by the name that a chain calls them: each a function of (width in, which of its kind: 1, 2, ...)."""


@dataclass(frozen=True)
class Chain:
    """A network as a chain of blocks.

    Attributes
    ----------
    blocks
        Names from `BLOCKS`, ``" > "`` between them. A name that comes twice is one module run twice, its weights
        shared; ``name_1``, ``name_2`` are different modules of a kind.
    resolution
        Rows of the stoichiometry table.
    odd_columns
        Odd columns of the stoichiometry table.
    elements
        Element table that belongs to the network, whatever the caller names; None leaves the choice.
    head
        ``"linear"`` or CrabNet's ``"residual MLP"``.
    merge
        ``"last"``: the last block's output goes to the head. ``"max-pool"`` (L-G-DCNN-v1): the outputs of the
        attention calls and of the last block are summed and max-pooled along the features.
    masks_padding
        The network masks padding (CrabNet), so that it is dropped at once in either setting.
    """

    blocks: str
    resolution: int = 2000
    odd_columns: OddColumns = "sine"
    elements: str | None = None
    head: Literal["linear", "residual MLP"] = "linear"
    merge: Literal["last", "max-pool"] = "last"
    masks_padding: bool = False


_L_G_DCNN = "LSTM > attention > GRU > attention > DCNN"

CHAINS: dict[str, Chain] = {
    "LSTM": Chain("LSTM", resolution=5000),
    "DCNN": Chain("DCNN", resolution=5000),
    "DCNN-K1": Chain("DCNN-K1", resolution=5000),
    "L-DCNN": Chain("LSTM > DCNN"),
    "L-G-DCNN": Chain(_L_G_DCNN),
    "L-G-DCNN-v1": Chain(_L_G_DCNN, merge="max-pool"),
    "L-G-DCNN-onehot": Chain(_L_G_DCNN, elements=element_tables.ONE_HOT),
    "CrabNet": Chain(
        "transformer_1 > transformer_2 > transformer_3",
        resolution=5000,
        odd_columns="cosine",
        head="residual MLP",
        masks_padding=True,
    ),
}
"""The paper's networks, and CrabNet, by the names that the paper gives them."""


class UnknownNetwork(ValueError):
    """No network has the name that was asked for."""


class Network(nn.Module):
    """A network that predicts a property from a composition: embedding, chain of blocks, head."""

    def __init__(self, chain: Chain, table: element_tables.ElementTable) -> None:
        super().__init__()
        self.chain = chain
        self.elements = table
        self.embedding = CompositionEmbedding(table, WIDTH, chain.resolution, chain.odd_columns)
        self.steps = tuple(chain.blocks.split(" > "))
        self.blocks = nn.ModuleDict()
        width = WIDTH
        for step in self.steps:
            if step not in self.blocks:
                kind, _, number = step.partition("_")
                self.blocks[step] = BLOCKS[kind](width, int(number or 1))
            width = self.blocks[step].width  # type: ignore[assignment]
        outputs = ResidualMLP(width) if chain.head == "residual MLP" else nn.Linear(width, N_OUTPUTS)
        self.head = Head(outputs)

    def forward(self, src: Tensor | PackedSequence, frac: Tensor | PackedSequence) -> Tensor:
        """Predict.

        Parameters
        ----------
        src, frac
            Atomic numbers (integers) and fractions. As (B, N) tensors, zero where a compound has no more elements:
            the published setting, in which those positions take part in everything but the head. As packed
            sequences (`lgdcnn_core.training.batches`): the exact setting, in which there are no such positions.

        Returns
        -------
        (B, 2): standardised prediction (a logit in classification) and log-uncertainty, compounds in order.
        """
        src, frac = self._pack(src, frac)
        x = with_data(src, self.embedding(src.data, frac.data))
        to_merge: list[Tensor] = []
        for step in self.steps:
            x = self.blocks[step](x)
            if step == "attention":
                to_merge.append(x.data)
        if self.chain.merge == "max-pool":
            total = torch.stack([*to_merge, x.data]).sum(dim=0)
            pooled = nn.functional.max_pool1d(total[:, None], kernel_size=3, stride=1, padding=1)
            x = with_data(x, pooled[:, 0])
        result: Tensor = self.head(x, src.data != 0)
        return result

    def _pack(
        self, src: Tensor | PackedSequence, frac: Tensor | PackedSequence
    ) -> tuple[PackedSequence, PackedSequence]:
        if isinstance(src, PackedSequence) and isinstance(frac, PackedSequence):
            return src, frac
        if isinstance(src, PackedSequence) or isinstance(frac, PackedSequence):
            raise TypeError("src and frac must both be tensors or both be packed sequences")
        if not self.chain.masks_padding:
            return pack_full(src), pack_full(frac)
        lengths = (src != 0).sum(dim=1).cpu()
        packed = pack_padded_sequence(src, lengths, batch_first=True, enforce_sorted=False)
        return packed, pack_padded_sequence(frac, lengths, batch_first=True, enforce_sorted=False)


def build(name: str, elements: str = "mat2vec", seed: int | None = None) -> Network:
    """Build a network of the paper with fresh weights.

    Parameters
    ----------
    name
        A key of `CHAINS`: ``"LSTM"``, ``"DCNN"``, ``"DCNN-K1"``, ``"L-DCNN"``, ``"L-G-DCNN"``, ``"L-G-DCNN-v1"``,
        ``"L-G-DCNN-onehot"`` or ``"CrabNet"``.
    elements
        Element table, see `lgdcnn_core.elements.names`. ``"L-G-DCNN-onehot"`` always has the one-hot table.
    seed
        Seed of the initial weights; torch's global generator is left as it was. None draws from that generator.

    Raises
    ------
    UnknownNetwork
        If there is no such network; the message lists those that exist.
    """
    if name not in CHAINS:
        raise UnknownNetwork(f"no network is called {name!r}; there are {', '.join(CHAINS)}")
    chain = CHAINS[name]
    table = element_tables.table(chain.elements or elements)
    if seed is None:
        return Network(chain, table)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(chain, table)
