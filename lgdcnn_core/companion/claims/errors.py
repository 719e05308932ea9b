"""Claim of the paper: the errors of L-G-DCNN (Tables 1 and 2).

Only a training by the paper recipe, in the padded setting, over all its epochs and training rows repeats the
published one. Other trainings are set beside the published numbers in `error_tables`, but judge nothing.
"""

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion import wording
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, mean_ratio, untested
from lgdcnn_core.companion.runs.table import GROUP, summarise
from lgdcnn_core.training import PAPER

MODEL = "L-G-DCNN"

ENOUGH_SEEDS = 3
"""Fewer seeds than this do not give a standard deviation worth dividing by."""

NOTEBOOKS = {1: "02_benchmark_table", 2: "04_matbench_table"}
"""Notebook of each table of the paper."""


def against_published(
    summary: pd.DataFrame, published: pd.DataFrame, records: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Set each kind of run beside the published MAE of the same network on the same data set and fold.

    Parameters
    ----------
    summary
        From `runs.summarise`.
    published
        Columns ``dataset``, ``model``, ``published`` (MAE) and, for official folds, ``fold``.
    records
        The records behind the summary, from `runs.load_records`, which have the bootstrap interval of each run.

    Returns
    -------
    DataFrame
        Rows of `summary` that have a published number, with ``published``, ``percent`` (how far our mean lies above
        it), ``deviations`` (the same in standard deviations over our seeds; missing below three seeds) and
        ``same_training``: whether recipe, setting, epochs and training rows were the paper's, so that the run repeats
        the published one. With `records`, also ``inside``: seeds (a tuple) of the runs whose 95 % bootstrap interval
        over test compounds holds the published number; and ``low`` and ``high``, the means over seeds of the ends of
        these intervals.
    """
    on = [name for name in ("dataset", "fold", "model") if name in published.columns]
    # Records count folds in a type that can be missing.
    published = published.astype({name: "Int64" for name in on if name == "fold"})
    table = summary.merge(published, on=on)
    if records is not None:
        held = records.merge(published, on=on).query("mae_low <= published <= mae_high")
        table["inside"] = _seeds_of(table, held)
        ends = records.groupby(GROUP, dropna=False)[["mae_low", "mae_high"]].mean().reset_index()
        ends = ends.rename(columns={"mae_low": "low", "mae_high": "high"})
        table = table.merge(ends, how="left", on=GROUP)
    return table.assign(
        percent=100 * (table["mean"] / table["published"] - 1),
        deviations=((table["mean"] - table["published"]) / table["std"]).where(
            (table["n"] >= ENOUGH_SEEDS) & (table["std"] > 0)
        ),
        same_training=(
            (table["recipe"] == PAPER.name)
            & (table["setting"] == "published")
            & (table["epochs"] == PAPER.epochs)
            & (table["train_fraction"] == 1)
            & ~table["refit"].astype(bool)
        ),
    )


def against_table_1(published: pd.DataFrame, records: pd.DataFrame, less: pd.DataFrame) -> pd.DataFrame:
    """Set our runs beside Table 1, each published number on the test rows that it was measured on.

    Parameters
    ----------
    published
        From `evidence.published_errors`.
    records
        From `runs.load_records`.
    less
        From `runs.without_pure_elements` of the same.

    Returns
    -------
    DataFrame
        As `against_published`.
    """
    long = published.reset_index().melt("dataset", var_name="model", value_name="published")
    quoted = long["model"].isin(benchmarks.WITHOUT_PURE_ELEMENTS)
    parts = [(records, long[~quoted]), (less, long[quoted])]
    return pd.concat([against_published(summarise(own), theirs, own) for own, theirs in parts], ignore_index=True)


def overall(compared: pd.DataFrame, table: Literal[1, 2], n_published: int, model: str = MODEL) -> Verdict:
    """Judge all published errors of a network together.

    Parameters
    ----------
    compared
        From `against_published` with records, of one store.
    table
        Table of the paper that the numbers are in.
    model
        The network.
    n_published
        How many errors were published: data sets of Table 1, official folds of Table 2.

    Returns
    -------
    Verdict
        Its number is the geometric mean over data sets (folds) of our MAE over the published one. "Reproduced" if that
        is at most 1; "within what seeds and test compounds leave open" if every published error is inside our interval
        and the mean's own interval holds 1; "not reproduced" if none is inside; else "in part".
    """
    claim, counted = f"{model} has the errors of Table {table}", "data set" if table == 1 else "official fold"
    own = _repeated(compared, model)
    if own.empty:
        why = f"The published training of {model} has not been repeated on any {counted} of Table {table} yet."
        return untested(claim, "paper", why, NOTEBOOKS[table])
    ratio = mean_ratio(own["mean"] / own["published"], counted)
    inside = int((own["published"] >= own["low"]).sum())
    return Verdict(
        claim=claim,
        by="paper",
        tested=f"{len(own)} of {wording.counted(n_published, counted)}, paper recipe",
        quantity="our MAE over the published one",
        published=(1.0,),
        ours=(ratio,),
        outcome=_outcome(ratio, inside),
        sentence=_overall_sentence(own, inside, counted),
        notebook=NOTEBOOKS[table],
        detail=f"On average ours is {ratio.text('.2f')} times the published one." if len(own) > 1 else "",
    )


def sentence(row: "pd.Series[Any]") -> str:
    """Set one row of `against_published` beside the published number, in a sentence."""
    card = benchmarks.card(row["dataset"])
    unit = "" if card.unit == "1" else f" {wording.unit_text(card.unit)}"
    measured = f"{row['mean']:.4g}{unit} with one seed"
    if row["n"] > 1:
        measured = f"{row['mean']:.4g} ± {row['std']:.2g}{unit} over {row['n']} seeds"
    side = "above" if row["percent"] > 0 else "below"
    said = (
        f"{_place(row)}: we measure {measured}, {abs(row['percent']):.1f} % {side} the published {row['published']:.4g}"
    )
    if row["n"] < ENOUGH_SEEDS:
        said += f" ({'one seed' if row['n'] == 1 else 'so few seeds'} cannot show how much of that is chance)"
    elif pd.notna(row["deviations"]):
        said += f" ({abs(row['deviations']):.1f} standard deviations of our seeds)"
    if "inside" in row.index:
        said += f"; {_intervals(row['inside'], row['n'])}"
    if not row["same_training"]:
        training = wording.way_of_training(
            *(row[name] for name in ("recipe", "setting", "epochs", "train_fraction", "refit"))
        )
        said += f"; ours was another training ({training}), which does not repeat the published one"
    return f"{said}."


def _outcome(ratio: Estimate, inside: int) -> Outcome:
    if ratio.value <= 1:
        return Outcome.REPRODUCED
    if inside == 0:
        return Outcome.NOT_REPRODUCED
    # Written so that a single set, which has no interval, excludes nothing.
    return Outcome.IN_PART if inside < ratio.n or ratio.low > 1 else Outcome.OPEN


def _overall_sentence(own: pd.DataFrame, inside: int, counted: str) -> str:
    percent, n = own["percent"], len(own)
    held = f"{inside} of {n} published numbers lie in our 95 % intervals"
    if n == 1:
        held = f"the published number lies {'in' if inside else 'outside'} our 95 % interval"
    return (
        f"Repeated on {wording.counted(n, counted)}, our MAE is "
        f"{wording.span(percent.min(), percent.max(), '+.1f')} % off; {held}."
    )


def _place(row: "pd.Series[Any]") -> str:
    label = benchmarks.card(row["dataset"]).label
    return label if pd.isna(row["fold"]) else f"{label}, fold {row['fold']}"


def _intervals(seeds: Sequence[int], n: int) -> str:
    if n == 1:
        return f"the published number lies {'inside' if seeds else 'outside'} the run's 95 % bootstrap interval"
    which = f" (seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))})" if 0 < len(seeds) < n else ""
    return f"the published number lies inside the 95 % bootstrap interval of {len(seeds)} of {n} runs{which}"


def _repeated(compared: pd.DataFrame, model: str) -> pd.DataFrame:
    return compared[compared["same_training"] & (compared["model"] == model)]


def _seeds_of(table: pd.DataFrame, records: pd.DataFrame) -> list[tuple[int, ...]]:
    """Seeds of the records that belong to each row of a summary, in order."""
    seeds: dict[tuple[str, ...], list[int]] = {}
    for group, seed in zip(_groups(records), records["seed"], strict=True):
        seeds.setdefault(group, []).append(int(seed))
    return [tuple(sorted(seeds.get(group, []))) for group in _groups(table)]


def _groups(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Columns that identify runs which differ only in their seed, as texts: a fold that is missing equals nothing."""
    return list(table[GROUP].astype(str).itertuples(index=False, name=None))
