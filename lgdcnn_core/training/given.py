"""Read data as users give them: lists, tables, csv files, names of columns, pairs."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lgdcnn_core.composition.compositions import Labels, quoted
from lgdcnn_core.tables import Source, UnreadableTable, formula_column
from lgdcnn_core.training.conditions import Features, listed_features
from lgdcnn_core.training.notices import warn
from lgdcnn_core.training.targets import BadTrainingData, Targets, column_or_table

Formulas = pd.DataFrame | pd.Series | Iterable[object] | str | os.PathLike[str]
"""A list or Series of formulas; or a DataFrame, or the path of a table (`lgdcnn_core.tables`), with a column of
formulas by any usual name. A formula is a string, a dict or a pymatgen Composition."""

_FILE = re.compile(r"\.[a-z]{3,}(\.(gz|bz2|zip|xz))?$", re.IGNORECASE)
"""A text that ends like this is no formula, but the name of a file."""


class Given(NamedTuple):
    """Formulas and targets, taken from where they were given.

    Attributes
    ----------
    formulas
        B formulas.
    targets
        Targets, see `targets.column_or_table`; None where there are none.
    labels
        Index labels of the rows; None where there are none.
    unused, unused_numbers
        Columns of the table that are not used, and those of them that hold numbers.
    weights
        Sample weights, (B,), not yet checked; None where there are none.
    conditions
        Columns with conditions, (B, C), not yet checked; None where there are none.
    """

    formulas: Iterable[object]
    targets: Targets | None
    labels: Labels = None
    unused: tuple[str, ...] = ()
    weights: object = None
    unused_numbers: tuple[str, ...] = ()
    conditions: pd.DataFrame | None = None


def given(
    X: Formulas,
    y: Targets | None = None,
    role: str = "given",
    sample_weight: object = None,
    features: Features = (),
) -> Given:
    """Take formulas and targets from where they were given; targets may be absent.

    Parameters
    ----------
    X
        Formulas, a table, or the path of a file.
    y
        Targets. If `X` is a table, also the name of its column of targets, or a list of names for several properties;
        None takes the column ``target``.
    role
        The use of the data, as errors name it.
    sample_weight
        Weights of the rows. If `X` is a table, also the name of their column.
    features
        Names of the columns of `X`, then a table, that hold conditions.

    Raises
    ------
    BadTrainingData
        If a table lacks a column, a file is no csv table, or targets have an impossible shape.
    FileNotFoundError
        If there is no such file.
    """
    if isinstance(X, os.PathLike) or (isinstance(X, str) and _FILE.search(X)):
        X = _table(Path(X))
    if not isinstance(X, pd.DataFrame):
        series = next((each for each in (X, y) if isinstance(each, pd.Series | pd.DataFrame)), None)
        index = None if series is None else series.index
        if features:
            raise BadTrainingData(
                f"the {role} data are no table, but the features {listed_features(features)} are columns: give a table"
            )
        return Given(X, column_or_table(y, role), index, weights=sample_weight)
    names = names_of_columns(y, X)
    others = [*features, *([sample_weight] if isinstance(sample_weight, str) else [])]
    if both := set(features) & set(names):
        raise BadTrainingData(f"the column {listed_features(sorted(both))} cannot hold both a feature and the targets")
    try:
        formula = formula_column(X.columns)
    except UnreadableTable as error:
        raise BadTrainingData(str(error)) from error
    if lacking := [name for name in [*names, *others] if name not in X]:
        shown = ", ".join(map(str, X.columns))
        raise BadTrainingData(f"the table has no column {', '.join(map(repr, lacking))}; its columns are {shown}")
    if y is None:
        y = X.get("target")
    elif names:
        y = X[names]
    used = {formula, "target", *others, *(y.columns if isinstance(y, pd.DataFrame) else [getattr(y, "name", None)])}
    unused = [name for name in X.columns if name not in used]
    numbers = tuple(str(name) for name in unused if pd.api.types.is_any_real_numeric_dtype(X[name]))
    conditions = X[list(features)] if features else None
    weights = X[sample_weight] if isinstance(sample_weight, str) else sample_weight
    return Given(X[formula], column_or_table(y, role), X.index, tuple(map(str, unused)), weights, numbers, conditions)


def given_for_validation(val: Any, y: Targets | None, sample_weight: object = None, features: Features = ()) -> Given:
    """Take validation data from where they were given.

    Parameters
    ----------
    val
        A table, the path of a file, or a pair of formulas and targets.
    y
        As for the training data; names of columns are those of `val` too.
    sample_weight
        As for the training data. If it is the name of a column, and `val` is a table with this column, the validation
        data have weights; else they have none.
    features
        As for the training data.

    Raises
    ------
    BadTrainingData, FileNotFoundError
        As in `given`; also if `val` is something else.
    """

    def weights(X: Any) -> object:
        named = isinstance(sample_weight, str) and isinstance(X, pd.DataFrame)
        return sample_weight if named and sample_weight in X else None

    if isinstance(val, tuple | list) and len(val) == 2:
        return given(val[0], val[1], "validation", weights(val[0]), features)
    if isinstance(val, str | os.PathLike):
        val = _table(Path(val))
    if isinstance(val, pd.DataFrame):
        return given(val, y if names_of_columns(y, val) else None, "validation", weights(val), features)
    raise BadTrainingData(f"val is {quoted(val)}; give a table, the path of a file, or a pair (formulas, targets)")


def names_of_columns(y: object, table: pd.DataFrame) -> list[str]:
    """Return the names if `y` is the name of a column, or a list of names; else none.

    A list of text is one of names if a column has one of them; targets may be numbers written as text.
    """
    if isinstance(y, str):
        return [y]
    if isinstance(y, list | tuple) and all(isinstance(name, str) for name in y) and any(name in table for name in y):
        return list(y)
    return []


def _table(path: Path) -> pd.DataFrame:
    """Read a file; warn of what was assumed about it."""
    try:
        source = Source.of(path)
        frame, said = source.frame()
    except UnreadableTable as error:
        raise BadTrainingData(str(error)) from error
    if assumed := [*source.said, *said]:
        warn(f"{path.name}: {'; '.join(assumed)}")
    return frame
