"""The score of predictions, over the targets that are known."""

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.training.targets import BadTrainingData

Values = NDArray[np.float64]

FEWEST_SCORED = 2
"""Fewest known targets for which R2 is defined."""


def score(targets: Values, predicted: Values, classification: bool, weights: Values | None = None) -> float:
    """Return R2, for several properties its mean over those with at least two known targets; for classes the accuracy.

    Parameters
    ----------
    targets, predicted
        (B,), or (B, K) for several properties; targets are NaN where they are not known.
    classification
        Whether they are classes.
    weights
        Sample weights, of the shape of `targets`; None: all weigh the same.

    Raises
    ------
    BadTrainingData
        If too few targets are known.
    """
    from sklearn.metrics import accuracy_score, r2_score  # imported late: predicting does not need them

    fewest, measure = (1, accuracy_score) if classification else (FEWEST_SCORED, r2_score)
    columns = [np.atleast_2d(values.T) for values in (targets, predicted)]
    columns.append(np.ones_like(columns[0]) if weights is None else np.atleast_2d(weights.T))
    scores = []
    for actual, found, weight in zip(*columns, strict=True):
        known = np.isfinite(actual) & (weight > 0)
        if known.sum() >= fewest:
            of_rows = None if weights is None else weight[known]
            scores.append(measure(actual[known], found[known], sample_weight=of_rows))
    if not scores and classification:
        raise BadTrainingData("the scored data have no known target")
    if not scores:
        raise BadTrainingData(f"the scored data have fewer than {FEWEST_SCORED} known targets: R2 needs two")
    return float(np.mean(scores))
