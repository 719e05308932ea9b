"""Agreement with published numbers, as numbers and in words."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.figures.style import unit_text
from lgdcnn_core.training import PAPER

ENOUGH_SEEDS = 3
"""Below this number of seeds a distance is not given in standard deviations: two are too few to know one."""


def against_published(summary: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Set each kind of run beside the published MAE of the same network on the same data set and fold.

    Parameters
    ----------
    summary
        From `runs.summarise`.
    published
        Columns ``dataset``, ``model``, ``published`` (MAE) and, for official folds, ``fold``.

    Returns
    -------
    DataFrame
        Rows of `summary` that have a published number, with ``published``, ``percent`` (how far our mean lies above
        it), ``deviations`` (the same in standard deviations over our seeds; missing below three) and ``same_training``:
        whether recipe, setting, epochs and training rows were the paper's, so that the run repeats what was published.
    """
    on = [name for name in ("dataset", "fold", "model") if name in published.columns]
    # Records count folds in a type that can be missing.
    table = summary.merge(published.astype({name: "Int64" for name in on if name == "fold"}), on=on)
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
        ),
    )


def sentence(row: "pd.Series[Any]") -> str:
    """Say in words what one row of `against_published` says."""
    card = benchmarks.card(row["dataset"])
    where = card.label if pd.isna(row["fold"]) else f"{card.label}, fold {row['fold']}"
    store = "" if row["store"] == "committed" else ", this machine"
    run = f"{row['model']} ({row['recipe']} recipe, {row['setting']} setting, {row['epochs']} epochs{store})"
    unit = "" if card.unit == "1" else f" {unit_text(card.unit)}"
    spread = f" ± {row['std']:.2g}{unit} over {row['n']} seeds" if row["n"] > 1 else f"{unit} with one seed"
    side = "higher" if row["percent"] > 0 else "lower"
    said = (
        f"{where}: {run} gives {row['mean']:.4g}{spread}, "
        f"{abs(row['percent']):.1f} % {side} than the published {row['published']:.4g}"
    )
    if row["n"] < ENOUGH_SEEDS:
        said += f"; {'one seed does' if row['n'] == 1 else 'so few seeds do'} not tell how much of that is chance"
    elif pd.notna(row["deviations"]):
        said += f", that is {abs(row['deviations']):.1f} standard deviations of our seeds"
    return said + (
        "." if row["same_training"] else "; another training than the published one, so no repetition of it."
    )


def repetitions(compared: pd.DataFrame, model: str, datasets: Sequence[str]) -> str:
    """Say how far the published trainings of a network were repeated, and how close the errors came.

    Parameters
    ----------
    compared
        From `against_published`.
    model
        The network.
    datasets
        All data sets that it was published on.
    """
    own = compared[compared["same_training"] & (compared["model"] == model)]
    done = [name for name in datasets if name in set(own["dataset"])]
    missing = ", ".join(benchmarks.card(name).label for name in datasets if name not in done)
    if not done:
        return f"The published training of {model} has not been repeated on any of the {len(datasets)} sets yet."
    low, high = own["percent"].min(), own["percent"].max()
    span = f"{low:+.1f} %" if len(own) == 1 else f"{low:+.1f} % to {high:+.1f} %"
    said = (
        f"The published training of {model} was repeated on {len(done)} of {len(datasets)} sets; our MAE lies "
        f"{span} from the published one."
    )
    return f"{said} Not repeated yet: {missing}." if missing else said
