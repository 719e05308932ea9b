"""Measure how well stated standard deviations fit the errors of predictions.

A score is an error in units of the stated standard deviation, |actual - predicted| / std. Networks state the standard
deviation of a Laplace distribution, because they learn by its likelihood (`training.losses.laplace_loss`). The total
uncertainty of an ensemble, or the spread of trees, belongs to no particular distribution; many papers expect a
Gaussian.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Values = NDArray[np.float64]

Expectation = Literal["Laplace", "Gaussian"]
"""Distribution that the errors are expected to have, with the stated standard deviation."""

EXPECTATIONS: tuple[Expectation, ...] = ("Laplace", "Gaussian")

PER_STD: dict[Expectation, float] = {"Laplace": 1 / math.sqrt(2), "Gaussian": math.sqrt(2 / math.pi)}
"""Expected absolute error over the standard deviation."""


def scores(actual: ArrayLike, predicted: ArrayLike, std: ArrayLike) -> Values:
    """Return |actual - predicted| / std, (B,): 0 where the error is 0, infinite where only the std is 0."""
    errors = np.abs(np.asarray(actual, dtype=float) - np.asarray(predicted, dtype=float))
    with np.errstate(divide="ignore"):
        return np.divide(errors, np.asarray(std, dtype=float), out=np.zeros_like(errors), where=errors > 0)


def expected_shares(scores: Values, expectation: Expectation) -> Values:
    """Return the share of errors, (B,), that the distribution expects below each score."""
    if expectation == "Laplace":
        return -np.expm1(-math.sqrt(2) * scores)
    return special.erf(scores / math.sqrt(2))


def coverage(scores: Values, shares: ArrayLike, expectation: Expectation) -> Values:
    """Return the observed coverage, (P,), of the central intervals that are expected to hold these shares, (P,).

    Source: Kuleshov, Fenner, Ermon, ICML 2018, arXiv:1807.00263, section 3.
    """
    levels = np.sort(expected_shares(scores, expectation))
    return np.searchsorted(levels, np.asarray(shares, dtype=float), side="right") / len(levels)


def miscalibration_area(scores: Values, expectation: Expectation) -> float:
    """Return the area between the curve of observed against expected coverage and the diagonal, from 0 to 0.5.

    It is computed without a grid, from the steps of the observed coverage. Source: Tran et al., Mach. Learn.: Sci.
    Technol. 2020, 1, 025006, doi:10.1088/2632-2153/ab7e1a.
    """
    ends = np.concatenate([[0.0], np.sort(expected_shares(scores, expectation)), [1.0]])
    heights = np.linspace(0, 1, len(scores) + 1)
    below, above = ends[:-1] - heights, ends[1:] - heights
    # The integral of |p - height| between two steps, through the antiderivative (p - height) |p - height| / 2.
    return float((above * np.abs(above) - below * np.abs(below)).sum() / 2)


def sharpness(std: Values) -> float:
    """Return the root mean square of the stated standard deviations, in their unit; see Tran et al. 2020.

    Small is sharp. If the standard deviations are right, it equals the root mean square error.
    """
    return float(np.sqrt(np.mean(np.square(std))))


def error_decay(errors: Values, by: Values, left_out: ArrayLike) -> Values:
    """Return the mean absolute error of the compounds that remain when a share is left out, over that of all.

    Parameters
    ----------
    errors
        (B,) absolute errors.
    by
        (B,): the largest are left out first; the standard deviations, or the errors themselves for the best order.
    left_out
        (P,) shares from 0, below 1; at least one compound remains.

    Returns
    -------
    (P,). Source: Ilg et al., ECCV 2018, arXiv:1802.07095, section 5 (sparsification).
    """
    means = np.cumsum(errors[np.argsort(by, kind="stable")]) / np.arange(1, len(errors) + 1)
    remaining = np.maximum(np.round((1 - np.asarray(left_out, dtype=float)) * len(errors)).astype(int), 1)
    return means[remaining - 1] / means[-1]


def bins(by: Values, n_bins: int) -> NDArray[np.intp]:
    """Return the bin of each value, (B,) from 0: bins of equal numbers of compounds, in ascending order."""
    ranks = np.empty(len(by), dtype=np.intp)
    ranks[np.argsort(by, kind="stable")] = np.arange(len(by))
    return ranks * n_bins // len(by)
