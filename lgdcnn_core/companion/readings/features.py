"""Features of elements, of compounds and of one element's atoms, read from all layers in one pass over the data."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.cecv import LayerReader
from lgdcnn_core.elements import N_ELEMENTS

EMBEDDING = "embedding"
"""Name of the step before the first layer: the trained projection of the element table, without amounts."""

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Features:
    """Features by layer, L layers of width d.

    Attributes
    ----------
    counts
        Number of compounds in which each element occurs, (119,), by atomic number.
    elements
        Mean of an element's features over these compounds, (119, d); with `EMBEDDING` as the first layer.
    compounds
        Mean over the elements of each requested compound, (B, d).
    focus
        Features of the focus element in each requested compound, (F, d).
    """

    counts: NDArray[np.int64]
    elements: dict[str, Array]
    compounds: dict[str, Array]
    focus: dict[str, Array]


def read(
    model: CompositionRegressor,
    formulas: NDArray[np.object_],
    focus: int,
    compound_rows: NDArray[np.int64],
    focus_rows: NDArray[np.int64],
) -> Features:
    """Run a network once over these compounds and keep means, in little memory.

    Parameters
    ----------
    model
        A trained network.
    formulas
        (B,); all of them count towards the elements' means.
    focus
        Atomic number of the focus element.
    compound_rows, focus_rows
        Positions in `formulas`, in ascending order: compounds whose pooled features are kept, and compounds whose
        focus element's features are kept.
    """
    network = model.network_.eval()
    sums: dict[str, NDArray[np.float64]] = {}
    compounds: dict[str, Array] = {}
    atoms: dict[str, Array] = {}
    counts = np.zeros(N_ELEMENTS + 1, dtype=np.int64)
    with LayerReader(network) as reader, torch.no_grad():
        for inputs, lengths, numbers, rows, _ in model.batches(formulas):
            network(*inputs)
            real = numbers > 0
            np.add.at(counts, numbers[real], 1)
            pooled, focal = (_places(rows, wanted) for wanted in (compound_rows, focus_rows))
            for layer, outputs in reader.outputs(lengths, numbers.shape[1]).items():
                stacked = np.concatenate(outputs)
                width = stacked.shape[1]
                np.add.at(sums.setdefault(layer, np.zeros((N_ELEMENTS + 1, width))), numbers[real], stacked)
                kept = compounds.setdefault(layer, np.zeros((len(compound_rows), width), np.float32))
                for row, place in pooled:
                    kept[place] = outputs[row].mean(axis=0)
                kept = atoms.setdefault(layer, np.zeros((len(focus_rows), width), np.float32))
                for row, place in focal:
                    kept[place] = outputs[row][np.flatnonzero(numbers[row] == focus)[0]]
        embedding = network.embedding
        first = embedding.projection(embedding.element_vectors).cpu().numpy()
    seen = np.maximum(counts, 1)[:, None]
    means = {layer: (total / seen).astype(np.float32) for layer, total in sums.items()}
    return Features(counts, {EMBEDDING: first, **means}, compounds, atoms)


def _places(rows: NDArray[np.int64], wanted: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return pairs (position in the batch, position among the wanted rows) of the wanted rows."""
    _, in_batch, in_kept = np.intersect1d(rows, wanted, assume_unique=True, return_indices=True)
    return list(zip(in_batch.tolist(), in_kept.tolist(), strict=True))
