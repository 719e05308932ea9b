"""Compare trials with the baseline: ratios of validation MAEs, beside the band that chance alone would give."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lgdcnn_core.companion.intervals import CONFIDENCE, students
from lgdcnn_core.companion.records.table import alone
from lgdcnn_core.companion.tuning.trials import BASELINE

Metric = Literal["val_mae", "last_val_error"]

LEVEL = CONFIDENCE
"""Share of the trials that change nothing which the band of chance holds."""

BETTER, WORSE, CHANCE = "better", "worse", "within seed noise"
DIVERGED = "diverged"
UNJUDGED = "not judged"
"""Verdict without a training to compare with, or with a single seed, which cannot show how much seeds differ."""

_DATA = ["dataset", "fold"]


@dataclass(frozen=True)
class SeedNoise:
    """Spread of the baseline's MAE between trainings that differ only in their seed.

    Attributes
    ----------
    sd
        Standard deviation of the log ratio of two such trainings' MAEs: the square root of two times that of the log
        MAE over seeds, within a data set and fold, pooled over these. NaN with one seed each.
    degrees
        Degrees of freedom: the number of trainings minus that of data sets and folds. With few, `sd` is uncertain.
    """

    sd: float
    degrees: int

    def chance(self, pairs: np.ndarray) -> float:
        """Return the half width, as a log ratio, of the band that holds a share `LEVEL` of trials that change nothing.

        The mean over D data sets of mean log ratios over n_d pairs has a standard error of sd / D * sqrt(sum 1 / n_d);
        Student's t with `degrees` degrees of freedom allows for the uncertainty of `sd`.

        Parameters
        ----------
        pairs
            Number of pairs on each data set, (D,).
        """
        if not self.degrees or not len(pairs):
            return float("nan")
        return float(students(self.degrees) * self.sd * np.sqrt((1 / pairs).sum()) / len(pairs))


def seed_noise(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> SeedNoise:
    """Estimate how much the baseline's MAE differs between seeds.

    Parameters
    ----------
    table
        From `load_trials`, of one store.
    baseline
        Name of a trial.
    metric
        Column of the table.
    """
    rows = _of_one_store(table)
    rows = rows[rows["trial"] == baseline].dropna(subset=[metric])
    logs = np.log(rows[metric])
    deviations = logs - logs.groupby([rows[name] for name in _DATA], dropna=False).transform("mean")
    degrees = len(rows) - len(rows[_DATA].drop_duplicates())
    return SeedNoise(float(np.sqrt(2 * (deviations**2).sum() / degrees)) if degrees else float("nan"), degrees)


def by_dataset(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> pd.DataFrame:
    """Compare each trial with the baseline on each data set, seed by seed and fold by fold.

    Parameters are as in `seed_noise`.

    Returns
    -------
    DataFrame
        Columns ``trial``, ``dataset``, ``pairs`` (trainings of both with the same seed and fold), ``mean`` and
        ``baseline_mean`` (MAE of these, arithmetic means, in the property's unit), ``ratio`` and ``seconds_ratio``
        (geometric means over the pairs), ``seconds`` (mean). Seconds of trainings that shared their cores do not count.
        The baseline is among the trials. A data set without a pair is left out.
    """
    rows = _of_one_store(table).dropna(subset=[metric])
    rows = rows.assign(seconds=rows["seconds"].where(alone(rows)))
    of_baseline = rows.loc[rows["trial"] == baseline, [*_DATA, "seed", metric, "seconds"]]
    pairs = rows.merge(of_baseline, on=[*_DATA, "seed"], suffixes=("", "_baseline"))
    pairs["log_ratio"] = np.log(pairs[metric] / pairs[f"{metric}_baseline"])
    pairs["log_seconds"] = np.log(pairs["seconds"] / pairs["seconds_baseline"])
    found = (
        pairs.groupby(["trial", "dataset"], sort=False)
        .agg(
            pairs=("log_ratio", "size"),
            mean=(metric, "mean"),
            baseline_mean=(f"{metric}_baseline", "mean"),
            ratio=("log_ratio", "mean"),
            seconds=("seconds", "mean"),
            seconds_ratio=("log_seconds", "mean"),
        )
        .reset_index()
    )
    found[["ratio", "seconds_ratio"]] = np.exp(found[["ratio", "seconds_ratio"]].astype(float))
    return found


def compare(table: pd.DataFrame, baseline: str = BASELINE, metric: Metric = "val_mae") -> pd.DataFrame:
    """Compare each trial with the baseline, over the data sets that both have.

    Parameters are as in `seed_noise`.

    Returns
    -------
    DataFrame
        One row per trial, lowest ratio first, those that diverged last: ``trial``, ``datasets``, ``pairs``, ``ratio``
        and ``seconds_ratio`` (geometric means over data sets, all weighted alike), ``low`` and ``high`` (the band of
        chance around 1, see `SeedNoise.chance`), ``diverged`` (number of trainings that diverged), ``verdict``. One
        diverged training makes the verdict "diverged", whatever the trial's other trainings gave.
    """
    rows, of_sets, noise = (
        _of_one_store(table),
        by_dataset(table, baseline, metric),
        seed_noise(table, baseline, metric),
    )
    found = []
    for trial, of_trial in rows.groupby("trial", sort=False):
        sets = of_sets[of_sets["trial"] == trial]
        # Without a data set, both are NaN.
        ratio, seconds_ratio = (float(np.exp(np.log(sets[name]).mean())) for name in ("ratio", "seconds_ratio"))
        chance = noise.chance(sets["pairs"].to_numpy(dtype=float))
        diverged = int((of_trial["outcome"] == "diverged").sum())
        found.append(
            {
                "trial": trial,
                "datasets": len(sets),
                "pairs": int(sets["pairs"].sum()),
                "ratio": ratio,
                "seconds_ratio": seconds_ratio,
                "low": np.exp(-chance),
                "high": np.exp(chance),
                "diverged": diverged,
                "verdict": "baseline" if trial == baseline else _verdict(np.log(ratio), chance, diverged),
            }
        )
    columns = ["trial", "datasets", "pairs", "ratio", "seconds_ratio", "low", "high", "diverged", "verdict"]
    result = pd.DataFrame(found, columns=columns).sort_values("ratio", kind="stable")
    # A trial that failed somewhere has no rank among those that never fail.
    failed = result["diverged"] > 0
    return pd.concat([result[~failed], result[failed]], ignore_index=True)


def _verdict(log_ratio: float, chance: float, diverged: int) -> str:
    if diverged:
        return DIVERGED
    if np.isnan(log_ratio) or np.isnan(chance):
        return UNJUDGED
    if abs(log_ratio) <= chance:
        return CHANCE
    return BETTER if log_ratio < 0 else WORSE


def _of_one_store(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table; raise if it mixes two stores, since trainings of two machines do not pair."""
    stores = table["store"].unique()
    if len(stores) > 1:
        raise ValueError(f"compare records of one store, not of {' and '.join(stores)}")
    return table
