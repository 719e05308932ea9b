"""Compare two models that learnt from the same compounds and predict the same test compounds, size by size."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.companion.intervals import TAILS
from lgdcnn_core.companion.runs.paired import absolute_errors
from lgdcnn_core.companion.runs.rows import UnlikeRecords, same_rows
from lgdcnn_core.companion.runs.store import Store, by_name

RESAMPLES = 1000
RESAMPLES_AT_ONCE = 50  # limits the memory to this many float64 values per test compound

COLUMNS = ["size", "sizes", "runs", "ratio", "low", "high"]
"""Columns of `ratios`."""

Values = NDArray[np.float64]
Sizes = NDArray[np.int64]


def ratios(points: pd.DataFrame, first: str, second: str, stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Return the test MAE of one model over another's on one data set, for each size, and their geometric mean.

    The intervals come from a bootstrap over test compounds, the same choice for all sizes and both models. To it we add
    what seeds and subsets change: the standard deviation of the log ratios of runs that differ only in their seed,
    pooled over the sizes. Small subsets vary most, so that this is rather too much for large ones.

    Parameters
    ----------
    points
        From `sample_efficiency.points`, of one data set. Only sizes and seeds of both models count.
    first, second
        Names of the models.
    stores
        Stores that hold the records; the default is both.

    Returns
    -------
    DataFrame
        One row per size and a last one for all of them: ``size`` (missing in the last row), ``sizes`` and ``runs`` (of
        each model) that the row covers, ``ratio``, and ``low`` and ``high``, its 95 % interval, missing where no size
        has two seeds. It is empty where no size has both models.

    Raises
    ------
    UnlikeRecords
        If the records' test rows are not the same.
    BrokenRecord
        As in `Store.read`.
    """
    wide = points[points["model"].isin([first, second])].pivot_table("mae", ["size", "seed"], "model")
    pairs = wide.reindex(columns=[first, second]).dropna().index
    if pairs.empty:
        return pd.DataFrame(columns=COLUMNS)
    found_in = by_name(stores)
    by_run = points.set_index(["model", "size", "seed"])[["store", "key"]]
    chosen = [by_run.loc[[(name, *pair) for pair in pairs]] for name in (first, second)]
    errors = _errors(pd.concat(chosen), found_in).reshape(2, len(pairs), -1)
    sizes = pairs.get_level_values("size").to_numpy(dtype=int)
    maes = errors.mean(axis=2)
    logs = _log_ratios(maes[:, None], sizes)[0]
    drawn = _resampled(errors, sizes) + _of_seeds(np.log(maes[0] / maes[1]), sizes)
    logs, drawn = np.append(logs, logs.mean()), np.column_stack([drawn, drawn.mean(axis=1)])
    low, high = np.exp(np.quantile(drawn, TAILS, axis=0))
    different, n_seeds = np.unique(sizes, return_counts=True)
    n = len(different)
    return pd.DataFrame(
        {
            "size": [*different, None],
            "sizes": [1] * n + [n],
            "runs": [*n_seeds, len(sizes)],
            "ratio": np.exp(logs),
            "low": low,
            "high": high,
        }
    ).astype({"size": "Int64"})


def _errors(records: pd.DataFrame, found_in: dict[str, Store]) -> Values:
    """Return the absolute errors of records, (k, B), after a check that all have the same test rows."""
    tables: dict[str, pd.DataFrame] = {}
    by_store = {str(name): keys.tolist() for name, keys in records.groupby("store", sort=False)["key"]}
    for name, keys in by_store.items():
        tables |= zip(keys, same_rows(found_in[name], keys), strict=True)
    formulas = {tuple(tables[keys[0]]["formula"]) for keys in by_store.values()}
    if len(formulas) > 1:
        raise UnlikeRecords(
            f"records of {records['key'].iloc[0].partition('/')[0]} in the two stores differ in test rows"
        )
    return np.stack([absolute_errors(tables[key]) for key in records["key"]])


def _log_ratios(maes: Values, sizes: Sizes) -> Values:
    """Return the log ratios, (R, s), of MAEs of two models, (2, R, k), after the mean over the runs of each size."""
    starts, counts = np.unique(sizes, return_index=True, return_counts=True)[1:]
    means = np.add.reduceat(maes, starts, axis=2) / counts
    return np.asarray(np.log(means[0] / means[1]))


def _resampled(errors: Values, sizes: Sizes) -> Values:
    """Return the log ratios, (`RESAMPLES`, s), on random choices of test compounds; `errors` is (2, k, B)."""
    generator = np.random.default_rng(0)
    n_compounds = errors.shape[2]
    parts = []
    for _ in range(RESAMPLES // RESAMPLES_AT_ONCE):
        chosen = generator.integers(n_compounds, size=(RESAMPLES_AT_ONCE, n_compounds))
        chosen += n_compounds * np.arange(RESAMPLES_AT_ONCE)[:, None]
        times = np.bincount(chosen.ravel(), minlength=chosen.size).reshape(chosen.shape).astype(float)
        parts.append(_log_ratios(np.stack([times @ each.T for each in errors]), sizes))
    return np.concatenate(parts)


def _of_seeds(logs: Values, sizes: Sizes) -> Values:
    """Return random deviations, (`RESAMPLES`, s), as seeds and subsets cause them; `logs`, (k,), are of single runs."""
    _, places, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    freedom = len(sizes) - len(counts)
    if not freedom:
        return np.full((RESAMPLES, len(counts)), np.nan)
    deviations = logs - (np.bincount(places, logs) / counts)[places]
    scatter = np.sqrt(deviations @ deviations / freedom)
    # One pooled deviation for all sizes: where it is uncertain, it is so for all of them together.
    generator = np.random.default_rng(1)
    drawn = generator.normal(size=(RESAMPLES, len(counts))) * np.sqrt(
        freedom / generator.chisquare(freedom, (RESAMPLES, 1))
    )
    return np.asarray(drawn * scatter / np.sqrt(counts))
