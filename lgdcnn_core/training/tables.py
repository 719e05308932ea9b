"""From tables and lists of formulas to data that a network can be trained on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.elements import ElementTable
from lgdcnn_core.training.batches import Layout

Formulas = pd.DataFrame | pd.Series | Iterable[str]
"""A list or Series of formulas, or a DataFrame with a column ``formula``."""

Targets = Iterable[float] | pd.DataFrame | NDArray[np.float64]
"""A list, Series or array (B,) of a property in its unit; or a table (B, K) of several, NaN where one is not known."""

ROWS_SHOWN = 5

VALIDATION_FRACTION = 0.1
"""Share of the training data held out where a recipe needs validation data and is given none."""


class BadTrainingData(ValueError):
    """Data that no network can be trained on."""


class UnknownElements(ValueError):
    """Compounds with elements that the element table has no vector for."""


@dataclass(frozen=True)
class Labelled:
    """Compositions with their targets, (B,) float64: a property in its unit, or classes 0 and 1.

    Of several properties (B, K), NaN where one is not known.
    """

    compositions: Compositions
    targets: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.compositions)

    def __getitem__(self, rows: NDArray[np.int64]) -> "Labelled":
        return Labelled(self.compositions[rows], self.targets[rows])

    def in_order(self, layout: Layout) -> "Labelled":
        """Give the same data with each compound's elements in the order that the network reads."""
        return replace(self, compositions=layout.ordered(self.compositions))


def formulas_and_targets(X: Formulas, y: Targets | None) -> tuple[Iterable[str], Targets | None]:
    """Take formulas and targets from where the caller put them; targets may be absent.

    Raises
    ------
    BadTrainingData
        If a DataFrame has no column ``formula``.
    """
    if not isinstance(X, pd.DataFrame):
        return X, y
    if "formula" not in X:
        raise BadTrainingData(f"the table has no column 'formula'; its columns are {', '.join(map(str, X.columns))}")
    return X["formula"], X.get("target") if y is None else y


def property_names(y: Targets | None) -> tuple[str, ...] | None:
    """Names of several properties, (B, K): a DataFrame's columns, else their numbers; None of a single one.

    Raises
    ------
    BadTrainingData
        If there is one column only, or a name twice.
    """
    if not isinstance(y, pd.DataFrame | np.ndarray) or y.ndim == 1:
        return None
    names = tuple(map(str, y.columns if isinstance(y, pd.DataFrame) else range(y.shape[1])))
    if len(names) < 2:
        raise BadTrainingData(f"targets of a single property are (B,), not {y.shape}")
    if len(set(names)) < len(names):
        raise BadTrainingData(f"two properties have one name: {', '.join(names)}")
    return names


def labelled(X: Formulas, y: Targets | None, role: str, classification: bool) -> Labelled:
    """Parse formulas and check targets.

    Parameters
    ----------
    X, y
        Formulas and targets, or a DataFrame with columns ``formula`` and ``target``. Targets of several properties are
        a table (B, K), NaN where one is not known.
    role
        What the data are for, to name in errors.
    classification
        Targets must be 0 and 1.

    Raises
    ------
    BadTrainingData
        If there are no data, no targets, targets of another number than the formulas, or targets that are missing,
        infinite or no numbers; names their rows. Of several properties, if a compound or a property has none.
    lgdcnn_core.composition.InvalidFormulas
        If formulas are wrong; lists all of them.
    """
    formulas, values = formulas_and_targets(X, y)
    if values is None:
        raise BadTrainingData(f"the {role} data have no targets: give y, or a DataFrame with a column 'target'")
    compositions = parse(formulas)
    if property_names(values) is not None:
        return _labelled_with_several(compositions, np.asarray(values), role, classification)
    given = pd.Series(np.asarray(list(values), dtype=object))
    targets = pd.to_numeric(given, errors="coerce").to_numpy(dtype=float)
    if len(targets) != len(compositions):
        raise BadTrainingData(f"the {role} data have {len(compositions)} formulas but {len(targets)} targets")
    if not len(targets):
        raise BadTrainingData(f"the {role} data are empty")
    wrong = ~np.isin(targets, (0, 1)) if classification else ~np.isfinite(targets)
    if wrong.any():
        rows = np.flatnonzero(wrong)
        shown = "; ".join(f"row {row} ({compositions.formulas[row]}): {given[row]!r}" for row in rows[:ROWS_SHOWN])
        more = f"; and {len(rows) - ROWS_SHOWN} more" if len(rows) > ROWS_SHOWN else ""
        kind = "0 or 1" if classification else "finite numbers"
        raise BadTrainingData(f"{len(rows)} targets of the {role} data are not {kind}: {shown}{more}")
    return Labelled(compositions, targets)


def _labelled_with_several(
    compositions: Compositions, values: NDArray[np.float64], role: str, classification: bool
) -> Labelled:
    """Check targets of several properties."""
    if classification:
        raise BadTrainingData("a classification is of one property: targets are (B,)")
    if len(values) != len(compositions):
        raise BadTrainingData(f"the {role} data have {len(compositions)} formulas but {len(values)} rows of targets")
    targets = values.astype(float)
    if np.isinf(targets).any():
        row, column = np.argwhere(np.isinf(targets))[0]
        raise BadTrainingData(f"row {row} ({compositions.formulas[row]}): target {column} is {targets[row, column]}")
    known = np.isfinite(targets)
    for what, has in (("compounds", known.any(axis=1)), ("properties", known.any(axis=0))):
        if not has.all():
            numbers = ", ".join(map(str, np.flatnonzero(~has)[:ROWS_SHOWN]))
            raise BadTrainingData(f"{np.sum(~has)} {what} of the {role} data have no target, such as {numbers}")
    return Labelled(compositions, targets)


def training_and_validation(
    X: Formulas,
    y: Targets | None,
    val: pd.DataFrame | tuple[Formulas, Targets] | None,
    classification: bool,
    seed: int | None,
) -> tuple[Labelled, Labelled | None]:
    """Prepare the data of a training: the training part with duplicates merged, and the validation part, if any.

    Parameters
    ----------
    X, y, classification
        As in `labelled`.
    val
        Validation data, a table or a pair.
    seed
        Draws `VALIDATION_FRACTION` of the training data to validate with, if none are given; None holds nothing out.

    Raises
    ------
    BadTrainingData, lgdcnn_core.composition.InvalidFormulas
        As `labelled` and `hold_out`.
    """
    data = merge_duplicates(labelled(X, y, "training", classification))
    if val is not None:
        X_val, y_val = val if isinstance(val, tuple) else (val, None)
        val_data = labelled(X_val, y_val, "validation", classification)
        if val_data.targets.shape[1:] != data.targets.shape[1:]:
            raise BadTrainingData("training and validation data have targets of different properties")
        return data, val_data
    return (data, None) if seed is None else hold_out(data, VALIDATION_FRACTION, seed)


def merge_duplicates(data: Labelled) -> Labelled:
    """Average rows with the same formula string into one, at the place of the first, as the paper does in training."""
    codes, _ = pd.factorize(data.compositions.formulas)
    _, first = np.unique(codes, return_index=True)
    means = pd.DataFrame(data.targets).groupby(codes).mean()  # of several properties, of what is known
    return Labelled(data.compositions[first], means.to_numpy().reshape(-1, *data.targets.shape[1:]))


def hold_out(data: Labelled, fraction: float, seed: int) -> tuple[Labelled, Labelled]:
    """Split off a share of the data, drawn by the seed: (the rest, the share), both in the order of the data.

    Raises
    ------
    BadTrainingData
        If there are fewer than two compounds.
    """
    if len(data) < 2:
        raise BadTrainingData("one compound cannot be split into training and validation data")
    shuffled = np.random.default_rng(seed).permutation(len(data))
    n_out = min(max(round(fraction * len(data)), 1), len(data) - 1)
    return data[np.sort(shuffled[n_out:])], data[np.sort(shuffled[:n_out])]


def require_known(compositions: Compositions, table: ElementTable) -> None:
    """Refuse compounds with an element that the table has no vector for.

    Raises
    ------
    UnknownElements
        Names the compounds.
    """
    unknown = ~table.known[compositions.atomic_numbers]
    if unknown.any():
        compounds = np.unique(np.repeat(np.arange(len(compositions)), compositions.lengths)[unknown])
        shown = ", ".join(str(f) for f in compositions.formulas[compounds[:ROWS_SHOWN]])
        raise UnknownElements(
            f"the element table {table.name!r} has no vector for an element of {len(compounds)} compounds ({shown}"
            f"{', ...' if len(compounds) > ROWS_SHOWN else ''}); choose another table with elements="
        )
