"""Our claim: our trainings reach the errors of the published code in a fraction of its time."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks, training
from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims.epochs_to_target import span, text
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, judge, mean_of, untested
from lgdcnn_core.companion.runs.curves import KIND
from lgdcnn_core.companion.runs.joint import both_joint

CLAIM = "Ours reaches the published code's validation errors sooner"

NOTEBOOK = "03_convergence"

MODEL = "L-G-DCNN"

THEIRS, OURS = "published code, measured on another machine", "ours"
"""Headings of columns that never mix."""


def published_code() -> pd.DataFrame:
    """Return the validation MAEs noted from the published code; ``seconds`` is the share of its training by epochs."""
    code = benchmarks.published("published_code")
    return code.assign(seconds=code["epoch"] * code["run_seconds"] / code["run_epochs"])


def targets(measured: pd.DataFrame) -> pd.DataFrame:
    """Return the validation MAEs noted from the published code as targets for `convergence.reached`."""
    noted = measured[["dataset", "val_mae"]].drop_duplicates().rename(columns={"val_mae": "target"})
    return noted.assign(fold=None).astype({"fold": "Int64"})


def beside_published_code(summary: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Compare our epochs and seconds to a validation MAE with those of the published code.

    Parameters
    ----------
    summary
        From `convergence.summarise_reached`, the targets being the ``val_mae`` of `measured`.
    measured
        Columns ``dataset``, ``model``, ``val_mae``, ``epoch``, ``seconds``; if an MAE occurs twice, the first counts.

    Returns
    -------
    DataFrame
        Rows of `summary` whose network was measured, with ``code_epoch``, ``code_seconds``, and ``ratio``, the
        published code's seconds over our mean seconds. ``ratio_low`` and ``ratio_high`` belong to our slowest and our
        quickest seed. All three are missing where our seconds are.
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
    """Write the result of `beside_published_code` as text.

    Returns
    -------
    DataFrame
        One row per data set and validation MAE (index). Columns of two levels: for the published code, ``epoch`` and
        ``seconds, about``; for each recipe of ours, ``epochs``, ``seconds``, and ``times as fast``, the seconds of the
        published code over ours.
    """
    rows: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for _, row in beside.sort_values("target", ascending=False, kind="stable").iterrows():
        cells = rows.setdefault((labels[row["dataset"]], f"{row['target']:#.3g}"), {})
        cells[THEIRS, "epoch"] = str(row["code_epoch"])
        cells[THEIRS, "seconds, about"] = f"{row['code_seconds']:,.0f}"
        ours = f"{OURS}, {_recipe(row)}" + ("" if row["model"] == MODEL else f", {row['model']}")
        cells[ours, "epochs"], cells[ours, "seconds"] = text(row, "epoch"), text(row, "seconds")
        cells[ours, "times as fast"] = "-" if pd.isna(row["ratio"]) else f"{row['ratio']:.2g}"
    order = {labels[name]: place for place, name in enumerate(beside["dataset"].unique())}
    keys = sorted(rows, key=lambda key: order[key[0]])
    table = pd.DataFrame([rows[key] for key in keys])
    if len(table):
        table.index = pd.MultiIndex.from_tuples(keys, names=["data set", "validation MAE"])
        table.columns = pd.MultiIndex.from_tuples(map(tuple, table.columns))
    return table.fillna("")


def first_trainings(records: pd.DataFrame, recipes: Sequence[str], stores: Sequence[str]) -> list[str]:
    """Say how long the trainings that recipes start from took; the recipes' own seconds leave them out.

    Parameters
    ----------
    records
        From `runs.load_records`.
    recipes
        Names of the recipes.
    stores
        Names of the stores whose records count.
    """
    said = []
    for source in dict.fromkeys(training.recipe(name).source for name in recipes):
        if source == training.JOINT:
            kept = [store.records().values() for store in both_joint() if store.name in stores]
            own = [each for part in kept for each in part if each.spec.recipe == training.PRETRAINING.name]
            seconds, data = pd.Series([each.seconds for each in own]), "all extended sets together"
        else:
            those = (records["recipe"] == training.PRETRAINING.name) & (records["dataset"] == source)
            seconds, data = records.loc[those, "training_seconds"], None
        if source and len(seconds):
            data = data or benchmarks.card(source).label
            seeds = wording.counted(len(seconds), "seed")
            took = wording.span(seconds.min(), seconds.max(), ",.0f")
            said.append(f"The first training, on {data}, took {took} s ({seeds}).")
    return said


def at_the_lowest(beside: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of `beside_published_code` at the published code's lowest validation MAE on each data set."""
    return beside[beside["target"] == beside.groupby("dataset")["target"].transform("min")]


def by_set(beside: pd.DataFrame) -> list[str]:
    """Say how long our training takes to the published code's lowest validation MAE, on each data set.

    Parameters
    ----------
    beside
        From `beside_published_code`.
    """
    return [_on_one_set(row) for _, row in at_the_lowest(beside).iterrows()]


def verdict(reached: pd.DataFrame, beside: pd.DataFrame, recipe: str) -> Verdict:
    """Judge one recipe against the time of the published code.

    Parameters
    ----------
    reached
        From `convergence.reached`, one row per seed.
    beside
        From `beside_published_code`, of the same trainings.
    recipe
        Name of the recipe.

    Returns
    -------
    Verdict
        Its numbers are, for each data set, the published code's seconds over our mean seconds, to the published code's
        lowest validation MAE, with Student's interval over our seeds in the logarithm, its width from the relative
        standard error of the mean. "Reproduced" if all seeds reach that MAE and each interval lies above 1.
    """
    rows = at_the_lowest(beside[beside["recipe"] == recipe])
    timed = rows.dropna(subset=["ratio"])
    if timed.empty:
        why = f"No record by the {recipe} recipe has seconds to compare with those of the published code."
        return untested(CLAIM, "project", why, NOTEBOOK)
    estimates = [_estimate(row, reached) for _, row in timed.iterrows()]
    outcomes = {judge(each, 1, "above") for each in estimates}
    complete = len(timed) == len(rows)
    outcome = outcomes.pop() if len(outcomes) == 1 and complete else Outcome.IN_PART
    return Verdict(
        claim=CLAIM,
        by="project",
        tested=f"{_labels(timed)}, {recipe} recipe; ours and the published code ran on different machines",
        quantity="seconds of the published code over ours, to its lowest validation MAE",
        published=(),
        ours=tuple(estimates),
        outcome=outcome,
        sentence=_sentence(timed, estimates, recipe),
        notebook=NOTEBOOK,
        form=".2g",
        detail="The first training of a recipe that goes on from another one, made once for all sets, is not counted.",
    )


def _estimate(row: "pd.Series[Any]", reached: pd.DataFrame) -> Estimate:
    kind = [*(name for name in KIND if pd.notna(row[name])), "target"]
    seconds = reached.loc[(reached[kind] == row[kind]).all(axis=1), "seconds"].dropna()
    ours = mean_of(seconds.astype(float), "seed")
    ratio = row["code_seconds"] / ours.value
    factor = math.exp((ours.high - ours.value) / ours.value)
    return Estimate(ratio, ours.n, "seed", ratio / factor, ratio * factor)


def _sentence(rows: pd.DataFrame, estimates: Sequence[Estimate], recipe: str) -> str:
    took = [
        f"{seconds:,.0f} s on {benchmarks.card(name).label}"
        for name, seconds in zip(rows["dataset"], rows["seconds"], strict=True)
    ]
    times = [f"{estimate.value:.2g}" for estimate in estimates]
    return f"By {recipe}, it takes {wording.listed(took)}: {wording.listed(times)} times less."


def _labels(rows: pd.DataFrame) -> str:
    return ", ".join(benchmarks.card(name).label for name in rows["dataset"])


def _on_one_set(row: "pd.Series[Any]") -> str:
    card = benchmarks.card(row["dataset"])
    said = (
        f"{card.label}: the published code reached {row['target']:#.3g} {wording.unit_text(card.unit)} by epoch "
        f"{row['code_epoch']}, after about {row['code_seconds']:,.0f} s; our {row['model']}, {_recipe(row)}, "
    )
    if row["n_reached"] < row["n"]:
        lengths = sorted({row["shortest"], row["longest"]})
        said += (
            f"reached it with {row['n_reached']} of {wording.counted(row['n'], 'seed')} in "
            f"{' to '.join(map(str, lengths))} epochs"
        )
        if row["n_reached"] == 0 or pd.isna(row["seconds_low"]):
            return f"{said}."
        quickest = f"{said}, the quickest after {row['seconds_low']:,.0f} s"
        return f"{quickest}: the published code took {row['ratio_high']:.2g} times that."
    said += f"reached it after {span(row, 'epoch')} epochs ({wording.counted(row['n'], 'seed')})"
    if pd.isna(row["seconds"]):
        return f"{said}, on a machine whose seconds are not shown here."
    by_seed = f" ({row['ratio_low']:.2g} to {row['ratio_high']:.2g} by seed)" if row["n_timed"] > 1 else ""
    return f"{said} and {span(row, 'seconds')} s: the published code took **{row['ratio']:.2g} times** that{by_seed}."


def _recipe(row: "pd.Series[Any]") -> str:
    where = "" if row["store"] == "committed" else f", {wording.STORES[row['store']].lower()}"
    return f"{row['recipe']} recipe{where}"
