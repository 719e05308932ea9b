"""The networks in plain torch operations over padded tensors, which `torch.export` can follow.

Our own kernels and the packed layout depend on the lengths of the compounds in a batch, so that an export would hold
for these lengths alone. Here every compound has N places, and a mask says which ones take part. The results are the
same: a compound's padding is behind its last element, and no layer lets a masked place reach an element.
"""

import copy
import math
from functools import singledispatch
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lgdcnn_core.models.blocks import (
    DCNN,
    Identity,
    Recurrent,
    Residual,
    ResidualConvolutions,
    SoftAttention,
    TextCNN,
    TokenConvolution,
    TransformerLayer,
)
from lgdcnn_core.models.networks import Network, module_name
from lgdcnn_core.models.recurrence import PARAMETERS


class At(NamedTuple):
    """Places of a batch, (B, N): which take part, and the one as far from the end as a place is from the start."""

    valid: Tensor
    mirrored: Tensor


class Padded(nn.Module):
    """Computes what a network in evaluation mode computes, from padded tensors.

    Parameters
    ----------
    network
        The network; it stays as it is.
    padding_takes_part
        Whether places without an element take part, as in the padded setting; a network that masks padding masks it in
        any case. If not, `Chain.boundary` of them do.
    """

    def __init__(self, network: Network, padding_takes_part: bool) -> None:
        super().__init__()
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.padding_takes_part = padding_takes_part and not network.chain.masks_padding
        self.boundary = 0 if padding_takes_part else network.chain.boundary
        for block in self.network.blocks.values():
            if isinstance(block, Recurrent):
                block.rnn = nn.ModuleList(_one_way(block.rnn, way) for way in ("", "_reverse"))  # type: ignore[assignment]

    def forward(self, src: Tensor, frac: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return predictions and log-uncertainties, (B, 2) or (B, K, 2), as `Network.forward` does.

        `src` and `frac` are (B, N), zero after a compound's last element; `conditions` are (B, C).
        """
        network = self.network
        src, frac = F.pad(src, (0, self.boundary)), F.pad(frac, (0, self.boundary))
        real = src != 0
        lengths = real.sum(dim=1, keepdim=True) + self.boundary
        place = torch.arange(src.shape[1], device=src.device).expand_as(src)
        valid = torch.ones_like(real) if self.padding_takes_part else place < lengths
        mirrored = torch.where(valid, valid.sum(dim=1, keepdim=True) - 1 - place, place)
        at = At(valid, mirrored)
        x = network.embedding(src.flatten(), frac.flatten()).unflatten(0, src.shape)
        to_merge: list[Tensor] = []
        for stage in network.design.stages:
            given = x
            x = run(network.blocks[stage.block], x, at)
            for connection in stage.connections:
                module = network.blocks[module_name(stage, connection)]
                if isinstance(module, Residual):
                    x = x + module.shortcut(given)
                else:
                    x = run(module, x, at)
                    to_merge.append(x)
        if network.chain.merge == "max-pool":
            total = torch.stack([*to_merge, x]).sum(dim=0)
            pooled = F.max_pool1d(total.flatten(0, 1)[:, None], kernel_size=3, stride=1, padding=1)
            x = pooled[:, 0].unflatten(0, src.shape)
        if network.conditions is not None and conditions is not None:
            joined = network.conditions
            hidden = F.silu(joined.of_elements(x) + joined.of_conditions(conditions)[:, None])
            x = x + joined.out(hidden)
        sums = (network.head.outputs(x) * real[..., None]).sum(dim=1)
        return network.head.gated(sums / real.sum(dim=1, keepdim=True))


@singledispatch
def run(block: nn.Module, x: Tensor, at: At) -> Tensor:
    """Run a block over padded compounds: (B, N, d) -> (B, N, d')."""
    raise NotImplementedError(f"a block of kind {type(block).__name__} has no padded form")


@run.register
def _(block: Identity, x: Tensor, at: At) -> Tensor:
    return x


@run.register
def _(block: Recurrent, x: Tensor, at: At) -> Tensor:
    forwards, backwards = block.rnn.children()  # see `Padded`
    return torch.cat([forwards(x)[0], _mirrored(backwards(_mirrored(x, at))[0], at)], dim=2)


@run.register
def _(block: SoftAttention, x: Tensor, at: At) -> Tensor:
    score = block.score(x).masked_fill(~at.valid[..., None], -math.inf)
    return x * (1 + torch.softmax(score, dim=1))


@run.register
def _(block: TokenConvolution, x: Tensor, at: At) -> Tensor:
    weight = block.linear.weight.unflatten(1, (block.kernel, -1)).transpose(1, 2)  # as nn.Conv1d has it
    known = x.masked_fill(~at.valid[..., None], 0.0).transpose(1, 2)
    return F.conv1d(known, weight, block.linear.bias, padding=block.kernel // 2).transpose(1, 2)


@run.register
def _(block: ResidualConvolutions, x: Tensor, at: At) -> Tensor:
    return x + run(block.second, torch.relu(run(block.first, torch.relu(x), at)), at)


@run.register
def _(block: DCNN, x: Tensor, at: At) -> Tensor:
    x = run(block.convert, x, at)
    for inner in block.blocks:
        x = run(inner, x, at)
    return x


@run.register
def _(block: TextCNN, x: Tensor, at: At) -> Tensor:
    return torch.relu(torch.cat([run(convolution, x, at) for convolution in block.convolutions], dim=2))


@run.register
def _(block: TransformerLayer, x: Tensor, at: At) -> Tensor:
    attention = block.self_attn
    projected = F.linear(x, attention.in_proj_weight, attention.in_proj_bias)
    heads = projected.unflatten(2, (3, attention.num_heads, -1))
    query, key, value = heads.permute(2, 0, 3, 1, 4).unbind()  # each (B, heads, N, d / heads)
    mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=at.valid[:, None, None])
    h = block.norm1(x + attention.out_proj(mixed.transpose(1, 2).flatten(2)))
    return block.norm2(h + block.linear2(torch.relu(block.linear1(h))))


def _mirrored(x: Tensor, at: At) -> Tensor:
    return x.gather(1, at.mirrored[..., None].expand_as(x))


def _one_way(rnn: nn.RNN | nn.LSTM | nn.GRU, way: str) -> nn.Module:
    """Return one direction of a bidirectional layer, as a layer that runs forwards."""
    layer = type(rnn)(rnn.input_size, rnn.hidden_size, batch_first=True)
    layer.load_state_dict({name: getattr(rnn, name + way) for name in PARAMETERS})
    return layer.eval().requires_grad_(False)
