"""Many compositions in a few flat arrays, memory in proportion to their elements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lgdcnn_core.composition.order import Order, electronegativities

if TYPE_CHECKING:
    import pandas as pd

CASES_SHOWN = 5  # compounds named in an error or a warning that need not list all of them
CHARACTERS_SHOWN = 80  # of an input that a message quotes

Labels: TypeAlias = "pd.Index[Any] | None"
"""Index labels of the rows, by position; None where there are none."""


def quoted(given: object) -> str:
    """Quote an input in a message, cut after `CHARACTERS_SHOWN` characters."""
    if isinstance(given, str | bytes):
        return shortened(repr(given[: CHARACTERS_SHOWN + 1]))
    return shortened(" ".join(repr(given).split()))


def shortened(text: str) -> str:
    """Cut a text for a message after `CHARACTERS_SHOWN` characters."""
    return text if len(text) <= CHARACTERS_SHOWN else f"{text[:CHARACTERS_SHOWN]}..."


def listed(first: Iterable[str], between: str = "; ", count: int | None = None) -> str:
    """Join the first `CASES_SHOWN` cases for a message, and count the others; `count` is the number of all cases."""
    cases = list(first)
    more = (count or len(cases)) - len(cases[:CASES_SHOWN])
    return between.join(cases[:CASES_SHOWN] + ([f"and {more} more"] if more else []))


def row_name(row: int, labels: Labels) -> str:
    """Name a row by its position, from 0, and by its index label if that differs."""
    label = row if labels is None else labels[row]
    if isinstance(label, Integral) and label == row:
        return f"row {row}"
    return f"row {row} (index {quoted(label.item() if isinstance(label, np.generic) else label)})"


@dataclass(frozen=True)
class Problem:
    """One formula that cannot be read.

    Parameters
    ----------
    row
        Position in what was parsed, from 0.
    formula
        What stood there, as given.
    reason
        Why it is not a composition.
    """

    row: int
    formula: object
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}: {quoted(self.formula)}: {self.reason}"


class TooManyElements(ValueError):
    """A compound has more elements than there are places for."""


@dataclass(frozen=True, eq=False)
class Compositions:
    """B compositions of T elements in all, those of one compound next to one another.

    Elements come by descending amount; ties keep the order of first appearance in the formula (the published
    order), or that of `canonical`. Made by `lgdcnn_core.composition.parse`.

    Parameters
    ----------
    formulas
        (B,) object: the formulas as written; for a dict or a pymatgen Composition, a formula that reads the same.
    atomic_numbers
        (T,) uint8, 1 to 118.
    fractions
        (T,) float32: amount / total, in (0, 1]; computed in float64, then rounded, as published.
    lengths
        (B,) int64: number of elements of each compound.
    rows
        (B,) int64: position of each compound in what was parsed.
    dropped
        What the parse left out; a selection keeps it.
    """

    formulas: NDArray[np.object_]
    atomic_numbers: NDArray[np.uint8]
    fractions: NDArray[np.float32]
    lengths: NDArray[np.int64]
    rows: NDArray[np.int64]
    dropped: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def n_tokens(self) -> int:
        """Number of elements of all compounds together, T."""
        return len(self.atomic_numbers)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """(B + 1,) int64: compound i holds tokens offsets[i] to offsets[i + 1]."""
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(self.lengths)])

    def __getitem__(self, key: slice | Sequence[int] | Sequence[bool] | NDArray[np.generic]) -> "Compositions":
        """Select compounds by slice, array of positions (repeats allowed) or boolean mask (B,).

        Raises
        ------
        TypeError
            For a single position: ``compositions[[i]]`` selects one compound.
        IndexError
            For a position out of range or a mask of another length.
        """
        selector = key if isinstance(key, slice) else np.asarray(key)
        if isinstance(selector, np.ndarray):
            if selector.ndim != 1:
                raise TypeError(f"index with a slice, a 1-d array or a mask, not {key!r}; [[i]] selects one compound")
            if selector.size == 0 and selector.dtype != np.bool_:
                selector = selector.astype(np.int64)  # an empty list has no type of its own; numpy says float
        chosen = np.arange(len(self))[selector]
        lengths = self.lengths[chosen]
        starts = np.cumsum(lengths) - lengths
        tokens = np.repeat(self.offsets[chosen] - starts, lengths) + np.arange(lengths.sum())
        return replace(
            self,
            formulas=self.formulas[chosen],
            atomic_numbers=self.atomic_numbers[tokens],
            fractions=self.fractions[tokens],
            lengths=lengths,
            rows=self.rows[chosen],
        )

    def containing(self, atomic_numbers: ArrayLike) -> NDArray[np.int64]:
        """Return the positions of the compounds with any of these elements, ascending."""
        return np.unique(self._compound_of_token[np.isin(self.atomic_numbers, atomic_numbers)])

    def canonical(self, order: Order = "amount, atomic number") -> "Compositions":
        """Put each compound's elements into an order that the composition decides; amounts are float32 fractions.

        However a composition was written, its arrays are then the same.
        """
        keys: list[NDArray[np.generic]] = [self.atomic_numbers]
        if "electronegativity" in order:
            keys.append(electronegativities()[self.atomic_numbers])
        if "amount" in order:
            keys.append(-self.fractions)
        return self.sorted_by(*keys)

    def sorted_by(self, *keys: NDArray[np.generic]) -> "Compositions":
        """Sort the elements within each compound.

        Parameters
        ----------
        keys
            A value for each token, (T,); the last key counts first, as in `numpy.lexsort`. Equal ones keep their order.
        """
        tokens = np.lexsort((*keys, self._compound_of_token))
        return replace(self, atomic_numbers=self.atomic_numbers[tokens], fractions=self.fractions[tokens])

    def padded(self, n_max: int | None = None, truncate: bool = False) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Lay the compounds out as a zero-padded table.

        Parameters
        ----------
        n_max
            Number of places N, at least 1; by default the largest number of elements here.
        truncate
            Keep the first `n_max` elements of a longer compound and lose the others, fractions as they are:
            what the published code does, and what nothing else should.

        Returns
        -------
        src : (B, N) int64
            Atomic numbers, 0 for padding.
        frac : (B, N) float32
            Fractions, 0 for padding.

        Raises
        ------
        TooManyElements
            If a compound is longer than `n_max` and `truncate` is false; the message names it.
        ValueError
            If `n_max` is below 1.
        """
        if n_max is None:
            n_max = int(self.lengths.max(initial=0))
        elif n_max < 1:
            raise ValueError(f"n_max must be at least 1, not {n_max}")
        too_long = np.flatnonzero(self.lengths > n_max)
        if len(too_long) and not truncate:
            raise TooManyElements(self._describe_too_long(too_long, n_max))
        compound = self._compound_of_token
        place = np.arange(self.n_tokens) - self.offsets[compound]
        kept = place < n_max
        src = np.zeros((len(self), n_max), dtype=np.int64)
        frac = np.zeros((len(self), n_max), dtype=np.float32)
        src[compound[kept], place[kept]] = self.atomic_numbers[kept]
        frac[compound[kept], place[kept]] = self.fractions[kept]
        return src, frac

    @property
    def _compound_of_token(self) -> NDArray[np.int64]:
        """(T,) int64: the compound that each token belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def _describe_too_long(self, too_long: NDArray[np.int64], n_max: int) -> str:
        first = too_long[:CASES_SHOWN]
        cases = (f"row {self.rows[i]}: {quoted(self.formulas[i])} has {self.lengths[i]}" for i in first)
        return (
            f"{len(too_long)} of {len(self)} compounds have more than n_max = {n_max} elements "
            f"({listed(cases, count=len(too_long))}). Use n_max={self.lengths.max()} or more, or truncate=True to lose "
            "elements as the published code does."
        )
