"""Sentences and tables for readers, computed from the measurements."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.uncertainty.case import ENSEMBLE, FOREST, JOINT, SINGLE, WAYS, Case
from lgdcnn_core.companion.uncertainty.conformal import ELEMENTS, FIFTHS, SCORES
from lgdcnn_core.companion.uncertainty.measures import EXPECTATIONS
from lgdcnn_core.companion.uncertainty.tables import N_BINS, SHARE, by_set, over_sets
from lgdcnn_core.companion.wording import counted, four_digits, listed, place, span

NAMED = {SINGLE: "one network", ENSEMBLE: "an ensemble", JOINT: "the joint network", FOREST: "a random forest"}
"""Ways to state an uncertainty, as subjects of a sentence."""

FEATURED = (JOINT, ENSEMBLE, SINGLE, FOREST)
"""The way that single sentences are about: the first that there is."""


def coverage_finding(fit: pd.DataFrame) -> str:
    """Say what share of the values the intervals of each way hold, as stated."""
    said = [f"{per_cent(row.mean)} by {NAMED[row.way]}" for row in _rows(over_sets(fit, "coverage_Laplace"))]
    return f"Intervals that should hold {per_cent(SHARE)} of the values hold {listed(said)}"


def error_finding(bins: pd.DataFrame) -> str:
    """Say how the error grows with the stated uncertainty."""
    way = featured(bins)
    means = bins[bins["way"] == way].set_index("bin")["mean"]
    return (
        "From the tenth of the compounds with the smallest stated uncertainty to the tenth with the largest, the error "
        f"of {NAMED[way]} grows by a factor of {means.loc[N_BINS - 1] / means.loc[0]:.0f}"
    )


def decay_finding(fit: pd.DataFrame) -> str:
    """Say how far the error falls when the least certain half is left out."""
    way = featured(fit)
    own, best = (
        over_sets(fit[fit["way"] == way], name)["mean"].iloc[0] for name in ("mae_of_surer_half", "mae_of_best_half")
    )
    return (
        f"Without the least certain half of the compounds, the MAE of {NAMED[way]} is {per_cent(1 - own)} lower; "
        f"{per_cent(1 - best)} is the most that any order could give"
    )


def conformal_finding(groups: pd.DataFrame) -> str:
    """Say what share of the values calibrated intervals hold in groups of compounds, with either score."""
    way, spans = featured(groups), []
    for score in SCORES:
        of_score = groups[(groups["way"] == way) & (groups["score"] == score)]
        kinds = (of_score[of_score["by"] == by] for by in (ELEMENTS, FIFTHS))
        means = pd.concat([over_sets(kind, "coverage", ["group"])["mean"] for kind in kinds])
        spans.append(f"{100 * means.min():.0f} to {per_cent(means.max())}")
    return (
        f"Calibrated {per_cent(SHARE)} intervals of {NAMED[way]} hold {spans[0]} of the values in every group; "
        f"if all had the same width, {spans[1]}"
    )


def optimism(intervals: pd.DataFrame) -> list[str]:
    """Say for each way how far the test coverage lies from the one of exchangeable compounds."""
    if intervals.empty:
        return []
    chosen = intervals[(intervals["score"] == SCORES[0]) & (intervals["share"] == SHARE)]
    said = []
    for row in _rows(over_sets(chosen, "excess")):
        interval = "" if row.sets == 1 else f"{100 * row.low:+.1f} to {100 * row.high:+.1f}, "
        said.append(
            f"**{row.way.capitalize()}**: test coverage of {per_cent(SHARE)} intervals minus the expected one is "
            f"{100 * row.mean:+.1f} points ({interval}{counted(row.sets, 'set')})."
        )
    return said


def crossfit_finding(table: pd.DataFrame, key: str) -> str:
    """Say how far the choice of the epoch narrows intervals, from `conformal.crossfitted` of a run."""
    if table.empty:
        return f"There is no cross-fit of {key}."
    row: Any = table.set_index("share").loc[SHARE]
    label = benchmarks.card(key.partition("/")[0]).label
    chosen = span(row["earliest"], row["latest"], ".0f")
    optimistic = "" if row["high"] < 1 else "not " if row["low"] > 1 else "not detectably "
    held = one_decimal(row["coverage_chosen"]), one_decimal(row["coverage_fixed"])
    return (
        f"On {label}, the epoch was fixed at {row['epochs']:.0f}; held-out compounds chose {chosen}. With their "
        f"choice, {per_cent(SHARE)} intervals are {row['ratio']:.2f} times as wide "
        f"({row['low']:.2f} to {row['high']:.2f}), and they hold {held[0]} of the test values instead of {held[1]}: "
        f"the choice has {optimistic}made the calibration optimistic."
    )


def missing(cases: Iterable[Case]) -> list[str]:
    """Say which ways lack records, or validation predictions."""
    cases, said = list(cases), []
    for way in WAYS:
        own = [case for case in cases if case.way == way]
        without = {case.dataset for case in own} - {case.dataset for case in own if case.val is not None}
        if not own:
            said.append(f"There is no record of {NAMED[way]}.")
        elif without:
            of = counted(len({case.dataset for case in own}), "set")
            said.append(
                f"{NAMED[way].capitalize()}: records of {len(without)} of {of} are older than validation predictions, "
                "so that they cannot be calibrated."
            )
    return said


def way_table(fit: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the ways, averaged over data sets: texts, with 95 % intervals of coverage and area."""
    if fit.empty:
        return fit
    columns = {}
    for name in EXPECTATIONS:
        columns[f"coverage, {name}"] = _spread(over_sets(fit, f"coverage_{name}"), 0, " %")
        columns[f"area, {name}"] = _spread(over_sets(fit, f"area_{name}"), 0)
    columns["sharpness / RMSE"] = over_sets(fit, "sharpness_over_rmse").set_index("way")["mean"].map("{:.2f}".format)
    columns["MAE of the surer half / MAE"] = (
        over_sets(fit, "mae_of_surer_half").set_index("way")["mean"].map("{:.2f}".format)
    )
    columns["sets"] = over_sets(fit, "n_test").set_index("way")["sets"].map(str)
    return pd.DataFrame(columns).rename_axis(index="")


def share_table(intervals: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the coverage and width of calibrated intervals against the stated share, averaged over data sets."""
    if intervals.empty:
        return intervals
    parts: dict[str, pd.Series[str]] = {}
    for score in SCORES:
        own = intervals[intervals["score"] == score]
        for column, form in (("coverage", one_decimal), ("width_over_mae", "{:.2f}".format)):
            means = over_sets(own, column, ["share"]).set_index(["way", "share"])["mean"]
            parts[f"{column.replace('_over_mae', ' / MAE')}, {score}"] = means.map(form)
    table = pd.DataFrame(parts).reset_index()
    table["share"] = table["share"].map(per_cent)
    return table.set_index(["way", "share"]).rename_axis(index=["", "stated"])


def set_table(fit: pd.DataFrame, intervals: pd.DataFrame, way: str) -> pd.DataFrame:
    """Tabulate one way set by set: sharpness and errors in the unit of the property, coverage, and calibrated width."""
    if fit.empty:
        return fit
    measured = by_set(fit, ["mae", "rmse", "sharpness", "coverage_Laplace", "area_Laplace"])
    table = measured[measured["way"] == way].set_index("dataset")
    chosen = intervals[(intervals["share"] == SHARE) & (intervals["score"] == SCORES[0]) & (intervals["way"] == way)]
    calibrated = by_set(chosen, ["coverage", "width"]).set_index("dataset")
    columns = {
        "MAE": table["mae"].map(four_digits),
        "RMSE": table["rmse"].map(four_digits),
        "sharpness": table["sharpness"].map(four_digits),
        "area": table["area_Laplace"].map("{:.3f}".format),
        "coverage as stated": table["coverage_Laplace"].map(one_decimal),
        "coverage calibrated": calibrated["coverage"].map(one_decimal).reindex(table.index).fillna("-"),
        "width calibrated": calibrated["width"].map(four_digits).reindex(table.index).fillna("-"),
    }
    return pd.DataFrame(columns).rename(index=place).rename_axis(index="data set")


def crossfit_table(table: pd.DataFrame) -> pd.DataFrame:
    """Tabulate `conformal.crossfitted`: the factor of each calibration, and the test coverage that it gives."""
    if table.empty:
        return table
    named = {"fixed": "epoch fixed", "chosen": "epoch chosen", "run": "validation data of the run"}
    columns = {}
    for key, name in named.items():
        if f"factor_{key}" in table:
            columns[f"factor, {name}"] = table[f"factor_{key}"].map("{:.2f}".format)
            columns[f"coverage, {name}"] = table[f"coverage_{key}"].map(one_decimal)
    return pd.DataFrame(columns).set_axis(table["share"].map(per_cent).rename("stated"))


def featured(table: pd.DataFrame) -> str:
    """Return the way that sentences are about."""
    return next(way for way in FEATURED if way in set(table["way"]))


def per_cent(share: float, digits: int = 0) -> str:
    """Write a share in per cent."""
    return f"{100 * share:.{digits}f} %"


def one_decimal(share: float) -> str:
    """Write a share in per cent, with one decimal."""
    return per_cent(share, 1)


def _rows(table: pd.DataFrame) -> list[Any]:
    """Return the rows of a table as named tuples, whose fields mypy takes as they come."""
    return list(table.itertuples(index=False))


def _spread(table: pd.DataFrame, digits: int, unit: str = "") -> "pd.Series[str]":
    """Write means with their intervals, in per cent with a unit of " %", else with three decimals."""
    factor, form = (100, f".{digits}f") if unit else (1, ".3f")
    texts = [
        f"{factor * row.mean:{form}}{unit}"
        + ("" if row.sets == 1 else f" ({factor * row.low:{form}} to {factor * row.high:{form}})")
        for row in _rows(table)
    ]
    return pd.Series(texts, index=table["way"])
