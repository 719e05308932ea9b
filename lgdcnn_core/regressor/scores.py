"""The score of predictions, over the targets that are known."""

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.training.targets import BadTrainingData

FEWEST_SCORED = 2
"""Fewest known targets for which R2 is defined."""


def score(targets: NDArray[np.float64], predicted: NDArray[np.float64], classification: bool) -> float:
    """Return R2, for several properties its mean over those with at least two known targets; for classes the accuracy.

    Parameters
    ----------
    targets, predicted
        (B,), or (B, K) for several properties; targets are NaN where they are not known.
    classification
        Whether they are classes.

    Raises
    ------
    BadTrainingData
        If too few targets are known.
    """
    from sklearn.metrics import accuracy_score, r2_score  # imported late: predicting does not need them

    fewest, measure = (1, accuracy_score) if classification else (FEWEST_SCORED, r2_score)
    scores = []
    for actual, found in zip(np.atleast_2d(targets.T), np.atleast_2d(predicted.T), strict=True):
        known = np.isfinite(actual)
        if known.sum() >= fewest:
            scores.append(measure(actual[known], found[known]))
    if not scores and classification:
        raise BadTrainingData("the scored data have no known target")
    if not scores:
        raise BadTrainingData(f"the scored data have fewer than {FEWEST_SCORED} known targets: R2 needs two")
    return float(np.mean(scores))
