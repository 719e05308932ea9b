"""What learning curves say of the claim that L-G-DCNN converges faster, in words."""

from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.figures.cells import GROUPS
from lgdcnn_core.companion.figures.style import unit_text
from lgdcnn_core.companion.figures.targets import span
from lgdcnn_core.companion.runs.convergence import PAIRS
from lgdcnn_core.companion.runs.curves import KIND, MACHINE

_VERDICTS = {1: "fewer", -1: "more", 0: "as many"}


def conditions(curves: pd.DataFrame, left_out: "pd.Series[str]") -> list[str]:
    """Say what is compared and what is not: records left out, whose seconds count, and which weights are validated.

    Parameters
    ----------
    curves
        Those that are compared, from `curves.on_one_machine`.
    left_out
        Reasons why others are not (`curves.reasons_against`), one a record.
    """
    said = [f"Left out: {_count(n, 'record')}, {reason}." for reason, n in left_out.value_counts(sort=False).items()]
    if curves.empty:
        return said
    columns = {name: (name, "first") for name in (*MACHINE, "recipe", "averaging", "commit")}
    runs = curves.groupby(["store", "key"], sort=False).agg(**columns, seconds=("seconds", "max"))
    timed = runs[runs["seconds"].notna()]
    if len(timed):
        processor, device, threads = timed.iloc[0][MACHINE]
        others, commits = len(runs) - len(timed), timed["commit"].nunique()
        sentence = (
            f"Seconds are of {processor} ({device}, {_count(threads, 'thread')}), where {len(timed)} of the "
            f"{_count(len(runs), 'record')} were made."
        )
        if others:
            sentence += f" Those of the other {others}, made elsewhere, are left out."
        if commits > 1:
            sentence += f" They come from {commits} versions of the code, which need not be equally fast."
        said += [sentence]
    for recipe, averaging in runs.groupby("recipe", sort=False)["averaging"].first().items():
        weights = "the weights as they are" if averaging == "published" else "the averaged weights"
        said += [f"In the {recipe} recipe an epoch's validation error is of {weights} at its end."]
    return said


def verdict(compared: pd.DataFrame, first: str, second: str, what: str = "epochs") -> list[str]:
    """Say on which data sets the first network comes down to the targets sooner than the second.

    Parameters
    ----------
    compared
        From `convergence.compare`.
    first, second
        The networks.
    what
        What was counted: "epochs" or "seconds".

    Returns
    -------
    list of str
        A sentence a recipe over all data sets, then one a data set and recipe.
    """
    kinds = [name for name in KIND if name != "model"]
    return [
        *(
            f"**{_over_sets(rows, first, second, what)}**"
            for _, rows in compared.groupby(["store", "recipe"], sort=False)
        ),
        *(_on_one_set(rows, what) for _, rows in compared.groupby(kinds, dropna=False, sort=False)),
    ]


def as_good(beside: pd.DataFrame) -> list[str]:
    """Say how long ours takes to the lowest validation MAE that was noted of the published code, on each data set.

    Parameters
    ----------
    beside
        From `beside_published_code`.
    """
    lowest = beside["target"] == beside.groupby("dataset")["target"].transform("min")
    return [_beside_lowest(row) for _, row in beside[lowest].iterrows()]


def _beside_lowest(row: "pd.Series[Any]") -> str:
    card = benchmarks.card(row["dataset"])
    said = (
        f"{card.label}: the published code had come down to {row['target']:#.3g} {unit_text(card.unit)} by epoch "
        f"{row['code_epoch']}, after about {row['code_seconds']:,.0f} s; our {row['model']}, {_recipe(row)}, "
    )
    if row["n_reached"] < row["n"]:
        lengths = sorted({row["shortest"], row["longest"]})
        said += f"with {row['n_reached']} of {_count(row['n'], 'seed')} in {' to '.join(map(str, lengths))} epochs"
        if row["n_reached"] == 0 or pd.isna(row["seconds_low"]):
            return f"{said}."
        quickest = f"{said}, the quickest after {row['seconds_low']:,.0f} s"
        return f"{quickest}: the published code took {row['ratio_high']:.2g} times that."
    said += f"after {span(row, 'epoch')} epochs ({_count(row['n'], 'seed')})"
    if pd.isna(row["seconds"]):
        return f"{said}, on a machine whose seconds are not shown here."
    by_seed = f" ({row['ratio_low']:.2g} to {row['ratio_high']:.2g} by seed)" if row["n_timed"] > 1 else ""
    return f"{said} and {span(row, 'seconds')} s: the published code took **{row['ratio']:.2g} times** that{by_seed}."


def _over_sets(rows: pd.DataFrame, first: str, second: str, what: str) -> str:
    sides = pd.Series([_side(row) for _, row in rows.iterrows()], index=rows.index, dtype=float)
    leads = sides.groupby([rows["dataset"], rows["fold"]], dropna=False).sum()
    pairs = rows[PAIRS].sum()
    decided = _count(int(sides.notna().sum()), "decided target")
    return (
        f"{_recipe(rows.iloc[0]).capitalize()}, {_count(len(leads), 'data set')}: of {decided} {first} comes to "
        f"{(sides > 0).sum()} in fewer {what} than {second}, and to {(sides < 0).sum()} in more; it is ahead on "
        f"{(leads > 0).sum()} of the sets, behind on {(leads < 0).sum()}. Seed against seed: fewer in "
        f"{pairs['sooner']} pairs, more in {pairs['later']}, as many in {pairs['equal']}, undecided in {pairs['open']}."
    )


def _on_one_set(rows: pd.DataFrame, what: str) -> str:
    row = rows.iloc[0]
    label = benchmarks.card(row["dataset"]).label + ("" if pd.isna(row["fold"]) else f", fold {row['fold']}")
    n_pairs = int(row[PAIRS].sum())
    factors: dict[str, list[str]] = {name: [] for name in (*_VERDICTS.values(), "undecided")}
    for _, each in rows.iterrows():
        side = _side(each)
        told = f" ({max(each['sooner'], each['later'])} of {n_pairs} pairs)" if side and n_pairs > 1 else ""
        factors["undecided" if side is None else _VERDICTS[side]] += [f"{each['factor']:g}{told}"]
    said = [f"{name} for {', '.join(those)}" for name, those in factors.items() if those]
    return f"{label}, {_recipe(row)}, {what} to these multiples of the lowest error: {'; '.join(said)}."


def _side(row: "pd.Series[Any]") -> int | None:
    """1 if the first network is the sooner one in more pairs of seeds, -1 if in fewer, None if nothing is decided."""
    if row["sooner"] + row["later"] + row["equal"] == 0:
        return None
    return int(row["sooner"] > row["later"]) - int(row["sooner"] < row["later"])


def _recipe(row: "pd.Series[Any]") -> str:
    where = "" if row["store"] == "committed" else f", {GROUPS[row['store']].lower()}"
    return f"{row['recipe']} recipe{where}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
