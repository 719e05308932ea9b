"""Batches of compounds without padding: tokens (one per element of a compound) in torch's packed layout.

A batch is a `torch.nn.utils.rnn.PackedSequence`: the tokens of B compounds, sorted by length and laid out position
by position, so that position t of the first ``batch_sizes[t]`` compounds is one contiguous slice. Products with
weights then run over all tokens at once, and no arithmetic is spent on padding. The published setting, in which
padding takes part, is the same layout with every compound at full length.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence


class Neighbours(NamedTuple):
    """Where each token's neighbours within its compound are.

    ``previous`` and ``following`` are (T,) token indices; T itself stands for "none", a zero vector.
    """

    previous: Tensor
    following: Tensor


def pack_full(values: Tensor) -> PackedSequence:
    """Pack (B, N) values with every row at full length, padding included (the published setting)."""
    n_rows, n_positions = values.shape
    return PackedSequence(values.t().reshape(-1), torch.full((n_positions,), n_rows, dtype=torch.int64))


def with_data(packed: PackedSequence, data: Tensor) -> PackedSequence:
    """Give the same compounds other token values, (T, ...)."""
    return PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)


def pad_positions_first(packed: PackedSequence, padding_value: float) -> tuple[Tensor, Tensor]:
    """Pad to (N, B, ...), compounds in packed (not data-set) order; also their lengths, (B,), on the CPU."""
    return pad_packed_sequence(PackedSequence(packed.data, packed.batch_sizes), padding_value=padding_value)


def neighbours(packed: PackedSequence) -> Neighbours:
    """Find every token's neighbours in its compound."""
    sizes = packed.batch_sizes
    n_tokens = int(sizes.sum())
    start = torch.cumsum(sizes, 0) - sizes
    position = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
    compound = torch.arange(n_tokens) - start[position]
    previous = torch.where(position > 0, start[(position - 1).clamp(min=0)] + compound, n_tokens)
    next_size = torch.cat([sizes[1:], sizes.new_zeros(1)])[position]
    next_start = torch.cat([start[1:], start.new_full((1,), n_tokens)])[position]
    following = torch.where(compound < next_size, next_start + compound, n_tokens)
    device = packed.data.device
    return Neighbours(previous.to(device, non_blocking=True), following.to(device, non_blocking=True))


class _Shift(torch.autograd.Function):
    """Rows of x at an index whose value T means zero; the gradient flows back by the opposite index."""

    @staticmethod
    def forward(ctx, x: Tensor, index: Tensor, opposite: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(opposite)
        return _rows_or_zero(x, index)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[no-untyped-def]
        (opposite,) = ctx.saved_tensors
        return _rows_or_zero(gradient, opposite), None, None


def _rows_or_zero(x: Tensor, index: Tensor) -> Tensor:
    return torch.cat([x, x.new_zeros(1, x.shape[1])]).index_select(0, index)


def window(x: Tensor, around: Neighbours, reach: int = 1) -> Tensor:
    """Put each token between its neighbours up to `reach` places away: (T, d) -> (T, (2 reach + 1) d).

    Zeros stand beyond the ends of a compound. A gather has a scatter as its gradient, which is slow; but "the token
    before" and "the token after" undo each other, so the gradient is a gather as well.
    """
    parts = [x]
    for _ in range(reach):
        before = _Shift.apply(parts[0], around.previous, around.following)
        after = _Shift.apply(parts[-1], around.following, around.previous)
        parts = [before, *parts, after]
    return torch.cat(parts, dim=1) if reach else x
