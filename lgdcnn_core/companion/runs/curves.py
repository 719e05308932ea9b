"""Learning curves of records as one table, and which of them are curves of the same training."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

import pandas as pd

from lgdcnn_core import training
from lgdcnn_core.companion.runs.record import RunRecord
from lgdcnn_core.companion.runs.spec import RunSpec
from lgdcnn_core.companion.runs.store import Store, both_stores

ANY_LENGTH = ("triangular",)
"""Schedules that do not look at the number of epochs: a shorter training is the beginning of a longer one. Any other
spans the whole training, so that a shorter training is a different one from its first batch on."""

MACHINE = ["processor", "device", "threads"]
"""What must be the same for seconds to be compared."""

COLUMNS = [
    *("store", "key"),
    *(field.name for field in fields(RunSpec)),
    *("schedule_epochs", "averaging", "changed", "commit"),
    *MACHINE,
    *("undisturbed", "epoch", "val_error", "seconds"),
]

KIND = ["store", "dataset", "fold", "model", "recipe", "setting", "train_fraction", "schedule_epochs"]
"""What curves have in common that differ only in their seed. It says `schedule_epochs` in place of ``epochs``: the same
training may have gone on for longer with one seed than with another."""


def load_curves(records: pd.DataFrame, stores: Iterable[Store] | None = None) -> pd.DataFrame:
    """Read the learning curves of records.

    Parameters
    ----------
    records
        Rows of `load_records`; columns ``store`` and ``key``.
    stores
        Stores that hold the records; the default is both.

    Returns
    -------
    DataFrame
        One row an epoch that has a validation error, `COLUMNS`: the record's store, key and specification (``epochs``
        is never missing); ``schedule_epochs``, the epochs that its learning-rate schedule spans, missing where the
        schedule does not look at them; the recipe's ``averaging``; ``changed``, the recipe's values that have changed
        since, with commas; the commit and the machine; whether the run was ``undisturbed``, see `load_records`;
        then ``epoch``, from 1, ``val_error`` in the property's unit (log-loss in classification), and ``seconds`` of
        training and validation from the start to this epoch's end.
    """
    held = {store.name: store for store in (both_stores() if stores is None else stores)}
    tables = [_curve(name, held[name].read(key)) for name, key in zip(records["store"], records["key"], strict=True)]
    empty = pd.DataFrame(columns=COLUMNS)
    table = pd.concat(tables, ignore_index=True) if tables else empty
    integers = ["fold", "seed", "epochs", "schedule_epochs", "threads", "epoch"]
    types = dict.fromkeys(integers, "Int64") | dict.fromkeys(["train_fraction", "val_error", "seconds"], "float64")
    return table.astype(types | {"undisturbed": "boolean"}).dropna(subset=["val_error"]).reset_index(drop=True)


def reasons_against(curves: pd.DataFrame, epochs: int | None = None) -> "pd.Series[str]":
    """Say for each row of `curves` why its record does not belong in a comparison; "" where it does.

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
        (B,) str: a recipe that has changed since the record was made; a schedule of another length; or a record that
        is but the beginning of a longer one, of the same training with the same seed.
    """
    own = curves["recipe"].map(lambda name: training.recipe(name).epochs).astype("Int64")
    wanted = own if epochs is None else pd.Series(epochs, index=curves.index, dtype="Int64")
    changed = curves["changed"] != ""
    other_schedule = (curves["schedule_epochs"] != wanted).fillna(False).astype(bool)
    comparable = curves.assign(epochs=curves["epochs"].mask(changed))
    longest = comparable.groupby([*KIND, "seed"], dropna=False)["epochs"].transform("max")
    beginning = (curves["epochs"] < longest).fillna(False).astype(bool)
    reasons = pd.Series("", index=curves.index, dtype=object)
    reasons[beginning] = "the beginning of a longer run with the same seed"
    reasons[other_schedule] = "a schedule of " + curves["schedule_epochs"].astype(str) + " epochs"
    reasons[changed] = "the recipe has changed since: " + curves["changed"].astype(str)
    return reasons


def on_one_machine(curves: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Leave ``seconds`` to the records of one kind of machine, `MACHINE`, and make the others' missing.

    It is the kind that made most of the records; of several, the first by name. The seconds of runs that shared their
    cores become missing too.

    Parameters
    ----------
    curves
        From `load_curves`.
    by
        A column, such as ``"recipe"``: the records of each of its values have a kind of machine of their own.
    """
    if curves.empty:
        return curves
    if by is not None:
        return pd.concat([on_one_machine(part) for _, part in curves.groupby(by, sort=False)]).sort_index()
    runs = curves.drop_duplicates(["store", "key"])
    counts = runs.groupby(MACHINE, dropna=False).size().sort_index()
    chosen = pd.DataFrame([counts.idxmax()], columns=MACHINE).iloc[0]
    same = (curves[MACHINE] == chosen).all(axis=1) & curves["undisturbed"].fillna(True)
    return curves.assign(seconds=curves["seconds"].where(same))


def over_seeds(curves: pd.DataFrame) -> pd.DataFrame:
    """Mean and extremes of the validation error over seeds, up to the last epoch that all seeds of a kind have.

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


def _curve(store: str, record: RunRecord) -> pd.DataFrame:
    curve, recipe = record.learning_curve, record.recipe
    common: dict[str, Any] = {
        "store": store,
        "key": record.spec.key,
        **asdict(record.spec),
        "epochs": recipe["epochs"],
        "schedule_epochs": pd.NA if recipe["schedule"] in ANY_LENGTH else recipe["epochs"],
        "averaging": recipe["averaging"],
        "changed": ", ".join(record.changed_since()),
        "commit": record.code["commit"] if record.code else None,
        "processor": record.platform["processor"],
        "device": record.compute["device"],
        "threads": record.compute["threads"],
        "undisturbed": record.undisturbed,
    }
    table = pd.DataFrame({"epoch": curve["epoch"], "val_error": curve["val_error"]}, dtype=float)
    seconds = pd.Series(curve["seconds"], dtype=float).cumsum()
    return table.assign(**common, seconds=seconds)[COLUMNS]
