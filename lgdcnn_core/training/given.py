"""Read data as users give them: lists, tables, csv files, names of columns, pairs."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lgdcnn_core.composition.compositions import quoted
from lgdcnn_core.tables import Source, UnreadableTable, formula_column
from lgdcnn_core.training.notices import Labels, warn
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
    unused
        Columns of the table that are neither formulas nor targets.
    """

    formulas: Iterable[object]
    targets: Targets | None
    labels: Labels = None
    unused: tuple[str, ...] = ()


def given(X: Formulas, y: Targets | None = None, role: str = "given") -> Given:
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
        return Given(X, column_or_table(y, role), None if series is None else series.index)
    names = names_of_columns(y, X)
    try:
        formula = formula_column(X.columns)
    except UnreadableTable as error:
        raise BadTrainingData(str(error)) from error
    if lacking := [name for name in names if name not in X]:
        shown = ", ".join(map(str, X.columns))
        raise BadTrainingData(f"the table has no column {', '.join(map(repr, lacking))}; its columns are {shown}")
    if y is None:
        y = X.get("target")
    elif names:
        y = X[names]
    used = {formula, "target", *(y.columns if isinstance(y, pd.DataFrame) else [getattr(y, "name", None)])}
    unused = tuple(str(name) for name in X.columns if name not in used)
    return Given(X[formula], column_or_table(y, role), X.index, unused)


def given_for_validation(val: Any, y: Targets | None) -> Given:
    """Take validation data from where they were given.

    Parameters
    ----------
    val
        A table, the path of a file, or a pair of formulas and targets.
    y
        As for the training data; names of columns are those of `val` too.

    Raises
    ------
    BadTrainingData, FileNotFoundError
        As in `given`; also if `val` is something else.
    """
    if isinstance(val, tuple | list) and len(val) == 2:
        return given(val[0], val[1], "validation")
    if isinstance(val, str | os.PathLike):
        val = _table(Path(val))
    if isinstance(val, pd.DataFrame):
        return given(val, y if names_of_columns(y, val) else None, "validation")
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
