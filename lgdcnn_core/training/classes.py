"""Read class labels, which are text, whole numbers or booleans, and number the classes."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition.compositions import Labels, listed, quoted
from lgdcnn_core.training.checks import require_as_many, require_right
from lgdcnn_core.training.targets import BadTrainingData, Targets, column

Classes = NDArray[Any]
"""Labels of the classes, sorted, as scikit-learn's `classes_`: text, integers, floats or booleans."""

BINARY = 2
"""Number of classes for which a network has a single logit."""


def class_numbers(
    values: Targets, compositions: Compositions, role: str, gaps: bool, labels: Labels, classes: Classes | None
) -> tuple[NDArray[np.float64], Classes]:
    """Return the number of each compound's class, (B,), NaN where it is not known, and the classes.

    Parameters
    ----------
    values
        B class labels.
    compositions, labels
        The B compounds, and index labels of their rows.
    role
        The use of the data, as errors name it.
    gaps
        Compounds may lack a label.
    classes
        Classes of the model; None takes those of the labels. Labels that are all 0 or 1 have both classes.

    Raises
    ------
    BadTrainingData
        If there are not as many labels as formulas; if labels are missing, of another kind, of several kinds or not
        among the classes, whose rows the message names; or if there is a single class.
    """
    given = column(values, role)
    require_as_many(compositions, len(given), role)
    missing, found = [], []
    for value in given.astype(object):
        empty = (isinstance(value, str) and not value.strip()) or (np.ndim(value) == 0 and bool(pd.isna(value)))
        missing.append(empty)
        found.append(None if empty else _label(value))
    wrong = np.array([label is None for label in found], dtype=bool) & ~(np.array(missing, dtype=bool) & gaps)
    kind, where = "classes: text, whole numbers or booleans", f"the {role} data"
    require_right(compositions, wrong, given, kind, where, labels)
    classes = _classes([label for label in found if label is not None], role) if classes is None else classes
    number = {label: number for number, label in enumerate(classes.tolist())}
    numbers = np.array([np.nan if label is None else _looked_up(label, number) for label in found], dtype=float)
    foreign = np.isnan(numbers) & ~np.array(missing, dtype=bool)
    known = f"among the classes {listed(map(quoted, number), ', ')}"
    require_right(compositions, foreign, given, known, where, labels)
    return numbers, classes


def _label(value: object) -> str | bool | int | float | None:
    """Return a label as a plain value; None if it is no label."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and float(value).is_integer():
        return float(value)
    return None


def _classes(labels: list[Any], role: str) -> Classes:
    """Return the classes of labels, sorted."""
    texts = {label for label in labels if isinstance(label, str)}
    others = set(labels) - texts
    if texts and others:
        raise BadTrainingData(
            f"targets of the {role} data mix text, such as {quoted(min(texts))}, and numbers, such as "
            f"{min(others)}; the classes of one property are of one kind"
        )
    classes = np.unique(np.array(labels))
    if others <= {0, 1} and not texts:
        return np.array([0, 1], dtype=classes.dtype)
    if len(classes) < BINARY:
        raise BadTrainingData(
            f"all targets of the {role} data are the class {quoted(classes.tolist()[0])}; give two classes or more"
        )
    return classes


def _looked_up(label: Any, number: dict[Any, int]) -> float:
    """Return the number of a label's class, NaN if there is none; text may stand for a number, as in a csv file."""
    if label not in number and isinstance(label, str):
        try:
            label = float(label)
        except ValueError:
            return np.nan
    return number.get(label, np.nan)
