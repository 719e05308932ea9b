"""Merge the training rows of one compound."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.notices import warn_of_merged

Values = NDArray[np.float64]


def merge_duplicates(data: Labelled, role: str | None = None) -> Labelled:
    """Average rows with the same formula text into one, at the position of the first, as the paper does in training.

    With sample weights, the mean is weighted, and a compound weighs as much as its rows together. Without them, each
    compound weighs the same, however many rows it has, as in the paper.

    Warn of them, if there is a `role`, the use of the data.
    """
    codes, _ = pd.factorize(data.compositions.formulas)
    if role is not None:
        warn_of_merged(data, codes, role)
    _, first = np.unique(codes, return_index=True)
    merged = replace(data, compositions=data.compositions[first])
    if data.weights is not None:
        targets, weights = _weighted_means(data.targets, data.weights, codes)
        return replace(merged, targets=targets, weights=weights)
    means = pd.DataFrame(data.targets).groupby(codes).mean()  # for several properties, over the known targets
    return replace(merged, targets=means.to_numpy().reshape(-1, *data.targets.shape[1:]))


def _weighted_means(targets: Values, weights: Values, codes: NDArray[np.int64]) -> tuple[Values, Values]:
    """Return the weighted mean of the known targets of each compound, and their summed weight."""
    sums = pd.DataFrame(weights).groupby(codes).sum().to_numpy()
    with np.errstate(invalid="ignore"):
        shares = weights.reshape(len(codes), -1) / sums[codes]
    means = pd.DataFrame(shares * targets.reshape(shares.shape)).groupby(codes).sum(min_count=1).to_numpy()
    shape = (-1, *targets.shape[1:])
    return means.reshape(shape), sums.reshape(shape)
