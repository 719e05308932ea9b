"""Read the conditions of each row: columns of numbers, such as a temperature, that a network takes as inputs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition.compositions import Labels, listed, quoted
from lgdcnn_core.training.checks import require_right
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.scaling import Scaling
from lgdcnn_core.training.targets import BadTrainingData, as_numbers

Features = tuple[str, ...]
"""Names of the columns with conditions."""


def feature_names(features: object) -> Features:
    """Return the names of columns with conditions, as a user gives them: a list, a single name, or None for none.

    Raises
    ------
    BadTrainingData
        If there are no names, or if a name is given twice, or is that of formulas or targets.
    """
    if features is None:
        return ()
    ordered = isinstance(features, Sequence | np.ndarray | pd.Index) and not isinstance(features, str)
    names = list(features) if ordered else [features]  # type: ignore[call-overload]
    if not names or not all(isinstance(name, str) for name in names):
        raise BadTrainingData(f"features is {quoted(features)}; give the names of columns of numbers in the table")
    if len(set(names)) < len(names) or {"formula", "target"} & set(names):
        raise BadTrainingData(f"features is {quoted(features)}; give each column once, no formulas and no targets")
    return tuple(names)


def checked_conditions(
    table: pd.DataFrame, compositions: Compositions, role: str, labels: Labels
) -> NDArray[np.float64]:
    """Return conditions as numbers, (B, C).

    Parameters
    ----------
    table
        A column for each condition, as given.
    compositions, labels
        The B compounds, and index labels of their rows.
    role
        The use of the data, as errors name it.

    Raises
    ------
    BadTrainingData
        If conditions are missing, infinite or not numbers; the message names the column and the rows.
    """
    columns = []
    for name, values in table.items():
        numbers, wrong, as_given = as_numbers(values, role)
        called, where = f"values of {quoted(name)}", f"the {role} data"
        require_right(compositions, wrong | np.isnan(numbers), as_given, "finite numbers", where, labels, called=called)
        columns.append(numbers)
    return np.column_stack(columns)


def listed_features(features: Sequence[Any]) -> str:
    """Return the names of features for a message."""
    return listed(map(quoted, features), ", ") if features else "none"


def scaling_of(data: Labelled) -> Scaling | None:
    """Return the standardisation of the conditions of training data; None where there are none."""
    return None if data.conditions is None else Scaling.of(data.conditions, classification=False)


def standardised(data: Labelled, scaling: Scaling | None) -> Labelled:
    """Return data with standardised conditions; without a scaling, as they are."""
    if data.conditions is None or scaling is None:
        return data
    return replace(data, conditions=scaling.learnt(data.conditions))
