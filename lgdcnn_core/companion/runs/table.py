"""Read records into a table, and compute their mean and spread over seeds."""

from collections.abc import Iterable
from dataclasses import fields

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.records.table import MACHINE, held, table
from lgdcnn_core.companion.runs import metrics
from lgdcnn_core.companion.runs.spec import RunSpec
from lgdcnn_core.companion.runs.store import Store, both_stores, by_name

GROUP = ["store", "dataset", "fold", "model", "recipe", "setting", "epochs", "train_fraction", "refit"]
"""Columns that identify runs which differ only in their seed."""

METRICS = [
    *("mae", "mae_low", "mae_high", "rmse", "median_absolute_error", "r2", "val_mae"),
    *("accuracy", "roc_auc", "f1", "log_loss", "val_log_loss"),
]

_PATHS = {
    **{field.name: f"spec.{field.name}" for field in fields(RunSpec)},
    "epochs": "spec.nominal_epochs",
    **{name: f"metrics.{name}" for name in METRICS},
    **{name: name for name in ("epochs_run", "best_epoch", "stopped_early", "n_train", "n_val", "n_test")},
    **{f"{part}_seconds": f"seconds.{part}" for part in ("training", "prediction")},
    "tokens_per_second": "tokens_per_second",
    "peak_host_memory": "peak_memory.host",
    **MACHINE,
    **{name: name for name in ("undisturbed", "started", "finished")},
}
_TYPES = {
    **dict.fromkeys(("fold", "seed", "epochs", "epochs_run", "best_epoch", "n_train", "n_val", "n_test"), "Int64"),
    **dict.fromkeys((*METRICS, "train_fraction"), "float64"),
    **{"threads": "Int64", "undisturbed": "boolean"},
}

COLUMNS = ["store", "key", *_PATHS]
"""Columns of `load_records`."""


def load_records(stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Read and check every record of the stores, and return them as one table.

    Parameters
    ----------
    stores
        The default is both, the committed and the local one.

    Returns
    -------
    DataFrame
        One row per record, `COLUMNS`: the name of its store, its key, its specification (``epochs`` is never
        missing, see `RunSpec.nominal_epochs`), its metrics, and the rest flattened.
        ``undisturbed`` says whether the run had its cores to itself, so that its seconds may be compared; it is missing
        where unknown.

    Raises
    ------
    BrokenRecord
        If a record has changed since it was written; the message names it.
    """
    return table(held(both_stores() if stores is None else stores), _PATHS, _TYPES)


def without_pure_elements(records: pd.DataFrame, stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Measure records again, only on their test rows with two or more elements.

    CrabNet's table, and the numbers that the paper quotes from it, are for these rows; see
    `benchmarks.WITHOUT_PURE_ELEMENTS`.

    Parameters
    ----------
    records
        From `load_records`, or some of its rows.
    stores
        Stores that hold them; the default is both.

    Returns
    -------
    DataFrame
        The same rows, with the test metrics and ``n_test`` of the remaining rows. Records of classifications, and
        records without pure elements in their test part, stay as they are.

    Raises
    ------
    BrokenRecord
        As in `Store.read`.
    """
    found_in = by_name(stores)
    result = records.copy()
    for place, row in records.dropna(subset=["mae"]).iterrows():
        predictions = found_in[row["store"]].predictions(row["key"])
        left = benchmarks.without_pure_elements(predictions)
        if len(left) < len(predictions):
            found = metrics.regression(left["actual"].to_numpy(), left["predicted"].to_numpy())
            result.loc[place, [*found, "n_test"]] = [*found.values(), len(left)]
    return result


def summarise(records: pd.DataFrame, metric: str = "mae") -> pd.DataFrame:
    """Return the mean and spread of a metric over seeds.

    Parameters
    ----------
    records
        From `load_records`, or some of its rows.
    metric
        One of `METRICS`; records without it are left out; classifications, for example, have no MAE.

    Returns
    -------
    DataFrame
        Columns `GROUP`, ``mean``, ``std`` (ddof = 1; missing for a single seed) and ``n``, the number of seeds.
        The two stores are never mixed.
    """
    if metric not in METRICS:
        raise ValueError(f"no metric is called {metric!r}; there are {', '.join(METRICS)}")
    groups = records.dropna(subset=[metric]).groupby(GROUP, dropna=False, sort=False)[metric]
    return groups.agg(["mean", "std", "count"]).rename(columns={"count": "n"}).reset_index()
