"""Compare this machine's numbers with those of the committed records and with the published ones."""

import math
from collections.abc import Iterable
from dataclasses import asdict

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.intervals import students
from lgdcnn_core.companion.reproduce import titles
from lgdcnn_core.companion.runs import RunSpec, summarise
from lgdcnn_core.companion.runs.table import GROUP

COLUMNS = {
    "dataset": "test MAE of",
    "model": "network",
    "epochs": "epochs",
    "mae": "this machine",
    "committed_mean": "our records",
    "committed_std": "spread",
    "committed_n": "n",
    "inside": "inside",
    "published": "published",
    "seconds": "minutes here",
}
"""Columns of `compare`, and their headings."""


def compare(specs: Iterable[RunSpec], records: pd.DataFrame) -> pd.DataFrame:
    """Compare the local record of each run with the committed records that differ from it only in the seed.

    Parameters
    ----------
    specs
        The runs.
    records
        From `runs.load_records`.

    Returns
    -------
    DataFrame
        One row per run, columns of `COLUMNS`; missing where there is no such number. ``committed_std`` is over seeds;
        ``inside`` refers to `seed_interval`; ``seconds`` is the wall time of the training on this machine.
    """
    local = records[records["store"] == "local"].set_index("key")[["mae", "training_seconds"]].to_dict("index")
    committed = summarise(records[records["store"] == "committed"])
    rows = []
    for spec in specs:
        mae, seconds = local.get(spec.key, {"mae": math.nan, "training_seconds": math.nan}).values()
        found = committed.loc[_same_run(committed, spec), ["mean", "std", "n"]].to_numpy(dtype=float)
        mean, std, n = found[0] if len(found) else (math.nan, math.nan, 0)
        low, high = seed_interval(mean, std, n)
        rows.append(
            {
                "dataset": titles.dataset_with_unit(spec),
                "model": spec.model,
                "epochs": spec.full_recipe().epochs,
                "mae": mae,
                "committed_mean": mean,
                "committed_std": std,
                "committed_n": int(n),
                "inside": None if math.isnan(mae + low) else bool(low <= mae <= high),
                "published": published_mae(spec),
                "seconds": seconds,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def seed_interval(mean: float, std: float, n: int) -> tuple[float, float]:
    """Return the interval that holds one more seed's value with 95 % probability, given n seeds' mean and deviation.

    It is Student's t prediction interval, mean ± t std sqrt(1 + 1/n); (NaN, NaN) below two seeds.
    """
    if n < 2:
        return math.nan, math.nan
    reach = students(n - 1) * std * math.sqrt(1 + 1 / n)
    return mean - reach, mean + reach


def published_mae(spec: RunSpec) -> float:
    """Return the published test MAE of this network on this data set or official fold; NaN where there is none.

    It does not depend on the run's recipe, which need not repeat the published training.
    """
    if spec.fold is None:
        table = benchmarks.published("lgdcnn_paper")
        found = table.loc[table["dataset"] == spec.dataset, table.columns == spec.model]
    else:
        table = benchmarks.published("matbench_folds")
        # The table says in brackets who submitted a model.
        same_model = table["model"].str.partition(" (")[0] == spec.model
        found = table.loc[same_model & (table["task"] == spec.dataset) & (table["fold"] == spec.fold), ["mae"]]
    return float(found.to_numpy(dtype=float).item()) if found.size else math.nan


def render(table: pd.DataFrame) -> str:
    """Write `compare`'s table as text for a terminal, with "-" where there is no number."""
    text = pd.DataFrame({heading: [_cell(name, value) for value in table[name]] for name, heading in COLUMNS.items()})
    notes = (
        "our records: mean over n seeds of the same run, and the standard deviation of those seeds;\n"
        "inside: this machine's MAE lies where one more seed would lie with 95 % probability;\n"
        "published: by the paper or, for a fold, by the submission to Matbench, whatever the epochs there."
    )
    return f"{text.to_string(index=False)}\n\n{notes}"


def _same_run(summary: pd.DataFrame, spec: RunSpec) -> pd.Series:
    """Rows of a summary, (B,) bool, of runs like this one but for the seed."""
    wanted = asdict(spec) | {"epochs": spec.nominal_epochs}
    same = pd.Series(True, index=summary.index)
    for name in GROUP:
        if name != "store":
            same &= summary[name].isna() if wanted[name] is None else summary[name].eq(wanted[name]).fillna(False)
    return same.astype(bool)


def _cell(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if name == "seconds":
        return f"{value / 60:.1f}"  # type: ignore[operator]
    return f"{value:#.4g}" if isinstance(value, float) else str(value)
