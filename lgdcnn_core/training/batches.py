"""From compositions to what a network takes: packed batches (exact setting) or padded ones (published setting)."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.composition import Compositions, Order
from lgdcnn_core.training.compute import Compute

Setting = Literal["exact", "published"]


@dataclass(frozen=True)
class Layout:
    """How compounds become a batch.

    Attributes
    ----------
    setting
        ``"exact"``: no padding, elements in an order that the composition decides, so that a compound's result
        depends on that compound alone. ``"published"``: every compound padded to `n_max` positions that take part in
        the network, and ties in the order of the formula, as the paper ran it.
    boundary
        In the exact setting, places without an element after each compound, as in `Chain`.
    order
        In the exact setting, the order of a compound's elements.
    n_max
        Largest number of elements in a compound of the training data; only the published setting uses it.
    """

    setting: Setting
    n_max: int
    boundary: int = 0
    order: Order = "amount, atomic number"

    def __post_init__(self) -> None:
        if self.setting not in ("exact", "published"):
            raise ValueError(f"setting is {self.setting!r}; it is 'exact' or 'published'")

    def ordered(self, compositions: Compositions) -> Compositions:
        """Put the elements in the order in which the network reads them."""
        if self.setting == "exact":
            return with_boundary(compositions.canonical(self.order), self.boundary)
        longer = int((compositions.lengths > self.n_max).sum())
        if longer:
            warnings.warn(
                f"{longer} of {len(compositions)} compounds have more than {self.n_max} elements, the most in the "
                "training data: the published setting cuts them short; the exact setting does not",
                stacklevel=2,
            )
        return compositions


def with_boundary(compositions: Compositions, places: int) -> Compositions:
    """Put places without an element, atomic number and fraction 0, after each compound."""
    if not places:
        return compositions
    ends = np.repeat(compositions.offsets[1:], places)
    return replace(
        compositions,
        atomic_numbers=np.insert(compositions.atomic_numbers, ends, 0),
        fractions=np.insert(compositions.fractions, ends, 0),
        lengths=compositions.lengths + places,
    )


class Batch:
    """Inputs of one batch on their device: `src` and `frac` as `Network.forward` takes them; compounds in order."""

    def __init__(self, compositions: Compositions, layout: Layout, compute: Compute) -> None:
        self.src: Tensor | PackedSequence
        self.frac: Tensor | PackedSequence
        if layout.setting == "published":
            src, frac = compositions.padded(layout.n_max, truncate=True)
            self.src = compute.tensor(torch.from_numpy(src))
            self.frac = compute.tensor(torch.from_numpy(frac))
            return
        self.src, self.frac = (compute.packed(values) for values in pack(compositions))


def pack(compositions: Compositions) -> tuple[PackedSequence, PackedSequence]:
    """Pack atomic numbers and fractions without padding, in torch's layout (longest compound first)."""
    order = np.argsort(-compositions.lengths, kind="stable")
    lengths, starts = compositions.lengths[order], compositions.offsets[:-1][order]
    sizes = [int(np.count_nonzero(lengths > position)) for position in range(int(lengths.max(initial=0)))]
    tokens = np.concatenate([starts[:size] + position for position, size in enumerate(sizes)])
    batch_sizes = torch.tensor(sizes, dtype=torch.int64)
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    sorted_indices, unsorted_indices = torch.from_numpy(order), torch.from_numpy(inverse)
    src = torch.from_numpy(compositions.atomic_numbers[tokens].astype(np.int64))
    frac = torch.from_numpy(compositions.fractions[tokens])
    return (
        PackedSequence(src, batch_sizes, sorted_indices, unsorted_indices),
        PackedSequence(frac, batch_sizes, sorted_indices, unsorted_indices),
    )


def shuffled(n: int, batch_size: int, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Positions (B,) of the compounds of each batch of one epoch; the last batch may be smaller."""
    order = generator.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def reordered(compositions: Compositions, share: float, generator: np.random.Generator) -> Compositions:
    """Put the elements of a share of the compounds into random order."""
    chosen = np.repeat(generator.random(len(compositions)) < share, compositions.lengths)
    order = np.where(chosen, generator.random(compositions.n_tokens), np.arange(compositions.n_tokens))
    return compositions.sorted_by(order)


def with_noise(compositions: Compositions, noise: float, generator: np.random.Generator) -> Compositions:
    """Multiply each fraction by 1 + noise * normal, clip to [0, 1] and let each compound sum to 1 again."""
    factor = 1 + noise * generator.standard_normal(compositions.n_tokens)
    noisy = np.clip(compositions.fractions * factor, 0, 1)
    sums = np.add.reduceat(noisy, compositions.offsets[:-1])
    fractions = (noisy / np.repeat(sums, compositions.lengths)).astype(np.float32)
    return replace(compositions, fractions=fractions)


def prediction_batches(
    compositions: Compositions, layout: Layout, compute: Compute, batch_size: int
) -> Iterator[tuple[Batch, NDArray[np.int64]]]:
    """Batches of all compounds, those of equal length together, each with the positions (B,) of its compounds."""
    order = np.argsort(compositions.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        yield Batch(compositions[chosen], layout, compute), chosen
