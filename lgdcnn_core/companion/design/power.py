"""Rank correlations of a score and of plain baselines with accuracy, with bootstrap intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

POOLED = "all sets"
LEVEL = 0.95
RESAMPLES = 10_000

PREDICTORS = {
    "score": "CECV score",
    "n_parameters": "number of parameters",
    "one_epoch_loss": "training loss of the first epoch",
    "one_epoch_mae": "validation MAE after the first epoch",
}
"""What might predict the validation MAE: the CECV score, and the plain baselines that it must beat."""

DIRECTION = {"n_parameters": -1}
"""What a predictor must correlate as to be of use: more parameters, smaller error. All others +1: lower is better."""


def predictive_power(
    table: pd.DataFrame, seed: int = 0, predictors: Sequence[str] = tuple(PREDICTORS), n_resamples: int = RESAMPLES
) -> pd.DataFrame:
    """Spearman rank correlation of each predictor with the validation MAE, over candidates.

    For one data set, the ranks are those of the candidates on it. Pooled, they are the same ranks of all data sets
    together: how a predictor orders candidates within a set, never how sets differ. Several seeds of one candidate
    are averaged first.

    Parameters
    ----------
    table
        From `scoring.scores`. The references of the region are left out: their score is a matter of definition.
    seed
        Of the bootstrap.
    predictors
        Columns of the table.
    n_resamples
        Bootstrap resamples. Candidates are drawn, and bring all their data sets along; ranks are taken anew in each.

    Returns
    -------
    DataFrame
        Columns ``dataset`` (`POOLED` in the end), ``predictor``, ``rho``, ``low``, ``high`` (95 % percentile
        interval), ``n`` (candidates); and how far the first predictor is ahead of this one, ``ahead``, ``ahead_low``,
        ``ahead_high``: the difference of their rhos, each taken in its `DIRECTION`.
    """
    candidates = table[~table["reference"]]
    cube = _cube(candidates, ["val_mae", *predictors])
    datasets = list(dict.fromkeys(candidates["dataset"]))
    n = cube.shape[1]
    generator = np.random.default_rng(seed)
    draws = [np.arange(n), *generator.integers(n, size=(n_resamples, n))]
    # (1 + R, P, D + 1): the first is of the candidates as they are.
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
                | {"n": n, "ahead": ahead[0]}
                | dict(zip(("ahead_low", "ahead_high"), _interval(ahead[1:]), strict=True))
            )
    return pd.DataFrame(rows)


def reliability(table: pd.DataFrame, columns: Sequence[str] = ("score", "val_mae")) -> pd.DataFrame:
    """Rank correlation of a column with itself between two seeds: no predictor of a noisy error can do better.

    Parameters
    ----------
    table
        From `scoring.scores`; candidates that have both of its first two seeds count, without the references.

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
    """Mean values over seeds, (columns, candidates, data sets), of the candidates that all data sets have."""
    order = list(dict.fromkeys(candidates["dataset"]))
    means = candidates.pivot_table(index="candidate", columns="dataset", values=columns, sort=False).dropna()
    return np.stack([means[column][order].to_numpy(dtype=float) for column in columns])


def _correlations(cube: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank correlations (P, D + 1) of predictors with errors, from (1 + P, n, D): each data set, then pooled."""
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
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
