"""Read and check sample weights: one for each row, which multiplies its share of the loss."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition.compositions import Labels, quoted
from lgdcnn_core.training.checks import require_as_many, require_right
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.targets import BadTrainingData, as_numbers

SampleWeight = Iterable[float] | str
"""A list, Series or array (B,) of finite numbers of at least 0, not all 0; or the name of their column in a table."""

Values = NDArray[np.float64]


def checked_weights(values: Any, compositions: Compositions, role: str, labels: Labels) -> Values:
    """Return sample weights as numbers, (B,).

    Parameters
    ----------
    values
        The weights as given, (B,).
    compositions, labels
        The B compounds, and index labels of their rows.
    role
        The use of the data, as errors name it.

    Raises
    ------
    BadTrainingData
        If there is not one weight for each row, if weights are negative or not finite, whose rows the message names, or
        if all are 0.
    """
    no_column = isinstance(values, str | bytes | Mapping | Set) or not isinstance(values, Iterable)
    if no_column or getattr(values, "ndim", 1) != 1:
        raise BadTrainingData(
            f"sample_weight of the {role} data is {quoted(values)}; give one number for each row, or the name of a "
            "column if the data are a table"
        )
    weights, wrong, as_given = as_numbers(values, role)
    require_as_many(compositions, len(weights), role, "sample weights")
    wrong |= ~(weights >= 0)  # also those that are missing
    kind, where = "finite numbers of at least 0", f"the {role} data"
    require_right(compositions, wrong, as_given, kind, where, labels, called="sample weights")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not 0 < total < np.inf:
        raise BadTrainingData(f"sample weights of the {role} data add up to {total:g}; give a positive, finite sum")
    return weights


def without_weightless(data: Labelled) -> Labelled:
    """Return data without the rows of weight 0, as if they had not been given.

    Raises
    ------
    BadTrainingData
        If one of several properties has no target left.
    """
    if data.weights is None:
        return data
    lost = [name for name, column in zip(data.properties or [], data.weights.T, strict=False) if not column.any()]
    if lost:
        names = ", ".join(lost)
        raise BadTrainingData(f"all targets of {names} have the sample weight 0; one at least must be above 0")
    return data[np.flatnonzero(data.weights.reshape(len(data), -1).any(axis=1))]


def relative(weights: Values) -> Values:
    """Return weights divided by the mean of those above 0, so that a loss keeps its size."""
    moderate = weights / weights.max()  # so that no mean is infinite
    return moderate / moderate[moderate > 0].mean()
