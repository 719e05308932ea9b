"""Read the learning curves of records into one table, and find which of them may be compared."""

from collections.abc import Iterable
from dataclasses import fields

import numpy as np
import pandas as pd

from lgdcnn_core import training
from lgdcnn_core.companion.records.table import MACHINE as RECORDED
from lgdcnn_core.companion.records.table import alone, table
from lgdcnn_core.companion.runs.spec import RunSpec
from lgdcnn_core.companion.runs.store import Store, by_name

MACHINE = ["processor", "device", "threads"]
"""Seconds are compared only between records that agree in these columns."""

_PATHS = {
    **{field.name: f"spec.{field.name}" for field in fields(RunSpec)},
    "epochs": "spec.nominal_epochs",
    "schedule_epochs": "schedule_epochs",
    "averaging": "recipe.averaging",
    "changed": "changed",
    **{name: RECORDED[name] for name in ("commit", *MACHINE)},
    "undisturbed": "undisturbed",
    **{name: f"learning_curve.{name}" for name in ("epoch", "val_error", "seconds")},
}
_TYPES = {
    **dict.fromkeys(("fold", "seed", "epochs", "schedule_epochs", "threads", "epoch"), "Int64"),
    **dict.fromkeys(("train_fraction", "val_error", "seconds"), "float64"),
    "undisturbed": "boolean",
}

COLUMNS = ["store", "key", *_PATHS]
"""Columns of `load_curves`."""

KIND = ["store", "dataset", "fold", "model", "recipe", "setting", "train_fraction", "schedule_epochs"]
"""Columns that identify curves which differ only in their seed. They have ``schedule_epochs`` in place of
``epochs``, because the same training may have run for longer with one seed than with another."""


def load_curves(records: pd.DataFrame, stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Read the learning curves of records; baselines have none.

    Parameters
    ----------
    records
        Rows of `load_records`; columns ``store`` and ``key``.
    stores
        Stores that hold the records; the default is both.

    Returns
    -------
    DataFrame
        One row per epoch that has a validation error, `COLUMNS`: the record's store, key and specification (``epochs``
        is never missing); ``schedule_epochs``, the epochs that its learning-rate schedule spans, missing where the
        schedule does not depend on them; the recipe's ``averaging``; ``changed``, the recipe's values that have changed
        since, with commas; the commit and the machine; whether the run was ``undisturbed``, see `load_records`;
        then ``epoch``, from 1, ``val_error`` in the property's unit (log-loss in classification), and ``seconds`` of
        training and validation from the start to this epoch's end.
    """
    found_in = by_name(stores)
    pairs = [(name, found_in[name].read(key)) for name, key in zip(records["store"], records["key"], strict=True)]
    curves = table(pairs, _PATHS, {}).explode(["epoch", "val_error", "seconds"], ignore_index=True).astype(_TYPES)
    curves["seconds"] = curves.groupby(["store", "key"])["seconds"].cumsum()
    return curves.dropna(subset=["val_error"]).reset_index(drop=True)


def reasons_against(curves: pd.DataFrame, epochs: int | None = None) -> "pd.Series[str]":
    """State for each row of `curves` why its record does not belong in a comparison; "" where it does.

    Parameters
    ----------
    curves
        From `load_curves`.
    epochs
        Length of the schedules that are compared, where a schedule spans the whole training; the default is the
        recipe's own.

    Returns
    -------
    Series
        (B,) str. The reasons are: the recipe has changed since the record was made; the schedule has another length;
        or the record is only the beginning of a longer one, of the same training with the same seed.
    """
    own = curves["recipe"].map(lambda name: training.recipe(name).epochs).astype("Int64")  # for few compounds
    wanted = own if epochs is None else pd.Series(epochs, index=curves.index, dtype="Int64")
    changed = curves["changed"] != ""
    given = curves["epochs"] if epochs is None else curves["schedule_epochs"]
    other_schedule = (curves["schedule_epochs"].notna() & (given != wanted)).fillna(False).astype(bool)
    comparable = curves.assign(epochs=curves["epochs"].mask(changed))
    longest = comparable.groupby([*KIND, "seed"], dropna=False)["epochs"].transform("max")
    beginning = (curves["epochs"] < longest).fillna(False).astype(bool)
    reasons = pd.Series("", index=curves.index, dtype=object)
    reasons[beginning] = "the beginning of a longer run with the same seed"
    reasons[other_schedule] = "a schedule of " + curves["schedule_epochs"].astype(str) + " epochs"
    reasons[changed] = "the recipe has changed since: " + curves["changed"].astype(str)
    return reasons


def undisturbed(curves: pd.DataFrame) -> pd.DataFrame:
    """Drop the ``seconds`` of runs that shared their cores; older records do not say, and keep theirs."""
    return curves.assign(seconds=curves["seconds"].where(alone(curves)))


def on_one_machine(curves: pd.DataFrame) -> pd.DataFrame:
    """Keep ``seconds`` only for the records of one kind of machine, `MACHINE`, as in `undisturbed`.

    The function takes the kind of machine that made most records, and of several such kinds the first by name.

    Parameters
    ----------
    curves
        From `load_curves`.
    """
    if curves.empty:
        return curves
    timed = alone(curves)
    counts = curves[timed].drop_duplicates(["store", "key"]).groupby(MACHINE, dropna=False).size().sort_index()
    if counts.empty:
        return curves.assign(seconds=np.nan)
    chosen = pd.DataFrame([counts.idxmax()], columns=MACHINE).iloc[0]
    compared = timed & (curves[MACHINE] == chosen).all(axis=1)
    return curves.assign(seconds=curves["seconds"].where(compared))


def over_seeds(curves: pd.DataFrame) -> pd.DataFrame:
    """Return mean and extremes of the validation error over seeds, up to the last epoch that all seeds of a kind have.

    Returns
    -------
    DataFrame
        Columns `KIND`, ``epoch``, ``mean``, ``low``, ``high`` (the extremes), ``n`` seeds, and ``seconds``, the mean
        over those seeds whose seconds are not missing.
    """
    rows = curves.groupby([*KIND, "epoch"], dropna=False, sort=False)
    table = rows.agg(
        mean=("val_error", "mean"),
        low=("val_error", "min"),
        high=("val_error", "max"),
        n=("seed", "nunique"),
        seconds=("seconds", "mean"),
    ).reset_index()
    complete = table.groupby(KIND, dropna=False)["n"].transform("max")
    return table[table["n"] == complete].reset_index(drop=True)
