"""Find how soon a training reaches a given validation error, in epochs and in seconds."""

from collections.abc import Sequence

import pandas as pd

from lgdcnn_core.companion.runs.curves import KIND

FACTORS = (1.5, 1.2, 1.1, 1.05, 1.0)
"""Validation errors to reach, in multiples of the best one of the reference training."""

TASK = ["dataset", "fold"]
"""Columns in which two trainings must agree to be compared."""

PAIRS = ["sooner", "later", "equal", "open"]
"""Outcomes of comparing one seed of a network with one of another."""

_STATISTICS = {"": "mean", "_low": "min", "_high": "max"}


def targets(
    curves: pd.DataFrame, model: str = "L-G-DCNN", recipe: str = "paper", factors: Sequence[float] = FACTORS
) -> pd.DataFrame:
    """Choose the validation errors to reach on each data set, by one rule for all.

    A target is one of `factors` times the lowest validation error of the reference training over epochs and seeds. On a
    data set without a record of that training, the lowest error of all curves takes its place.

    Parameters
    ----------
    curves
        From `load_curves`.
    model, recipe
        The reference training.

    Returns
    -------
    DataFrame
        Columns `TASK`, ``factor``, ``target`` in the property's unit, and ``of_reference``: whether the
        target comes from the reference training.
    """
    reference = curves[(curves["model"] == model) & (curves["recipe"] == recipe)]
    best = curves.groupby(TASK, dropna=False, sort=False)["val_error"].min().rename("best_of_all").reset_index()
    best = best.merge(reference.groupby(TASK, dropna=False)["val_error"].min().reset_index(), on=TASK, how="left")
    table = best.merge(pd.DataFrame({"factor": list(factors)}, dtype=float), how="cross")
    return table.assign(
        target=table["factor"] * table["val_error"].fillna(table["best_of_all"]),
        of_reference=table["val_error"].notna(),
    )[[*TASK, "factor", "target", "of_reference"]]


def reached(curves: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Find the epoch in which each curve first reaches each target.

    Parameters
    ----------
    curves
        From `load_curves`.
    wanted
        Columns `TASK`, ``target``, and any others, which are kept; for example from `targets`.

    Returns
    -------
    DataFrame
        One row per record and target: `KIND`, ``seed`` and the columns of `wanted`. ``epoch`` is the first whose
        validation error is at or below the target, and ``seconds`` run from the start to its end; both are missing if
        there is none. ``last_epoch`` and ``last_seconds`` give the length of the record. Seconds are missing where the
        curve's are.
    """
    of_run = [*KIND, "seed"]
    groups = curves.groupby(of_run, dropna=False, sort=False)
    length = groups.agg(last_epoch=("epoch", "max"), last_seconds=("seconds", "max")).reset_index()
    table = length.merge(wanted, on=TASK)
    points = table[[*of_run, "target"]].merge(curves[[*of_run, "epoch", "val_error", "seconds"]], on=of_run)
    points = points[points["val_error"] <= points["target"]].sort_values("epoch")
    first = points.drop_duplicates([*of_run, "target"])[[*of_run, "target", "epoch", "seconds"]]
    return table.merge(first, on=[*of_run, "target"], how="left")


def summarise_reached(table: pd.DataFrame, by: Sequence[str] = ("factor", "target")) -> pd.DataFrame:
    """Return the mean and extremes, over seeds, of the epochs and seconds to a target.

    Parameters
    ----------
    table
        From `reached`.
    by
        Columns that identify a target, together with `KIND`.

    Returns
    -------
    DataFrame
        `KIND` and `by`; ``n``, the number of seeds, and ``n_reached``, the number that reached the target; ``epoch``,
        ``epoch_low`` and ``epoch_high``, and the same for ``seconds``: mean and extremes. If some seeds did not reach
        the target, only the quickest is given, because a mean of the quick ones would flatter. ``n_timed`` is the
        number of seeds with seconds; ``shortest`` and ``longest`` are the lengths of the records, in epochs.
    """
    groups = table.groupby([*KIND, *by], dropna=False, sort=False)
    summary = groups.agg(
        n=("seed", "nunique"),
        n_reached=("epoch", "count"),
        n_timed=("last_seconds", "count"),
        shortest=("last_epoch", "min"),
        longest=("last_epoch", "max"),
        **{f"{name}{suffix}": (name, how) for name in ("epoch", "seconds") for suffix, how in _STATISTICS.items()},
    ).reset_index()
    all_there = summary["n_reached"] == summary["n"]
    of_all = [f"{name}{suffix}" for name in ("epoch", "seconds") for suffix in ("", "_high")]
    return summary.assign(**{name: summary[name].astype(float).where(all_there) for name in of_all})


def compare(table: pd.DataFrame, first: str, second: str, by: str = "epoch") -> pd.DataFrame:
    """Compare how soon two networks reach each target, each seed of one with each seed of the other.

    A record that ends before it reaches a target shows only that the target takes longer. If this decides nothing, the
    pair stays open, so that no network looks slow because it was trained for fewer epochs.

    Parameters
    ----------
    table
        From `reached`, with a column ``factor``.
    first, second
        The networks.
    by
        ``"epoch"`` or ``"seconds"``.

    Returns
    -------
    DataFrame
        One row per kind of training (`KIND` without the network) and factor for which both networks have records: the
        number of pairs of seeds in which the first network is ``sooner``, ``later`` or ``equal``, or which are
        ``open``.
    """
    measured = table.dropna(subset=[f"last_{by}"])
    on = [*(name for name in KIND if name != "model"), "factor"]
    columns = [*on, by, f"last_{by}"]
    one, other = (measured.loc[measured["model"] == model, columns] for model in (first, second))
    pairs = one.merge(other, on=on, suffixes=("", "_other"))
    time, other_time = (pairs[f"{by}{side}"].astype("float64") for side in ("", "_other"))
    end, other_end = (pairs[f"last_{by}{side}"].astype("float64") for side in ("", "_other"))
    sooner = (time < other_time) | (other_time.isna() & (time <= other_end))
    later = (other_time < time) | (time.isna() & (other_time <= end))
    equal = time == other_time
    outcome = pairs[on].assign(sooner=sooner, later=later, equal=equal, open=~(sooner | later | equal))
    return outcome.groupby(on, dropna=False, sort=False)[PAIRS].sum().reset_index()
