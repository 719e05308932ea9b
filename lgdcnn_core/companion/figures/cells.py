"""Make the cells of a table figure from summaries of records: one column per kind of run, one row per data set."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.runs import stacks, trees
from lgdcnn_core.companion.wording import BASELINES as NAMES
from lgdcnn_core.companion.wording import STORES, and_validation_data, way_of_training
from lgdcnn_core.training import TOGETHER

ENSEMBLES = "ensembles"
"""Word after the store's name in the heading above columns of ensembles."""

MEAN_OF_NETWORKS = "mean of n networks"
"""Words after the network's name in a column of ensembles."""

ONE_NETWORK = "one network, 18 properties"
"""Words after the network's name in a column of the joint network."""

STACK = "stack of"
"""Words before the members' names in a column of stacks."""

CELLS = ["dataset", "group", "column", "mean", "std", "note"]
"""Columns of a table of cells. ``mean`` is missing where there are records but no number to show. A data set without
any record has no row."""

_RUN = ["store", "ensemble", "model", "recipe", "setting", "epochs", "train_fraction", "refit"]
"""Fields that are the same for all runs of one column."""


@dataclass(frozen=True)
class Column:
    """A kind of run that has a column of its own in the pictures.

    Attributes
    ----------
    name
        Heading of the column.
    recipe, model, setting, refit
        As in `runs.RunSpec`.
    ensemble
        Whether the column holds the errors of the networks' mean predictions.
    """

    name: str
    recipe: str
    ensemble: bool = False
    refit: bool = False
    model: str = "L-G-DCNN"
    setting: str = "exact"


FEW = (
    Column("FAST", "fast"),
    Column(ONE_NETWORK, TOGETHER.name),
    Column("joint-transfer", "joint-transfer"),
    Column("FAST", "fast", ensemble=True),
    Column("joint-transfer, validation data too", "joint-transfer", ensemble=True, refit=True),
)
"""The columns of `few_columns`."""

BASELINES = tuple(Column(name, trees.NAME, model=model) for model, name in NAMES.items())
"""The columns of the tree baselines."""


def few_columns(
    summary: pd.DataFrame,
    ensembles: pd.DataFrame | None = None,
    columns: Sequence[Column] = FEW,
    folds: bool = False,
) -> pd.DataFrame:
    """Make the cells of the few kinds of runs that matter most, trained on all training rows.

    On each data set (and fold) the longest trainings of a kind count. A kind without records has no column.

    Parameters
    ----------
    summary, ensembles
        As in `by_configuration`.
    columns
        The kinds of runs, in the order of their columns.
    folds
        Whether to take means over the five folds, as `over_folds` does.

    Returns
    -------
    DataFrame
        Columns `CELLS`, and ``fold`` unless `folds`.
    """
    table = _together(summary, ensembles)
    table = table[table["train_fraction"] == 1]
    longest = table.groupby([*(name for name in _RUN if name != "epochs"), "dataset", "fold"], dropna=False)["epochs"]
    table = table[table["epochs"] == longest.transform("max")]
    parts = []
    for store, owner in STORES.items():
        for column in columns:
            alike = (table["store"] == store) & (table["ensemble"] == column.ensemble)
            for name in ("recipe", "refit", "model", "setting"):
                alike &= table[name] == getattr(column, name)
            cells = _means_over_folds(table[alike], ["dataset"]) if folds else _noted(table[alike])
            group = f"{owner}, {ENSEMBLES}" if column.ensemble else owner
            parts.append(cells.assign(group=group, column=column.name))
    return pd.concat(parts, ignore_index=True)[CELLS if folds else [*CELLS, "fold"]]


def with_published(published: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers behind a table figure: published ones and ours in one long table, in separate columns.

    Parameters
    ----------
    published
        MAE, one row per data set (index), one column per model.
    cells
        From `by_configuration` or `over_folds`.
    """
    long = published.rename_axis("dataset").reset_index().melt("dataset", var_name="column", value_name="published")
    return pd.concat([long.assign(group="Published"), cells])[["dataset", "group", "column", "published", *CELLS[3:]]]


def by_configuration(
    summary: pd.DataFrame, models: Sequence[str] = (), ensembles: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Make the cells of runs on sets with one fixed split: mean and spread over seeds; ensembles have own columns.

    Parameters
    ----------
    summary
        From `runs.summarise`: ``mean``, ``std`` and ``n`` are over seeds.
    models
        Order of the networks; others come after these, by name.
    ensembles
        From `runs.ensembles`, `runs.stacked` or both together; an ensemble's error is one number, without spread.

    Returns
    -------
    DataFrame
        Columns `CELLS` and ``fold``; the rows are in the order of the figure's columns.
    """
    return _noted(_named(_sorted(_together(summary, ensembles), models)))[[*CELLS, "fold"]]


def over_folds(
    summary: pd.DataFrame, models: Sequence[str] = (), ensembles: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Make the cells of runs on official folds: mean and spread over the five folds, if all five are there.

    A fold's value is its mean over seeds. If folds are missing there is no number, only a note of how many there are:
    a mean of some folds is no mean of five, since folds differ more than models do.

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
    return _named(_means_over_folds(ordered, [*_RUN, "dataset"]))[CELLS]


def column_name(
    ensemble: bool, model: str, recipe: str, setting: str, epochs: int, train_fraction: float, refit: bool
) -> str:
    """Name the column of one kind of run."""
    if recipe == stacks.NAME:
        parts = [f"{STACK} {model}"]
    elif recipe == TOGETHER.name:
        parts = [model, ONE_NETWORK, *([MEAN_OF_NETWORKS] if ensemble else [])]
    else:
        parts = [NAMES[model]] if recipe == trees.NAME else [model, way_of_training(recipe, setting, epochs)]
        if ensemble:
            parts.insert(1, MEAN_OF_NETWORKS)
    if train_fraction != 1:
        parts.append(f"{train_fraction:.3g} of rows")
    return ", ".join(parts) + and_validation_data(refit)


def _noted(table: pd.DataFrame) -> pd.DataFrame:
    """Say in a column ``note`` of how many runs each number is."""
    return table.assign(note="n = " + table["n"].astype(str))


def _means_over_folds(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Average rows with the same keys over the five folds; without a number where folds are missing."""
    groups = table.groupby(list(keys), dropna=False, sort=False)
    cells = groups.agg(
        mean=("mean", "mean"), std=("mean", "std"), folds=("fold", "nunique"), seeds=("n", "min")
    ).reset_index()
    complete = cells["folds"] == N_FOLDS
    cells[["mean", "std"]] = cells[["mean", "std"]].where(complete)
    of_five = cells["folds"].astype(str) + f" of {N_FOLDS} folds"
    return cells.assign(note=of_five.where(~complete, "n = " + cells["seeds"].astype(str) + " a fold"))


def _together(summary: pd.DataFrame, ensembles: pd.DataFrame | None) -> pd.DataFrame:
    """Single networks and ensembles in one table, told apart by a column ``ensemble``."""
    singles = summary.assign(ensemble=False)
    if ensembles is None or ensembles.empty:
        return singles
    means = ensembles.dropna(subset=["mae"]).rename(columns={"mae": "mean"}).assign(std=float("nan"), ensemble=True)
    return pd.concat([singles, means[singles.columns]], ignore_index=True)


def _sorted(summary: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """Put committed before local, ensembles after single networks, the paper recipe first, more epochs before fewer.

    Networks keep the order given.
    """
    place = {model: number for number, model in enumerate(models)}
    keys = {
        "_store": summary["store"].map(list(STORES).index),
        "_model": summary["model"].map(lambda model: place.get(model, len(place))),
        "_recipe": summary["recipe"] != "paper",
        "_epochs": -summary["epochs"].fillna(0).astype(int),
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
