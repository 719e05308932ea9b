"""From summaries of records to the cells of a table figure: one column a kind of run, one row a data set."""

from collections.abc import Sequence

import pandas as pd

from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.wording import STORES, and_validation_data

ENSEMBLES = "ensembles"
"""What the heading of ensembles' columns has after the store's."""

MEAN_OF_NETWORKS = "mean of n networks"
"""What a column of ensembles is called after the network."""

CELLS = ["dataset", "group", "column", "mean", "std", "note"]
"""Columns of a table of cells. ``mean`` is missing where there are records but no number to show; a data set without
any record has no row."""

_RUN = ["store", "ensemble", "model", "recipe", "setting", "epochs", "train_fraction", "refit"]
"""What the runs of one column have in common."""


def by_configuration(
    summary: pd.DataFrame, models: Sequence[str] = (), ensembles: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Cells of runs on sets with one fixed split: mean and spread over seeds, and ensembles in columns of their own.

    Parameters
    ----------
    summary
        From `runs.summarise`: ``mean``, ``std`` and ``n`` are over seeds.
    models
        Order of the networks; others come after these, by name.
    ensembles
        From `runs.ensembles`; an ensemble's error is one number, without spread.

    Returns
    -------
    DataFrame
        Columns `CELLS`, in the order in which they are to stand, and ``fold``.
    """
    cells = _named(_sorted(_together(summary, ensembles), models))
    return cells.assign(note="n = " + cells["n"].astype(str))[[*CELLS, "fold"]]


def over_folds(
    summary: pd.DataFrame, models: Sequence[str] = (), ensembles: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Cells of runs on official folds: mean and spread over the five folds, if all five are there.

    A fold's value is its mean over seeds. With folds missing there is no number, only a note of how many there are: a
    mean of some folds is no mean of five, since folds differ more than models do.

    Parameters
    ----------
    summary
        From `runs.summarise`; ``std`` of the result is over folds (ddof = 1).
    models, ensembles
        As in `by_configuration`.

    Returns
    -------
    DataFrame
        Columns `CELLS`.
    """
    ordered = _sorted(_together(summary, ensembles), models)
    groups = ordered.groupby([*_RUN, "dataset"], dropna=False, sort=False)
    cells = groups.agg(
        mean=("mean", "mean"), std=("mean", "std"), folds=("fold", "nunique"), seeds=("n", "min")
    ).reset_index()
    complete = cells["folds"] == N_FOLDS
    cells[["mean", "std"]] = cells[["mean", "std"]].where(complete)
    of_five = cells["folds"].astype(str) + f" of {N_FOLDS} folds"
    cells["note"] = of_five.where(~complete, "n = " + cells["seeds"].astype(str) + " a fold")
    return _named(cells)[CELLS]


def column_name(
    ensemble: bool, model: str, recipe: str, setting: str, epochs: int, train_fraction: float, refit: bool
) -> str:
    """Name the runs of one kind."""
    parts = [model, f"{recipe} recipe", setting, f"{epochs} epochs"]
    if ensemble:
        parts.insert(1, MEAN_OF_NETWORKS)
    if train_fraction != 1:
        parts.append(f"{train_fraction:.3g} of rows")
    return ", ".join(parts) + and_validation_data(refit)


def _together(summary: pd.DataFrame, ensembles: pd.DataFrame | None) -> pd.DataFrame:
    """Single networks and ensembles in one table, told apart by a column ``ensemble``."""
    singles = summary.assign(ensemble=False)
    if ensembles is None or ensembles.empty:
        return singles
    means = ensembles.dropna(subset=["mae"]).rename(columns={"mae": "mean"}).assign(std=float("nan"), ensemble=True)
    return pd.concat([singles, means[singles.columns]], ignore_index=True)


def _sorted(summary: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Put committed before local, ensembles after single networks, the paper's recipe first, more epochs before fewer.

    Networks stand in the order given.
    """
    place = {model: number for number, model in enumerate(models)}
    keys = {
        "_store": summary["store"].map(list(STORES).index),
        "_model": summary["model"].map(lambda model: place.get(model, len(place))),
        "_recipe": summary["recipe"] != "paper",
        "_epochs": -summary["epochs"].astype(int),
    }
    by = ["_store", "ensemble", "_model", "model", "_recipe", "recipe", "setting", "_epochs", "refit"]
    return summary.assign(**keys).sort_values(by, kind="stable").drop(columns=list(keys))


def _named(cells: pd.DataFrame) -> pd.DataFrame:
    named = [column_name(*run) for run in cells[_RUN[1:]].itertuples(index=False)]
    group = cells["store"].map(STORES)
    return cells.assign(
        group=group.where(~cells["ensemble"].astype(bool), group + f", {ENSEMBLES}"),
        column=pd.Series(named, index=cells.index, dtype=object),
    )
