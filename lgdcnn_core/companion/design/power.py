"""Compute rank correlations of a score and of plain baselines with accuracy, with bootstrap intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from lgdcnn_core.companion.intervals import TAILS

POOLED = "all sets"
RESAMPLES = 10_000

POWER = 0.8
"""Usual probability with which a test should find what is there."""

PREDICTORS = {
    "score": "CECV score",
    "n_parameters": "number of parameters",
    "one_epoch_loss": "training loss of the first epoch",
    "one_epoch_mae": "validation MAE after the first epoch",
}
"""Possible predictors of the validation MAE: the CECV score, and the plain baselines that it must beat."""

DIRECTION = {"n_parameters": -1}
"""Sign of the correlation of a useful predictor: more parameters, smaller error. It is +1 for all others."""


def predictive_power(
    table: pd.DataFrame, seed: int = 0, predictors: Sequence[str] = tuple(PREDICTORS), n_resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Compute the Spearman rank correlation of each predictor with the validation MAE, over candidates.

    For one data set, we rank the candidates on it. The pooled correlation takes these ranks of all data sets together:
    it measures how a predictor orders candidates within a set, never how sets differ. Several seeds of one candidate
    are averaged first.

    Parameters
    ----------
    table
        From `scoring.scores`. The references of the region are left out, because the definition fixes their score.
    seed
        Seed of the bootstrap.
    predictors
        Columns of the table.
    n_resamples
        Bootstrap resamples of candidates, each with all its data sets. Each resample is ranked anew.

    Returns
    -------
    DataFrame
        Columns ``dataset`` (`POOLED` comes last), ``predictor``, ``rho``, ``low``, ``high`` (95 % percentile
        interval; missing without resamples), ``n`` (candidates), ``seeds`` (fewest trainings of a candidate on a set);
        and ``ahead``, ``ahead_low``, ``ahead_high``, the lead of the first predictor over this one: the difference of
        their rhos, each multiplied by its `DIRECTION`.
    """
    candidates = table[~table["reference"]]
    cube = _cube(candidates, ["val_mae", *predictors])
    datasets = list(dict.fromkeys(candidates["dataset"]))
    n = cube.shape[1]
    seeds = int(candidates.groupby(["candidate", "dataset"])["seed"].nunique().min())
    generator = np.random.default_rng(seed)
    draws = [np.arange(n), *generator.integers(n, size=(n_resamples, n))]
    # (1 + R, P, D + 1): the first entry is for the candidates without resampling.
    rhos = np.stack([_correlations(cube[:, draw]) for draw in draws])
    signs = [DIRECTION.get(predictor, 1) for predictor in predictors]
    rows = []
    for column, dataset in enumerate([*datasets, POOLED]):
        for number, predictor in enumerate(predictors):
            values = rhos[:, number, column]
            ahead = signs[0] * rhos[:, 0, column] - signs[number] * values
            rows.append(
                {"dataset": dataset, "predictor": predictor, "rho": values[0]}
                | dict(zip(("low", "high"), _interval(values[1:]), strict=True))
                | {"n": n, "seeds": seeds, "ahead": ahead[0]}
                | dict(zip(("ahead_low", "ahead_high"), _interval(ahead[1:]), strict=True))
            )
    return pd.DataFrame(rows)


def smallest_found(low: float, high: float, power: float = POWER) -> float:
    """Return the smallest correlation that a test with this uncertainty would have found.

    Parameters
    ----------
    low, high
        95 % interval of the correlation that was measured.
    power
        Probability of finding it: its 95 % interval then excludes 0.

    Notes
    -----
    The standard error is half the interval over 1.96, in Fisher's z, in which it does not depend on the correlation.
    """
    reach = norm.ppf(TAILS[1])
    error = (np.arctanh(high) - np.arctanh(low)) / (2 * reach)
    return float(np.tanh((reach + norm.ppf(power)) * error))


def reliability(table: pd.DataFrame, columns: Sequence[str] = ("score", "val_mae")) -> pd.DataFrame:
    """Compute the rank correlation of a column between two seeds: no predictor of a noisy error can do better.

    Parameters
    ----------
    table
        From `scoring.scores`. Candidates that have both of its first two seeds count, except the references.

    Returns
    -------
    DataFrame
        Columns ``dataset``, ``quantity``, ``rho``, ``n``; empty if there is one seed only.
    """
    seeds = sorted(table["seed"].unique())[:2]
    rows = []
    for dataset, group in table[~table["reference"]].groupby("dataset", sort=False):
        for column in columns:
            pairs = group.pivot_table(index="candidate", columns="seed", values=column).reindex(columns=seeds).dropna()
            if len(seeds) == 2 and len(pairs) > 2:
                rho = _spearman(pairs[seeds[0]].to_numpy(), pairs[seeds[1]].to_numpy())
                rows.append({"dataset": dataset, "quantity": column, "rho": rho, "n": len(pairs)})
    return pd.DataFrame(rows, columns=["dataset", "quantity", "rho", "n"])


def _cube(candidates: pd.DataFrame, columns: list[str]) -> NDArray[np.float64]:
    """Return mean values over seeds, (columns, candidates, data sets), of the candidates that all data sets have."""
    order = list(dict.fromkeys(candidates["dataset"]))
    means = candidates.pivot_table(index="candidate", columns="dataset", values=columns, sort=False).dropna()
    return np.stack([means[column][order].to_numpy(dtype=float) for column in columns])


def _correlations(cube: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rank correlations (P, D + 1) of predictors with errors, from (1 + P, n, D): each data set, then pooled."""
    ranks = rankdata(cube, axis=1)
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    products = (deviations[1:] * deviations[:1]).sum(axis=1)
    squares = (deviations**2).sum(axis=1)
    top = np.concatenate([products, products.sum(axis=1, keepdims=True)], axis=1)
    norms = np.concatenate([squares, squares.sum(axis=1, keepdims=True)], axis=1)
    below = np.sqrt(norms[1:] * norms[:1])
    # A column without spread orders nothing.
    return np.divide(top, below, out=np.zeros_like(top), where=below > 0)


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(_correlations(np.stack([second, first])[:, :, None])[0, 0])


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    if not len(values):
        return np.nan, np.nan
    low, high = np.quantile(values, TAILS)
    return float(low), float(high)
