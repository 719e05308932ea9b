"""Claim of the paper: L-G-DCNN converges faster than CrabNet."""

from typing import Any, Literal

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims.verdict import Verdict, judge, mean_of, untested, within
from lgdcnn_core.companion.runs.convergence import PAIRS
from lgdcnn_core.companion.runs.curves import KIND, MACHINE
from lgdcnn_core.training import PAPER

MODEL, RIVAL = "L-G-DCNN", "CrabNet"

CLAIM = f"{MODEL} converges faster than {RIVAL}"

NOTEBOOK = "03_convergence"

Counted = Literal["epochs", "seconds"]

_SIDES = {1: "fewer", -1: "more", 0: "as many", None: "undecided"}


def conditions(curves: pd.DataFrame, left_out: "pd.Series[str]") -> list[str]:
    """Say which records are compared: which are left out, whose seconds count, and which weights are validated.

    Parameters
    ----------
    curves
        Curves that are compared, from `curves.on_one_machine`.
    left_out
        Reasons why other records are left out (`curves.reasons_against`), one for each.
    """
    said = [
        f"Left out: {wording.counted(n, 'record')}, {reason}."
        for reason, n in left_out.value_counts(sort=False).items()
    ]
    if curves.empty:
        return said
    columns = {name: (name, "first") for name in (*MACHINE, "recipe", "averaging", "commit")}
    runs = curves.groupby(["store", "key"], sort=False).agg(**columns, seconds=("seconds", "max"))
    timed = runs[runs["seconds"].notna()]
    if len(timed):
        processor, device, threads = timed.iloc[0][MACHINE]
        others, commits = len(runs) - len(timed), timed["commit"].nunique()
        sentence = (
            f"Seconds are those of {processor} ({device}, {wording.counted(threads, 'thread')}), which made "
            f"{len(timed)} of the {wording.counted(len(runs), 'record')}."
        )
        if others:
            sentence += f" We leave out the seconds of the other {others}, made elsewhere or beside other work."
        if commits > 1:
            sentence += f" They come from {commits} versions of the code, which may differ in speed."
        said += [sentence]
    for recipe, averaging in runs.groupby("recipe", sort=False)["averaging"].first().items():
        weights = "the weights as they are" if averaging == "published" else "the averaged weights"
        said += [f"In the {recipe} recipe, each epoch's validation error is that of {weights} at its end."]
    return said


def verdicts(
    compared: pd.DataFrame, first: str = MODEL, second: str = RIVAL, counted: Counted = "epochs"
) -> list[Verdict]:
    """Judge for each recipe whether the first network reaches target errors sooner than the second.

    Parameters
    ----------
    compared
        From `convergence.compare`.
    first, second
        The networks.
    counted
        Quantity compared: epochs or seconds.

    Returns
    -------
    list of Verdict
        One for each store and recipe, the paper's first. Its number is the share of targets that the first network
        reaches sooner, equal ones counting half: the mean over data sets, with Student's interval, since targets on one
        data set depend on one another. "Reproduced" if the interval lies above one half.
    """
    claim = CLAIM if (first, second) == (MODEL, RIVAL) else f"{first} converges faster than {second}"
    paper_first = compared.sort_values("recipe", key=lambda names: names != PAPER.name, kind="stable")
    found = [
        _of_recipe(rows, claim, first, second, counted)
        for _, rows in paper_first.groupby(["store", "recipe"], sort=False)
        if _sides(rows).notna().any()
    ]
    return found or [untested(claim, "paper", "No data set has records of both networks in one recipe.", NOTEBOOK)]


def by_set(compared: pd.DataFrame, counted: Counted = "epochs") -> list[str]:
    """Say for each data set and recipe which targets the first network reaches sooner, and in how many seed pairs."""
    kinds = [name for name in KIND if name != "model"]
    return [_on_one_set(rows, counted) for _, rows in compared.groupby(kinds, dropna=False, sort=False)]


def _of_recipe(rows: pd.DataFrame, claim: str, first: str, second: str, counted: Counted) -> Verdict:
    sides = _sides(rows)
    leads, decided = sides.groupby(rows["dataset"]).sum(), int(sides.notna().sum())
    shares = ((sides.dropna() + 1) / 2).groupby(rows["dataset"]).mean()
    estimate = within(mean_of(shares, "data set"), 0, 1)
    recipe = _recipe(rows.iloc[0])
    return Verdict(
        claim=f"{claim}, by the {recipe}" + ("" if counted == "epochs" else f" ({counted})"),
        by="paper",
        tested=f"{wording.counted(len(leads), 'data set')}, {recipe}",
        quantity=f"share of target errors that {first} reaches in fewer {counted} than {second}",
        published=(),
        ours=(estimate,),
        outcome=judge(estimate, 0.5, "above"),
        sentence=(
            f"It needs fewer {counted} for {(sides > 0).sum()} of {wording.counted(decided, 'target error')} and "
            f"more for {(sides < 0).sum()}."
        ),
        notebook=NOTEBOOK,
        form=".2f",
        detail=(
            f"It leads on {(leads > 0).sum()} of {wording.counted(len(leads), 'data set')} and trails on "
            f"{(leads < 0).sum()}."
        ),
    )


def _on_one_set(rows: pd.DataFrame, counted: Counted) -> str:
    row = rows.iloc[0]
    label = benchmarks.card(row["dataset"]).label + ("" if pd.isna(row["fold"]) else f", fold {row['fold']}")
    n_pairs = int(row[PAIRS].sum())
    factors: dict[str, list[str]] = {name: [] for name in _SIDES.values()}
    for (_, each), side in zip(rows.iterrows(), _sides(rows), strict=True):
        told = f" ({max(each['sooner'], each['later'])} of {n_pairs} pairs)" if side in (1, -1) and n_pairs > 1 else ""
        factors[_SIDES[None if pd.isna(side) else int(side)]] += [f"{each['factor']:g}{told}"]
    said = [f"{name} for {', '.join(those)}" for name, those in factors.items() if those]
    return f"{label}, {_recipe(row)}, {counted} to these multiples of the lowest error: {'; '.join(said)}."


def _sides(rows: pd.DataFrame) -> "pd.Series[float]":
    """1 where the first network is sooner in more pairs of seeds, -1 in fewer, 0 in as many; missing if undecided."""
    return pd.Series([_side(row) for _, row in rows.iterrows()], index=rows.index, dtype=float)


def _side(row: "pd.Series[Any]") -> int | None:
    if row["sooner"] + row["later"] + row["equal"] == 0:
        return None
    return int(row["sooner"] > row["later"]) - int(row["sooner"] < row["later"])


def _recipe(row: "pd.Series[Any]") -> str:
    where = "" if row["store"] == "committed" else f", {wording.STORES[row['store']].lower()}"
    return f"{row['recipe']} recipe{where}"
