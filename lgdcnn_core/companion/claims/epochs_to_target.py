"""Table of the epochs and seconds in which trainings reach given validation errors, as text."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lgdcnn_core import training
from lgdcnn_core.models import CHAINS

MODEL = "L-G-DCNN"
"""The network that comes first."""


def reached_table(summary: pd.DataFrame, labels: Mapping[str, str], name: str) -> pd.DataFrame:
    """Write the epochs or seconds to targets as text: mean, extremes and number of seeds.

    Parameters
    ----------
    summary
        From `convergence.summarise_reached`, with ``factor``.
    labels
        Name of each data set for readers, in the order of the rows.
    name
        ``"epoch"`` or ``"seconds"``.

    Returns
    -------
    DataFrame
        One row per data set and target, one column per recipe (and machine) and network. See `text` for the cells;
        empty where a network was not trained.
    """
    order = {name: place for place, name in enumerate([*labels, *training.RECIPES, MODEL, *CHAINS])}
    rows = summary.sort_values(["dataset", "recipe", "model"], key=lambda names: names.map(order), kind="stable")
    targets = zip(rows["factor"], rows["target"], strict=True)
    cells = pd.DataFrame(
        {
            "data set": rows["dataset"].map(labels),
            "target": [f"{factor:g} times the lowest, {target:.4g}" for factor, target in targets],
            "recipe": rows["recipe"] + rows["store"].map({"committed": "", "local": ", this machine"}),
            "network": rows["model"],
            "cell": [text(row, name) for _, row in rows.iterrows()],
        }
    )
    wide = cells.pivot_table("cell", ["data set", "target"], ["recipe", "network"], aggfunc="first", sort=False)
    return wide.fillna("")


def text(row: "pd.Series[Any]", name: str) -> str:
    """Write one value of `convergence.summarise_reached`, ``"epoch"`` or ``"seconds"``.

    The text gives the mean, the extremes if there are several seeds, and their number; "-" where no seed reached the
    target. Where only some seeds did, their number replaces the mean, which would cover the quick ones alone.
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
