"""Batches of compounds without padding: tokens (one per element of a compound) in torch's packed layout.

A batch is a `torch.nn.utils.rnn.PackedSequence`: the tokens of B compounds, sorted by length and laid out position
by position, so that position t of the first ``batch_sizes[t]`` compounds is one contiguous slice. Products with
weights then run over all tokens at once, and no arithmetic is spent on padding. The padded setting, in which
padding takes part, is the same layout with every compound at full length.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

BATCHES_REMEMBERED = 8  # all blocks of a network ask for the same places; in training every batch has its own


class Places(NamedTuple):
    """Places of the tokens of a batch.

    Attributes
    ----------
    sizes
        Numbers of compounds that have a first, second, ... position.
    mirrored
        (T,) index of the token as far from the end of its compound as this one is from the start. A recurrent layer
        that runs backwards is a layer that runs forwards over mirrored tokens. Mirroring twice changes nothing.
    by_compound, back
        (T,) tokens compound by compound, and the way back.
    groups
        Compounds of equal length: (compounds, length) of each group, in the order of `by_compound`.
    """

    sizes: tuple[int, ...]
    mirrored: Tensor
    by_compound: Tensor
    back: Tensor
    groups: tuple[tuple[int, int], ...]


def pack_full(values: Tensor) -> PackedSequence:
    """Pack (B, N) values with every row at full length, padding included (the padded setting)."""
    n_rows, n_positions = values.shape
    return PackedSequence(values.t().reshape(-1), torch.full((n_positions,), n_rows, dtype=torch.int64))


def with_data(packed: PackedSequence, data: Tensor) -> PackedSequence:
    """Return a batch with other token values, (T, ...)."""
    return PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)


def of_tokens(values: Tensor, packed: PackedSequence) -> Tensor:
    """Give each token the values of its compound: (B, ...) in data-set order -> (T, ...)."""
    sizes = places(packed).sizes
    if packed.unsorted_indices is not None:
        values = values.new_zeros(sizes[0], *values.shape[1:]).index_copy(0, packed.unsorted_indices, values)
    return torch.cat([values[:size] for size in sizes])


def places(packed: PackedSequence) -> Places:
    """Return the places of the tokens of a batch."""
    return _places(tuple(packed.batch_sizes.tolist()), packed.data.device)


@lru_cache(maxsize=BATCHES_REMEMBERED)
@torch.inference_mode(mode=False)  # places remembered in prediction must work in training too
def _places(sizes: tuple[int, ...], device: torch.device) -> Places:
    size = np.array(sizes, dtype=np.int64)
    start = np.cumsum(size) - size
    n_tokens = int(size.sum())
    position = np.repeat(np.arange(len(size)), size)
    compound = np.arange(n_tokens) - start[position]
    length = np.count_nonzero(size[:, None] > np.arange(size[0]), axis=0)  # of each compound
    by_compound = np.lexsort((position, compound))
    back = np.empty_like(by_compound)
    back[by_compound] = np.arange(n_tokens)
    lengths, counts = np.unique(-length, return_counts=True)
    indices = (start[length[compound] - 1 - position] + compound, by_compound, back)
    mirrored, in_order, way_back = (torch.from_numpy(index).to(device, non_blocking=True) for index in indices)
    return Places(sizes, mirrored, in_order, way_back, tuple(zip(counts.tolist(), (-lengths).tolist(), strict=True)))


def neighbouring_rows(sizes: tuple[int, ...], away: int = 1) -> Iterator[tuple[slice, slice]]:
    """Yield, for each position, the rows of tokens and of the tokens `away` places after them in their compounds."""
    start = [0, *accumulate(sizes)]
    for position in range(away, len(sizes)):
        earlier, size = start[position - away], sizes[position]
        yield slice(earlier, earlier + size), slice(start[position], start[position] + size)


def followed(x: Tensor, sizes: tuple[int, ...], away: int = 1) -> Tensor:
    """Return the tokens (T, ...) with a follower `away` places later in their compound, in the followers' order."""
    return torch.cat([x[earlier] for earlier, _ in neighbouring_rows(sizes, away)])


def compounds_of_equal_length(packed: PackedSequence) -> list[Tensor]:
    """Return the tokens as one (compounds, length, ...) tensor for each length; `from_compounds` undoes it."""
    at = places(packed)
    parts = packed.data.index_select(0, at.by_compound).split([n * length for n, length in at.groups])
    return [part.unflatten(0, group) for part, group in zip(parts, at.groups, strict=True)]


def from_compounds(parts: list[Tensor], packed: PackedSequence) -> Tensor:
    """Return tokens (T, ...) in the order of `packed`, from one (compounds, length, ...) tensor for each length."""
    return torch.cat([part.flatten(0, 1) for part in parts]).index_select(0, places(packed).back)
