"""Stacks from records: networks and trees together, each with a weight that validation data decide.

We fixed the rule before measuring any stack, and use no other: the weights are not negative, add up to one, and
minimise the squared error of the weighted mean on the validation part of the same data set and fold (stacked
regressions: L. Breiman, Mach. Learn. 1996, 24, 49, doi:10.1007/BF00117832).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.runs import metrics
from lgdcnn_core.companion.runs.ensembles import AND
from lgdcnn_core.companion.runs.record import VALIDATION
from lgdcnn_core.companion.runs.rows import UnlikeRecords, same_rows
from lgdcnn_core.companion.runs.store import Store, both_stores
from lgdcnn_core.companion.runs.table import GROUP, METRICS

NAME = "stack"
"""Name that stacks have in place of a recipe."""

_TASK = ["store", "dataset", "fold", "train_fraction"]
"""Columns in which the members of a stack agree."""

_MEMBER = ["model", "recipe", "setting", "epochs"]
"""Columns in which the records of one member agree; they differ in their seed."""

_METRICS = [name for name in METRICS if not name.startswith("val_")]

_COLUMNS = [*GROUP, "n", "weights", *_METRICS, "training_seconds", "n_val", "n_test"]

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Stack:
    """A stack of models of one data set or fold.

    Attributes
    ----------
    weights
        (k,), of the members in the order given.
    predictions
        Test predictions, as `Store.predictions` gives them; ``uncertainty`` is missing.
    n_val
        Compounds that decided the weights.
    """

    weights: Values
    predictions: pd.DataFrame
    n_val: int


def weights(predicted: Values, actual: Values) -> Values:
    """Find the weights of a stack by the rule of this module.

    Parameters
    ----------
    predicted
        (k, B): predictions of k members for B validation compounds.
    actual
        (B,): their targets.

    Returns
    -------
    (k,), not negative, of sum 1. They depend neither on the unit nor on the zero of the property.
    """
    errors = (predicted - actual).T
    size = np.sqrt(np.mean(errors**2))
    # Non-negative least squares with one more row, of ones and target 1. Along a direction w of sum 1 its minimum is
    # q / (1 + q), where q is the squared error of w. It grows with q, so the best direction has the least error.
    rows = np.vstack([errors / (size or 1.0) / np.sqrt(len(errors)), np.ones(len(predicted))])
    found, _ = nnls(rows, np.append(np.zeros(len(errors)), 1.0))
    return found / found.sum()


def stack(store: Store, members: Sequence[Sequence[str]]) -> Stack:
    """Stack records of one data set or fold.

    Parameters
    ----------
    store
        The store that holds them.
    members
        Keys of the records of each member; a member with several predicts their mean.

    Raises
    ------
    NoValidation
        If a record has no validation predictions.
    UnlikeRecords
        If their rows are not the same.
    KeyError, BrokenRecord
        As in `Store.predictions`.
    """
    keys = [key for member in members for key in member]
    val, test = same_rows(store, keys, "validation"), same_rows(store, keys)
    found = weights(_of_members(members, val), val[0]["actual"].to_numpy(dtype=float))
    predictions = test[0].assign(predicted=found @ _of_members(members, test), uncertainty=np.nan)
    return Stack(found, predictions, len(val[0]))


def stacked(
    records: pd.DataFrame, models: Sequence[str], stores: Iterable[Store] | None = None, pure_elements: bool = True
) -> pd.DataFrame:
    """Measure the stack of these models on every data set and fold that has records of all of them.

    Parameters
    ----------
    records
        From `load_records`, or some of its rows, with one recipe per model. All seeds of a model take part, as their
        mean. Records without validation predictions, such as refits, are left out.
    models
        The members.
    stores
        Stores that hold the records; the default is both. The two are never mixed.
    pure_elements
        As in `ensembles`.

    Returns
    -------
    DataFrame
        One row per data set and fold. The columns are as in `runs.ensembles`, so that the same figures take both:
        ``model`` names the members, ``recipe`` is `NAME`, and ``epochs`` is missing; ``n`` counts the records,
        ``weights`` has one weight per model, and ``n_val`` counts the compounds that decided them.

    Raises
    ------
    UnlikeRecords
        If a model has records of two kinds on a data set, or rows differ.
    BrokenRecord
        As in `stack`.
    """
    by_name = {store.name: store for store in (both_stores() if stores is None else stores)}
    of_models = records[records["model"].isin(models)]
    keeps = [
        VALIDATION in by_name[name].read(key).files
        for name, key in zip(of_models["store"], of_models["key"], strict=True)
    ]
    rows = []
    for task, found in of_models[np.array(keeps, dtype=bool)].groupby(_TASK, dropna=False, sort=False):
        members = [_records_of(found, model) for model in models]
        if all(map(len, members)):
            measured = _measured(by_name[found["store"].iloc[0]], models, members, pure_elements)
            rows.append(dict(zip(_TASK, task, strict=True)) | measured)
    table = pd.DataFrame(rows, columns=_COLUMNS)
    integers = ["fold", "epochs", "n", "n_val", "n_test"]
    floats = [*_METRICS, "train_fraction", "training_seconds"]
    return table.astype(dict.fromkeys(integers, "Int64") | dict.fromkeys(floats, "float64"))


def _of_members(members: Sequence[Sequence[str]], tables: Sequence[pd.DataFrame]) -> Values:
    """Return the predictions of the members, (k, B), from those of all their records in order."""
    predicted = np.stack([table["predicted"].to_numpy(dtype=float) for table in tables])
    ends = np.cumsum([len(member) for member in members])[:-1]
    return np.stack([of_member.mean(axis=0) for of_member in np.split(predicted, ends)])


def _records_of(found: pd.DataFrame, model: str) -> pd.DataFrame:
    """Choose the records of one member of a stack."""
    of_model = found[found["model"] == model]
    if len(kinds := of_model[_MEMBER].drop_duplicates()) > 1:
        raise UnlikeRecords(
            f"a stack takes one kind of training per model, but there are records of {len(kinds)} kinds of {model} on "
            f"{of_model['dataset'].iloc[0]}, such as {', '.join(of_model['key'].iloc[:2])}: choose among the records"
        )
    return of_model


def _measured(
    store: Store, models: Sequence[str], members: Sequence[pd.DataFrame], pure_elements: bool
) -> dict[str, Any]:
    made = stack(store, [member["key"].tolist() for member in members])
    table = made.predictions if pure_elements else benchmarks.without_pure_elements(made.predictions)
    actual, predicted = table["actual"].to_numpy(), table["predicted"].to_numpy()
    classification = benchmarks.card(members[0]["dataset"].iloc[0]).kind == "classification"
    return {
        "model": AND.join(models),
        "recipe": NAME,
        "setting": "exact",
        "epochs": pd.NA,
        "refit": False,
        "n": sum(map(len, members)),
        "weights": dict(zip(models, made.weights.tolist(), strict=True)),
        "training_seconds": sum(member["training_seconds"].sum() for member in members),
        "n_val": made.n_val,
        "n_test": len(table),
        **(metrics.classification if classification else metrics.regression)(actual, predicted),
    }
