"""Tables of the epochs and seconds in which trainings come down to given validation errors."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lgdcnn_core.companion.figures.cells import GROUPS

THEIRS, OURS = "published code, measured on another machine", "this project's code"
"""Headings of columns that never mix."""


def reached_table(summary: pd.DataFrame, labels: Mapping[str, str], name: str) -> pd.DataFrame:
    """Write the epochs or seconds to targets as text: mean, extremes and number of seeds.

    Parameters
    ----------
    summary
        From `convergence.summarise_reached`, with ``factor``.
    labels
        What to call the data sets.
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
            "store": summary["store"].map(GROUPS),
            "recipe": summary["recipe"],
            "network": summary["model"],
            "cell": [text(row, name) for _, row in summary.iterrows()],
        }
    )
    index, columns = list(rows.columns[:3]), list(rows.columns[3:6])
    return rows.pivot_table(
        index=index, columns=columns, values="cell", aggfunc="first", sort=False, fill_value="no record"
    )


def beside_published_code(summary: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Set our epochs and seconds beside those at which the published code had a validation MAE.

    Parameters
    ----------
    summary
        From `convergence.summarise_reached`, the targets being the ``val_mae`` of `measured`.
    measured
        Columns ``dataset``, ``model``, ``val_mae``, ``epoch``, ``seconds``; of an MAE that occurs twice, the first.

    Returns
    -------
    DataFrame
        Rows of `summary` whose network was measured, with ``code_epoch``, ``code_seconds``, and ``ratio``: how many
        times our mean seconds the published code took; ``ratio_low`` and ``ratio_high`` are of our slowest and our
        quickest seed. Missing where those seconds are.
    """
    code = measured.rename(columns={"val_mae": "target", "epoch": "code_epoch", "seconds": "code_seconds"})
    on = ["dataset", "model", "target"]
    code = code.sort_values("code_epoch").drop_duplicates(on)[[*on, "code_epoch", "code_seconds"]]
    table = summary.merge(code, on=on)
    return table.assign(
        ratio=table["code_seconds"] / table["seconds"],
        ratio_low=table["code_seconds"] / table["seconds_high"],
        ratio_high=table["code_seconds"] / table["seconds_low"],
    )


def published_code_table(beside: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Write `beside_published_code` as text, under a heading for the published code and one for ours."""
    rows = beside.sort_values("target", ascending=False, kind="stable")
    order = {name: place for place, name in enumerate(beside["dataset"].unique())}
    rows = rows.sort_values("dataset", key=lambda names: names.map(order), kind="stable")
    index = pd.MultiIndex.from_arrays(
        [
            rows["dataset"].map(labels),
            [f"{each:#.3g}" for each in rows["target"]],
            rows["model"],
            rows["recipe"],
            rows["store"].map(GROUPS),
        ],
        names=["data set", "validation MAE", "network", "recipe", "store"],
    )
    columns = {
        (THEIRS, "epoch"): rows["code_epoch"].astype(str).to_numpy(),
        (THEIRS, "seconds, about"): [f"{each:,.0f}" for each in rows["code_seconds"]],
        (OURS, "epochs"): [text(row, "epoch") for _, row in rows.iterrows()],
        (OURS, "seconds"): [text(row, "seconds") for _, row in rows.iterrows()],
        ("published over ours", "seconds"): ["-" if pd.isna(each) else f"{each:.2g}" for each in rows["ratio"]],
    }
    return pd.DataFrame(columns, index=index)


def text(row: "pd.Series[Any]", name: str) -> str:
    """Write one value of `convergence.summarise_reached`, ``"epoch"`` or ``"seconds"``.

    The mean, with several seeds their extremes, and their number; "-" where no seed came to the target; where some of
    them did, how many, since the mean of those would be one of the quick ones.
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
