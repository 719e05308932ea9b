"""The networks of the paper, each a row of one table: embedding -> chain of blocks -> head."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from lgdcnn_core import elements as element_tables
from lgdcnn_core.models.blocks import Residual, SoftAttention
from lgdcnn_core.models.conditions import Conditions
from lgdcnn_core.models.embedding import CompositionEmbedding, OddColumns
from lgdcnn_core.models.heads import N_OUTPUTS, Head
from lgdcnn_core.models.language import InvalidNetworkSpec, Stage, kind_of, number_of, parse
from lgdcnn_core.models.library import BLOCKS, HEADS, RESIDUAL, WIDTH
from lgdcnn_core.models.packing import pack_full, with_data


@dataclass(frozen=True)
class Chain:
    """A network as a chain of blocks. The defaults are those of the paper's fusion models.

    Attributes
    ----------
    spec
        Blocks, connections and head in the language of `lgdcnn_core.models.language`.
    resolution
        Rows of the stoichiometry table.
    odd_columns
        Odd columns of the stoichiometry table.
    elements
        Element table that the network always has; None leaves the choice to the caller.
    merge
        ``"last"``: the last block's output goes to the head. ``"max-pool"`` (L-G-DCNN-v1): the outputs of the
        attention calls and of the last block are summed and max-pooled along the features.
    masks_padding
        Whether the network masks padding (CrabNet), so that we drop it at once in either setting.
    boundary
        Places without an element that the exact setting puts after each compound, in which recurrent and
        convolutional layers can work. In the padded setting, padding consists of such places.
    """

    spec: str
    resolution: int = 2000
    odd_columns: OddColumns = "sine"
    elements: str | None = None
    merge: Literal["last", "max-pool"] = "last"
    masks_padding: bool = False
    boundary: int = 0

    @property
    def has_transformers(self) -> bool:
        """Whether any block is a transformer layer."""
        return any(kind_of(stage.block) == "transformer" for stage in parse(self.spec).stages)


_L_G_DCNN = "LSTM+att>GRU+att>DCNN"

CHAINS: dict[str, Chain] = {
    "LSTM": Chain("LSTM", resolution=5000),
    "DCNN": Chain("DCNN", resolution=5000),
    "DCNN-K1": Chain("DCNN-K1", resolution=5000),
    "L-DCNN": Chain("LSTM>DCNN"),
    "L-G-DCNN": Chain(_L_G_DCNN),
    "L-G-DCNN-v1": Chain(_L_G_DCNN, merge="max-pool"),
    "L-G-DCNN-onehot": Chain(_L_G_DCNN, elements=element_tables.ONE_HOT),
    "CrabNet": Chain(
        "transformer_1>transformer_2>transformer_3|MLP",
        resolution=5000,
        odd_columns="cosine",
        masks_padding=True,
    ),
}
"""The paper's networks and CrabNet, by their names in the paper."""

VARIANTS: dict[str, Chain] = {
    "L-G-DCNN-boundary": Chain(_L_G_DCNN, boundary=1),
}
"""Our own networks that differ from one of the paper's in more than their blocks."""


class UnknownNetwork(ValueError):
    """The text is neither the name of a network nor a spec."""


def chain(name_or_spec: str) -> Chain:
    """Return the chain of a network of the paper, by its name, or of any network, by its spec.

    Names of `CHAINS` and `VARIANTS` take precedence, even if they are also specs: ``"LSTM"`` is the paper's LSTM model,
    with its resolution.

    Raises
    ------
    UnknownNetwork
        The message lists the names, and explains why the text is not a spec.
    """
    named = CHAINS | VARIANTS
    if name_or_spec in named:
        return named[name_or_spec]
    try:
        return Chain(str(parse(name_or_spec)))
    except InvalidNetworkSpec as error:
        raise UnknownNetwork(
            f"no network is called {name_or_spec!r}; choose from {', '.join(named)}. It is not a spec either: {error}"
        ) from error


def module_name(stage: Stage, connection: str) -> str:
    """Return the name of a connection's module in `Network.blocks`; a block's module has its name in the spec."""
    # Saved models call attention "attention", not "att".
    return f"{stage.block}+{RESIDUAL}" if connection == RESIDUAL else connection.replace("att", "attention", 1)


class Network(nn.Module):
    """A network that predicts a property, or several, from a composition: embedding, chain of blocks, head.

    With conditions, a small network joins them to the output of the last block, see `models.conditions`.
    """

    def __init__(
        self, chain: Chain, table: element_tables.ElementTable, n_targets: int = 1, n_conditions: int = 0
    ) -> None:
        super().__init__()
        self.chain = chain
        self.elements = table
        self.embedding = CompositionEmbedding(table, WIDTH, chain.resolution, chain.odd_columns)
        self.design = parse(chain.spec)
        self.blocks = nn.ModuleDict()
        width = WIDTH
        for stage in self.design.stages:
            width = self._add(stage, width)
        self.dropout = nn.Dropout(0.0)
        self.head = Head(HEADS[self.design.head](width, n_targets * N_OUTPUTS), n_targets)
        # Made last, so that all other weights are those of the same seed without conditions.
        self.conditions = Conditions(width, n_conditions) if n_conditions else None

    def _add(self, stage: Stage, width_in: int) -> int:
        """Make the missing modules of a stage; return the number of features of its output."""
        if stage.block not in self.blocks:
            self.blocks[stage.block] = BLOCKS[kind_of(stage.block)].make(width_in, number_of(stage.block))
        width = int(self.blocks[stage.block].width)  # type: ignore[arg-type]
        for connection in stage.connections:
            name = module_name(stage, connection)
            if name not in self.blocks:
                residual = connection == RESIDUAL
                self.blocks[name] = Residual(width_in, width) if residual else SoftAttention(width)
        return width

    def forward(
        self, src: Tensor | PackedSequence, frac: Tensor | PackedSequence, conditions: Tensor | None = None
    ) -> Tensor:
        """Return the predictions and log-uncertainties of a batch.

        Parameters
        ----------
        src, frac
            Atomic numbers (integers) and fractions. As (B, N) tensors, zero where a compound has no more elements:
            the padded setting, in which these positions take part in everything but the head. As packed sequences
            (`lgdcnn_core.training.batches`): the exact setting, which has no such positions.
        conditions
            (B, C): standardised conditions, compounds in order; None for a network without them.

        Returns
        -------
        (B, 2): standardised prediction (a logit in classification) and log-uncertainty, compounds in order; for
        K properties, or logits of K > 2 classes, (B, K, 2).

        Raises
        ------
        TypeError
            If a network with conditions gets none, or one without them gets some.
        """
        if (self.conditions is None) != (conditions is None):
            raise TypeError(f"the network takes {'no' if self.conditions is None else 'one tensor of'} conditions")
        src, frac = self._pack(src, frac)
        x = with_data(src, self.dropout(self.embedding(src.data, frac.data)))
        to_merge: list[Tensor] = []
        for stage in self.design.stages:
            given = x
            x = self.blocks[stage.block](x)
            for connection in stage.connections:
                module = self.blocks[module_name(stage, connection)]
                if connection == RESIDUAL:
                    x = module(x, given)
                else:
                    x = module(x)
                    to_merge.append(x.data)
        if self.chain.merge == "max-pool":
            total = torch.stack([*to_merge, x.data]).sum(dim=0)
            pooled = nn.functional.max_pool1d(total[:, None], kernel_size=3, stride=1, padding=1)
            x = with_data(x, pooled[:, 0])
        if self.conditions is not None:
            x = self.conditions(x, conditions)
        result: Tensor = self.head(with_data(x, self.dropout(x.data)), src.data != 0)
        return result

    def keep(self, target: int | None, seed: int) -> None:
        """Predict a single property from now on: one of the present ones, or another one; see `Head.keep`.

        `seed` draws the fresh weights for another one; torch's global generator stays as it was.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head.keep(target)

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


def build(
    name_or_spec: str, elements: str = "mat2vec", seed: int | None = None, n_targets: int = 1, n_conditions: int = 0
) -> Network:
    """Build a network with fresh weights.

    Parameters
    ----------
    name_or_spec
        A network of the paper, a key of `CHAINS`: ``"LSTM"``, ``"DCNN"``, ``"DCNN-K1"``, ``"L-DCNN"``,
        ``"L-G-DCNN"``, ``"L-G-DCNN-v1"``, ``"L-G-DCNN-onehot"`` or ``"CrabNet"``; or a spec of any other, such as
        ``"LSTM+att>GRU+res>DCNN"``, see `lgdcnn_core.models.language`.
    elements
        Element table, see `lgdcnn_core.elements.names`. ``"L-G-DCNN-onehot"`` always has the one-hot table.
    seed
        Seed of the initial weights; torch's global generator stays as it was. None draws from that generator.
    n_targets
        Number of properties that the network predicts, or of classes if there are more than two.
    n_conditions
        Number of conditions that the network takes beside the composition.

    Raises
    ------
    UnknownNetwork
        If there is no such network; the message lists the names, and explains why the text is not a spec.
    """
    found = chain(name_or_spec)
    table = element_tables.table(found.elements or elements)
    if seed is None:
        return Network(found, table, n_targets, n_conditions)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(found, table, n_targets, n_conditions)
