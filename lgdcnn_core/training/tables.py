"""Turn tables and lists of formulas into data for training."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.composition.compositions import quoted, shortened
from lgdcnn_core.elements import ElementTable
from lgdcnn_core.training.batches import Layout
from lgdcnn_core.training.targets import SHOWN, BadTrainingData, Targets, as_numbers, matched, property_names

Formulas = pd.DataFrame | pd.Series | Iterable[object]
"""A list or Series of formulas, or a DataFrame with a column ``formula``. A formula is a string, a dict or a pymatgen
Composition."""

VALIDATION_FRACTION = 0.1
"""Share of the training data held out if a recipe needs validation data and gets none."""


class UnknownElements(ValueError):
    """The element table has no vector for an element of some compounds."""


@dataclass(frozen=True)
class Labelled:
    """Compositions with their targets, (B,) float64: a property in its unit, or classes 0 and 1.

    For several properties, (B, K), NaN where one is not known.
    """

    compositions: Compositions
    targets: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.compositions)

    def __getitem__(self, rows: NDArray[np.int64]) -> "Labelled":
        return Labelled(self.compositions[rows], self.targets[rows])

    def in_order(self, layout: Layout) -> "Labelled":
        """Return the same data with each compound's elements in the order that the network reads."""
        return replace(self, compositions=layout.ordered(self.compositions))


def formulas_and_targets(X: Formulas, y: Targets | None) -> tuple[Iterable[object], Targets | None]:
    """Return formulas and targets, from a table if they are in one; targets may be absent.

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


def labelled(X: Formulas, y: Targets | None, role: str, classification: bool, gaps: bool = False) -> Labelled:
    """Return parsed formulas with checked targets.

    Parameters
    ----------
    X, y
        Formulas and targets, or a DataFrame with columns ``formula`` and ``target``. Targets of several properties are
        a table, (B, K), NaN where one is not known.
    role
        The use of the data, as errors name it.
    classification
        Targets must be 0 and 1.
    gaps
        Compounds may lack a target; they get NaN.

    Raises
    ------
    BadTrainingData
        If there are no data or no targets; if there are not as many targets as formulas; or if targets are missing,
        infinite or not numbers, whose rows the message names. For several properties, also if a compound or a property
        has no target.
    lgdcnn_core.composition.InvalidFormulas
        If formulas are invalid; the message lists all of them.
    """
    formulas, values = formulas_and_targets(X, y)
    if values is None:
        raise BadTrainingData(f"the {role} data have no targets: give y, or a DataFrame with a column 'target'")
    compositions = parse(formulas)
    if property_names(values) is not None:
        return _labelled_with_several(compositions, values, role, classification, gaps)
    targets, wrong, given = as_numbers(values, role)
    _require_as_many(compositions, len(targets), role)
    missing = ~wrong & np.isnan(targets)
    wrong |= ~np.isin(targets, (0, 1)) & ~missing if classification else np.isinf(targets)
    wrong |= missing & (not gaps)
    _require_right(compositions, wrong, given, "0 or 1" if classification else "finite numbers", f"the {role} data")
    return Labelled(compositions, targets)


def _labelled_with_several(
    compositions: Compositions, values: Targets, role: str, classification: bool, gaps: bool
) -> Labelled:
    """Check targets of several properties."""
    if classification:
        raise BadTrainingData("classification takes one property: targets must be (B,)")
    table = values if isinstance(values, pd.DataFrame) else pd.DataFrame(np.asarray(values))
    _require_as_many(compositions, len(table), role, "rows of targets")
    columns = []
    for name, column in table.items():
        targets, wrong, given = as_numbers(column, role)
        _require_right(compositions, wrong, given, "finite numbers", f"{name} in the {role} data")
        columns.append(targets)
    targets = np.column_stack(columns)
    if gaps:
        return Labelled(compositions, targets)
    known = np.isfinite(targets)
    for kind, has in (("compounds", known.any(axis=1)), ("properties", known.any(axis=0))):
        if not has.all():
            numbers = ", ".join(map(str, np.flatnonzero(~has)[:SHOWN]))
            raise BadTrainingData(f"{np.sum(~has)} {kind} of the {role} data have no target, such as {numbers}")
    return Labelled(compositions, targets)


def _require_as_many(compositions: Compositions, n_targets: int, role: str, called: str = "targets") -> None:
    if n_targets != len(compositions):
        raise BadTrainingData(f"the {role} data have {len(compositions)} formulas but {n_targets} {called}")
    if not n_targets:
        raise BadTrainingData(f"the {role} data are empty")


def _require_right(
    compositions: Compositions, wrong: NDArray[np.bool_], given: "pd.Series[Any]", kind: str, where: str
) -> None:
    """Raise if targets are wrong, naming the first rows."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        values = given.astype(object)
        shown = "; ".join(
            f"row {row} ({shortened(compositions.formulas[row])}): {quoted(values.iloc[row])}" for row in rows[:SHOWN]
        )
        more = f"; and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        raise BadTrainingData(f"{len(rows)} targets of {where} are not {kind}: {shown}{more}")


def training_and_validation(
    X: Formulas,
    y: Targets | None,
    val: pd.DataFrame | tuple[Formulas, Targets] | None,
    classification: bool,
    seed: int | None,
) -> tuple[Labelled, Labelled | None]:
    """Return the data of a training: the training part with duplicates merged, and the validation part, if any.

    Parameters
    ----------
    X, y, classification
        As in `labelled`.
    val
        Validation data, a table or a pair.
    seed
        Draws `VALIDATION_FRACTION` of the training data for validation, if none are given; None holds nothing out.

    Raises
    ------
    BadTrainingData, lgdcnn_core.composition.InvalidFormulas
        As for `labelled` and `hold_out`.
    """
    data = merge_duplicates(labelled(X, y, "training", classification))
    if val is not None:
        formulas, targets = formulas_and_targets(*(val if isinstance(val, tuple) else (val, None)))
        if targets is not None:
            properties = property_names(formulas_and_targets(X, y)[1])
            targets = matched(targets, properties, "validation")
        return data, labelled(formulas, targets, "validation", classification)
    return (data, None) if seed is None else hold_out(data, VALIDATION_FRACTION, seed)


def merge_duplicates(data: Labelled) -> Labelled:
    """Average rows with the same formula text into one, at the position of the first, as the paper does in training."""
    codes, _ = pd.factorize(data.compositions.formulas)
    _, first = np.unique(codes, return_index=True)
    means = pd.DataFrame(data.targets).groupby(codes).mean()  # for several properties, over the known targets
    return Labelled(data.compositions[first], means.to_numpy().reshape(-1, *data.targets.shape[1:]))


def hold_out(data: Labelled, fraction: float, seed: int) -> tuple[Labelled, Labelled]:
    """Return the data without a share drawn by the seed, and this share, both in the order of the data.

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
    """Raise if the table has no vector for an element of a compound.

    Raises
    ------
    UnknownElements
        If so; the message names the compounds.
    """
    unknown = ~table.known[compositions.atomic_numbers]
    if unknown.any():
        compounds = np.unique(np.repeat(np.arange(len(compositions)), compositions.lengths)[unknown])
        shown = ", ".join(shortened(f) for f in compositions.formulas[compounds[:SHOWN]])
        raise UnknownElements(
            f"the element table {table.name!r} has no vector for an element of {len(compounds)} compounds ({shown}"
            f"{', ...' if len(compounds) > SHOWN else ''}); choose another table with elements="
        )
