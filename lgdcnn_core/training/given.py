"""Read data as users give them: lists, tables, pairs."""

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from lgdcnn_core.training.notices import Labels
from lgdcnn_core.training.targets import BadTrainingData, Targets

Formulas = pd.DataFrame | pd.Series | Iterable[object]
"""A list or Series of formulas, or a DataFrame with a column ``formula``. A formula is a string, a dict or a pymatgen
Composition."""


class Given(NamedTuple):
    """Formulas and targets, taken from where they were given.

    Attributes
    ----------
    formulas
        B formulas.
    targets
        Targets as given; None where there are none.
    labels
        Index labels of the rows; None where there are none.
    unused
        Columns of the table that are neither formulas nor targets.
    """

    formulas: Iterable[object]
    targets: Targets | None
    labels: Labels = None
    unused: tuple[str, ...] = ()


def given(X: Formulas, y: Targets | None = None) -> Given:
    """Take formulas and targets from where they were given; targets may be absent.

    Raises
    ------
    BadTrainingData
        If a DataFrame has no column ``formula``.
    """
    if not isinstance(X, pd.DataFrame):
        return Given(X, y, X.index if isinstance(X, pd.Series) else None)
    if "formula" not in X:
        raise BadTrainingData(f"the table has no column 'formula'; its columns are {', '.join(map(str, X.columns))}")
    used = {"formula", "target", *_names(y)}
    unused = tuple(str(name) for name in X.columns if name not in used)
    return Given(X["formula"], X.get("target") if y is None else y, X.index, unused)


def _names(y: Targets | None) -> list[object]:
    """Return the names that targets had as columns of a table."""
    return list(y.columns) if isinstance(y, pd.DataFrame) else [getattr(y, "name", None)]
