"""How far compounds are from those that a network was trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csc_array
from torch import Tensor

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition.notation import SYMBOLS
from lgdcnn_core.composition.order import electronegativities

AMOUNTS_TRIED = 60
"""Largest number of atoms in a formula unit of `formula_of`."""


@dataclass(frozen=True, eq=False)
class TrainingCompounds:
    """The compositions of B training compounds with T elements in all.

    Attributes
    ----------
    atomic_numbers, fractions, lengths
        As in `lgdcnn_core.composition.Compositions`; a file keeps fractions in float16.
    """

    atomic_numbers: NDArray[np.uint8]
    fractions: NDArray[np.float32]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, compositions: Compositions) -> "TrainingCompounds":
        """Return the compositions alone, without formulas and places for boundaries."""
        return cls(compositions.atomic_numbers, compositions.fractions, compositions.lengths)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor]) -> "TrainingCompounds":
        """Return the compounds of a file, see `tensors`."""
        return cls(
            tensors["atomic_numbers"].numpy(),
            tensors["fractions"].float().numpy(),
            tensors["lengths"].numpy().astype(np.int64),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return small tensors, for a file."""
        return {
            "atomic_numbers": torch.from_numpy(self.atomic_numbers.astype(np.uint8)),
            "fractions": torch.from_numpy(self.fractions).half(),
            "lengths": torch.from_numpy(self.lengths.astype(np.uint8)),
        }

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def with_element(self) -> NDArray[np.int64]:
        """(119,) number of compounds with the element of each atomic number."""
        return np.bincount(self.atomic_numbers, minlength=len(SYMBOLS) + 1)

    def nearest(self, compositions: Compositions) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return how far each of B compounds is from the nearest training compound, and which one that is.

        The distance is the smallest share of a compound's atoms that must be replaced to get the composition of a
        training compound: half the sum of the differences of fractions. 0: the network has learnt this composition;
        1: no training compound shares an element with it.

        Returns
        -------
        distance
            (B,) in thousandths, the precision of a file.
        place
            (B,) position among the training compounds; of several equally near, the first.
        """
        distance, place = np.ones(len(compositions)), np.zeros(len(compositions), np.int64)
        for row in range(len(compositions)):
            found = self.distances(compositions, row)
            place[row] = np.argmin(found)
            distance[row] = found[place[row]]
        return distance, place

    def distances(self, compositions: Compositions, row: int) -> NDArray[np.float64]:
        """Return how far one compound is from each training compound, (B,), see `nearest`."""
        columns = self._by_element
        shared = np.zeros(len(self))
        tokens = slice(compositions.offsets[row], compositions.offsets[row + 1])
        for number, fraction in zip(compositions.atomic_numbers[tokens], compositions.fractions[tokens], strict=True):
            held = slice(columns.indptr[number], columns.indptr[number + 1])
            shared[columns.indices[held]] += np.minimum(columns.data[held], fraction)
        return np.abs((1 - shared).round(3))

    def formula(self, place: int) -> str:
        """Return a formula of a training compound: whole numbers of atoms if there are at most `AMOUNTS_TRIED`."""
        end = int(self.lengths[: place + 1].sum())
        tokens = slice(end - int(self.lengths[place]), end)
        return formula_of(self.atomic_numbers[tokens], self.fractions[tokens])

    @cached_property
    def _by_element(self) -> csc_array:
        compound = np.repeat(np.arange(len(self)), self.lengths)
        return csc_array((self.fractions, (compound, self.atomic_numbers)), shape=(len(self), len(SYMBOLS) + 1))


def formula_of(atomic_numbers: NDArray[np.uint8], fractions: NDArray[np.float32]) -> str:
    """Return the shortest formula with these fractions, to the precision of float16, electropositive elements first."""
    order = np.argsort(electronegativities()[atomic_numbers], kind="stable")
    atomic_numbers, fractions = atomic_numbers[order], fractions[order]
    for atoms in range(1, AMOUNTS_TRIED + 1):
        amounts = fractions * atoms
        whole = amounts.round()
        if (whole > 0).all() and whole.sum() == atoms and np.abs(amounts - whole).max() < atoms * 5e-4:
            return "".join(
                f"{SYMBOLS[number - 1]}{amount:.0f}" if amount > 1 else SYMBOLS[number - 1]
                for number, amount in zip(atomic_numbers, whole, strict=True)
            )
    return "".join(
        f"{SYMBOLS[number - 1]}{amount:.4g}" for number, amount in zip(atomic_numbers, fractions, strict=True)
    )
