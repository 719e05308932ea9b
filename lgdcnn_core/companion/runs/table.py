"""Records as a table, and their mean and spread over seeds."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.runs import metrics
from lgdcnn_core.companion.runs.record import RunRecord
from lgdcnn_core.companion.runs.spec import RunSpec
from lgdcnn_core.companion.runs.store import Store, both_stores

GROUP = ["store", "dataset", "fold", "model", "recipe", "setting", "epochs", "train_fraction", "refit"]
"""What records have in common that differ only in their seed."""

METRICS = [
    *("mae", "mae_low", "mae_high", "rmse", "median_absolute_error", "r2", "val_mae"),
    *("accuracy", "roc_auc", "f1", "log_loss", "val_log_loss"),
]

MACHINE = ["device", "precision", "threads", "processor", "commit", "dirty"]
"""What a record computed on, and with which code; see `machine`."""

COLUMNS = [
    *("store", "key"),
    *(field.name for field in fields(RunSpec)),
    *METRICS,
    *("epochs_run", "best_epoch", "stopped_early", "n_train", "n_val", "n_test"),
    *("training_seconds", "prediction_seconds", "tokens_per_second", "peak_host_memory"),
    *MACHINE,
    *("undisturbed", "started", "finished"),
]


def load_records(stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Read every record of the stores; each is checked.

    Parameters
    ----------
    stores
        The default is both, the committed and the local one.

    Returns
    -------
    DataFrame
        One row a record, `COLUMNS`: the name of its store, its key, its specification (``epochs`` is never missing:
        it is the recipe's own, if no other was asked for), its metrics, and the rest flattened. ``undisturbed`` says
        whether the run had its cores to itself, so that its seconds may be compared; it is missing where unknown.

    Raises
    ------
    BrokenRecord
        Naming a record that is not what was written.
    """
    chosen = both_stores() if stores is None else stores
    rows = [_row(store, key, store.read(key)) for store in chosen for key in store.keys()]  # noqa: SIM118
    table = pd.DataFrame(rows, columns=COLUMNS)
    integers = ["fold", "seed", "epochs", "epochs_run", "best_epoch", "n_train", "n_val", "n_test", "threads"]
    floats = [*METRICS, "train_fraction"]
    types = dict.fromkeys(integers, "Int64") | dict.fromkeys(floats, "float64") | {"undisturbed": "boolean"}
    return table.astype(types)


def _row(store: Store, key: str, record: RunRecord) -> dict[str, Any]:
    return {
        "store": store.name,
        "key": key,
        **asdict(record.spec),
        "epochs": record.recipe["epochs"],
        **record.metrics,
        "epochs_run": len(record.learning_curve["epoch"]),
        "best_epoch": record.best_epoch,
        "stopped_early": record.stopped_early,
        "n_train": record.n_train,
        "n_val": record.n_val,
        "n_test": record.n_test,
        "training_seconds": record.seconds["training"],
        "prediction_seconds": record.seconds["prediction"],
        "tokens_per_second": record.tokens_per_second,
        "peak_host_memory": record.peak_memory.get("host"),
        **machine(record.compute, record.platform, record.code),
        "undisturbed": record.undisturbed,
        "started": record.started,
        "finished": record.finished,
    }


def machine(
    compute: dict[str, str | int], platform: dict[str, str | int | None], code: dict[str, str | bool] | None
) -> dict[str, Any]:
    """Columns `MACHINE` of these fields of a record."""
    return {**compute, "processor": platform["processor"], "commit": None, "dirty": None, **(code or {})}


def without_pure_elements(records: pd.DataFrame, stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Measure records again on those of their test rows that name two or more elements.

    On these CrabNet's table was measured, and what the paper quotes of it, see `benchmarks.WITHOUT_PURE_ELEMENTS`.

    Parameters
    ----------
    records
        From `load_records`, or some of its rows.
    stores
        Stores that hold them; the default is both.

    Returns
    -------
    DataFrame
        The same rows, with the metrics of the test part and ``n_test`` of what is left. Records of classifications, and
        those without pure elements in their test part, stay as they are.

    Raises
    ------
    BrokenRecord
        As `Store.read`.
    """
    by_name = {store.name: store for store in (both_stores() if stores is None else stores)}
    result = records.copy()
    for place, row in records.dropna(subset=["mae"]).iterrows():
        predictions = by_name[row["store"]].predictions(row["key"])
        left = benchmarks.without_pure_elements(predictions)
        if len(left) < len(predictions):
            found = metrics.regression(left["actual"].to_numpy(), left["predicted"].to_numpy())
            result.loc[place, [*found, "n_test"]] = [*found.values(), len(left)]
    return result


def summarise(records: pd.DataFrame, metric: str = "mae") -> pd.DataFrame:
    """Mean and spread of a metric over seeds.

    Parameters
    ----------
    records
        From `load_records`, or some of its rows.
    metric
        One of `METRICS`; records without it are left out, as a classification's have no MAE.

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
