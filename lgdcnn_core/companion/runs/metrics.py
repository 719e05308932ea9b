"""Compute the metrics of a run's predictions."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    median_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)

from lgdcnn_core.companion.intervals import CONFIDENCE

RESAMPLES = 2000
RESAMPLES_AT_ONCE = 100  # limits the memory to this many float64 values per compound

Values = NDArray[np.float64]


def regression(actual: Values, predicted: Values, seed: int = 0) -> dict[str, float | None]:
    """Compute the errors of predictions (B,) in the unit of the property, with a bootstrap interval of the MAE.

    Parameters
    ----------
    actual, predicted
        (B,): targets and predictions.
    seed
        Seed of the bootstrap, the same for every run, so that an interval depends on the predictions alone.

    Returns
    -------
    dict
        ``mae``, ``mae_low``, ``mae_high``, ``rmse``, ``median_absolute_error``, ``r2``; None where a value is not
        defined, such as the interval and r2 of a single compound.
    """
    low, high = mean_interval(np.abs(predicted - actual), seed)
    values = {
        "mae": mean_absolute_error(actual, predicted),
        "mae_low": low,
        "mae_high": high,
        "rmse": root_mean_squared_error(actual, predicted),
        "median_absolute_error": median_absolute_error(actual, predicted),
        "r2": r2_score(actual, predicted) if len(actual) > 1 else math.nan,
    }
    return {name: finite(value) for name, value in values.items()}


def mean_interval(values: Values, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean of values (B,); (NaN, NaN) for a single compound.

    The values are compounds' absolute errors, or differences between the absolute errors of two models.
    """
    if len(values) < 2:
        return math.nan, math.nan
    interval = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        batch=RESAMPLES_AT_ONCE,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return interval.low, interval.high


def classification(actual: NDArray[np.int64], probability: Values) -> dict[str, float | None]:
    """Compute the scores of the probabilities (B,) of class 1; a compound counts as class 1 above one half.

    Returns
    -------
    dict
        ``accuracy``, ``roc_auc`` (None if there is only one class), ``f1``, ``log_loss``.
    """
    # Records keep float32. As float64, a probability that float32 rounds to 1 would count as certain.
    kept = probability.astype(np.float32)
    chosen = (probability > 0.5).astype(int)
    both_classes = len(np.unique(actual)) == 2
    return {
        "accuracy": float(accuracy_score(actual, chosen)),
        "roc_auc": float(roc_auc_score(actual, probability)) if both_classes else None,
        "f1": float(f1_score(actual, chosen, zero_division=0)),
        "log_loss": float(log_loss(actual, kept, labels=[0, 1])),
    }


def finite(value: float) -> float | None:
    """Return a plain float, or None in place of NaN and infinity."""
    return float(value) if math.isfinite(value) else None
