"""Merge the training rows of one compound."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.training.classes import BINARY
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.notices import warn_of_merged

Values = NDArray[np.float64]


def merge_duplicates(data: Labelled, role: str | None = None) -> Labelled:
    """Average rows with the same formula text into one, at the position of the first, as the paper does in training.

    Rows of one formula under different conditions stay apart.

    With sample weights, the mean is weighted, and a compound weighs as much as its rows together. Without them, each
    compound weighs the same, however many rows it has, as in the paper.

    Of two classes, the mean of 0 and 1 is the share of class 1, to which the loss then pulls the probability. Of more
    classes, a compound gets the most frequent one, with sample weights the heaviest, and the first of equals.

    Warn of them, if there is a `role`, the use of the data.
    """
    codes = _same_compound(data)
    if role is not None:
        warn_of_merged(data, codes, role)
    _, first = np.unique(codes, return_index=True)
    merged = data[first]
    if data.classes is not None and len(data.classes) > BINARY:
        return _most_frequent(merged, data, codes)
    if data.weights is not None:
        targets, weights = _weighted_means(data.targets, data.weights, codes)
        return replace(merged, targets=targets, weights=weights)
    means = pd.DataFrame(data.targets).groupby(codes).mean()  # for several properties, over the known targets
    return replace(merged, targets=means.to_numpy().reshape(-1, *data.targets.shape[1:]))


def _same_compound(data: Labelled) -> NDArray[np.int64]:
    """Return a number for each row, (B,), from 0: the same for rows of one formula under equal conditions."""
    codes, _ = pd.factorize(data.compositions.formulas)
    if data.conditions is None:
        return codes
    table = pd.DataFrame(data.conditions).assign(formula=codes)
    return np.asarray(table.groupby([*table], sort=False).ngroup(), dtype=np.int64)


def _most_frequent(merged: Labelled, data: Labelled, codes: NDArray[np.int64]) -> Labelled:
    """Give each compound its most frequent class, and its summed weight."""
    assert data.classes is not None
    votes = np.zeros((len(merged), len(data.classes)))
    np.add.at(votes, (codes, data.targets.astype(int)), 1.0 if data.weights is None else data.weights)
    weights = None if data.weights is None else votes.sum(axis=1)
    return replace(merged, targets=votes.argmax(axis=1).astype(float), weights=weights)


def _weighted_means(targets: Values, weights: Values, codes: NDArray[np.int64]) -> tuple[Values, Values]:
    """Return the weighted mean of the known targets of each compound, and their summed weight."""
    sums = pd.DataFrame(weights).groupby(codes).sum().to_numpy()
    with np.errstate(invalid="ignore"):
        shares = weights.reshape(len(codes), -1) / sums[codes]
    means = pd.DataFrame(shares * targets.reshape(shares.shape)).groupby(codes).sum(min_count=1).to_numpy()
    shape = (-1, *targets.shape[1:])
    return means.reshape(shape), sums.reshape(shape)
