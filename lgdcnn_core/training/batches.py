"""Turn compositions into inputs of a network: packed batches (exact setting) or padded ones (padded setting)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import hypergeom
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.composition import Compositions, Order
from lgdcnn_core.models.packing import with_data
from lgdcnn_core.training.compute import Compute

Setting = Literal["exact", "published"]

Inputs = Tensor | PackedSequence

RARE = 1000
"""One batch in this many has more compounds of a length than `Room.enough` has places for."""


@dataclass(frozen=True)
class Layout:
    """How compounds become a batch.

    Attributes
    ----------
    setting
        ``"exact"``: no padding, elements in an order that the composition decides, so that a compound's result
        depends on that compound alone. ``"published"``: the padded setting, as the paper ran it: every compound is
        padded to `n_max` positions that take part in the network, and ties keep the order of the formula.
    boundary
        In the exact setting, number of places without an element after each compound, as in `Chain`.
    order
        In the exact setting, the order of a compound's elements.
    n_max
        Largest number of elements in a compound of the training data; only the padded setting uses it.
    """

    setting: Setting
    n_max: int
    boundary: int = 0
    order: Order = "amount, atomic number"

    def __post_init__(self) -> None:
        if self.setting not in ("exact", "published"):
            raise ValueError(f"setting is {self.setting!r}; it must be 'exact' or 'published'")

    def reading(self) -> dict[str, str]:
        """Return how a network reads compounds: the setting, and the order of a compound's elements."""
        return {"setting": self.setting, "order": self.order if self.setting == "exact" else "of the formula"}

    def ordered(self, compositions: Compositions) -> Compositions:
        """Return compositions with their elements in the order that the network reads."""
        if self.setting == "exact":
            return with_boundary(compositions.canonical(self.order), self.boundary)
        return compositions


def with_boundary(compositions: Compositions, places: int) -> Compositions:
    """Return compositions with places without an element (atomic number and fraction 0) after each compound."""
    if not places:
        return compositions
    ends = np.repeat(compositions.offsets[1:], places)
    return replace(
        compositions,
        atomic_numbers=np.insert(compositions.atomic_numbers, ends, 0),
        fractions=np.insert(compositions.fractions, ends, 0),
        lengths=compositions.lengths + places,
    )


@dataclass(frozen=True)
class Room:
    """Places for compounds of given lengths, so that batches of different compounds can have the same shape.

    Attributes
    ----------
    lengths
        (S,) int64, descending: number of elements of the compound in each place.
    """

    lengths: NDArray[np.int64]

    @classmethod
    def exactly(cls, lengths: NDArray[np.int64]) -> "Room":
        """Return room for compounds of these lengths, (B,), and no others."""
        return cls(np.sort(lengths)[::-1])

    @classmethod
    def enough(cls, lengths: NDArray[np.int64], batch_size: int) -> "Room":
        """Return room for nearly every batch that may be drawn from compounds of these lengths, (N,).

        For each length it has enough places for all but one in `RARE` batches of this size.
        """
        kinds, counts = np.unique(lengths, return_counts=True)
        drawn = min(batch_size, len(lengths))
        at_most = hypergeom.ppf(1 - 1 / RARE, len(lengths), counts, drawn).astype(np.int64)
        return cls(np.repeat(kinds, at_most)[::-1])

    def take(self, lengths: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Return the place of each compound, (B,), given their lengths; None if too many have one length.

        Compounds of equal length keep their order.
        """
        order = np.argsort(-lengths, kind="stable")
        ordered = lengths[order]
        rank = np.arange(len(order)) - np.searchsorted(-ordered, -ordered)
        place = np.empty_like(order)
        place[order] = np.searchsorted(-self.lengths, -ordered) + rank
        fits = place < len(self.lengths)
        return place if fits.all() and (self.lengths[place] == lengths).all() else None


class Batch:
    """Inputs of one batch on the device, as `Network.forward` takes them; compounds in order.

    Parameters
    ----------
    compositions, layout, compute, room
        B compounds, how they become a batch, where, and the room for them, see `pack`.
    conditions
        (B, C) standardised conditions; None where there are none.
    """

    def __init__(
        self,
        compositions: Compositions,
        layout: Layout,
        compute: Compute,
        room: Room | None = None,
        conditions: NDArray[np.float64] | None = None,
    ) -> None:
        self.src: Inputs
        self.frac: Inputs
        self.conditions = None if conditions is None else compute.tensor(torch.from_numpy(conditions).float())
        if layout.setting == "published":
            src, frac = compositions.padded(layout.n_max, truncate=True)
            self.src = compute.tensor(torch.from_numpy(src))
            self.frac = compute.tensor(torch.from_numpy(frac))
            return
        packed, fractions = pack(compositions, room)
        self.src = compute.packed(packed)
        self.frac = with_data(self.src, compute.tensor(fractions.data))

    @property
    def inputs(self) -> tuple[Inputs, ...]:
        """`src`, `frac` and, where there are some, the conditions."""
        return (self.src, self.frac) if self.conditions is None else (self.src, self.frac, self.conditions)


def pack(compositions: Compositions, room: Room | None = None) -> tuple[PackedSequence, PackedSequence]:
    """Return atomic numbers and fractions in torch's packed layout (longest compound first).

    Parameters
    ----------
    compositions
        B compounds.
    room
        Room for the compounds; free places hold zeros and give no result. None: exactly the places that they need,
        without padding.

    Raises
    ------
    ValueError
        If the compounds do not fit into the room.
    """
    room = Room.exactly(compositions.lengths) if room is None else room
    place = room.take(compositions.lengths)
    if place is None:
        raise ValueError("there is no room for compounds of these lengths")
    sizes = np.array([np.count_nonzero(room.lengths > n) for n in range(room.lengths.max(initial=0))], dtype=np.int64)
    position = np.arange(compositions.n_tokens) - np.repeat(compositions.offsets[:-1], compositions.lengths)
    token = (np.cumsum(sizes) - sizes)[position] + np.repeat(place, compositions.lengths)
    src, frac = np.zeros(sizes.sum(), np.int64), np.zeros(sizes.sum(), np.float32)
    src[token], frac[token] = compositions.atomic_numbers, compositions.fractions
    # Results are only ever put back into order, so the other permutation is not needed.
    packed = PackedSequence(torch.from_numpy(src), torch.from_numpy(sizes), None, torch.from_numpy(place))
    return packed, with_data(packed, torch.from_numpy(frac))


def shuffled(n: int, batch_size: int, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield the positions, (B,), of the compounds in each batch of one epoch; the last batch may be smaller."""
    order = generator.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def reordered(compositions: Compositions, share: float, generator: np.random.Generator) -> Compositions:
    """Return compositions in which a share of the compounds has its elements in random order."""
    chosen = np.repeat(generator.random(len(compositions)) < share, compositions.lengths)
    order = np.where(chosen, generator.random(compositions.n_tokens), np.arange(compositions.n_tokens))
    return compositions.sorted_by(order)


def with_noise(compositions: Compositions, noise: float, generator: np.random.Generator) -> Compositions:
    """Multiply each fraction by 1 + noise * normal, clip to [0, 1] and normalise each compound to sum 1 again."""
    factor = 1 + noise * generator.standard_normal(compositions.n_tokens)
    noisy = np.clip(compositions.fractions * factor, 0, 1)
    sums = np.add.reduceat(noisy, compositions.offsets[:-1])
    fractions = (noisy / np.repeat(sums, compositions.lengths)).astype(np.float32)
    return replace(compositions, fractions=fractions)


def prediction_batches(
    compositions: Compositions,
    layout: Layout,
    compute: Compute,
    batch_size: int,
    conditions: NDArray[np.float64] | None = None,
) -> Iterator[tuple[Batch, NDArray[np.int64]]]:
    """Yield batches of all compounds, equal lengths together, each with the positions (B,) of its compounds."""
    order = np.argsort(compositions.lengths, kind="stable")
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        of_chosen = None if conditions is None else conditions[chosen]
        yield Batch(compositions[chosen], layout, compute, conditions=of_chosen), chosen
