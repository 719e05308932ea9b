"""From summaries of records to the cells of a table figure: one column a kind of run, one row a data set."""

from collections.abc import Sequence

import pandas as pd

from lgdcnn_core.benchmarks.split import N_FOLDS

GROUPS = {"committed": "This project", "local": "This machine"}
"""Heading of the columns by store."""

CELLS = ["dataset", "group", "column", "mean", "std", "note"]
"""Columns of a table of cells. ``mean`` is missing where there are records but no number to show; a data set without
any record has no row."""

_RUN = ["store", "model", "recipe", "setting", "epochs", "train_fraction"]
"""What the runs of one column have in common."""


def by_configuration(summary: pd.DataFrame, models: Sequence[str] = ()) -> pd.DataFrame:
    """Cells of runs on sets with one fixed split: mean and spread over seeds.

    Parameters
    ----------
    summary
        From `runs.summarise`: ``mean``, ``std`` and ``n`` are over seeds.
    models
        Order of the networks; others come after these, by name.

    Returns
    -------
    DataFrame
        Columns `CELLS`, in the order in which they are to stand, and ``fold``.
    """
    cells = _named(_sorted(summary, models))
    return cells.assign(note="n = " + cells["n"].astype(str))[[*CELLS, "fold"]]


def over_folds(summary: pd.DataFrame, models: Sequence[str] = ()) -> pd.DataFrame:
    """Cells of runs on official folds: mean and spread over the five folds, if all five are there.

    A fold's value is its mean over seeds. With folds missing there is no number, only a note of how many there are: a
    mean of some folds is no mean of five, since folds differ more than models do.

    Parameters
    ----------
    summary
        From `runs.summarise`; ``std`` of the result is over folds (ddof = 1).
    models
        As in `by_configuration`.

    Returns
    -------
    DataFrame
        Columns `CELLS`.
    """
    ordered = _sorted(summary, models)
    groups = ordered.groupby([*_RUN, "dataset"], dropna=False, sort=False)
    cells = groups.agg(
        mean=("mean", "mean"), std=("mean", "std"), folds=("fold", "nunique"), seeds=("n", "min")
    ).reset_index()
    complete = cells["folds"] == N_FOLDS
    cells[["mean", "std"]] = cells[["mean", "std"]].where(complete)
    of_five = cells["folds"].astype(str) + f" of {N_FOLDS} folds"
    cells["note"] = of_five.where(~complete, "n = " + cells["seeds"].astype(str) + " a fold")
    return _named(cells)[CELLS]


def column_name(model: str, recipe: str, setting: str, epochs: int, train_fraction: float) -> str:
    """Name the runs of one kind."""
    parts = [model, f"{recipe} recipe", setting, f"{epochs} epochs"]
    return ", ".join(parts if train_fraction == 1 else [*parts, f"{train_fraction:.3g} of rows"])


def _sorted(summary: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Put committed before local, networks in the order given, the paper's recipe first, more epochs before fewer."""
    place = {model: number for number, model in enumerate(models)}
    keys = {
        "_store": summary["store"].map(list(GROUPS).index),
        "_model": summary["model"].map(lambda model: place.get(model, len(place))),
        "_recipe": summary["recipe"] != "paper",
        "_epochs": -summary["epochs"].astype(int),
    }
    by = ["_store", "_model", "model", "_recipe", "recipe", "setting", "_epochs"]
    return summary.assign(**keys).sort_values(by, kind="stable").drop(columns=list(keys))


def _named(cells: pd.DataFrame) -> pd.DataFrame:
    named = [column_name(*run) for run in cells[_RUN[1:]].itertuples(index=False)]
    return cells.assign(group=cells["store"].map(GROUPS), column=pd.Series(named, index=cells.index, dtype=object))
