"""Compute EFMs for all compounds of a data set that contain an element, batch by batch, in little memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from lgdcnn_core.cecv.clustering import THRESHOLDS
from lgdcnn_core.cecv.errors import CECVError, LayerError
from lgdcnn_core.cecv.layers import LayerReader
from lgdcnn_core.cecv.layouts import checked_lengths
from lgdcnn_core.cecv.matrix import SIZES, as_array, efm
from lgdcnn_core.cecv.vector import CECV


class Batch(NamedTuple):
    """One batch of compounds, ready for a network; a plain tuple of the same items works as well.

    Attributes
    ----------
    inputs
        Inputs of the network.
    lengths
        Numbers of distinct elements, (B,).
    atomic_numbers
        (B, N), in input order, 0 where padded.
    rows
        Rows of the compounds in the data set, (B,); None if batches come in data-set order.
    amounts
        Amounts of the elements, (B, N), in input order. An EFM's rows are then by descending amount, as in the paper,
        and by atomic number where amounts are equal, so that networks which read elements in different orders can be
        compared: distances between EFMs depend on the order of their rows. None: rows are in input order.
    """

    inputs: tuple[Any, ...]
    lengths: ArrayLike | torch.Tensor
    atomic_numbers: ArrayLike | torch.Tensor
    rows: ArrayLike | torch.Tensor | None = None
    amounts: ArrayLike | torch.Tensor | None = None


@dataclass(frozen=True, eq=False)
class LayerEFMs:
    """EFMs of a network's layers for the same compounds, by size N, in data-set order.

    Attributes
    ----------
    focus
        Atomic number of the element that all compounds contain; None for all compounds.
    rows
        By size, the rows of the compounds in the data set, (n,).
    atomic_numbers
        By size, (n, N): the labels of an EFM's rows.
    efms
        By layer and size, (n, N, N).
    """

    focus: int | None
    rows: dict[int, NDArray[np.int64]]
    atomic_numbers: dict[int, NDArray[np.int64]]
    efms: dict[str, dict[int, NDArray[np.float64]]]

    def cecvs(self, thresholds: Sequence[float] = THRESHOLDS, rule: str = "published") -> dict[str, CECV]:
        """Return every layer's CECV; see `clusters` for thresholds and rule."""
        return {layer: CECV.from_efms(by_size, thresholds, rule) for layer, by_size in self.efms.items()}


def layer_efms(
    model: nn.Module,
    batches: Iterable[Batch | tuple[Any, ...]],
    focus: int | None,
    sizes: Sequence[int] = SIZES,
    layers: str | Sequence[str] = "auto",
    layout: str | Mapping[str, str] | None = None,
) -> LayerEFMs:
    """Return the EFMs of a network's layers for all compounds of a data set that contain a focus element.

    Each batch's outputs are reduced to EFMs (N x N numbers) at once, so the memory of one batch suffices for a data set
    of any size. The network runs in ``eval`` mode without gradients; afterwards its mode is as before. Batches without
    a wanted compound are skipped.

    Parameters
    ----------
    model
        Any torch module.
    batches
        Yields `Batch`, or tuples (inputs, lengths, atomic_numbers[, rows[, amounts]]).
    focus
        Atomic number that a compound must contain (Si: 14); None takes all compounds.
    sizes
        Numbers of elements N to take.
    layers, layout
        See `LayerReader`.

    Raises
    ------
    CECVError
        If no compound is found, if lengths, atomic numbers and amounts disagree, or if an output is NaN; the message
        names layer and compound.
    LayerError
        If layers are unknown, cannot be read, or differ from one batch to the next.
    """
    reader = LayerReader(model, layers, layout)
    wanted = tuple(sorted(set(sizes)))
    rows: dict[int, list[Any]] = defaultdict(list)
    elements: dict[int, list[Any]] = defaultdict(list)
    efms: dict[str, dict[int, list[Any]]] = {}
    place = 0
    with evaluating(model), reader:
        for batch in (Batch(*given) for given in batches):
            inputs, lengths, atomic_numbers, batch_rows, amounts = _checked(batch, place)
            place += len(lengths)
            chosen = np.isin(lengths, wanted)
            if focus is not None:
                chosen &= (atomic_numbers == focus).any(axis=1)
            if not chosen.any():
                continue
            model(*inputs)
            outputs = reader.outputs(lengths, atomic_numbers.shape[1])
            if efms and list(efms) != list(outputs):
                raise LayerError(f"one batch called the layers {list(efms)}, the next {list(outputs)}")
            for size in np.unique(lengths[chosen]).tolist():
                members = np.flatnonzero(chosen & (lengths == size))
                of_members = atomic_numbers[members, :size]
                order = _order_of_rows(of_members, None if amounts is None else amounts[members, :size])
                rows[size].append(batch_rows[members])
                elements[size].append(np.take_along_axis(of_members, order, axis=1))
                for layer, features in outputs.items():
                    names = [f"{row} (layer {layer})" for row in batch_rows[members]]
                    stack = np.stack([features[member][places] for member, places in zip(members, order, strict=True)])
                    efms.setdefault(layer, defaultdict(list))[size].append(efm(stack, names))
    if not rows:
        raise CECVError(
            f"no compound of {' or '.join(map(str, wanted))} elements"
            f"{'' if focus is None else f' contains element {focus}'}: nothing to read"
        )
    return _in_order(focus, wanted, rows, elements, efms)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Run in evaluation mode without gradients; afterwards every module is in its own mode again."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _checked(
    batch: Batch, place: int
) -> tuple[tuple[Any, ...], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64] | None]:
    """Return a batch's inputs, lengths (B,), atomic numbers (B, N), rows (B,) and amounts (B, N), or raise."""
    lengths = checked_lengths(batch.lengths)
    atomic_numbers = as_array(batch.atomic_numbers).astype(np.int64)
    numbered = np.arange(place, place + len(lengths)) if batch.rows is None else batch.rows
    rows = as_array(numbered).astype(np.int64)
    if atomic_numbers.ndim != 2 or not len(atomic_numbers) == len(lengths) == len(rows):
        raise CECVError(
            f"a batch of {len(lengths)} lengths has atomic numbers of shape {atomic_numbers.shape} "
            f"and rows of shape {rows.shape}"
        )
    real = np.arange(atomic_numbers.shape[1]) < lengths[:, None]
    wrong = ((atomic_numbers > 0) != real).any(axis=1) | (lengths > atomic_numbers.shape[1])
    if wrong.any():
        bad = int(np.argmax(wrong))
        raise CECVError(
            f"compound {rows[bad]} is said to have {lengths[bad]} elements, but its atomic numbers are "
            f"{atomic_numbers[bad].tolist()}"
        )
    amounts = None if batch.amounts is None else as_array(batch.amounts).astype(np.float64)
    if amounts is not None:
        if amounts.shape != atomic_numbers.shape:
            raise CECVError(f"amounts of shape {amounts.shape} for atomic numbers of shape {atomic_numbers.shape}")
        # An amount that is no number has no place in an order; NaN fails every comparison.
        wrong = (real & ~(amounts > 0)).any(axis=1)
        if wrong.any():
            bad = int(np.argmax(wrong))
            raise CECVError(
                f"compound {rows[bad]}: amounts must be above 0, not {amounts[bad, : lengths[bad]].tolist()}"
            )
    return batch.inputs, lengths, atomic_numbers, rows, amounts


def _order_of_rows(atomic_numbers: NDArray[np.int64], amounts: NDArray[np.float64] | None) -> NDArray[np.intp]:
    """Return the input position of each row of the EFMs, (n, N), given elements and amounts, (n, N)."""
    if amounts is None:
        return np.tile(np.arange(atomic_numbers.shape[1]), (len(atomic_numbers), 1))
    return np.lexsort((atomic_numbers, -amounts))


def _in_order(
    focus: int | None,
    sizes: Sequence[int],
    rows: Mapping[int, list[Any]],
    elements: Mapping[int, list[Any]],
    efms: Mapping[str, Mapping[int, list[Any]]],
) -> LayerEFMs:
    """Join the batches' parts and put the compounds in data-set order."""
    joined = {size: np.concatenate(rows[size]) for size in sizes if size in rows}
    every = np.concatenate(list(joined.values()))
    if len(np.unique(every)) != len(every):
        raise CECVError("the batches contain the same row of the data set twice")
    order = {size: np.argsort(places) for size, places in joined.items()}

    def stacked(parts: Mapping[int, list[Any]], size: int, empty: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate(parts[size])[order[size]] if size in order else empty

    return LayerEFMs(
        focus,
        {size: stacked(rows, size, np.empty(0, np.int64)) for size in sizes},
        {size: stacked(elements, size, np.empty((0, size), np.int64)) for size in sizes},
        {
            layer: {size: stacked(parts, size, np.empty((0, size, size))) for size in sizes}
            for layer, parts in efms.items()
        },
    )
