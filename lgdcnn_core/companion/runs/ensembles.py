"""Ensembles from records: the mean prediction of runs that differ only in their seed, or in their network too."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.runs import metrics
from lgdcnn_core.companion.runs.rows import UnlikeRecords, same_rows
from lgdcnn_core.companion.runs.spec import differing
from lgdcnn_core.companion.runs.store import Store, by_name
from lgdcnn_core.companion.runs.table import GROUP, METRICS
from lgdcnn_core.regressor import ensemble

AND = " + "
"""Text that joins the names of models in an ensemble or a stack."""

FEWEST = 2
"""Smallest number of members of an ensemble."""

_METRICS = [name for name in METRICS if not name.startswith("val_")]
"""Metrics of the test data; ensembles are not measured on validation data."""

_COLUMNS = [*GROUP, "n", "seeds", *_METRICS, "within_uncertainty", "training_seconds", "n_test"]


def ensembles(records: pd.DataFrame, stores: Iterable[Store] | None = None, pure_elements: bool = True) -> pd.DataFrame:
    """Measure the mean prediction of every group of records that differ only in their seed.

    Nothing is chosen: all seeds take part, each with the same weight.

    Parameters
    ----------
    records
        From `load_records`, or some of its rows.
    stores
        Stores that hold them; the default is both. The two are never mixed.
    pure_elements
        Measure on all test rows; if false, only on rows of two or more elements, as `runs.without_pure_elements` does.

    Returns
    -------
    DataFrame
        One row per group of two or more seeds: columns `GROUP`; ``n`` and ``seeds`` (a tuple) of the members; the
        metrics of a record except those of validation data, with the bootstrap interval of the MAE;
        ``within_uncertainty``, the share of compounds whose error is smaller than the total uncertainty of
        `ensemble.mean_and_std` (missing in classification); ``training_seconds``, the sum of the members';
        ``n_test``.

    Raises
    ------
    UnlikeRecords
        If the members of a group have different test rows, or recipes with the same name but different values.
    BrokenRecord
        As in `Store.read`.
    """
    found_in = by_name(stores)
    groups = records.sort_values("seed", kind="stable").groupby(GROUP, dropna=False, sort=False)
    rows = [
        dict(zip(GROUP, group, strict=True)) | _measured(found_in[members["store"].iloc[0]], members, pure_elements)
        for group, members in groups
        if len(members) >= FEWEST
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    integers = ["fold", "epochs", "n", "n_test"]
    floats = [*_METRICS, "within_uncertainty", "train_fraction", "training_seconds"]
    return table.astype(dict.fromkeys(integers, "Int64") | dict.fromkeys(floats, "float64"))


def of_several_networks(
    records: pd.DataFrame, models: Sequence[str], stores: Iterable[Store] | None = None, pure_elements: bool = True
) -> pd.DataFrame:
    """Measure the mean prediction of several networks that were trained alike, over the seeds that all of them have.

    Parameters
    ----------
    records, stores, pure_elements
        As in `ensembles`.
    models
        Names of the networks; all have the same weight.

    Returns
    -------
    DataFrame
        As in `ensembles`; ``model`` gives all their names, joined by `AND`, and each seed is named once.

    Raises
    ------
    UnlikeRecords, BrokenRecord
        As in `ensembles`.
    """
    alike = [name for name in GROUP if name != "model"]
    chosen = records[records["model"].isin(models)]
    in_all = chosen.groupby([*alike, "seed"], dropna=False)["model"].transform("nunique") == len(set(models))
    table = ensembles(chosen[in_all].assign(model=AND.join(models)), stores, pure_elements)
    return table.assign(seeds=table["seeds"].map(lambda seeds: tuple(dict.fromkeys(seeds))))


def all_ensembles(
    records: pd.DataFrame, models: Sequence[str], stores: Iterable[Store] | None = None, pure_elements: bool = True
) -> pd.DataFrame:
    """Measure the ensembles of each network, and the ensembles of several networks together.

    Parameters, result and errors are as in `of_several_networks`.
    """
    parts = [
        ensembles(records, stores, pure_elements),
        of_several_networks(records, models, stores, pure_elements),
    ]
    return pd.concat([each for each in parts if len(each)] or parts[:1], ignore_index=True)


def mean_prediction(store: Store, keys: Sequence[str], part: Literal["test", "validation"] = "test") -> pd.DataFrame:
    """Return the predictions of the ensemble of these records of one store for a part.

    Returns
    -------
    DataFrame
        As `Store.predictions`: ``predicted`` is the members' mean, of probabilities in classification;
        ``uncertainty`` the total one of `ensemble.mean_and_std`, missing in classification.

    Raises
    ------
    UnlikeRecords
        If their rows, or the values of their recipes, are not the same.
    NoValidation
        As in `Store.validation`.
    """
    _require_one_recipe(store, keys)
    tables = same_rows(store, keys, part)
    predicted, uncertainty = (
        np.stack([table[column].to_numpy(dtype=float) for table in tables]) for column in ("predicted", "uncertainty")
    )
    mean, total = ensemble.mean_and_std(predicted, uncertainty)
    return tables[0].assign(predicted=mean, uncertainty=total)


def _measured(store: Store, members: pd.DataFrame, pure_elements: bool) -> dict[str, Any]:
    table = mean_prediction(store, members["key"].tolist())
    if not pure_elements:
        table = benchmarks.without_pure_elements(table)
    actual, predicted = table["actual"].to_numpy(), table["predicted"].to_numpy()
    row = {
        "n": len(members),
        "seeds": tuple(int(seed) for seed in members["seed"]),
        "training_seconds": members["training_seconds"].sum(),
        "n_test": len(table),
    }
    if benchmarks.card(members["dataset"].iloc[0]).kind == "classification":
        return row | metrics.classification(actual, predicted)
    within = np.abs(predicted - actual) < table["uncertainty"].to_numpy()
    return row | metrics.regression(actual, predicted) | {"within_uncertainty": float(within.mean())}


def _require_one_recipe(store: Store, keys: Sequence[str]) -> None:
    first: dict[str, tuple[str, dict[str, Any]]] = {}  # for each network
    for key in keys:
        record = store.read(key)
        before, recipe = first.setdefault(record.spec.model, (key, record.recipe))
        if names := differing(record.spec.model, recipe, record.recipe):
            raise UnlikeRecords(
                f"records {before} and {key} of the {store.name} store were made with recipes of the same name that "
                f"differ in {', '.join(names)}: remove the older one's directory and run again"
            )
