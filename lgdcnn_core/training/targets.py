"""Read targets as users give them: which are numbers, and which property each column holds."""

from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Targets = Iterable[float] | pd.DataFrame | NDArray[np.float64] | str | list[str]
"""A list, Series, array or tensor (B,) of a property in its unit; or a table (B, K) of several, NaN where one is not
known; or the names of their columns in a table."""


class BadTrainingData(ValueError):
    """No network can be trained on these data."""


def column_or_table(y: Any, role: str) -> Any:
    """Return targets as a column, (B,), or as a DataFrame or array of several properties, (B, K).

    Rows of a list may be lists. A table of one column is a column. A tensor becomes an array, and a masked value NaN.

    Raises
    ------
    BadTrainingData
        If targets have another shape, or rows have different lengths.
    """
    if isinstance(y, list | tuple):
        y = [value.tolist() if isinstance(value, np.ndarray) or _is_tensor(value) else value for value in y]
        if any(isinstance(value, list | tuple) for value in y):
            lengths = sorted({len(value) if isinstance(value, list | tuple) else 1 for value in y})
            if len(lengths) > 1:
                raise BadTrainingData(
                    f"rows of targets of the {role} data have different lengths: {', '.join(map(str, lengths))}"
                )
            y = pd.DataFrame(y).to_numpy()
    elif isinstance(y, np.ma.MaskedArray):
        y = np.ma.filled(y.astype(float), np.nan)
    elif _is_tensor(y):
        y = np.asarray(y.detach().cpu().double() if y.is_floating_point() else y.detach().cpu())
    shape = tuple(getattr(y, "shape", (0,)))
    if len(shape) not in (1, 2) or shape[1:] == (0,):
        raise BadTrainingData(f"targets of the {role} data are {shape}; give (B,), or (B, K) for several properties")
    if len(shape) == 1:
        return y
    if isinstance(y, pd.DataFrame):
        return y.iloc[:, 0] if shape[1] == 1 else y
    return np.asarray(y)[:, 0] if shape[1] == 1 else np.asarray(y)


def property_names(y: Targets | None) -> tuple[str, ...] | None:
    """Return the names of several properties: the columns of a table (B, K), or their numbers. None for a single one.

    Raises
    ------
    BadTrainingData
        If there is only one column, or two columns have the same name.
    """
    if not isinstance(y, pd.DataFrame | np.ndarray) or y.ndim == 1:
        return None
    names = tuple(map(str, y.columns if isinstance(y, pd.DataFrame) else range(y.shape[1])))
    if len(names) < 2:
        raise BadTrainingData(f"targets of a single property are (B,), not {y.shape}")
    if len(set(names)) < len(names):
        raise BadTrainingData(f"two properties have one name: {', '.join(names)}")
    return names


def matched(y: Targets, properties: tuple[str, ...] | None, role: str) -> Targets:
    """Return targets in the order of a model's properties.

    Parameters
    ----------
    y
        Targets. The columns of a DataFrame are matched by name; the columns of an array keep their order.
    properties
        Names of the model's properties; None for a single one.
    role
        The use of the data, as errors name it.

    Raises
    ------
    BadTrainingData
        If the targets belong to other properties.
    """
    names = property_names(y)
    if names is None and properties is None:
        return y
    if names is None or properties is None or len(names) != len(properties):
        raise BadTrainingData(
            f"the {role} data have different properties: they have {_listed(names)}, the model {_listed(properties)}"
        )
    if not isinstance(y, pd.DataFrame):
        return y
    if set(names) != set(properties):
        foreign = ", ".join(name for name in names if name not in properties)
        missing = ", ".join(name for name in properties if name not in names)
        raise BadTrainingData(f"the {role} data have different properties: {foreign} in place of {missing}")
    return y.set_axis(list(names), axis="columns")[list(properties)]


def as_numbers(values: Targets, role: str) -> tuple[NDArray[np.float64], NDArray[np.bool_], "pd.Series[Any]"]:
    """Return the targets of one property as numbers, and mark wrong ones.

    Returns
    -------
    targets
        (B,) float64, NaN where there is no number.
    wrong
        (B,) bool: whether the value is neither a finite number nor missing.
    given
        The B values as given.

    Raises
    ------
    BadTrainingData
        If the targets are not a column of values, but a dict, for example.
    """
    given = column(values, role)
    if pd.api.types.is_numeric_dtype(given) and not pd.api.types.is_complex_dtype(given):
        targets = given.to_numpy(dtype=float, na_value=np.nan)
        return targets, np.isinf(targets), given
    empty = np.array([isinstance(value, str) and not value.strip() for value in given.astype(object)], dtype=bool)
    missing = given.isna().to_numpy(dtype=bool) | empty
    kinds = Real | Decimal | str | np.bool_
    readable = [value if isinstance(value, kinds) else None for value in given.astype(object)]
    numbers = pd.to_numeric(pd.Series(readable, dtype=object), errors="coerce").to_numpy(dtype=float)
    return numbers, ~missing & ~np.isfinite(numbers), given


def column(values: Targets, role: str) -> "pd.Series[Any]":
    """Return the targets of one property as a Series of B values.

    Raises
    ------
    BadTrainingData
        If the targets are not a column of values, but a dict, for example.
    """
    if isinstance(values, Mapping | Set | str | bytes) or not isinstance(values, Iterable):
        raise BadTrainingData(
            f"targets of the {role} data are a {type(values).__name__}; give a list, an array or a Series in the order "
            "of the formulas, or a table with formulas and the name of its column of targets"
        )
    return values if isinstance(values, pd.Series) else pd.Series(_plain(values))


def _is_tensor(value: object) -> bool:
    return hasattr(value, "detach")


def _plain(values: Targets) -> list[Any] | NDArray[Any]:
    """Return a list or an array (B,); a tensor becomes an array."""
    if not hasattr(values, "__array__"):
        return list(values)
    array = np.asarray(values)
    if array.ndim != 1:
        raise BadTrainingData(f"targets of a single property are (B,), not {array.shape}")
    return array


def _listed(names: tuple[str, ...] | None) -> str:
    return "a single property" if names is None else ", ".join(names)
