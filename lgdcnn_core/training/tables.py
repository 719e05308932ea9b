"""Turn tables and lists of formulas into data for training."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.composition.compositions import CASES_SHOWN, Labels, shortened
from lgdcnn_core.elements import ElementTable
from lgdcnn_core.training.checks import require_as_many, require_right
from lgdcnn_core.training.classes import Classes, class_numbers
from lgdcnn_core.training.conditions import Features, checked_conditions
from lgdcnn_core.training.duplicates import merge_duplicates
from lgdcnn_core.training.given import Formulas, Given, given, given_for_validation
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.notices import warn_of_unused
from lgdcnn_core.training.sample_weights import SampleWeight, checked_weights, without_weightless
from lgdcnn_core.training.targets import BadTrainingData, Targets, as_numbers, matched, property_names

VALIDATION_FRACTION = 0.1
"""Share of the training data held out if a recipe needs validation data and gets none."""


class UnknownElements(ValueError):
    """The element table has no vector for an element of some compounds."""


def labelled(X: Formulas, y: Targets | None, role: str, classification: bool, gaps: bool = False) -> Labelled:
    """Return parsed formulas with checked targets.

    Parameters
    ----------
    X, y
        As in `given`. Targets of several properties are a table, (B, K), NaN where one is not known.
    role
        The use of the data, as errors name it.
    classification
        Targets are class labels, see `classes.class_numbers`.
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
    return checked(given(X, y, role), role, classification, gaps)


def checked(
    data: Given, role: str, classification: bool, gaps: bool = False, classes: Classes | None = None
) -> Labelled:
    """Return data that were taken from where they were given, as `labelled` does.

    `classes` are those of a model, to which labels must belong; None takes those of the data.
    """
    values = data.targets
    if values is None:
        raise BadTrainingData(f"the {role} data have no targets: give y, or a DataFrame with a column 'target'")
    compositions = parse(data.formulas, labels=data.labels)
    conditions = None
    if data.conditions is not None:
        conditions = checked_conditions(data.conditions, compositions, role, data.labels)
    weights = None if data.weights is None else checked_weights(data.weights, compositions, role, data.labels)
    names = property_names(values)
    if names is not None and classification:
        raise BadTrainingData("classification takes one property: targets must be (B,)")
    if names is not None:
        targets = _several(compositions, values, role, gaps, data.labels)
        weights = None if weights is None else weights[:, None] * np.isfinite(targets)
        return Labelled(compositions, targets, names, data.labels, weights, conditions)
    name = None if getattr(values, "name", None) is None else str(values.name)  # type: ignore[union-attr]
    if classification:
        targets, classes = class_numbers(values, compositions, role, gaps, data.labels, classes)
        return Labelled(compositions, targets, None, data.labels, weights, conditions, classes, name)
    targets, wrong, as_given = as_numbers(values, role)
    require_as_many(compositions, len(targets), role)
    missing = ~wrong & np.isnan(targets)
    wrong |= np.isinf(targets) | (missing & (not gaps))
    require_right(compositions, wrong, as_given, "finite numbers", f"the {role} data", data.labels)
    return Labelled(compositions, targets, None, data.labels, weights, conditions, name=name)


def _several(compositions: Compositions, values: Targets, role: str, gaps: bool, labels: Labels) -> NDArray[np.float64]:
    """Return checked targets of several properties, (B, K)."""
    table = values if isinstance(values, pd.DataFrame) else pd.DataFrame(np.asarray(values))
    require_as_many(compositions, len(table), role, "rows of targets")
    columns, complaints = [], []
    for name, column in table.items():
        targets, wrong, as_given = as_numbers(column, role)
        try:
            require_right(compositions, wrong, as_given, "finite numbers", f"{name} in the {role} data", labels)
        except BadTrainingData as error:
            complaints.append(str(error))
        columns.append(targets)
    if complaints:
        raise BadTrainingData("\n".join(complaints))
    targets = np.column_stack(columns)
    if gaps:
        return targets
    known = np.isfinite(targets)
    for kind, has in (("compounds", known.any(axis=1)), ("properties", known.any(axis=0))):
        if not has.all():
            numbers = ", ".join(map(str, np.flatnonzero(~has)[:CASES_SHOWN]))
            raise BadTrainingData(f"{np.sum(~has)} {kind} of the {role} data have no target, such as {numbers}")
    return targets


def training_and_validation(
    X: Formulas,
    y: Targets | None,
    val: pd.DataFrame | tuple[Formulas, Targets] | str | Path | None,
    classification: bool,
    seed: int | None,
    sample_weight: SampleWeight | None = None,
    features: Features = (),
) -> tuple[Labelled, Labelled | None]:
    """Return the data of a training: the training part with duplicates merged, and the validation part, if any.

    Parameters
    ----------
    X, y, classification
        As in `labelled`.
    val
        Validation data, a table, the path of a csv file, or a pair.
    seed
        Draws `VALIDATION_FRACTION` of the training data for validation, if none are given; None holds nothing out.
    sample_weight
        Weights of the training rows, as in `given`; rows of weight 0 are left out. See also `given_for_validation`.
    features
        Names of the columns with conditions.

    Raises
    ------
    BadTrainingData, lgdcnn_core.composition.InvalidFormulas
        As for `labelled` and `hold_out`.

    Warns
    -----
    DataWarning
        Of columns that are not used, and of training rows with the same formula.
    """
    taken = given(X, y, "training", sample_weight, features)
    data = checked(taken, "training", classification)
    warn_of_unused(taken.unused, "training")
    data = merge_duplicates(without_weightless(data), "training")
    if val is not None:
        val_taken = given_for_validation(val, y, sample_weight, features)
        if val_taken.targets is not None:
            val_taken = val_taken._replace(targets=matched(val_taken.targets, data.properties, "validation"))
        val_data = checked(val_taken, "validation", classification, classes=data.classes)
        warn_of_unused([name for name in val_taken.unused if name not in taken.unused], "validation")
        return data, val_data
    return (data, None) if seed is None else hold_out(data, VALIDATION_FRACTION, seed)


def hold_out(data: Labelled, fraction: float, seed: int) -> tuple[Labelled, Labelled]:
    """Return the data without a share drawn by the seed, and this share, both in the order of the data.

    Rows of one formula, under different conditions, stay together, so that validation compounds are new ones.

    Raises
    ------
    BadTrainingData
        If there are fewer than two compounds.
    """
    codes, formulas = pd.factorize(data.compositions.formulas)
    if len(formulas) < 2:
        raise BadTrainingData("one compound cannot be split into training and validation data")
    shuffled = np.random.default_rng(seed).permutation(len(formulas))
    n_out = min(max(round(fraction * len(formulas)), 1), len(formulas) - 1)
    out = np.isin(codes, shuffled[:n_out])
    return data[np.flatnonzero(~out)], data[np.flatnonzero(out)]


def require_known(compositions: Compositions, table: ElementTable) -> None:
    """Raise if the table has no vector for an element of a compound.

    Raises
    ------
    UnknownElements
        If so; the message names the compounds.
    """
    compounds = compositions.containing(np.flatnonzero(~table.known))
    if len(compounds):
        shown = ", ".join(shortened(f) for f in compositions.formulas[compounds[:CASES_SHOWN]])
        raise UnknownElements(
            f"the element table {table.name!r} has no vector for an element of {len(compounds)} compounds ({shown}"
            f"{', ...' if len(compounds) > CASES_SHOWN else ''}); choose another table with elements="
        )
