"""Load a benchmark data set as train, validation and test DataFrames."""

import io
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from .catalogue import Card, card
from .errors import FoldError
from .location import locate
from .manifest import read

N_FOLDS = 5
"""Folds of every Matbench task (npj Comput. Mater. 2020, 6, 138)."""

VALIDATION_SHARE = 0.1
"""Share of a Matbench fold's training rows that we hold out for validation, as the paper's authors did."""


class Split(NamedTuple):
    """Three disjoint parts of a data set, rows in official order.

    Attributes
    ----------
    train, val, test : DataFrame
        Columns `formula` (str) and `target` (float, or int 0 and 1 for classification). The index, `id`,
        is the official id for Matbench ("mb-steels-001"), else the row number in the part's own file.
    """

    train: pd.DataFrame
    val: pd.DataFrame
    test: pd.DataFrame


class _Fold(NamedTuple):
    """One official fold: row numbers from 0, (n_train,) and (n_test,), ascending."""

    train: np.ndarray
    test: np.ndarray


def load(
    name: str,
    fold: int | None = None,
    root: str | os.PathLike[str] | None = None,
    val_seed: int = 0,
) -> Split:
    """Load a benchmark data set, split by its official protocol.

    Every file is checked against its sha256 when it is read. No row of any set lacks a formula or a
    target, so none is dropped. The formula "NaN" is sodium nitride.

    Parameters
    ----------
    name : str
        One of `names()`.
    fold : int, optional
        0 to 4, for a Matbench task only.
    root : path-like, optional
        Data directory; the default is LGDCNN_DATA, else data/benchmark of the checkout.
    val_seed : int, default 0
        Seed of the validation part of a Matbench task, which defines none: a tenth of the fold's training part,
        drawn without replacement by `numpy.random.default_rng([val_seed, fold])`.

    Returns
    -------
    Split

    Raises
    ------
    UnknownDataSetError
        If there is no such set.
    FoldError
        If a Matbench task is given no fold from 0 to 4, or an extended set is given one.
    DataError
        If a data file is missing or differs from the manifest.
    """
    found = card(name)
    _check_fold(found, fold)
    directory = locate(root).path
    if fold is None:
        return Split(*(_table(path, found, directory) for path in found.paths))
    table = _table(found.paths[0], found, directory)
    table.index = pd.Index(_official_ids(found), name="id")
    rows = _folds(name, directory)[fold]
    generator = np.random.default_rng([val_seed, fold])
    held_out = generator.choice(len(rows.train), round(VALIDATION_SHARE * len(rows.train)), replace=False)
    in_val = np.zeros(len(rows.train), dtype=bool)
    in_val[held_out] = True
    return Split(table.iloc[rows.train[~in_val]], table.iloc[rows.train[in_val]], table.iloc[rows.test])


def _check_fold(found: Card, fold: int | None) -> None:
    if found.protocol == "extended":
        if fold is not None:
            raise FoldError(f"{found.name} has one fixed split and no folds: leave out fold={fold!r}")
    elif fold is None:
        raise FoldError(f"{found.name} has {N_FOLDS} official folds: say which, fold=0 to {N_FOLDS - 1}")
    elif not isinstance(fold, (int, np.integer)) or fold not in range(N_FOLDS):
        raise FoldError(f"{found.name} has no fold {fold!r}: choose 0 to {N_FOLDS - 1}")


def _table(path: str, found: Card, directory: Path) -> pd.DataFrame:
    """Read one csv with the columns formula and target."""
    # Without keep_default_na=False, pandas takes the formula NaN, sodium nitride, for a missing value.
    table = pd.read_csv(io.BytesIO(read(path, directory)), dtype=str, keep_default_na=False)
    # Python reads a number to its last digit; not every version of pandas does.
    table["target"] = table["target"].to_numpy(dtype=object).astype(float)
    table.index.name = "id"
    if found.kind == "classification":
        table["target"] = table["target"].astype(int)
    return table


def _official_ids(found: Card) -> list[str]:
    """Return the ids of all rows of a Matbench task: row i, from 1, is mb-<task>-<i>, zero-padded."""
    stem = f"mb-{found.task.replace('_', '-')}"
    width = len(str(found.n_rows))
    return [f"{stem}-{row:0{width}d}" for row in range(1, found.n_rows + 1)]


@lru_cache(maxsize=32)
def _folds(name: str, directory: Path) -> tuple[_Fold, ...]:
    """Read the official folds of one Matbench task; cached, because the file has 46 MB."""
    splits = json.loads(read("matbench/validation.json", directory))["splits"][name]
    folds = (splits[f"fold_{number}"] for number in range(N_FOLDS))
    return tuple(_Fold(_rows(fold["train"]), _rows(fold["test"])) for fold in folds)


def _rows(ids: list[str]) -> np.ndarray:
    return np.array([int(each.rpartition("-")[2]) - 1 for each in ids])
