"""What a network computes on the way: features of compounds and elements, and each element's contribution."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from lgdcnn_core.cecv import LayerError, LayerReader
from lgdcnn_core.cecv.streaming import evaluating
from lgdcnn_core.composition.notation import SYMBOLS
from lgdcnn_core.models import Network
from lgdcnn_core.models.heads import N_OUTPUTS
from lgdcnn_core.models.packing import with_data

Inputs = tuple[tuple[Any, ...], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any] | None]
"""What `CompositionRegressor.batches` yields."""


def element_features(
    network: Network, batches: Iterable[Inputs], layer: str | None
) -> tuple[pd.MultiIndex, NDArray[np.float32]]:
    """Return the output of a layer for each element of each compound.

    Parameters
    ----------
    network
        The network.
    batches
        Its inputs.
    layer
        A layer, as `lgdcnn_core.cecv.LayerReader` names it: ``name#2`` is the second call of a layer that is called
        more than once. None: the last layer before the head.

    Returns
    -------
    index
        (T,) row and symbol of each element, by row, elements in the order that the network reads.
    features
        (T, d).

    Raises
    ------
    lgdcnn_core.cecv.LayerError
        If there is no such layer, or it is called more than once.
    """
    places, symbols, values = [], [], []
    name = layer.partition("#")[0] if layer else "auto"
    with evaluating(network), LayerReader(network, name) as reader:
        for inputs, lengths, numbers, rows, _ in batches:
            network(*inputs)
            found = reader.outputs(lengths, numbers.shape[1])
            chosen = _chosen(found, layer)
            for row, of_compound, output in zip(rows, numbers, found[chosen], strict=True):
                real = of_compound[: len(output)] > 0
                places.append(np.full(np.count_nonzero(real), row))
                symbols += [SYMBOLS[number - 1] for number in of_compound[: len(output)][real]]
                values.append(np.asarray(output[real], dtype=np.float32))
    return _by_row(places, symbols, values)


def contributions(network: Network, batches: Iterable[Inputs]) -> tuple[pd.MultiIndex, NDArray[np.float64]]:
    """Return the share of each element in the standardised prediction of its compound; the shares add up to it.

    The head averages a number h of each element, then multiplies the mean by a gate that all elements set together.

    Returns
    -------
    index
        As for `element_features`.
    contributions
        (T, K).
    """
    places, symbols, values = [], [], []
    taken: list[tuple[PackedSequence, torch.Tensor]] = []
    hook = network.head.register_forward_pre_hook(lambda _, given: taken.append(given))
    try:
        with evaluating(network):
            for inputs, _, numbers, rows, _ in batches:
                network(*inputs)
                x, real = taken.pop()
                outputs, _ = pad_packed_sequence(with_data(x, network.head.outputs(x.data).float()), batch_first=True)
                present, _ = pad_packed_sequence(with_data(x, real.float()), batch_first=True)
                shares = _shares(outputs, present, network.head.n_targets).cpu().double().numpy()
                kept = present.cpu().numpy() > 0
                width = kept.shape[1]
                for row, of_compound, mask, share in zip(rows, numbers, kept, shares, strict=True):
                    there = np.zeros(width, dtype=np.int64)
                    there[: min(width, len(of_compound))] = of_compound[:width]
                    places.append(np.full(np.count_nonzero(mask), row))
                    symbols += [SYMBOLS[number - 1] for number in there[mask]]
                    values.append(share[mask])
    finally:
        hook.remove()
    return _by_row(places, symbols, values)


def _shares(outputs: torch.Tensor, present: torch.Tensor, n_targets: int) -> torch.Tensor:
    """Return contributions, (B, N, K), from the head's outputs, (B, N, 3 K), and which elements are there, (B, N)."""
    value, _, gate = outputs.unflatten(2, (n_targets, N_OUTPUTS)).unbind(dim=-1)
    weight = (present / present.sum(dim=1, keepdim=True))[..., None]
    return value * weight * torch.sigmoid((gate * weight).sum(dim=1, keepdim=True))


def _chosen(found: dict[str, Any], layer: str | None) -> str:
    """Return which output is meant."""
    if layer is None:
        return list(found)[-1]
    if layer in found:
        return layer
    if len(found) == 1 and "#" not in layer:
        return next(iter(found))
    raise LayerError(f"layer {layer!r} has the outputs {', '.join(found)}: choose one of them")


def _by_row(
    places: list[NDArray[Any]], symbols: list[str], values: list[NDArray[Any]]
) -> tuple[pd.MultiIndex, NDArray[Any]]:
    """Put the elements of all compounds in the order of the rows."""
    rows = np.concatenate(places) if places else np.zeros(0, dtype=np.int64)
    order = np.argsort(rows, kind="stable")
    index = pd.MultiIndex.from_arrays([rows[order], np.array(symbols, dtype=object)[order]], names=["row", "element"])
    return index, np.concatenate(values)[order] if values else np.zeros((0, 0))
