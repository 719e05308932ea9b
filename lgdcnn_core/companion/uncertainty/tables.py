"""Tables of how well stated uncertainties fit the test errors: seeds and folds of a set are averaged first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lgdcnn_core.companion.intervals import students
from lgdcnn_core.companion.uncertainty import measures
from lgdcnn_core.companion.uncertainty.case import WAYS, Case
from lgdcnn_core.companion.uncertainty.measures import EXPECTATIONS, PER_STD, Values

SHARE = 0.9
"""Share of the values that the intervals of the tables hold, if the uncertainties are right."""

LEFT_OUT = np.arange(20) / 20
"""Shares of the least certain compounds that are left out."""

N_BINS = 10
"""Bins of stated uncertainty in the figure, each with the same number of compounds."""


def fit(cases: Iterable[Case]) -> pd.DataFrame:
    """Measure how well the uncertainties of each case fit its test errors.

    Returns
    -------
    DataFrame
        One row per case: ``way``, ``dataset``, ``fold``, ``n_test``; for each expectation ``coverage_...`` of the
        interval that should hold `SHARE`, and ``area_...``, the miscalibration area; ``mae``, ``rmse`` and
        ``sharpness`` in the unit of the property; ``sharpness_over_rmse``; ``mae_of_surer_half`` over the MAE, and
        ``mae_of_best_half``, where the errors themselves give the order.
    """
    rows = []
    for case in cases:
        errors, std, scores = _measured(case.test)
        half = [float(measures.error_decay(errors, by, [0.5])[0]) for by in (std, errors)]
        row: dict[str, Any] = {"way": case.way, "dataset": case.dataset, "fold": case.fold, "n_test": len(errors)}
        for name in EXPECTATIONS:
            row[f"coverage_{name}"] = float(measures.coverage(scores, [SHARE], name)[0])
            row[f"area_{name}"] = measures.miscalibration_area(scores, name)
        row |= {"mae": errors.mean(), "rmse": measures.sharpness(errors), "sharpness": measures.sharpness(std)}
        row["sharpness_over_rmse"] = row["sharpness"] / row["rmse"]
        rows.append(row | {"mae_of_surer_half": half[0], "mae_of_best_half": half[1]})
    columns = ["way", "dataset", "fold", "n_test"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


def by_set(table: pd.DataFrame, columns: Sequence[str], also: Sequence[str] = ()) -> pd.DataFrame:
    """Average columns over the seeds and folds of each way and data set, and of each value of the columns `also`."""
    return table.groupby(["way", "dataset", *also], sort=False)[list(columns)].mean().reset_index()


def over_sets(table: pd.DataFrame, column: str, also: Sequence[str] = ()) -> pd.DataFrame:
    """Average a column over data sets, with Student's 95 % interval.

    Parameters
    ----------
    table
        One row per case.
    column
        Its column.
    also
        Columns that are kept apart, beside ``way``.

    Returns
    -------
    DataFrame
        One row per way, in the order of `WAYS`, and per value of the columns `also`: ``mean``, ``low``, ``high`` (NaN
        for a single set) and ``sets``.
    """
    sets = by_set(table, [column], also)
    grouped = sets.groupby(["way", *also], sort=False)[column].agg(["mean", "std", "count"]).reset_index()
    reach = (grouped["count"] - 1).map(students) * grouped["std"] / np.sqrt(grouped["count"])
    result = grouped.assign(low=grouped["mean"] - reach, high=grouped["mean"] + reach, sets=grouped["count"])
    result = result[["way", *also, "mean", "low", "high", "sets"]]
    return result.sort_values("way", key=lambda ways: ways.map(WAYS.index), kind="stable").reset_index(drop=True)


def curves(cases: Iterable[Case]) -> pd.DataFrame:
    """Return observed coverage, averaged over data sets, against the expected one.

    Returns
    -------
    DataFrame
        Columns ``way``, ``expectation``, ``expected`` (0 to 1 in steps of 0.01), and those of `over_sets`.
    """
    shares = np.arange(101) / 100

    def curve(case: Case) -> pd.DataFrame:
        scores = _measured(case.test)[2]
        observed = {name: measures.coverage(scores, shares, name) for name in EXPECTATIONS}
        return pd.DataFrame(observed).assign(expected=shares).melt("expected", EXPECTATIONS, "expectation", "observed")

    return over_sets(_stacked(cases, curve), "observed", ["expectation", "expected"])


def binned(cases: Iterable[Case], n_bins: int = N_BINS) -> pd.DataFrame:
    """Return the mean error against the one that the stated uncertainty means, in bins of stated uncertainty.

    Both are in units of the case's MAE, so that data sets can be averaged; a Laplace distribution is expected.

    Returns
    -------
    DataFrame
        Columns ``way``, ``bin``, ``stated`` (mean over data sets), and those of `over_sets` for the observed error.
    """

    def bins(case: Case) -> pd.DataFrame:
        errors, std, _ = _measured(case.test)
        table = pd.DataFrame({"bin": measures.bins(std, n_bins), "observed": errors, "stated": std})
        means = table.groupby("bin").mean() / errors.mean()
        return means.assign(stated=PER_STD["Laplace"] * means["stated"]).reset_index()

    table = _stacked(cases, bins)
    stated = over_sets(table, "stated", ["bin"]).rename(columns={"mean": "stated"})[["way", "bin", "stated"]]
    return stated.merge(over_sets(table, "observed", ["bin"]), on=["way", "bin"])


def decay(cases: Iterable[Case]) -> pd.DataFrame:
    """Return the MAE of the compounds that remain when the least certain are left out, over the MAE of all.

    Returns
    -------
    DataFrame
        Columns ``way``, ``order`` ("stated", or "best": the largest errors are left out first), ``left_out``, and
        those of `over_sets`.
    """

    def lines(case: Case) -> pd.DataFrame:
        errors, std, _ = _measured(case.test)
        orders = {"stated": std, "best": errors}
        table = pd.DataFrame({name: measures.error_decay(errors, by, LEFT_OUT) for name, by in orders.items()})
        return table.assign(left_out=LEFT_OUT).melt("left_out", list(orders), "order", "remaining")

    return over_sets(_stacked(cases, lines), "remaining", ["order", "left_out"])


def _measured(table: pd.DataFrame) -> tuple[Values, Values, Values]:
    """Return the absolute errors, standard deviations and scores of a table of predictions, (B,) each."""
    actual, predicted, std = (table[name].to_numpy(dtype=float) for name in ("actual", "predicted", "uncertainty"))
    return np.abs(actual - predicted), std, measures.scores(actual, predicted, std)


def _stacked(cases: Iterable[Case], make: Callable[[Case], pd.DataFrame]) -> pd.DataFrame:
    tables = [make(case).assign(way=case.way, dataset=case.dataset) for case in cases]
    return pd.concat(tables, ignore_index=True)
