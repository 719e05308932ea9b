"""Table of the epochs and seconds in which trainings reach given validation errors, as text."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lgdcnn_core.companion.wording import STORES


def reached_table(summary: pd.DataFrame, labels: Mapping[str, str], name: str) -> pd.DataFrame:
    """Write the epochs or seconds to targets as text: mean, extremes and number of seeds.

    Parameters
    ----------
    summary
        From `convergence.summarise_reached`, with ``factor``.
    labels
        Name of each data set for readers.
    name
        ``"epoch"`` or ``"seconds"``.

    Returns
    -------
    DataFrame
        A row a data set and target, a column a store, recipe and network. See `text` for the cells; without a record,
        "no record".
    """
    rows = pd.DataFrame(
        {
            "data set": summary["dataset"].map(labels),
            "times lowest": [f"{each:g}" for each in summary["factor"]],
            "target": [f"{each:.4g}" for each in summary["target"]],
            "store": summary["store"].map(STORES),
            "recipe": summary["recipe"],
            "network": summary["model"],
            "cell": [text(row, name) for _, row in summary.iterrows()],
        }
    )
    index, columns = list(rows.columns[:3]), list(rows.columns[3:6])
    return rows.pivot_table(
        index=index, columns=columns, values="cell", aggfunc="first", sort=False, fill_value="no record"
    )


def text(row: "pd.Series[Any]", name: str) -> str:
    """Write one value of `convergence.summarise_reached`, ``"epoch"`` or ``"seconds"``.

    The mean, with several seeds their extremes, and their number; "-" where no seed reached the target. Where only some
    seeds did, their number takes the place of a mean, which would be one of the quick ones.
    """
    if row["n_reached"] == 0:
        return "-"
    if row["n_reached"] < row["n"]:
        return f"{row['n_reached']} of {row['n']} seeds"
    if pd.isna(row[name]):
        return "another machine"
    return f"{span(row, name)}, n = {row['n'] if name == 'epoch' else row['n_timed']}"


def span(row: "pd.Series[Any]", name: str) -> str:
    """Write a mean over seeds and, if there are several, its extremes: ``name``, ``name_low``, ``name_high``."""
    mean, low, high = (f"{row[f'{name}{suffix}']:,.0f}" for suffix in ("", "_low", "_high"))
    return mean if low == mean == high else f"{mean} ({low} to {high})"
